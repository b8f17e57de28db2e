"""The client against the real llama.cpp engine."""

from __future__ import annotations

import asyncio
import re
from contextlib import aclosing
from itertools import pairwise

import httpx
import psutil
import pytest

from jupyter_codeact.agent.contracts import Delta, ModelError, Usage
from jupyter_codeact.models.engines.launch import llama_cpp
from jupyter_codeact.models.engines.supervisor import Engine
from jupyter_codeact.models.open import LocalModel, open_model
from tests.ports import free_port
from tests.waiting import until

STORY = [{"role": "user", "content": "Tell a very long story about a kernel and a notebook."}]


@pytest.fixture
async def model(smollm2, tmp_path):
    """Return a model that writes one reply at a time."""
    model = LocalModel(Engine(llama_cpp(smollm2, context=4096, slots=1), logs=tmp_path))
    yield model
    await model.close()


async def collect(model: LocalModel, messages=STORY, **options) -> list[Delta]:
    return [delta async for delta in model.stream(messages, **{"temperature": 0.0} | options)]


def log_of(model: LocalModel) -> str:
    assert model.engine.log is not None
    return model.engine.log.read_text()


async def logged(model: LocalModel, line: str, times: int = 1) -> list[str]:
    """Wait until the engine's log, which it writes beside its work, has a line; return all like it."""
    await until(lambda: len(re.findall(line, log_of(model))) >= times)
    return re.findall(line, log_of(model))


async def test_a_reply_is_streamed_with_exact_counts_from_the_first_token_on(model):
    deltas = await collect(model, max_tokens=8)
    assert len([delta for delta in deltas if delta.text]) == 8
    assert deltas[-1].usage.completion_tokens == 8
    assert "length" in [delta.finish_reason for delta in deltas]
    assert not any(delta.usage.estimated for delta in deltas)
    assert len({delta.usage.prompt_tokens for delta in deltas}) == 1
    assert model.info.context_window == 4096


async def test_the_same_seed_says_the_same(model):
    first, second = [
        "".join(delta.text for delta in await collect(model, max_tokens=12, temperature=1.0, seed=5))
        for _ in range(2)
    ]
    assert first == second


async def test_a_stop_string_ends_the_reply(model):
    whole = "".join(delta.text for delta in await collect(model, max_tokens=12))
    stop = whole.split()[3]
    deltas = await collect(model, max_tokens=12, stop=[stop])
    assert "".join(delta.text for delta in deltas) == whole[: whole.index(stop)]
    assert "stop" in [delta.finish_reason for delta in deltas]


async def test_closing_a_reply_frees_the_engine_at_once(model):
    async with aclosing(model.stream(STORY, max_tokens=3000)) as deltas:
        written = [await anext(deltas) for _ in range(3)]
    await collect(model, max_tokens=1)  # had the engine gone on, this would have waited for it
    ends = await logged(model, r"stop processing: n_tokens = (\d+)", times=2)
    assert len(ends) == 2
    assert int(ends[0]) < written[-1].usage.prompt_tokens + 100
    assert model.engine.status.state == "ready"


async def test_cancelling_while_the_prompt_is_read_frees_the_engine(model):
    await model.engine.start()
    long = [{"role": "user", "content": "What comes next? " + " ".join(map(str, range(900)))}]
    task = asyncio.create_task(collect(model, long))
    await logged(model, "launch_slot_")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await collect(model, max_tokens=1)
    assert len(await logged(model, "prompt eval time")) == 1  # that of the short one
    assert "cancel task" in log_of(model)


async def test_a_growing_conversation_is_read_only_where_it_grew(model):
    conversation = list(STORY)
    costs: list[Usage] = []
    for _ in range(3):
        text = ""
        async with aclosing(model.stream(conversation, max_tokens=100)) as deltas:
            async for delta in deltas:
                text, cost = text + delta.text, delta.usage
                if cost.completion_tokens == 10:
                    break
        costs.append(cost)
        conversation += [{"role": "assistant", "content": text}, {"role": "user", "content": "Go on."}]
    assert costs[0].cached_tokens == 0
    for before, after in pairwise(costs):
        assert after.prompt_tokens > before.prompt_tokens
        assert before.prompt_tokens <= after.cached_tokens < after.prompt_tokens


async def test_conversations_that_take_turns_keep_their_prefixes(model):
    talks = [[{"role": "user", "content": f"{name}, {name}! " * 30}] for name in ("Ada", "Grace", "Mary")]
    for talk in talks:
        await collect(model, talk, max_tokens=4)
    for talk in talks:
        talk += [{"role": "assistant", "content": "Yes?"}, {"role": "user", "content": "Hello."}]
        usage = (await collect(model, talk, max_tokens=4))[-1].usage
        assert usage.cached_tokens > 0.8 * usage.prompt_tokens


async def test_two_replies_are_written_at_the_same_time(smollm2, tmp_path):
    model = LocalModel(Engine(llama_cpp(smollm2, context=1024, slots=2), logs=tmp_path))
    async with aclosing(model.stream(STORY, max_tokens=900)) as long:
        await anext(long)
        assert await collect(model, max_tokens=2)
        assert await anext(long)
    await model.close()


async def test_a_conversation_that_is_too_long_is_said(model):
    with pytest.raises(ModelError, match=r"too long for SmolLM2.*tokens, and there is room for 4,096"):
        await collect(model, [{"role": "user", "content": "word " * 6000}])
    assert model.engine.status.state == "ready"


async def test_a_context_is_at_most_what_the_model_was_trained_for(smollm2):
    model = open_model(str(smollm2))
    await collect(model, max_tokens=1)
    assert model.info.context_window == 8192
    await model.close()


async def test_an_engine_killed_in_mid_reply_is_said_and_the_next_reply_has_a_new_one(model):
    reply = model.stream(STORY, max_tokens=3000)
    assert (await anext(reply)).text
    for process in psutil.Process().children():
        if "jupyter_codeact.models.engines.llama.worker" in process.cmdline():
            process.kill()
    with pytest.raises(ModelError, match=r"ran out of memory or was killed"):
        [delta async for delta in reply]
    assert model.engine.status.state == "failed"
    assert await collect(model, max_tokens=2)
    assert model.engine.status.state == "ready"


async def test_a_proxy_of_the_environment_is_not_asked_for_the_engine(model, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{free_port()}")
    assert await collect(model, max_tokens=1)


async def test_a_copy_of_what_was_said_is_drafted_and_comes_out_the_same(model):
    lines = "\n".join(f"value_{n} = frame['column_{n}'].mean()" for n in range(12))
    asked = [
        {"role": "user", "content": "Write the cell."},
        {"role": "assistant", "content": lines},
        {"role": "user", "content": "Write exactly the same cell again."},
    ]
    address = await model.address()
    body = {"messages": asked, "temperature": 0, "max_tokens": 120}
    async with httpx.AsyncClient(timeout=120) as client:
        headers = {"Authorization": f"Bearer {address.api_key}"}
        answer = (await client.post(f"{address.url}/chat/completions", json=body, headers=headers)).json()
    assert answer["timings"]["draft_n_accepted"] > 30
    assert answer["choices"][0]["message"]["content"].startswith(lines[:200])
