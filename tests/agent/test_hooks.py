"""Each hook can be switched off by itself, says what it is for, and is on for the models it suits."""

from __future__ import annotations

import pytest

from jupyter_codeact.agent import prompts
from jupyter_codeact.agent.contracts import CodeActError, ModelInfo
from jupyter_codeact.agent.hooks import HOOKS, all_but, suited_to
from tests.agent.bench import Bench, block

TOOL = "from jupyter_codeact import tool\n@tool\ndef rate(name: str) -> float:\n    return 1.25"


def test_every_hook_has_a_name_of_its_own_a_group_and_a_paragraph_that_tells_what_it_does() -> None:
    assert len({hook.name for hook in HOOKS}) == len(HOOKS)
    assert not {hook.name for hook in HOOKS} & {hook.group for hook in HOOKS}
    for hook in HOOKS:
        assert (hook.__doc__ or "").strip().endswith("."), hook


def test_hooks_are_switched_off_by_name_and_by_group() -> None:
    names = [hook.name for hook in all_but(["nan_results", "tools"])]
    assert "nan_results" not in names
    assert "opaque_results" in names
    assert not {"bare_calls", "protect_tools", "first_call", "untried_tools"} & set(names)


def test_a_hook_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(CodeActError, match=r"no hook or group 'grounding'; there are .*ungrounded_answers"):
        all_but(["grounding"])


def test_a_capable_model_gets_no_hook_that_changes_its_code() -> None:
    changing = {hook.name for hook in HOOKS if "before_cell" in vars(hook) or "on_reply" in vars(hook)}
    assert "keep_imports" in changing
    assert not changing & {hook.name for hook in suited_to("capable")}


async def test_a_capable_model_is_told_the_task_and_what_its_cells_showed_and_no_more(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.agent.bench.Script.info", ModelInfo(name="script", guidance="capable"))
    end = await bench.run(block("print(6 * 7)"), "It is 54321.", task="Explain, change nothing.")
    assert bench.told(0) == "Task: Explain, change nothing."
    assert bench.told(1).startswith("The cell ran (status: ok). Its output")
    assert bench.told(1).endswith(">")  # of the output's fence
    assert end.answer == "It is 54321."


@pytest.mark.parametrize(
    ("name", "task", "replies", "sentence"),
    [
        ("begin_with_code", "Add.", ["Done."], prompts.BEGIN),
        ("next_step", "Add.", [block("print(1)"), "1"], prompts.following("Add.")),
        ("nan_results", "Add.", [block("print('p =', float('nan'))"), "nan"], prompts.NAN),
        ("opaque_results", "Add.", [block("print(x for x in 'ab')"), "ab"], prompts.OPAQUE),
        (
            "nearest_names",
            "Add.",
            [block("value = 1", "print(valu)"), "1"],
            "There is no 'valu'; there is 'value': use that.",
        ),
        ("stop_repeats", "Add.", ["", "", "", "Done."], prompts.REPEATED),
    ],
)
async def test_what_a_hook_says_is_not_said_without_it(
    bench: Bench, name: str, task: str, replies: list[str], sentence: str
) -> None:
    for without in ((), (name,)):
        await bench.run(*replies, task=task, hooks=all_but(without))
        told = "\n".join(str(message) for message in bench.model.heard[-1])
        own = told[told.rindex(f"Task: {task}") :]
        assert (sentence in own) is not without


async def test_an_answer_that_no_output_shows_stands_without_the_hook(bench: Bench) -> None:
    end = await bench.run(block("print(1)"), "It is 98765.", hooks=all_but(["ungrounded_answers"]))
    assert end.answer == "It is 98765."
    assert bench.events("answer_rejected") == []


async def test_a_repeated_failure_is_not_asked_for_again_without_the_hook(bench: Bench) -> None:
    failing = block("1 / 0")
    await bench.run(failing, failing, "No.", hooks=all_but(["repetition"]))
    assert [options["temperature"] for options in bench.model.options] == [0.0, 0.0, 0.0]


async def test_imports_of_a_failed_cell_are_lost_without_the_hook(bench: Bench) -> None:
    attempt, correction = block("import math", "print(math.pie)"), block("print(math.pi)")
    await bench.run(attempt, correction, "3.14", hooks=all_but(["imports", "names"]))
    assert await bench.cells() == ["print(math.pi)"]


async def test_a_tool_can_be_replaced_without_the_hook(bench: Bench) -> None:
    cell = await bench.notebook.write_cell(TOOL)
    await bench.notebook.run_cell(cell, source=TOOL)
    own = "def rate(name):\n    return 2\nprint(rate('x'))"
    await bench.run(block(own), "2", hooks=all_but(["protect_tools"]))
    assert (await bench.cells())[-1] == own


async def test_the_record_says_which_hooks_were_of_use_in_which_turn(bench: Bench) -> None:
    await bench.run(block("print(valu)"), block("value = 1", "print(value)"), "It is 1.")
    assert [(event.turn, event.hooks) for event in bench.events("hooks_applied")] == [
        (0, ["begin_with_code"]),
        (1, ["nearest_names", "next_step"]),
        (2, ["next_step"]),
    ]


async def test_hooks_of_one_run_know_nothing_of_another(bench: Bench) -> None:
    for _ in range(2):  # what failed in the first run is new to the second
        await bench.run(block("1 / 0"), "No.")
        assert [options["temperature"] for options in bench.model.options] == [0.0, 0.0]
