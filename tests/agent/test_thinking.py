"""Runs with models that think, and with replies that are cut off, against an endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from jupyter_codeact.agent.contracts import ModelSettings
from jupyter_codeact.agent.events import RunEnded
from jupyter_codeact.models.endpoints.client import EndpointModel
from tests.agent.bench import Bench, block
from tests.scripted import Refusal, Said, ScriptedModel, ScriptedReply


@pytest.fixture(scope="module")
def endpoint() -> Iterator[ScriptedModel]:
    with ScriptedModel() as endpoint:
        yield endpoint


class Asked:
    """An agent that asks an endpoint."""

    def __init__(self, bench: Bench, endpoint: ScriptedModel) -> None:
        self.bench, self.endpoint = bench, endpoint

    async def run(
        self,
        *replies: ScriptedReply,
        window: int | None = None,
        limit: int | None = None,
        thinks: bool | None = None,
        task: str = "Do it.",
        **options: Any,
    ) -> RunEnded:
        size = {"n_params": 70_000_000_000} | ({"n_ctx": window} if window else {})
        self.endpoint.listed = {"meta": size}
        self.endpoint.script(replies)
        model = EndpointModel(self.endpoint.url, api_key=self.endpoint.api_key, thinks=thinks)
        agent = self.bench.agent(settings=ModelSettings(reply_tokens=limit), **options)
        agent.model = model
        try:
            return await agent.run(self.bench.conversation, task, title="t")
        finally:
            await model.close()

    def limits(self) -> list[int | None]:
        return [request.get("max_tokens") for request in self.endpoint.requests]

    def sent(self, request: int) -> list[tuple[str, str]]:
        messages = self.endpoint.requests[request]["messages"]
        return [(message["role"], message["content"]) for message in messages]


@pytest.fixture
def asked(bench: Bench, endpoint: ScriptedModel) -> Asked:
    return Asked(bench, endpoint)


async def test_thinking_is_kept_in_the_journal_and_not_sent_back(asked: Asked) -> None:
    end = await asked.run(
        Said("I run it.\n\n```python\nprint(6 * 7)\n```", thinking="Six times seven, or `1/0`?"),
        "<think>Forty-two it is.</think>\n\nIt is 42.",
    )
    assert (end.ending, end.answer) == ("answered", "It is 42.")
    first, second = asked.bench.events("reply")
    assert (first.thinking, second.thinking) == ("Six times seven, or `1/0`?", "Forty-two it is.")
    assert asked.sent(1)[-2] == ("assistant", "I run it.\n\n```python\nprint(6 * 7)\n```")
    assert first.thinking_seconds <= first.seconds
    thought, all_tokens = first.thinking_tokens, first.usage.completion_tokens
    assert 0 < thought < all_tokens
    assert asked.bench.seen[-2].type == "reply"
    live = [event.thinking_tokens for event in asked.bench.seen if event.type == "reply_delta"]
    assert max(tokens for tokens in live if tokens is not None) >= 1


async def test_a_reply_cut_off_in_its_thinking_is_asked_for_with_the_room_that_is_left(asked: Asked) -> None:
    cut = Said("", thinking="hm " * 100, finish_reason="length")
    end = await asked.run(cut, "The answer.", cut, "not asked", window=8000, limit=1000)
    assert (end.ending, end.answer, end.turns) == ("answered", "The answer.", 1)
    first, second = asked.limits()
    assert first == 1000
    assert 6000 < second < 8000
    assert asked.sent(0) == asked.sent(1)
    [reply] = asked.bench.events("reply")
    assert reply.usage.completion_tokens > 75  # of both attempts


async def test_code_cut_off_at_the_limit_does_not_run_although_it_could(asked: Asked) -> None:
    cut = Said("```python\nx = 1\nprint(10", finish_reason="length")
    await asked.run(cut, block("print(1000)"), Said("It is 1000."), window=8000, limit=1000)
    assert await asked.bench.cells() == ["print(1000)"]
    assert len(set(asked.limits()[1:])) <= 2
    assert min(limit for limit in asked.limits()[1:] if limit) > 6000  # it needs the room from then on


async def test_an_answer_cut_off_where_there_is_no_more_room_is_continued_once(asked: Asked) -> None:
    end = await asked.run(
        Said("The first half, ", finish_reason="length"), "<think>Go on.</think>and the second."
    )
    assert (end.ending, end.answer) == ("answered", "The first half, and the second.")
    assert asked.sent(1)[-2] == ("assistant", "The first half, ")
    assert "Go on exactly where it broke off" in asked.sent(1)[-1][1]
    [reply] = asked.bench.events("reply")
    assert reply.text == reply.prose == end.answer


async def test_an_answer_that_is_cut_off_twice_is_no_answer(asked: Asked) -> None:
    halves = [Said(f"half {n}, ", finish_reason="length") for n in range(3)]
    end = await asked.run(*halves, window=8000, limit=1000)
    assert (end.ending, end.answer) == ("out_of_tokens", "")
    assert "cut off at its limit of" in end.message
    assert "higher reply limit" in end.message
    assert len(asked.endpoint.requests) == 2


async def test_a_reply_that_is_only_thinking_is_asked_for_in_brief_and_then_given_up(asked: Asked) -> None:
    cut = Said("<think>hm", finish_reason="length")
    end = await asked.run(cut, cut, cut)
    assert end.ending == "out_of_tokens"
    assert "cut off in its thinking" in end.message
    assert "too long" in asked.sent(1)[-1][1]
    assert len(asked.endpoint.requests) == 2


LOOP = "The output is a text cell, and the output is a text cell. "


@pytest.mark.parametrize("loop", [Said(LOOP * 2000), Said("", thinking=LOOP * 2000)])
async def test_a_reply_that_repeats_itself_ends_early_and_is_asked_for_in_brief(
    asked: Asked, loop: Said
) -> None:
    end = await asked.run(loop, "It is 5.", window=8000)
    assert (end.ending, end.answer) == ("answered", "It is 5.")
    assert "too long" in asked.sent(1)[-1][1]
    assert asked.limits()[1] == asked.limits()[0]  # more room would have more of the same


async def test_a_reply_that_repeats_itself_again_ends_the_run_in_a_sentence(asked: Asked) -> None:
    end = await asked.run(*[Said(f"Let me see.\n{LOOP * 2000}")] * 2)
    assert end.ending == "stuck"
    assert "repeated the same words over and over" in end.message
    [reply] = asked.bench.events("reply")
    assert LOOP * 8 in reply.text
    assert len(reply.text) < 4000


async def test_an_endpoint_that_refuses_more_room_is_asked_for_something_shorter(asked: Asked) -> None:
    cut = Said("", thinking="hm " * 50, finish_reason="length")
    refusal = Refusal(400, "max_tokens is too large: at most 100.")
    end = await asked.run(cut, refusal, "Done.", window=8000)
    assert (end.ending, end.answer) == ("answered", "Done.")
    assert [limit is None for limit in asked.limits()] == [True, False, True]


async def test_thinking_that_ended_without_a_reply_is_named_as_such(asked: Asked) -> None:
    end = await asked.run("<think>\nI could run ```python\n1/0\n```", "Hm.\n</think>\n", "Done.")
    assert (end.answer, end.turns) == ("Done.", 3)
    for request in (1, 2):
        assert "only thinking" in asked.sent(request)[-1][1]
    assert "code block" not in asked.sent(1)[-1][1]


DRAFT = "I could:\n```python\nprint('draft')\n```\nNo, better so.\n</think>\n\n"


async def test_code_before_a_lone_closing_mark_does_not_run(asked: Asked) -> None:
    replies = [DRAFT + block("print('one')"), DRAFT + block("print('two')"), "Hm.</think>Done."]
    end = await asked.run(*replies)
    assert end.answer == "Done."
    assert await asked.bench.cells() == ["print('one')", "print('two')"]
    assert "draft" not in str(asked.endpoint.requests[-1])


async def test_a_model_that_does_not_think_is_read_no_further_than_its_action(asked: Asked) -> None:
    more = "\nIt prints.\n" * 400
    asked.bench.seen.clear()
    await asked.run(block("1") + more, block("2") + more, Said("Done."), thinks=False)
    assert [event.finish_reason for event in asked.bench.events("reply")] == ["action", "action", "stop"]


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ("To see them:\n```bash\nls\n```", "%%bash"),
        ('<tool_call>{"name": "bash", "arguments": {"command": "ls"}}</tool_call>', "```python block"),
        ('I call:\n{"name": "python", "arguments": {"code": "print(1)"}}', "```python block"),
    ],
)
async def test_what_may_be_meant_as_an_action_is_asked_for_anew(asked: Asked, reply: str, words: str) -> None:
    end = await asked.run(reply, "It is done.", task="Explain it.")
    assert end.answer == "It is done."
    assert words in asked.sent(1)[-1][1]
    assert asked.bench.events("executed") == []
    again = await asked.run(reply, reply, reply, reply, reply, task="Explain it.")
    assert again.answer == ("" if reply.startswith("<") else reply)


@pytest.mark.parametrize("text", ["", "I cannot", "```python\nx = ["])
async def test_a_reply_that_the_endpoint_filters_is_no_answer_and_the_run_says_so(
    asked: Asked, text: str
) -> None:
    end = await asked.run(Said(text, finish_reason="content_filter"))
    assert end.ending == "failed"
    assert end.message.startswith("The endpoint's content filter stopped the reply.")


@pytest.mark.parametrize(
    "reply",
    [
        r"""{"name": "execute", "arguments": {"code": "print('a\ud83d b')"}}""",
        r'{"name": "execute", "arguments": {"code": "print(\'a\ud83d b\')"}}',
        r'<tool_call>{"name": "python", "arguments": {"code": "print(\'a\ud83d b\')"}}</tool_call>',
        r"""```python
notebook.insert("print('a\ud83d b')")
```""",
    ],
)
async def test_half_of_a_surrogate_pair_in_a_call_is_replaced(asked: Asked, reply: str) -> None:
    end = await asked.run(reply, "Done.")
    assert (end.ending, end.answer) == ("answered", "Done.")
    assert await asked.bench.cells() == ["print('a\ufffd b')"]
