"""The transformers engine from within: how replies are written, alone and in a batch."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, Qwen2Config

from jupyter_codeact.models.engines.transformers.batching import BatchingGenerator, can_batch
from jupyter_codeact.models.engines.transformers.choice import open_generator
from jupyter_codeact.models.engines.transformers.generation import GenerationRequest, Generator
from jupyter_codeact.models.engines.transformers.loading import LoadedModel
from jupyter_codeact.models.engines.transformers.plain import PlainGenerator
from jupyter_codeact.models.engines.transformers.sampling import add_noise, key
from jupyter_codeact.models.engines.transformers.settings import TransformersOptions
from jupyter_codeact.models.engines.transformers.slots import UnsuitedError, mask_for
from jupyter_codeact.models.engines.transformers.static import StaticGenerator
from jupyter_codeact.models.engines.transformers.text import Decoder, UnsupportedContentError, encode

STORY = [{"role": "user", "content": "Tell a very long story about a kernel and a notebook. " * 6}]


@pytest.fixture
async def plain(loaded: Any) -> AsyncIterator[PlainGenerator]:
    generator = PlainGenerator(loaded)
    yield generator
    generator.close()


def batched(loaded: Any) -> BatchingGenerator:
    """Return what pages the cache on a GPU, with a cache small enough for a CPU."""
    return BatchingGenerator(loaded, num_blocks=64, max_batch_tokens=256, max_requests_per_batch=4)


def slotted(loaded: Any) -> StaticGenerator:
    """Return what writes in slots, of which there are fewer than replies."""
    return StaticGenerator(loaded, slots=3)


@pytest.fixture(params=[PlainGenerator, batched, slotted])
def generator(request: pytest.FixtureRequest, loaded: Any) -> Iterator[Generator]:
    generator = request.param(loaded)
    yield generator
    generator.close()


async def written(generator: Generator, request: GenerationRequest) -> tuple[list[int], int, str]:
    tokens: list[int] = []
    async with aclosing(generator.generate(request)) as steps:
        async for step in steps:
            tokens += step.tokens
    assert step.finish is not None
    return tokens, step.cached, step.finish


def request_for(loaded: Any, messages: list[dict[str, Any]] = STORY, **more: Any) -> GenerationRequest:
    tokens, images = encode(loaded, messages)
    return GenerationRequest(
        **{"tokens": tokens, "max_tokens": 6, "temperature": 0.0, "seed": 1, "images": images} | more
    )


@pytest.mark.parametrize("make", [batched, slotted])
async def test_a_batch_writes_what_one_reply_at_a_time_does(loaded, plain, make):
    requests = [
        request_for(loaded),
        request_for(loaded, temperature=1.0, seed=5),
        request_for(loaded, temperature=1.0, seed=6),
        request_for(loaded, [{"role": "user", "content": "What is a list?"}]),
    ]
    alone = [(await written(plain, each))[0] for each in requests]
    batching = make(loaded)
    together = [
        tokens for tokens, _, _ in await asyncio.gather(*[written(batching, each) for each in requests])
    ]
    batching.close()
    assert together == alone
    assert alone[1] != alone[2]


async def test_what_is_known_of_a_prompt_is_counted(loaded, generator):
    first = await written(generator, request_for(loaded))
    again = await written(generator, request_for(loaded))
    length = len(request_for(loaded).tokens)
    assert first[1] == 0
    assert length - 33 < again[1] < length
    assert again[0] == first[0]


async def test_a_reply_that_nobody_waits_for_is_written_no_further(loaded, generator):
    steps = generator.generate(request_for(loaded, max_tokens=3000))
    await anext(steps)
    async with asyncio.timeout(60):
        await steps.aclose()
        assert len((await written(generator, request_for(loaded)))[0]) == 6


async def test_conversations_that_begin_alike_do_not_spoil_each_other(loaded, plain):
    system = {"role": "system", "content": "You are a very helpful assistant. " * 12}
    talks = [
        [system, {"role": "user", "content": question}] for question in ("What is a list?", "Who are you?")
    ]
    fresh = []
    for talk in talks:
        other = PlainGenerator(loaded)
        fresh.append((await written(other, request_for(loaded, talk)))[0])
        other.close()
    for _ in range(2):
        for talk, expected in zip(talks, fresh, strict=True):
            tokens, cached, _ = await written(plain, request_for(loaded, talk))
            assert tokens == expected
    assert cached > 0.8 * len(request_for(loaded, talks[0]).tokens)


async def test_a_reply_that_breaks_leaves_the_next_one_whole(
    loaded: Any, plain: PlainGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any, **more: Any) -> Any:
        raise RuntimeError("out of memory")

    with monkeypatch.context() as patch:
        # the layers before this one have taken in what was read by then
        patch.setattr(loaded.model.model.layers[9], "forward", broken)
        with pytest.raises(RuntimeError, match="out of memory"):
            await written(plain, request_for(loaded))
    after = await written(plain, request_for(loaded))
    other = PlainGenerator(loaded)
    assert after == await written(other, request_for(loaded))
    other.close()


def test_a_batch_needs_a_gpu_and_a_model_on_it_that_does_not_see(loaded):
    def like(device: str, processor: Any = None, **places: str) -> Any:
        model = SimpleNamespace(
            device=torch.device(device), hf_device_map=places, init_continuous_batching=print
        )
        return SimpleNamespace(model=model, processor=processor)

    assert can_batch(like("cuda"))
    assert not can_batch(like("cpu"))
    assert not can_batch(like("cuda", processor="one"))
    assert not can_batch(like("cuda", a="0", b="1"))


@pytest.mark.parametrize(
    ("batching", "kind"), [("auto", StaticGenerator), ("single", PlainGenerator), ("paged", PlainGenerator)]
)
def test_the_options_choose_how_replies_are_written(loaded, batching, kind):
    options = TransformersOptions(batching=batching, max_replies=2)
    attention = loaded.model.config._attn_implementation
    generator = open_generator(replace(loaded, options=options))
    assert type(generator) is kind
    generator.close()
    assert loaded.model.config._attn_implementation == attention


@pytest.fixture
def tiny() -> LoadedModel:
    """Return a model with random weights."""
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "vocab_size": 64}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2, "eos_token_id": 0}
    config = Qwen2Config(**sizes, **heads, max_position_embeddings=512)
    tokenizer = SimpleNamespace(eos_token_id=None)
    model = AutoModelForCausalLM.from_config(config).eval()
    return LoadedModel(model, tokenizer, None, 256, TransformersOptions(max_replies=2))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the compiler's own, when it is first imported
async def test_a_compiler_that_fails_leaves_the_model_as_it_was(
    tiny: LoadedModel, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    request = GenerationRequest([1, 2, 3, 4], max_tokens=5, temperature=0.0, seed=1)
    plain = StaticGenerator(tiny)
    expected = await written(plain, request)
    plain.close()
    from torch._inductor import config

    monkeypatch.setattr(config.cpp, "cxx", ("no-such-compiler",))
    monkeypatch.setattr(config, "force_disable_caches", True)
    compiled = StaticGenerator(replace(tiny, options=TransformersOptions(max_replies=2, compile=True)))
    assert await written(compiled, request) == expected
    compiled.close()
    assert "Not compiled, so a reply is slower" in caplog.text


async def test_a_model_with_a_window_writes_without_slots(
    tiny: LoadedModel, caplog: pytest.LogCaptureFixture
) -> None:
    config = tiny.model.config
    config.layer_types, config.sliding_window = ["full_attention", "sliding_attention"], 8
    model = AutoModelForCausalLM.from_config(config).eval()
    generator = open_generator(replace(tiny, model=model))
    tokens, _, _ = await written(generator, GenerationRequest([1, 2, 3], 4, 0.0, 1))
    generator.close()
    assert len(tokens) == 4
    assert type(generator) is PlainGenerator
    assert "layers of another kind" in caplog.text


def test_scores_that_differ_from_the_usual_ones_are_noticed(
    tiny: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shifted(positions: torch.Tensor, length: int, dtype: torch.dtype) -> torch.Tensor:
        return mask_for(positions // 4, length, dtype)

    monkeypatch.setattr("jupyter_codeact.models.engines.transformers.decoding.mask_for", shifted)
    with pytest.raises(UnsuitedError, match="differ from the usual ones"):
        StaticGenerator(tiny)


async def test_more_replies_than_slots_wait_and_one_that_is_given_up_waits_no_more(tiny: LoadedModel) -> None:
    generator = StaticGenerator(tiny)
    first = [GenerationRequest([n, n + 1, n + 2], 40, 1.0, n) for n in range(1, 6)]
    begun = [generator.generate(request) for request in first]
    async with asyncio.timeout(60):
        await asyncio.gather(*[anext(each) for each in begun[:2]])
        waiting = asyncio.ensure_future(anext(begun[2]))
        await asyncio.sleep(0)
        waiting.cancel()
        for each in begun[:2]:
            await each.aclose()
        both = await asyncio.gather(*[written(generator, request) for request in first[3:]])
        alone = [await written(generator, request) for request in first[3:]]
    assert [tokens for tokens, _, _ in both] == [tokens for tokens, _, _ in alone]
    generator.close()


def test_noise_draws_every_token_as_often_as_its_score_says():
    scores = torch.log(torch.tensor([0.5, 0.3, 0.15, 0.05]))
    count = 20_000
    keys = torch.tensor([key(7, place) for place in range(count)])
    drawn = add_noise(scores.repeat(count, 1), torch.ones(count), keys).argmax(-1)
    shares = [(drawn == token).float().mean().item() for token in range(4)]
    for share, wanted in zip(shares, [0.5, 0.3, 0.15, 0.05], strict=True):
        assert abs(share - wanted) < 5 * math.sqrt(wanted * (1 - wanted) / count)
    assert add_noise(scores[None], torch.zeros(1), keys[:1]).equal(scores[None])


def test_text_that_may_become_a_stop_is_held_back_until_it_does_not(loaded):
    def pieces(text: str, *stops: str) -> tuple[list[str], bool]:
        writing = Decoder(loaded.tokenizer, stops)
        tokens = loaded.tokenizer(text)["input_ids"]
        said = []
        for token in tokens:
            said.append(writing.add([token]))
            if writing.stopped:
                break
        return [*said, writing.rest()], writing.stopped

    for stops, whole, stopped in (
        (("END",), "one EN two three", False),
        (("two three",), "one EN ", True),
        (("three", "EN"), "one ", True),
        (("ee",), "one EN two thr", True),
        ((), "one EN two three", False),
    ):
        said, was = pieces("one EN two three", *stops)
        assert ("".join(said), was) == (whole, stopped)
    assert "".join(pieces("naïve 数据 🐍")[0]) == "naïve 数据 🐍"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}], "text only"),
        ([{"type": "input_audio", "input_audio": {}}], "text only"),
    ],
)
def test_a_model_that_does_not_see_says_so(loaded, content, words):
    with pytest.raises(UnsupportedContentError, match=words):
        encode(loaded, [{"role": "user", "content": content}])


def test_parts_of_text_are_read_as_text(loaded):
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert encode(loaded, [{"role": "user", "content": parts}]) == encode(
        loaded, [{"role": "user", "content": "a\nb"}]
    )


def test_a_request_says_whether_the_model_thinks_and_nothing_else_of_the_template(loaded, monkeypatch):
    template = "{% for m in messages %}{{ m.content }}{% endfor %}"
    template += "{% if enable_thinking is defined and not enable_thinking %} No thinking.{% endif %}"
    monkeypatch.setattr(loaded.tokenizer, "chat_template", template)
    messages = [{"role": "user", "content": "Hello."}]

    def prompt(fields=None):
        return loaded.tokenizer.decode(encode(loaded, messages, fields)[0])

    assert prompt() == prompt({"enable_thinking": True}) == "Hello."
    assert prompt({"enable_thinking": False}) == "Hello. No thinking."
    assert prompt({"tokenize": False, "chat_template": "other", "add_generation_prompt": False}) == "Hello."


def test_loading_says_how_far_it_is(loading):
    loaded, progress = loading
    assert loaded.context == 4096
    assert progress == sorted(progress)
    assert progress[-1] == 1.0
    assert len(progress) > 20
