from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from jupyter_codeact.agent.contracts import Delta, ModelError, ModelInfo, Usage
from jupyter_codeact.models.endpoints.access import Timeouts
from jupyter_codeact.models.open import EndpointModel, open_model
from tests.models.raw import Answer, Raw, piece, raw, refusal, said
from tests.ports import free_port

HELLO = [{"role": "user", "content": "Say hello to everyone in the room."}]


@pytest.fixture
async def connect():
    """Return what makes clients of endpoints; they are closed in the end."""
    made: list[EndpointModel] = []

    def connect(endpoint: Raw | str, **options) -> EndpointModel:
        url = endpoint.url if isinstance(endpoint, Raw) else endpoint
        made.append(EndpointModel(url, **{"model": "second", "timeouts": Timeouts(retries=0)} | options))
        return made[-1]

    yield connect
    for model in made:
        await model.close()


async def collect(model: EndpointModel, **options) -> list[Delta]:
    return [delta async for delta in model.stream(HELLO, **options)]


async def complaint(model: EndpointModel) -> str:
    with pytest.raises(ModelError) as caught:
        await collect(model)
    return str(caught.value)


async def test_a_reply_is_streamed(connect):
    async with raw(said("Hel", "lo")) as endpoint:
        deltas = await collect(connect(endpoint), stop=["END"], max_tokens=7, temperature=0.5, seed=3)
        assert [delta.text for delta in deltas] == ["Hel", "lo", ""]
        assert [delta.finish_reason for delta in deltas] == [None, None, "stop"]
        body, headers = endpoint.chats[0].body, endpoint.chats[0].headers
    assert headers["connection"] == "close"  # one kept might be closed as the next request is on its way
    assert body["messages"] == HELLO
    assert body["model"] == "second"
    assert (body["stop"], body["max_tokens"], body["temperature"], body["seed"]) == (["END"], 7, 0.5, 3)
    assert body["stream_options"] == {"include_usage": True}


async def test_what_is_not_asked_for_is_left_to_the_endpoint(connect):
    async with raw(said("Hello")) as endpoint:
        await collect(connect(endpoint))
        assert not {"max_tokens", "temperature", "seed", "stop", "tools"} & endpoint.chats[0].body.keys()


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
async def test_thinking_that_the_endpoint_sets_apart_is_no_text(connect, field):
    thought = piece()
    thought["choices"][0]["delta"] = {field: "Let me see. "}
    odd = piece()
    odd["choices"][0]["delta"] = {field: {"effort": 7}, "content": [{"type": "text"}]}
    answer = Answer(events=[thought, thought, odd, piece("Hello"), piece(finish="stop"), "[DONE]"])
    async with raw(answer) as endpoint:
        deltas = await collect(connect(endpoint))
    assert "".join(delta.thinking for delta in deltas) == "Let me see. Let me see. "
    assert "".join(delta.text for delta in deltas) == "Hello"
    assert deltas[1].usage.completion_tokens > deltas[0].usage.completion_tokens > 0


async def test_the_endpoint_is_asked_once_what_it_knows_of_the_model(connect):
    async with raw(said("Hello")) as endpoint:
        listed = {"id": "second", "n_ctx": 4096, "input_modalities": ["text", "image"]}
        endpoint.models.body = {"data": [{"id": "first"}, listed]}
        model = connect(endpoint)
        assert model.info == ModelInfo(name="second", guidance="capable")
        known = ModelInfo(name="second", context_window=4096, supports_images=True, guidance="capable")
        assert await model.describe() == await model.describe() == model.info == known
        assert len(endpoint.requests) == 1


async def test_a_setting_overrules_what_the_endpoint_tells(connect):
    async with raw() as endpoint:
        endpoint.models.body = {"data": [{"id": "second", "capabilities": ["vision"], "n_params": 7e9}]}
        model = connect(endpoint, supports_images=False, guidance="small", thinks=True)
        info = await model.describe()
    assert info == ModelInfo(name="second", supports_images=False, guidance="small", thinks=True)


