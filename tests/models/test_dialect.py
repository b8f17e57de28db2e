"""What an endpoint refuses is left out or said otherwise, whatever the wording, and remembered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from jupyter_codeact.agent.contracts import ModelError, ModelSettings
from jupyter_codeact.agent.replies.tool_calls import ToolsFormat
from jupyter_codeact.models.endpoints.access import Timeouts
from jupyter_codeact.models.endpoints.sight import sees
from jupyter_codeact.models.open import EndpointModel
from jupyter_codeact.models.probe import red_image
from tests.models.raw import Answer, raw, said

IMAGE = {"type": "image_url", "image_url": {"url": red_image()}}
TALK = [
    {"role": "system", "content": "You help."},
    {"role": "user", "content": "One."},
    {"role": "assistant", "content": "1"},
    {"role": "user", "content": "Two."},
]
SEEN = [{"role": "user", "content": [{"type": "text", "text": "What is this?"}, IMAGE]}]
CALLED = [
    *TALK,
    {
        "role": "assistant",
        "content": "",
        "tool_calls": [{"id": "1", "type": "function", "function": {"name": "python", "arguments": "{}"}}],
    },
    {"role": "tool", "tool_call_id": "1", "content": "3"},
]
TOOLS = [dict(ToolsFormat.schema)]
ALL = ModelSettings(reasoning_effort="high", top_p=0.5, reply_tokens=7)


def detail(*loc: Any, msg: str = "Extra inputs are not permitted") -> dict[str, Any]:
    return {"detail": [{"type": "extra_forbidden", "loc": ["body", *loc], "msg": msg}]}


def without(*names: str) -> Callable[[dict[str, Any]], bool]:
    return lambda body: not set(names) & body.keys()


def roles(body: dict[str, Any]) -> list[str]:
    return [message["role"] for message in body["messages"]]


def merged(body: dict[str, Any]) -> bool:
    return (
        roles(body) == ["user", "assistant", "user"] and body["messages"][0]["content"] == "You help.\n\nOne."
    )


def no_image(body: dict[str, Any]) -> bool:
    return all(isinstance(message["content"], str) for message in body["messages"])


Refused = tuple[int, Any, Callable[[dict[str, Any]], bool]]

PARAMETERS: dict[str, Refused] = {
    "Mistral's stream_options": (
        422,
        {
            "object": "error",
            "message": detail("stream_options"),
            "type": "invalid_request_error",
            "param": None,
        },
        without("stream_options"),
    ),
    "LiteLLM's list": (
        400,
        {
            "error": {
                "message": "litellm.UnsupportedParamsError: ollama does not support parameters:"
                " ['stream_options', 'stop'], for model=x. To drop these, set `litellm.drop_params=True`",
                "type": "None",
                "code": "400",
            }
        },
        without("stream_options", "stop"),
    ),
    "TGI's temperature": (
        422,
        {
            "error": "Input validation error: `temperature` must be strictly positive",
            "error_type": "validation",
        },
        without("temperature"),
    ),
    "OpenAI's temperature": (
        400,
        {
            "error": {
                "message": "Only the default (1) value is supported.",
                "param": "temperature",
                "code": "x",
            }
        },
        without("temperature"),
    ),
    "OpenAI's max_tokens": (
        400,
        {
            "error": {
                "message": "Unsupported parameter: 'max_tokens' is not supported with this model."
                " Use 'max_completion_tokens' instead.",
                "code": "unsupported_parameter",
            }
        },
        lambda body: "max_tokens" not in body and body["max_completion_tokens"] == 7,
    ),
    "a seed": (422, detail("seed"), without("seed")),
    "a stop string": (400, {"message": "This model does not support `stop`."}, without("stop")),
    "stop sequences": (400, {"error": "Stop sequences are not supported."}, without("stop")),
    "one of two": (
        400,
        {"error": {"message": "`temperature` and `top_p` cannot both be specified for this model."}},
        lambda body: ("temperature" in body) != ("top_p" in body),
    ),
    "an effort": (
        400,
        {"error": {"message": "Unrecognized request argument supplied: reasoning_effort"}},
        without("reasoning_effort"),
    ),
    "one effort": (
        400,
        {
            "error": {
                "message": "Unsupported value: 'reasoning_effort' does not support 'high' with this model."
                " Supported values are: 'low', and 'medium'.",
                "param": "reasoning_effort",
                "code": "unsupported_value",
            }
        },
        lambda body: body["reasoning_effort"] == "medium",
    ),
    "thinking": (400, {"error": '"qwen" does not support thinking'}, without("reasoning_effort")),
    "a stream": (
        400,
        {"error": {"message": "Streaming is not supported for this model."}},
        without("stream", "stream_options"),
    ),
    "a failure's status": (500, {"error": {"message": "top_p is not supported"}}, without("top_p")),
    "no reason at all": (400, {"error": "Bad request"}, without("stream_options", "seed", "stop", "top_p")),
    "no words at all": (422, "", without("stream_options", "seed", "stop", "temperature")),
}
MESSAGES: dict[str, tuple[list[Any], int, Any, Callable[[dict[str, Any]], bool]]] = {
    "a template without a system": (TALK, 400, {"message": "System role not supported", "code": 400}, merged),
    "Google's words for it": (
        TALK,
        400,
        [{"error": {"code": 400, "message": "Developer instruction is not enabled for models/gemma"}}],
        merged,
    ),
    "a role in a list": (
        TALK,
        422,
        detail("messages", 0, "role", msg="Input should be 'user' or 'assistant'"),
        merged,
    ),
    "roles that must alternate": (
        TALK,
        400,
        {"error": "Conversation roles must alternate user/assistant/user/assistant/..."},
        merged,
    ),
    "results of calls": (
        CALLED,
        400,
        {"error": "Only user and assistant roles are supported!"},
        lambda body: set(roles(body)) == {"user", "assistant"} and "<tool_call>" in str(body["messages"]),
    ),
    "a last message that is not the user's": (
        TALK[:3],
        400,
        {"error": "Expected last role User or Tool for serving but got assistant"},
        lambda body: roles(body) == ["user", "assistant", "user"],
    ),
    "llama.cpp's image": (
        SEEN,
        500,
        {"error": {"message": "image input is not supported - hint: you may need to provide the mmproj"}},
        no_image,
    ),
    "vLLM's image": (SEEN, 400, {"message": "At most 0 image(s) may be provided in one prompt."}, no_image),
    "DeepSeek's image": (
        SEEN,
        422,
        {"error": "Failed to deserialize: messages[0]: unknown variant `image_url`, expected `text`"},
        no_image,
    ),
    "Groq's image": (SEEN, 400, {"error": {"message": "messages[0].content must be a string"}}, no_image),
    "a router's image": (
        SEEN,
        404,
        {"error": {"message": "No endpoints found that support image input", "code": 404}},
        no_image,
    ),
    "FastAPI's image": (
        SEEN,
        422,
        detail("messages", 0, "content", msg="Input should be a valid string"),
        no_image,
    ),
    "mlx-lm's image": (SEEN, 404, {"error": "Only 'text' content type is supported"}, no_image),
    "an image, without a word": (SEEN, 400, {"error": "invalid request"}, no_image),
}


async def ask(model: EndpointModel, messages: list[Any], **options: Any) -> str:
    deltas = [
        delta
        async for delta in model.stream(
            messages, temperature=0.0, stop=["END"], seed=3, settings=ALL, **options
        )
    ]
    return "".join(delta.text for delta in deltas)


def refusing(status: int, body: Any) -> Answer:
    content = body.encode() if isinstance(body, str) else None
    return Answer(status=status, body=body, content=content, headers={"x-should-retry": "false"})


CASES = {name: (TALK, *case) for name, case in PARAMETERS.items()} | MESSAGES


@pytest.mark.parametrize("name", CASES)
async def test_a_refusal_is_adapted_to_once_and_for_all(name: str) -> None:
    messages, status, body, is_right = CASES[name]
    async with raw(lambda asked: said("Hello") if is_right(asked) else refusing(status, body)) as endpoint:
        model = EndpointModel(endpoint.url, model="second", timeouts=Timeouts(retries=0))
        assert await ask(model, messages) == "Hello"
        refused = [is_right(request.body) for request in endpoint.chats[:-1]]
        assert await ask(model, messages) == "Hello"
        await model.close()
        assert refused in ([False], [False, False])
        assert len(endpoint.chats) == len(refused) + 2


async def test_an_endpoint_that_refuses_everything_is_not_asked_for_ever() -> None:
    words = {"error": "temperature, top_p, stop, seed, max_tokens, tools, image, role and reasoning: invalid"}
    for refusal in (words, {"error": "no"}):
        async with raw(refusing(400, refusal)) as endpoint:
            model = EndpointModel(endpoint.url, model="second", timeouts=Timeouts(retries=0))
            with pytest.raises(ModelError, match=r"HTTP 400\): "):
                await ask(model, SEEN, tools=TOOLS)
            await model.close()
            assert len(endpoint.chats) < 12


async def test_a_guess_that_does_not_help_is_not_remembered() -> None:
    async with raw(*[refusing(400, {"error": "no"})] * 3, said("Hello")) as endpoint:
        model = EndpointModel(endpoint.url, model="second", timeouts=Timeouts(retries=0))
        with pytest.raises(ModelError, match="no"):
            await ask(model, TALK)
        assert await ask(model, TALK) == "Hello"
        await model.close()
        first, last = endpoint.chats[0].body, endpoint.chats[-1].body
    assert first == last


async def test_that_images_are_refused_is_told_once_and_known_from_then_on() -> None:
    refusal = refusing(400, {"error": "This model cannot look at a picture."})
    async with raw(refusal, said("Hello")) as endpoint:
        model = EndpointModel(endpoint.url, model="gpt-4o", timeouts=Timeouts(retries=0))
        assert (await model.describe()).supports_images
        told: list[str] = []
        model.watch(lambda status: told.append(status.message))
        for _ in range(3):
            await ask(model, SEEN)
        await model.close()
        assert not model.info.supports_images
        assert len(endpoint.chats) == 4
    assert [message for message in told if message] == [
        f"{endpoint.url} takes no images: left out from now on."
    ]


async def test_an_endpoint_that_is_gone_meanwhile_does_not_answer() -> None:
    async with raw(said("Hello")) as endpoint:
        model = EndpointModel(endpoint.url, model="second", timeouts=Timeouts(retries=0))
        assert await ask(model, TALK) == "Hello"
    with pytest.raises(ModelError, match="does not answer"):
        await ask(model, TALK)
    await model.close()


EMPTY = Answer(events=[], whole=False)


async def test_an_image_at_which_a_stream_breaks_off_without_a_word_is_left_out() -> None:
    async with raw(lambda asked: said("Hello") if no_image(asked) else EMPTY) as endpoint:
        model = EndpointModel(endpoint.url, model="second", timeouts=Timeouts(retries=0))
        assert [await ask(model, SEEN), await ask(model, SEEN)] == ["Hello", "Hello"]
        await model.close()
        assert len(endpoint.chats) == 3


async def test_a_stream_that_breaks_off_without_a_word_is_asked_for_its_reason() -> None:
    broken = refusing(500, {"error": {"message": "Jinja does not know the filter."}})
    async with raw(lambda asked: EMPTY if "stream" in asked else broken) as endpoint:
        model = EndpointModel(endpoint.url, model="second", timeouts=Timeouts(retries=0))
        with pytest.raises(ModelError, match="Jinja does not know the filter"):
            await ask(model, TALK)
        await model.close()
        assert len(endpoint.chats) == 2


async def test_a_stream_that_once_breaks_off_is_streamed_again() -> None:
    async with raw(EMPTY, said("Hello")) as endpoint:
        model = EndpointModel(endpoint.url, model="second", timeouts=Timeouts(retries=0))
        assert [await ask(model, TALK), await ask(model, TALK)] == ["Hello", "Hello"]
        await model.close()
        assert ["stream" in request.body for request in endpoint.chats] == [True, False, True]


@pytest.mark.parametrize(
    ("owner", "effort", "fields"),
    [
        ("openai", "low", {"reasoning_effort": "low"}),
        ("openai", "off", {"reasoning_effort": "none"}),
        ("llamacpp", "off", {"chat_template_kwargs": {"enable_thinking": False}}),
        ("vllm", "off", {"chat_template_kwargs": {"enable_thinking": False}}),
        (
            "vllm",
            "high",
            {
                "reasoning_effort": "high",
                "chat_template_kwargs": {"enable_thinking": True, "reasoning_effort": "high"},
            },
        ),
    ],
)
async def test_the_reasoning_effort_is_asked_for_as_the_server_takes_it(
    owner: str, effort: Any, fields: dict[str, Any]
) -> None:
    async with raw(said("Hello")) as endpoint:
        endpoint.models.body = {"data": [{"id": "second", "owned_by": owner}]}
        settings = ModelSettings(reasoning_effort=effort, temperature=0.3, extra_body={"top_k": 5})
        model = EndpointModel(endpoint.url, timeouts=Timeouts(retries=0), settings=settings)
        own = ModelSettings(temperature=0.6, extra_body={"seed": 9})
        assert [delta async for delta in model.stream(TALK, seed=3, settings=own)]
        await model.close()
        body = endpoint.chats[0].body
    names = ("reasoning_effort", "chat_template_kwargs")
    assert {name: body[name] for name in names if name in body} == fields
    assert (body["temperature"], body["top_k"], body["seed"]) == (0.6, 5, 9)


@pytest.mark.parametrize(
    ("name", "does"),
    [
        ("gpt-4o-mini", True),
        ("gpt-5.2", True),
        ("openai/gpt-oss-20b", None),
        ("gpt-3.5-turbo", None),
        ("claude-sonnet-4-5", True),
        ("google/gemma-3-4b-it", True),
        ("gemma3:1b", None),
        ("Qwen/Qwen2.5-VL-7B-Instruct", True),
        ("qwen2.5-coder:7b", None),
        ("unsloth/Qwen3.5-4B-GGUF", True),
        ("qwen3:8b", None),
        ("llava:7b", True),
        ("deepseek-chat", None),
        ("scripted", None),
    ],
)
def test_what_a_model_sees_is_known_by_its_name(name: str, does: bool | None) -> None:
    assert sees(name) is does
