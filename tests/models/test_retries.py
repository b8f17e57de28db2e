"""An endpoint that is overloaded, fails or is lost is asked again, within reason."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import formatdate

import pytest

from jupyter_codeact.agent.contracts import Delta, ModelError
from jupyter_codeact.agent.replies.tool_calls import ToolsFormat
from jupyter_codeact.models.endpoints.access import Timeouts
from jupyter_codeact.models.endpoints.retries import Backoff, requested_wait
from jupyter_codeact.models.endpoints.words import ServerError
from jupyter_codeact.models.open import EndpointModel
from tests.scripted import Broken, Called, Refusal, Said, ScriptedModel, ScriptedReply

HELLO = [{"role": "user", "content": "Say hello."}]
SOON = Timeouts(backoff_seconds=0.001)


@asynccontextmanager
async def scripted(
    *replies: ScriptedReply, timeouts: Timeouts = SOON
) -> AsyncIterator[tuple[ScriptedModel, EndpointModel]]:
    with ScriptedModel(replies) as server:
        model = EndpointModel(server.url, api_key=server.api_key, timeouts=timeouts)
        yield server, model
        await model.close()


async def collect(model: EndpointModel, **options) -> list[Delta]:
    return [delta async for delta in model.stream(HELLO, **options)]


def reply(deltas: list[Delta]) -> str:
    """Return the reply as an agent reads it."""
    text = ""
    for delta in deltas:
        text = delta.text if delta.restart else text + delta.text
    return text


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
async def test_a_passing_failure_is_tried_again(status):
    async with scripted(Refusal(status), Refusal(status), "Hello") as (server, model):
        assert reply(await collect(model)) == "Hello"
        assert len(server.requests) == 3


@pytest.mark.parametrize("status", [401, 403, 404, 501])
async def test_what_will_not_change_is_not_tried_again(status):
    async with scripted(Refusal(status), "Hello") as (server, model):
        with pytest.raises(ModelError):
            await collect(model)
        assert len(server.requests) == 1


async def test_a_failure_that_is_a_refusal_is_not_tried_again():
    async with scripted(Refusal(500, "audio input is not supported"), "Hello") as (server, model):
        with pytest.raises(
            ModelError, match=r"refused the request \(HTTP 500\): audio input is not supported"
        ):
            await collect(model)
        assert len(server.requests) == 1
        assert model.status.state == "ready"


async def test_a_reply_that_breaks_off_is_asked_for_again_and_begins_anew():
    async with scripted(Broken("Half a rep"), "The whole reply.") as (server, model):
        deltas = await collect(model)
        assert "".join(delta.text for delta in deltas).startswith("Half a rep")
        assert [delta.restart for delta in deltas if delta.restart] == [True]
        assert reply(deltas) == "The whole reply."
        assert server.requests[0] == server.requests[1]


async def test_a_reply_that_breaks_off_before_its_first_word_does_not_restart():
    async with scripted(Broken(""), "Hello") as (_, model):
        deltas = await collect(model)
        assert not any(delta.restart for delta in deltas)
        assert reply(deltas) == "Hello"


async def test_after_so_many_times_it_is_enough():
    timeouts = Timeouts(retries=2, backoff_seconds=0.001)
    async with scripted(*[Broken("Half")] * 4, timeouts=timeouts) as (server, model):
        with pytest.raises(ModelError, match="broke off in the middle of the reply"):
            await collect(model)
        assert len(server.requests) == 3
        assert model.status.state == "failed"


async def test_what_is_waited_for_is_said():
    wait = Refusal(429, headers={"retry-after-ms": "20"})
    async with scripted(wait, Said("Hello", delay=0.05)) as (server, model):
        seen = []
        model.watch(seen.append)
        await collect(model)
        await asyncio.sleep(0)  # a watcher is told in the loop's next round
        waiting = [status for status in seen if status.message]
    assert [status.state for status in waiting] == ["busy"]
    assert waiting[0].message == (
        f"{server.url} takes no more requests for now (HTTP 429); asking again in 1 s."
    )
    assert waiting[0].where == server.url
    assert seen[-1].state == "ready"
    assert seen[-1].message == ""


async def test_a_wait_that_is_too_long_is_not_begun():
    hour = Refusal(429, "Quota.", headers={"Retry-After": "3600"})
    async with scripted(hour, "Hello") as (server, model):
        with pytest.raises(ModelError, match=r"HTTP 429\): Quota; ask again"):
            await collect(model)
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "2"}, 2),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "-3"}, 0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_an_endpoint_may_say_how_long_to_wait(headers, seconds):
    assert requested_wait(refused(headers)) == seconds


def test_an_endpoint_may_say_until_when_to_wait():
    now = time.time()
    later, earlier = (refused({"retry-after": formatdate(now + by, usegmt=True)}) for by in (30, -30))
    assert requested_wait(later, now) == pytest.approx(30, abs=1)
    assert requested_wait(earlier, now) == 0


def refused(headers: dict[str, str]) -> Exception:
    return ServerError(429, headers=headers)


def test_clients_that_failed_together_do_not_come_back_together():
    def waits(asked: float | None = None) -> list[float]:
        series = Backoff(Timeouts(retries=4, retry_seconds=1000, backoff_seconds=1))
        return [series.next(asked) or 0.0 for _ in range(4)]

    first, second = waits(), waits()
    assert first != second
    for wait, most in zip(first, (1, 2, 4, 8), strict=True):
        assert most / 2 <= wait <= most
    assert all(wait >= 5 for wait in waits(5))


def test_all_waits_together_are_bounded():
    waits = Backoff(Timeouts(retries=100, retry_seconds=10, backoff_seconds=1))
    taken = []
    while (wait := waits.next(None)) is not None:
        taken.append(wait)
    assert 1 < len(taken) < 10
    assert sum(taken) <= 10


async def test_a_native_call_comes_as_the_text_that_the_agent_reads():
    arguments = '{"code": "print(\\"hi\\")\\n1 + 1"}'
    tools = [dict(ToolsFormat.schema)]
    async with scripted(Called("python", arguments, text="Let me see.")) as (server, model):
        deltas = await collect(model, tools=tools)
        assert server.requests[0]["tools"] == tools
    text = reply(deltas)
    assert text == "Let me see.\n" + ToolsFormat().render("python", arguments)
    assert len([delta for delta in deltas if delta.text]) > 5
    parsed = ToolsFormat().parse(text)
    assert parsed.actions[0].source == 'print("hi")\n1 + 1'
    assert deltas[-1].usage.completion_tokens > 0


async def test_a_native_call_without_arguments_is_whole_too():
    async with scripted(Called("list_files", "")) as (_, model):
        text = reply(await collect(model, tools=[dict(ToolsFormat.schema)]))
    assert ToolsFormat().parse(text).actions[0].source == "list_files()"


async def test_an_endpoint_that_takes_no_functions_is_told_of_them_in_the_prompt():
    refusal = Refusal(400, "tinyllama does not support tools")
    call = '<tool_call>\n{"name": "python", "arguments": {"code": "1"}}\n</tool_call>'
    async with scripted(refusal, call, call) as (server, model):
        for _ in range(2):
            assert reply(await collect(model, tools=[dict(ToolsFormat.schema)])) == call
        _, second, third = server.requests
    assert "tools" not in second | third
    assert json.dumps(ToolsFormat.schema) in second["messages"][0]["content"]
    assert "</tool_call>" in third["messages"][0]["content"]