@pytest.mark.parametrize("body", [None, [], {"data": 7}, {"data": [7, {}]}, {"error": {}}])
async def test_an_odd_list_of_models_tells_nothing(connect, body):
    async with raw(said("Hello")) as endpoint:
        endpoint.models.body = body
        model = connect(endpoint)
        assert await model.describe() == ModelInfo(name="second", guidance="capable")
        assert await collect(model)


async def test_an_endpoint_that_does_not_answer_is_described_by_its_name_alone(connect):
    model = connect(f"http://127.0.0.1:{free_port()}/v1", model="coder-7b")
    assert await model.describe() == ModelInfo(name="coder-7b", guidance="small")


async def test_ollama_is_asked_for_what_its_list_does_not_tell(connect):
    shown = Answer(body={"capabilities": ["completion", "vision"], "model_info": {"llama.context_length": 9}})
    async with raw(shown) as endpoint:
        endpoint.models.body = {"data": [{"id": "second", "owned_by": "library"}]}
        info = await connect(endpoint).describe()
        assert [(one.path, one.body) for one in endpoint.chats] == [("/api/show", {"model": "second"})]
    assert info == ModelInfo(name="second", supports_images=True, guidance="capable")


async def test_a_server_that_only_looks_like_ollama_is_no_trouble(connect):
    async with raw(refusal(404), said("Hello")) as endpoint:
        endpoint.models.body = {"data": [{"id": "second", "owned_by": "library"}]}
        assert await collect(connect(endpoint))


async def test_tokens_are_estimated_until_the_endpoint_counts(connect):
    counts = {"prompt_tokens": 40, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 30}}
    counted = {**piece(), "choices": [], "usage": counts}
    async with raw(said("Hel", "lo"), said("Hel", "lo", then=[counted])) as endpoint:
        model = connect(endpoint)
        guessed = [delta.usage for delta in await collect(model)]
        exact = (await collect(model))[-1].usage
    assert all(usage.estimated for usage in guessed)
    assert guessed[-1].prompt_tokens == 10
    assert guessed[0].completion_tokens <= guessed[-1].completion_tokens
    assert exact == Usage(prompt_tokens=40, cached_tokens=30, completion_tokens=2)


async def test_without_a_name_the_first_model_listed_is_taken(connect):
    async with raw(said("Hello")) as endpoint:
        endpoint.models.body = {"data": [{"id": "first", "max_model_len": 4096}, {"id": "second"}]}
        model = connect(endpoint, model=None)
        assert model.name == endpoint.url
        assert model.info.context_window is None
        await collect(model)
        assert endpoint.chats[0].body["model"] == "first"
    assert model.name == "first"
    assert model.info.context_window == 4096


async def test_an_endpoint_need_not_list_its_models(connect):
    async with raw(said("Hello")) as endpoint:
        endpoint.models = refusal(403)
        assert await collect(connect(endpoint))
        assert "wants an API key" in await complaint(connect(endpoint, model=None))
        endpoint.models = Answer(body={"data": []})
        assert "lists no models" in await complaint(connect(endpoint, model=None))


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (b"<html><title>Sign in</title></html>", "sent no reply of OpenAI's chat protocol: Sign in"),
        (b'{"error": "The list is closed."}', "The list is closed"),
    ],
)
async def test_what_is_no_list_of_models_is_said_or_not_needed(connect, answer, sentence):
    async with raw(said("Hello")) as endpoint:
        endpoint.models = Answer(content=answer)
        assert sentence in await complaint(connect(endpoint, model=None))
        assert await collect(connect(endpoint))


async def test_a_redirected_request_stays_what_it_is(connect):
    for status in (301, 302, 307, 308):
        moved = Answer(status=status, headers={"Location": "/v1/elsewhere"})
        async with raw(moved, said("Hello")) as endpoint:
            assert "".join(delta.text for delta in await collect(connect(endpoint))) == "Hello"
            assert [request.path for request in endpoint.chats] == ["/v1/chat/completions", "/v1/elsewhere"]
            assert endpoint.chats[0].body == endpoint.chats[1].body


