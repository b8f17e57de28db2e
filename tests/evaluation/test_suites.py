"""Every suite accepts its own references and plays episodes, on small copies of the upstream layouts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jupyter_codeact.evaluation import api_bank, m3tooleval
from jupyter_codeact.evaluation.api_bank import ApiBank
from jupyter_codeact.evaluation.grading import grade
from jupyter_codeact.evaluation.m3tooleval import M3ToolEval
from jupyter_codeact.evaluation.mint import Mint
from jupyter_codeact.evaluation.records import Setting
from jupyter_codeact.evaluation.upstream import Upstream, UpstreamError
from jupyter_codeact.models.open import EndpointModel
from tests.evaluation import upstream
from tests.scripted import ScriptedModel

PAPER = Setting(protocol="paper", format="code")
AGENT = Setting(protocol="agent", format="markdown")


@pytest.fixture(scope="module")
def code_act(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return upstream.code_act(tmp_path_factory.mktemp("code-act"))


@pytest.fixture
async def m3(code_act: Path) -> AsyncIterator[M3ToolEval]:
    suite = M3ToolEval(code_act)
    yield suite
    await suite.close()


async def test_m3tooleval_accepts_its_own_answers(m3: M3ToolEval) -> None:
    tested = await m3.self_test()
    assert (tested.count, tested.failed) == (2, [])
    assert [case.family for case in await m3.cases()] == ["sums", "web_browsing"]


async def test_the_papers_harness_allows_another_answer_after_a_wrong_one(
    m3: M3ToolEval, served: ScriptedModel, model: EndpointModel
) -> None:
    served.script(["Action:\nadd(2, 40)\nEnd Action", "Answer: 41", "Nothing.", "Answer: 42\nAnswer: 43"])
    [case, _] = await m3.cases()
    played = await m3.play(case, PAPER, model)
    assert (played.strict, played.success, played.ending, played.turns) == (False, True, "answered", 4)
    told = [message["content"] for message in played.messages if message["role"] == "user"]
    assert told == [
        "code_as_action: What is 2 and 40?",
        "42",
        m3tooleval.WRONG,
        "Say Action: or Answer:",
    ]
    assert played.usage.completion_tokens > 0


async def test_the_papers_harness_ends_after_its_last_turn(
    m3: M3ToolEval, served: ScriptedModel, model: EndpointModel
) -> None:
    served.script(["Answer: 1"] * 3)
    [case, _] = await m3.cases()
    played = await m3.play(case, PAPER.model_copy(update={"turns": 3}), model)
    assert (played.success, played.ending, played.turns) == (False, "out_of_turns", 3)


async def test_the_agent_calls_the_tools_as_functions_in_its_kernel(
    m3: M3ToolEval, served: ScriptedModel, model: EndpointModel
) -> None:
    script = ["```python\nprint(add(2, 40), 41)\n```", "It is 41.", "41", "It is 42.", "Answer: **42**"]
    served.script(script)
    [case, _] = await m3.cases()
    played = await m3.play(case, AGENT, model)
    assert (played.strict, played.success, played.turns, played.answer) == (False, True, 5, "42")
    opening = played.messages[1]["content"]
    assert "- add(a: int, b: int) -> int" in opening
    assert "Adds two numbers." in opening
    assert "42" in played.messages[3]["content"]


async def test_every_episode_begins_with_a_fresh_state(
    m3: M3ToolEval, served: ScriptedModel, model: EndpointModel
) -> None:
    [_, case] = await m3.cases()
    for _ in range(2):
        served.script(["Action:\ncount()\nEnd Action", "Answer: 1"])
        played = await m3.play(case, PAPER, model)
        assert played.messages[2]["content"] == "1"
        assert played.strict


async def test_a_crashed_benchmark_process_is_restarted(code_act: Path) -> None:
    process = Upstream("m3tooleval_worker", code_act)
    try:
        with pytest.raises(UpstreamError, match=r"process ended in judge"):
            await process.call("judge", index=0, answer="crash")
        assert await process.call("judge", index=0, answer="42") is True
        with pytest.raises(UpstreamError, match=r"KeyError"):
            await process.call("no such function")
    finally:
        await process.close()


async def test_a_folder_that_is_no_checkout_is_an_error(tmp_path: Path) -> None:
    process = Upstream("m3tooleval_worker", tmp_path)
    try:
        with pytest.raises(UpstreamError, match=r"has no scripts.eval.m3tooleval.tasks"):
            await process.call("list")
    finally:
        await process.close()
    with pytest.raises(UpstreamError, match=r"Give a checkout of mint-bench"):
        Mint(tmp_path)


def test_a_reply_is_cut_after_its_first_step() -> None:
    one = "Thought: go. Action:\nf()\nEnd Action"
    assert m3tooleval.one_step(f"{one}\nAnswer: 3") == one
    assert m3tooleval.one_step("Action: f() Thought: well. Answer: 1") == "Action: f()"
    assert m3tooleval.one_step("  Answer: 3") == "Answer: 3"


async def test_api_bank_counts_a_second_call_twice_and_parses_all_formats(code_act: Path) -> None:
    suite = ApiBank(code_act)
    try:
        assert [case.name for case in await suite.cases()] == ["Add-1-1", "Add-1-2-again", "Add-1-2"]
        tested = await suite.self_test()
        assert tested.notes == []
        assert tested.summary == (
            "Ground truth scores: code with the reference parser 0, code with the fair parser 3, "
            "json with the reference parser 3, json with the fair parser 3, "
            "text with the reference parser 0, text with the fair parser 3."
        )
    finally:
        await suite.close()


async def test_a_missing_package_of_a_benchmark_is_named(tmp_path: Path) -> None:
    apis = upstream.code_act(tmp_path) / "scripts" / "eval" / "api-bank" / "apis.py"
    lacking = "class Add:\n    def __init__(self):\n        import nowhere_to_be_had\n"
    apis.write_text(apis.read_text().replace("class Add:\n", lacking))
    suite = ApiBank(tmp_path)
    try:
        with pytest.raises(UpstreamError, match=r"needs the package nowhere_to_be_had: install it"):
            await suite.self_test()
    finally:
        await suite.close()


async def test_api_bank_asks_for_the_next_call_of_a_conversation(
    code_act: Path, served: ScriptedModel, model: EndpointModel
) -> None:
    suite = ApiBank(code_act)
    served.script(['Sure: [{"action": "Add", "items": ["eggs"], "to": "tea"}]'])
    try:
        case = (await suite.cases())[2]
        played = await suite.play(case, PAPER.model_copy(update={"format": "json"}), model)
    finally:
        await suite.close()
    assert played.detail == {"reference": True, "fair": True}
    sent = served.requests[0]["messages"]
    assert [message["role"] for message in sent] == ["system", "user", "assistant", "user"]
    assert sent[2]["content"] == '[{"action": "Add", "items": "[\'eggs\']", "to": "milk"}]'
    assert sent[3]["content"] == "Response: ['eggs', 'milk']"
    assert api_bank.GUIDES["json"] in sent[0]["content"]


@pytest.mark.parametrize("kind", api_bank.GUIDES)
def test_api_banks_instructions_match_the_calls_in_the_conversation(kind: str) -> None:
    call = api_bank.RENDER[kind]("ApiName", {"parameter1": "value1", "parameter2": "value2"})
    assert api_bank.GUIDES[kind].replace(", ...", "") == call


async def test_mint_accepts_only_its_references(tmp_path: Path) -> None:
    suite = Mint(upstream.mint(tmp_path))
    tested = await suite.self_test()
    assert (tested.count, tested.failed) == (7, [])


async def test_mint_has_five_steps_and_two_proposals(
    tmp_path: Path, served: ScriptedModel, model: EndpointModel
) -> None:
    suite = Mint(upstream.mint(tmp_path))
    case = next(case for case in await suite.cases() if case.family == "gsm8k")
    served.script(
        ["<execute>\n  x = 6 * 7\n  print(x)\n</execute>", "<solution>31</solution>", "<solution>42"]
    )
    played = await suite.play(case, PAPER, model)
    assert (played.strict, played.success, played.turns) == (False, True, 3)
    assert "42" in played.messages[2]["content"]
    assert played.messages[4]["content"].endswith("Steps left: 3. Proposals left: 1.")

    code = next(case for case in await suite.cases() if case.family == "humaneval")
    served.script(["<solution>\n```python\ndef twice(x):\n    return x + x\n```\n</solution>"])
    assert (await suite.play(code, PAPER, model)).strict
    served.script(["```python\ndef twice(x):\n    return 2 * x\n```", "It is done."])
    assert (await suite.play(code, AGENT, model)).strict


@pytest.mark.parametrize(
    ("family", "reference", "answer", "right"),
    [
        ("gsm8k", "175", "There are 1,75 rings", True),
        ("gsm8k", "36", "36 hours", True),
        ("gsm8k", "36", "about 40", False),
        ("math", "-108.0", "$x = -108$", True),
        ("math", "0.75", "3/4", True),
        ("math", "0.0", "0", True),
        ("math", "0.0", "0.2", False),
        ("mmlu", "c", "C", True),
        ("mmlu", "c", "The answer is (C) 18107", True),
        ("mmlu", "c", "b) 121", False),
        ("mmlu", "c", "either c or d", False),
        ("theoremqa", False, "False", True),
        ("theoremqa", False, "true or false", False),
        ("theoremqa", [0, 5], "the path is [0, 5]", True),
        ("theoremqa", [0, 5], "[5, 0]", False),
        ("hotpotqa", "The Beatles", "It was the Beatles.", True),
        ("hotpotqa", "yes", "Yes, they were", True),
        ("hotpotqa", "yes", "no", False),
    ],
)
def test_answers_are_graded(family: str, reference: object, answer: str, right: bool) -> None:
    assert grade(family, {"reference": reference}, answer) is right
