"""What every engine and endpoint does alike, whoever wrote it: tests for classes to inherit.

A class that inherits says in its fixture ``served`` what it is about. Models differ in what they say, so a
test compares a reply to another of the same model, or looks at its form. The scripted model is told what to
say; for the others the script is nothing.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import httpx
import psutil
import pytest

from jupyter_codeact.agent.contracts import ModelError, Usage
from jupyter_codeact.models.engines.supervisor import Engine
from jupyter_codeact.models.open import EndpointModel
from tests.scripted import Refusal, Said, ScriptedModel

STORY = [{"role": "user", "content": "Tell a very long story about a kernel and a notebook."}]


@dataclass
class Served:
    """Where a model answers, and the script that it may follow."""

    url: str
    key: str
    scripted: ScriptedModel | None = None
    engine: Engine | None = None

    def script(self, *replies: Any) -> None:
        """Say what a scripted model is to say."""
        if self.scripted is not None:
            self.scripted.script(replies)

    @asynccontextmanager
    async def client(self, key: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
        """Yield a client that sends the key, or another one."""
        headers = {"Authorization": f"Bearer {self.key if key is None else key}"} if key != "" else {}
        # A server may end a connection that is idle just when it is used again; a bare client does not retry.
        limits = httpx.Limits(max_keepalive_connections=0)
        async with httpx.AsyncClient(
            base_url=self.url, headers=headers, timeout=120, trust_env=False, limits=limits
        ) as client:
            yield client

    @asynccontextmanager
    async def model(self) -> AsyncIterator[EndpointModel]:
        """Yield the model as our client sees it."""
        model = EndpointModel(self.url, api_key=self.key)
        try:
            yield model
        finally:
            await model.close()


def asked(messages: list[dict[str, Any]] = STORY, **more: Any) -> dict[str, Any]:
    """Return the body of a request."""
    return {"messages": messages, "temperature": 0, "max_tokens": 12} | more


async def whole(client: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    """Return a reply that comes in one."""
    answer = await client.post("chat/completions", json=asked(**more))
    assert answer.status_code == 200, answer.text
    return answer.json()


def events(lines: list[str]) -> list[dict[str, Any]]:
    """Return the events of a stream, which must end as the protocol says."""
    data = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
    assert data[-1] == "[DONE]"
    return [json.loads(event) for event in data[:-1]]


async def streamed(client: httpx.AsyncClient, **more: Any) -> list[dict[str, Any]]:
    """Return the events of a streamed reply."""
    body = asked(stream=True, stream_options={"include_usage": True}, **more)
    async with client.stream("POST", "chat/completions", json=body) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        return events([line async for line in answer.aiter_lines()])


def text_of(chunks: list[dict[str, Any]]) -> str:
    """Return what the events of a stream say together."""
    return "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"])


class ProtocolSuite:
    """What holds for whatever speaks the protocol."""

    async def test_the_list_of_models_names_one(self, served: Served) -> None:
        async with served.client() as client:
            answer = await client.get("models")
        assert answer.status_code == 200
        assert [model["id"] for model in answer.json()["data"]]

    @pytest.mark.parametrize("key", ["", "wrong"])
    async def test_a_wrong_key_is_refused_on_every_route(self, served: Served, key: str) -> None:
        async with served.client(key) as client:
            answers = [await client.get("models"), await client.post("chat/completions", json=asked())]
        assert [answer.status_code for answer in answers] == [401, 401]
        assert all(served.key not in answer.text for answer in answers)

    async def test_no_other_origin_is_let_in(self, served: Served) -> None:
        async with served.client() as client:
            answer = await client.get("models", headers={"Origin": "https://elsewhere.example"})
        assert answer.headers.get("access-control-allow-origin") in (None, "")

    async def test_a_streamed_reply_is_the_one_that_comes_whole(self, served: Served) -> None:
        served.script(
            Said("One of the oldest.", finish_reason="length"),
            Said("One of the oldest.", finish_reason="length"),
        )
        async with served.client() as client:
            reply = await whole(client)
            chunks = await streamed(client)
        [choice] = reply["choices"]
        assert choice["message"]["role"] == "assistant"
        assert len([chunk for chunk in chunks if text_of([chunk])]) > 3
        assert text_of(chunks) == choice["message"]["content"]
        reasons = [choice["finish_reason"] for chunk in chunks for choice in chunk["choices"]]
        assert reasons[-1] == choice["finish_reason"] == "length"
        assert all(reason is None for reason in reasons[:-1])
        assert chunks[-1]["usage"]["completion_tokens"] == reply["usage"]["completion_tokens"] > 0
        assert chunks[-1]["usage"]["prompt_tokens"] == reply["usage"]["prompt_tokens"] > 0

    async def test_a_stop_string_ends_a_reply_before_it(self, served: Served) -> None:
        served.script(*["Once upon a time there was a kernel."] * 3)
        async with served.client() as client:
            said = (await whole(client))["choices"][0]["message"]["content"]
            stop = said.split()[3]
            reply = (await whole(client, stop=[stop, "never said"]))["choices"][0]
            chunks = await streamed(client, stop=stop)
        assert reply["message"]["content"] == text_of(chunks) == said[: said.index(stop)]
        assert reply["finish_reason"] == "stop"

    async def test_two_clients_at_once_get_each_their_own_reply(self, served: Served) -> None:
        served.script(lambda messages: messages[0]["content"], lambda messages: messages[0]["content"])
        talks = [[{"role": "user", "content": f"Say the word {word}."}] for word in ("butter", "iron")]
        async with served.client() as client, served.client() as other:
            replies = await asyncio.gather(
                streamed(client, messages=talks[0]), streamed(other, messages=talks[1])
            )
            served.script(lambda messages: messages[0]["content"])
            alone = await streamed(client, messages=talks[1])
        assert text_of(replies[0]) != text_of(replies[1]) == text_of(alone)

    async def test_a_conversation_that_is_too_long_is_said_in_our_words(self, served: Served) -> None:
        served.script(Refusal(400, "This model's maximum context length is 5 tokens."))
        async with served.model() as model:
            with pytest.raises(ModelError, match="conversation is too long"):
                [d async for d in model.stream([{"role": "user", "content": "word " * 6000}])]

    async def test_what_is_no_request_is_refused_and_hurts_nobody(self, served: Served) -> None:
        served.script("Fine.")
        async with served.client() as client:
            answer = await client.post("chat/completions", content=b"{")
            assert 400 <= answer.status_code <= 500
            assert await whole(client)


class EngineSuite(ProtocolSuite):
    """What holds for an engine that is hosted here, whose model really reads and writes.

    A cache of pages knows whole ``page``s of a prompt only.
    """

    page = 1

    async def test_a_client_that_leaves_frees_the_engine(self, served: Served) -> None:
        async with served.client() as client:
            # The rest of the story would take minutes, and who comes next would wait for it.
            async with client.stream(
                "POST", "chat/completions", json=asked(stream=True, max_tokens=3900)
            ) as answer:
                lines = answer.aiter_lines()
                for _ in range(3):
                    await anext(lines)
            async with asyncio.timeout(60):
                await whole(client, max_tokens=2)

    async def test_a_client_that_leaves_while_its_prompt_is_read_frees_the_engine(
        self, served: Served
    ) -> None:
        long = [{"role": "user", "content": "What comes next? " + " ".join(map(str, range(900)))}]
        async with served.client() as client:
            with pytest.raises(httpx.ReadTimeout):
                await client.post("chat/completions", json=asked(long, max_tokens=3000), timeout=0.5)
            async with asyncio.timeout(60):
                await whole(client, max_tokens=2)

    async def test_a_growing_conversation_is_read_only_where_it_grew(self, served: Served) -> None:
        conversation = [{"role": "system", "content": "You are brief. " * 20}, *STORY]
        costs: list[Usage] = []
        async with served.model() as model:
            for _ in range(3):
                deltas = [delta async for delta in model.stream(conversation, max_tokens=10)]
                costs.append(deltas[-1].usage)
                conversation.append({"role": "assistant", "content": "".join(delta.text for delta in deltas)})
                conversation.append({"role": "user", "content": "Go on."})
        for before, after in pairwise(costs):
            assert not after.estimated
            assert after.prompt_tokens > before.prompt_tokens
            assert before.prompt_tokens - self.page < after.cached_tokens < after.prompt_tokens

    async def test_the_same_seed_says_the_same_and_another_one_does_not(self, served: Served) -> None:
        async with served.client() as client:
            said = [
                (await whole(client, temperature=1.0, seed=seed, max_tokens=16))["choices"][0]["message"][
                    "content"
                ]
                for seed in (5, 5, 6)
            ]
        assert said[0] == said[1] != said[2]

    async def test_the_client_learns_how_long_a_conversation_may_be(self, served: Served) -> None:
        async with served.model() as model:
            assert [delta async for delta in model.stream(STORY, max_tokens=1)]
            assert model.info.context_window == 4096

    async def test_an_engine_killed_in_mid_reply_breaks_the_stream_and_says_what_it_is(
        self, served: Served
    ) -> None:
        """The last one, as none can follow."""
        engine = served.engine
        assert engine is not None
        async with (
            served.client() as client,
            client.stream("POST", "chat/completions", json=asked(stream=True, max_tokens=3900)) as answer,
        ):
            lines = answer.aiter_lines()
            await anext(lines)
            for process in psutil.Process().children():
                if engine.launch.module in process.cmdline():
                    process.kill()
            with pytest.raises(httpx.TransportError):
                async for _ in lines:
                    pass
        reason = await engine.exit_reason()
        assert reason is not None
        assert "ran out of memory or was killed" in reason.message
        assert engine.status.state == "failed"