async def test_an_endpoint_that_redirects_in_a_circle_is_said_to(connect):
    async with raw(Answer(status=308, headers={"Location": "/v1/chat/completions"})) as endpoint:
        assert "redirects in a circle" in await complaint(connect(endpoint))


async def test_closing_the_stream_closes_the_connection(connect):
    async with raw(Answer(events=[piece("Hel")], hangs=True)) as endpoint:
        async with aclosing(connect(endpoint).stream(HELLO)) as deltas:
            assert (await anext(deltas)).text == "Hel"
        async with asyncio.timeout(60):
            await endpoint.gone.wait()


async def test_cancelling_closes_the_connection_before_the_first_token_too(connect):
    async with raw(Answer(events=[], hangs=True)) as endpoint:
        task = asyncio.create_task(collect(connect(endpoint)))
        await endpoint.asked.wait()
        task.cancel()
        async with asyncio.timeout(60):
            await endpoint.gone.wait()
    assert task.cancelled()


async def test_what_an_endpoint_does_not_take_is_left_out(connect):
    answers = (
        refusal(400, param="max_tokens", code="unsupported_parameter"),
        refusal(400, param="temperature", code="unsupported_value"),
        said("Hello"),
        said("Hello"),
    )
    async with raw(*answers) as endpoint:
        model = connect(endpoint)
        await collect(model, max_tokens=7, temperature=0.5)
        await collect(model, max_tokens=8, temperature=0.5)
        bodies = [request.body for request in endpoint.chats]
    assert len(bodies) == 4
    assert bodies[2]["max_completion_tokens"] == 7
    assert not {"max_tokens", "temperature"} & (bodies[2].keys() | bodies[3].keys())


