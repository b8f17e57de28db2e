"""The smolagents baseline plays the same tasks, in the same kernel, with the same model."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from jupyter_codeact.agent.contracts import CodeActError
from jupyter_codeact.cli import main
from jupyter_codeact.evaluation import baselines
from jupyter_codeact.evaluation.m3tooleval import M3ToolEval
from jupyter_codeact.evaluation.notebook.suite import NotebookSuite
from jupyter_codeact.evaluation.notebook.task import NotebookTask, Work
from jupyter_codeact.evaluation.records import Case, Played, Setting
from jupyter_codeact.models.open import EndpointModel
from tests.agent.bench import Script
from tests.evaluation import upstream
from tests.scripted import ScriptedModel

SMOLAGENTS = Setting(protocol="smolagents", format="code", turns=4)
TASK = NotebookTask(
    name="double",
    family="sums",
    cells=("price = 21",),
    request="Put twice the price into total, and say it.",
    check="assert total == 42 and '42' in ANSWER",
    reference=Work(code="total = 42", answer="42"),
    wrong=(),
)


def code(*lines: str) -> str:
    return "Thought: so.\n<code>\n{}\n</code>".format("\n".join(lines))


async def played(model: EndpointModel, setting: Setting = SMOLAGENTS) -> Played:
    return await NotebookSuite([TASK]).play(Case(name="double", family="sums"), setting, model)


async def test_the_baseline_sees_the_users_variables_and_leaves_its_own(
    served: ScriptedModel, model: EndpointModel
) -> None:
    served.script([code("total = 2 * price", "print(total)"), code("final_answer(total)")])
    outcome = await played(model)
    assert (outcome.strict, outcome.ending, outcome.turns, outcome.answer) == (True, "answered", 2, "42")
    assert "price = 21" in served.requests[0]["messages"][1]["content"][0]["text"]
    assert outcome.usage.prompt_tokens > 0
    assert outcome.usage.completion_tokens > 0
    assert [message["role"] for message in outcome.messages][:3] == ["system", "user", "assistant"]
    assert served.api_key not in outcome.model_dump_json()


async def test_the_baseline_calls_tools_and_is_told_of_a_wrong_answer(
    tmp_path: Path, served: ScriptedModel, model: EndpointModel
) -> None:
    suite = M3ToolEval(upstream.code_act(tmp_path))
    try:
        [case, _] = await suite.cases()
        served.script([code("final_answer(41)"), code("final_answer(add(2, 40))")])
        outcome = await suite.play(case, SMOLAGENTS, model)
        assert (outcome.strict, outcome.success, outcome.turns) == (False, True, 2)
        served.script([code("final_answer(41)")])
        strict = await suite.play(case, SMOLAGENTS.model_copy(update={"goes_on": False}), model)
        assert (strict.strict, strict.success, strict.ending) == (False, False, "answered")
    finally:
        await suite.close()


async def test_the_baselines_last_words_count_as_its_answer(
    served: ScriptedModel, model: EndpointModel
) -> None:
    served.script([*[code("total = 42", "print(price)")] * 2, "It is 42."])
    outcome = await played(model, SMOLAGENTS.model_copy(update={"turns": 2}))
    assert (outcome.strict, outcome.ending) == (True, "out_of_turns")


async def test_the_baselines_time_is_limited(served: ScriptedModel, model: EndpointModel) -> None:
    served.script([code("import time", "time.sleep(600)")])
    outcome = await played(model, SMOLAGENTS.model_copy(update={"seconds": 8.0}))
    assert (outcome.strict, outcome.ending) == (False, "out_of_time")


async def test_a_failing_model_fails_the_baselines_episode(
    served: ScriptedModel, model: EndpointModel
) -> None:
    served.script([])
    outcome = await played(model)
    assert (outcome.strict, outcome.ending) == (False, "failed")
    assert "no more replies" in outcome.message


async def test_the_baseline_needs_a_model_with_an_address() -> None:
    with pytest.raises(CodeActError, match="needs a model with an address"):
        await NotebookSuite([TASK]).play(Case(name="double", family="sums"), SMOLAGENTS, Script())


def test_without_smolagents_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(baselines, "find_spec", lambda _name: None)
    arguments = ["eval", "run", "--suite", "notebook", "--protocol", "smolagents"]
    result = CliRunner().invoke(main, [*arguments, "--output", str(tmp_path / "r.jsonl")])
    assert (result.exit_code, list(tmp_path.iterdir())) == (1, [])
    assert 'pip install "jupyter-codeact[baselines]"' in result.output
