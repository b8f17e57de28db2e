"""Hooks: each is documented, is on for the models it suits, and can be switched off by itself."""

from __future__ import annotations

import pytest

from jupyter_codeact.agent import prompts
from jupyter_codeact.agent.contracts import CodeActError, ModelInfo
from jupyter_codeact.agent.hooks import HOOKS, all_but, suited_to
from jupyter_codeact.agent.hooks.hook import Hook
from tests.agent.bench import Bench, block

TOOL_CELL = "from jupyter_codeact import tool\n@tool\ndef rate(name: str) -> float:\n    return 1.25"


def test_every_hook_has_a_unique_name_a_group_and_a_one_paragraph_docstring() -> None:
    assert len({hook.name for hook in HOOKS}) == len(HOOKS)
    assert not {hook.name for hook in HOOKS} & {hook.group for hook in HOOKS}
    for hook in HOOKS:
        assert (hook.__doc__ or "").strip().endswith("."), hook


def test_hooks_are_switched_off_by_name_or_group() -> None:
    names = [hook.name for hook in all_but(["nan_results", "tools"])]
    assert "nan_results" not in names
    assert "opaque_results" in names
    assert not {"bare_calls", "protect_tools", "first_call", "untried_tools"} & set(names)


def test_an_unknown_hook_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(CodeActError, match=r"no hook or group 'grounding'; there are .*ungrounded_answers"):
        all_but(["grounding"])


def test_a_capable_model_gets_no_hook_that_changes_its_code() -> None:
    changing = {
        hook.name
        for hook in HOOKS
        if hook.before_cell is not Hook.before_cell or hook.on_reply is not Hook.on_reply
    }
    assert {"keep_imports", "nearest_names"} < changing
    assert not changing & {hook.name for hook in suited_to("capable")}