REFUSALS = {
    "the key is wrong": (refusal(401), "refused the API key (HTTP 401): No; give it one it accepts"),
    "the key is not enough": (refusal(403), "refused the API key (HTTP 403)"),
    "there is something else that is not there": (
        refusal(404, "Loading it failed."),
        "refused the request (HTTP 404): Loading it failed.",
    ),
    "there are too many requests": (
        refusal(429, "Slow down."),
        "(HTTP 429): Slow down; ask again later.",
    ),
    "the server fails": (refusal(500, "Oh dear."), "failed (HTTP 500): Oh dear; ask again"),
    "the request is refused": (refusal(422, "Bad role."), "refused the request (HTTP 422): Bad role."),
    "llama.cpp finds it too long": (
        refusal(400, "too long", type="exceed_context_size_error", n_prompt_tokens=20_031, n_ctx=8_192),
        "too long for second: it has 20,031 tokens, and there is room for 8,192. Start a new conversation",
    ),
    "OpenAI finds it too long": (
        refusal(400, "Too much.", code="context_length_exceeded"),
        "too long for second: Too much. Start a new conversation",
    ),
    "vLLM finds it too long": (
        refusal(400, "This model's maximum context length is 4096 tokens."),
        "too long for second: This model's maximum context length is 4096 tokens. Start",
    ),
    "an error comes in the stream": (
        Answer(events=[piece("Hel"), {"error": {"message": "CUDA error."}}]),
        "broke off in the middle of the reply: CUDA error; ask again.",
    ),
    "the connection breaks": (
        Answer(events=[piece("Hel")], whole=False),
        "broke off in the middle of the reply; ask again.",
    ),
    "the stream has no end": (Answer(events=[piece("Hel")]), "broke off in the middle of the reply"),
    "the stream is not JSON": (
        Answer(events=[piece("Hel"), "{oops"]),
        "broke off in the middle of the reply",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
async def test_each_trouble_has_its_sentence_when(connect, case):
    answer, sentence = REFUSALS[case]
    async with raw(answer) as endpoint:
        assert sentence in await complaint(connect(endpoint, api_key="sk-secret"))


async def test_a_model_that_the_endpoint_does_not_have_is_said(connect):
    async with raw(refusal(404)) as endpoint:
        assert "has no model called 'third'; it has first, second." in await complaint(
            connect(endpoint, model="third")
        )


async def test_an_address_that_is_no_endpoint_is_said(connect):
    async with raw(refusal(404)) as endpoint:
        endpoint.models = refusal(404)
        assert "it usually ends in /v1" in await complaint(connect(endpoint))


async def test_nothing_at_the_address_is_said(connect):
    url = f"http://127.0.0.1:{free_port()}/v1"
    assert await complaint(connect(url)) == (
        f"{url} does not answer; check the address, and that a server is running there."
    )


async def test_a_missing_key_is_asked_for(connect):
    async with raw(refusal(401)) as endpoint:
        assert "wants an API key (HTTP 401)" in await complaint(connect(endpoint))


async def test_an_endpoint_that_says_nothing_is_given_up(connect):
    silent = Answer(events=[], hangs=True)
    role = Answer(events=[{**piece(), "choices": [{"index": 0, "delta": {"role": "assistant"}}]}], hangs=True)
    talking = Answer(events=[piece("Hel")], hangs=True)
    async with raw(silent, role, talking) as endpoint:
        model = connect(endpoint, timeouts=Timeouts(first_token_seconds=0.3))
        assert "sent nothing for 0.3 seconds" in await complaint(model)
        assert "sent nothing for 0.3 seconds" in await complaint(model)
        model = connect(endpoint, timeouts=Timeouts(next_token_seconds=0.2))
        assert "sent nothing for 0.2 seconds" in await complaint(model)


@pytest.mark.parametrize("status", [401, 429, 500])
async def test_neither_key_nor_password_is_ever_shown(connect, status):
    async with raw(refusal(status, "The key sk-secret is spent.")) as endpoint:
        url = endpoint.url.replace("http://", "http://ada:hunter2@") + "?token=t0ps3cret"
        model = connect(url, api_key="sk-secret")
        shown = await complaint(model) + repr(model) + model.name
    assert not [word for word in ("sk-secret", "hunter2", "t0ps3cret") if word in shown]
    assert endpoint.url in shown


@pytest.mark.parametrize(
    "address", ["", "localhost:8000", "ftp://host/v1", "http://", "http://[oops/v1", "http://h:x"]
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(ModelError, match="must be an address like"):
        open_model(endpoint=address)


async def test_an_address_without_a_path_means_the_usual_one(connect):
    async with raw(said("Hello")) as endpoint:
        await collect(connect(endpoint.url.removesuffix("/v1")))
        assert endpoint.chats[0].path == "/v1/chat/completions"


async def test_the_key_comes_from_the_environment_unless_it_is_given(monkeypatch):
    monkeypatch.delenv("JUPYTER_CODEACT_API_KEY", raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "for OpenAI alone")
    async with raw(*[said("Hello")] * 3) as endpoint:

        async def use(**options):
            model = open_model("second", endpoint=endpoint.url, **options)
            await collect(model)
            await model.close()

        await use()
        monkeypatch.setenv("JUPYTER_CODEACT_API_KEY", "ours")
        await use()
        await use(api_key="given")
        keys = [request.headers["authorization"] for request in endpoint.chats]
    assert keys == ["Bearer none", "Bearer ours", "Bearer given"]


async def test_what_runs_here_is_not_asked_for_through_a_proxy(connect, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    async with raw(said("Hello")) as endpoint:
        assert await collect(connect(endpoint))


def test_an_unknown_model_or_file_is_refused_at_once(tmp_path):
    with pytest.raises(ModelError, match="no model called 'gpt-9'"):
        open_model("gpt-9")
    with pytest.raises(ModelError, match="There is no file"):
        open_model(str(tmp_path / "gone.gguf"))


def test_the_default_model_is_taken_when_none_is_named():
    model = open_model()
    assert model.name == "qwen2.5-coder-1.5b"
    assert model.info.context_window == 16_384