async def test_a_capable_model_gets_only_the_task_and_the_outputs(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.agent.bench.Script.info", ModelInfo(name="script", guidance="capable"))
    end = await bench.run(block("print(6 * 7)"), "It is 54321.", task="Explain, change nothing.")
    assert bench.last_message(0).endswith(">\n\nTask: Explain, change nothing.")
    assert bench.last_message(1).startswith("The cell ran (status: ok). Its output")
    assert bench.last_message(1).endswith(">")  # of the output's fence
    assert end.answer == "It is 54321."


@pytest.mark.parametrize(
    ("name", "task", "replies", "sentence"),
    [
        ("begin_with_code", "Add.", ["Done."], prompts.BEGIN_WITH_CODE),
        ("next_step", "Add.", [block("print(1)"), "1"], prompts.next_step("Add.")),
        ("nan_results", "Add.", [block("print('p =', float('nan'))"), "nan"], prompts.nan_result()),
        (
            "nan_results",
            "Add.",
            [block("p = float('nan')", "print('low' if p < 0.05 else 'high')"), "high"],
            prompts.nan_result("p"),
        ),
        (
            "coerced_values",
            "Add.",
            [
                block(
                    "import pandas as pd",
                    "fares = pd.DataFrame({'fare': ['3', '4[2-5]', '7 EUR'], 'tip': ['1', '0', '2']})",
                    "fares['fare'] = pd.to_numeric(fares['fare'], errors='coerce')",
                    "print(fares['fare'].max())",
                ),
                "3.0",
            ],
            ": 2): each text that is not only a number became one",
        ),
        ("nearest_names", "Add.", [block("@sum[3]"), "No."], prompts.HINTS["SyntaxError"]),
        ("opaque_results", "Add.", [block("print(x for x in 'ab')"), "ab"], prompts.OPAQUE_RESULT),
        (
            "nearest_names",
            "Add.",
            [block("value = 1", "print(valu)"), "No."],
            "There is no 'valu'; there is 'value': use that.",
        ),
        (
            "nearest_names",
            "Add.",
            [block("int(number=1)"), "No."],
            prompts.UNKNOWN_ARGUMENT.format(name="number"),
        ),
        ("nearest_names", "Add.", [block("float('Rome')"), "No."], prompts.TEXT_AS_NUMBER),
        ("nearest_names", "Add.", [block("float('1,234')"), "No."], prompts.TEXT_WITH_NUMBER[:50]),
        ("nearest_names", "Add.", [block("float('2024-01-03')"), "No."], prompts.TEXT_AS_NUMBER),
        ("failed_answers", "Add.", [block("1 / 0"), "The sum is None.", "1"], prompts.FAILED_ANSWER),
        (
            "rounded_answers",
            "Add, rounded to two decimals.",
            [block("print(9.8765)"), "@sum[9.8765]", "@sum[9.88]"],
            prompts.rounded(2),
        ),
        ("stop_repeats", "Add.", ["", "", "", "Done."], prompts.REPEATED),
    ],
)
async def test_a_hooks_text_is_missing_without_the_hook(
    bench: Bench, name: str, task: str, replies: list[str], sentence: str
) -> None:
    for without in ((), (name,)):
        await bench.run(*replies, task=task, hooks=all_but(without))
        conversation = "\n".join(str(message) for message in bench.model.requests[-1])
        after_task = conversation[conversation.rindex(f"Task: {task}") :]
        assert (sentence in after_task) is not bool(without)


async def test_an_ungrounded_answer_is_accepted_without_the_hook(bench: Bench) -> None:
    end = await bench.run(block("print(1)"), "It is 98765.", hooks=all_but(["ungrounded_answers"]))
    assert end.answer == "It is 98765."
    assert bench.events("answer_rejected") == []


@pytest.mark.parametrize(
    ("task", "answer"),
    [
        ("Add, to 2 decimal places.", "It is 9.88, or 9.9."),
        ("Add, to at least two decimals.", "It is 9.8765."),
        ("Add, then round to three decimals.", "It is 9.877.\n```\n9.8765\n```"),
        ("Two decimals for prices, four decimals for rates.", "9.88 and 9.8765"),
        ("Add.", "It is 9.8765."),
        ("Which version is it? Two decimals.", "Version 1.2.3 of 9.88"),
    ],
)
async def test_numbers_with_no_more_decimals_than_asked_for_are_accepted(
    bench: Bench, task: str, answer: str
) -> None:
    end = await bench.run(block("print(9.8765, '1.2.3', 9.877)"), answer, task=task)
    assert end.answer == answer
    assert bench.events("answer_rejected") == []


async def test_why_a_cell_fails_may_be_answered_after_it_has_failed(bench: Bench) -> None:
    told = "It fails because a number cannot be divided by zero."
    end = await bench.run(block("1 / 0"), told, task="Why does this fail?")
    assert end.answer == told
    assert bench.events("answer_rejected") == []


async def test_an_answer_after_a_failed_and_a_good_cell_is_accepted(bench: Bench) -> None:
    end = await bench.run(block("1 / 0"), block("print(55)"), "It is 55.")
    assert (end.answer, bench.events("answer_rejected")) == ("It is 55.", [])


async def test_a_repeated_failure_is_not_resampled_without_the_hook(bench: Bench) -> None:
    failing = block("1 / 0")
    await bench.run(failing, failing, "No.", hooks=all_but(["repetition"]))
    assert [options["temperature"] for options in bench.model.options] == [0.0, 0.0, 0.0]


async def test_three_errors_of_one_kind_are_hidden_and_asked_about_anew(bench: Bench) -> None:
    attempts = [block(f"float('{city}')") for city in ("Rome", "Oslo", "Bonn", "Lima")]
    for without, temperature in (((), 0.7), (("resample_errors",), 0.0)):
        await bench.run(*attempts, "No.", hooks=all_but([*without, "names"]))
        assert [options["temperature"] for options in bench.model.options] == [0, 0, 0, temperature, 0]
        assert ("Oslo" in str(bench.model.requests[3][-4:])) is bool(without)


async def test_imports_of_a_failed_cell_stay_in_one_of_their_own_without_the_hook(bench: Bench) -> None:
    attempt, correction = block("import math", "print(math.pie)"), block("print(math.pi)")
    await bench.run(attempt, correction, "3.14", hooks=all_but(["imports", "names"]))
    assert await bench.cells() == ["import math", "print(math.pi)"]


async def test_a_tool_can_be_replaced_without_the_hook(bench: Bench) -> None:
    cell = await bench.notebook.write_cell(TOOL_CELL)
    await bench.notebook.run_cell(cell, source=TOOL_CELL)
    after_task = "def rate(name):\n    return 2\nprint(rate('x'))"
    await bench.run(block(after_task), "2", hooks=all_but(["protect_tools"]))
    assert (await bench.cells())[-1] == after_task


async def test_the_journal_records_which_hooks_were_of_use_in_which_turn(bench: Bench) -> None:
    await bench.run(block("print(valu)"), block("value = 1", "print(value)"), "It is 1.")
    assert [(event.turn, event.hooks) for event in bench.events("hooks_applied")] == [
        (0, ["begin_with_code"]),
        (1, ["nearest_names", "next_step"]),
        (2, ["next_step"]),
    ]


async def test_hooks_share_no_state_between_runs(bench: Bench) -> None:
    for _ in range(2):  # the second run does not know what failed in the first
        await bench.run(block("1 / 0"), "No.")
        assert [options["temperature"] for options in bench.model.options] == [0.0, 0.0]
