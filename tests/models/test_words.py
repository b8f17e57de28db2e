"""An error is said in the server's own words, and a conversation that is too long is known by them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jupyter_codeact.agent.contracts import ModelError, TooLongError
from jupyter_codeact.models.endpoints.errors import is_too_long
from jupyter_codeact.models.endpoints.words import ServerError
from tests.models.outcomes import answer_of, outcomes
from tests.models.raw import Answer

QUOTA = "Provider returned error: quota exceeded"
ERRORS: dict[str, tuple[Any, str]] = {
    "a body": (json.dumps({"error": {"message": QUOTA, "code": 402}}).encode(), f"(HTTP 402): {QUOTA}."),
    "a body with text": (json.dumps({"error": QUOTA}).encode(), QUOTA),
    "a body with a detail": (json.dumps({"detail": QUOTA}).encode(), QUOTA),
    "a body with a message": (json.dumps({"message": QUOTA}).encode(), QUOTA),
    "an array": (json.dumps([{"error": {"code": 402, "message": QUOTA}}]).encode(), QUOTA),
    "an event": ([{"error": {"message": QUOTA}}], QUOTA),
    "a named event": (f'event: error\ndata: {{"message": "{QUOTA}"}}\n\n'.encode(), QUOTA),
    "a named event with text": (f"event: error\ndata: {QUOTA}\n\n".encode(), QUOTA),
    "an error's choice": ([{"choices": [{"error": {"message": QUOTA}, "finish_reason": "error"}]}], QUOTA),
    "an event without choices": ([{"choices": [], "message": QUOTA, "code": 402}], QUOTA),
    "an event of plain text": ([QUOTA, "[DONE]"], QUOTA),
    "no choices at all": ([{"choices": []}, "[DONE]"], "broke off before it had replied"),
    "plain text": (QUOTA.encode(), QUOTA),
    "another JSON": (b'{"status": "warming up"}', "warming up"),
    "another protocol": (b'{"status": "completed", "output": [{"text": "hm"}]}', '[{"text": "hm"}]'),
    "a web page": (b"<!DOCTYPE html><html><head><title>Sign in</title></head></html>", "Sign in"),
}


async def test_an_error_in_a_successful_answer_is_said_in_the_servers_words() -> None:
    answers = [answer_of(reply) for reply, _ in ERRORS.values()]
    for (shape, (_, words)), outcome in zip(ERRORS.items(), await outcomes(*answers), strict=True):
        assert isinstance(outcome, ModelError), shape
        assert words in str(outcome), shape
        assert "does not answer" not in str(outcome), shape


REFUSALS: dict[str, tuple[bytes, str]] = {
    "LM Studio's": (b'{"error": "Model is busy."}', "Model is busy."),
    "FastAPI's": (b'{"detail": "Not today."}', "Not today."),
    "FastAPI's list": (
        b'{"detail": [{"loc": ["body", "n"], "msg": "Input should be 1", "type": "x"}]}',
        "body.n: Input should be 1.",
    ),
    "Gemini's": (b'[{"error": {"code": 400, "message": "No such field.", "status": "X"}}]', "No such field."),
    "Mistral's": (
        b'{"object": "error", "message": {"detail": [{"loc": ["body", "n"], "msg": "Bad"}]}, "code": null}',
        "body.n: Bad.",
    ),
    "a gateway's": (b'{"error": "Bad Request", "message": "The route is closed."}', "The route is closed."),
    "a router's": (
        b'{"error": {"message": "Provider returned error",'
        b' "metadata": {"raw": "{\\"error\\": \\"Sold out\\"}"}}}',
        "Provider returned error: Sold out.",
    ),
    "a proxy's page": (b"<html><head><title>400 Too Odd</title></head><body>x</body></html>", "400 Too Odd."),
    "plain": (b"It is closed.", "It is closed."),
    "unknown letters": ("geht nicht: möglich".encode("latin-1"), "geht nicht: m\ufffdglich."),
    "nothing": (b"", "HTTP 418 I'm a Teapot"),
    "a key": (b'{"error": "The keys sk-secret and sk-another-long-key are spent"}', "The keys … and … are"),
}


async def test_a_refusal_is_said_in_the_servers_words() -> None:
    answers = [Answer(status=418, content=content) for content, _ in REFUSALS.values()]
    got = await outcomes(*answers, api_key="sk-secret")
    for (whose, (_, words)), outcome in zip(REFUSALS.items(), got, strict=True):
        assert "refused the request" in str(outcome), whose
        assert words in str(outcome), whose


TOO_LONG = [
    "Trying to keep the first 2000 tokens when context the overflows. However, the model is loaded with"
    " context length of only 1500 tokens, which is not enough.",
    "the request exceeds the available context size. try increasing the context size or enable context shift",
    "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens.",
    "prompt is too long: 201000 tokens > 200000 maximum",
    "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000",
    "The input token count (1200000) exceeds the maximum number of tokens allowed (1048575).",
    "Please reduce the length of the messages or completion.",
    "`inputs` tokens + `max_new_tokens` must be <= 2048. Given: 3000 `inputs` tokens and 20 `max_new_tokens`",
    "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
    "too many tokens: total number of tokens in the prompt exceeds the limit of 4081",
    "This model's maximum prompt length is 131072 but the request contains 140000 tokens.",
    "Input is too long for requested model.",
    "The decoder prompt (length 5000) is longer than the maximum model length of 4096.",
    "The input (5000 tokens) is longer than the model's context length (4096 tokens).",
    "Requested tokens (2100) exceed context window of 2048",
    "Request body too large for gpt-4o model. Max size: 8000 tokens.",
    "litellm.ContextWindowExceededError: the prompt is too big",
    "Input validation error: `inputs` must have less than 1024 tokens. Given: 3000",
    "max_tokens must be at least 1, got -904.",
]


@pytest.mark.parametrize("words", TOO_LONG)
def test_a_conversation_that_is_too_long_is_known_by_many_words(words: str) -> None:
    assert is_too_long(ServerError(400, {"error": words}))


@pytest.mark.parametrize(
    "words",
    [
        "max_tokens is too large: 5000. This model supports at most 4096 completion tokens.",
        "System role not supported",
        "The maximum number of images is 1.",
        "Unsupported parameter: 'max_tokens' is not supported with this model.",
    ],
)
def test_another_refusal_is_not_taken_for_a_conversation_that_is_too_long(words: str) -> None:
    assert not is_too_long(ServerError(400, {"error": words}))


async def test_a_conversation_that_is_too_long_is_said_to_be() -> None:
    answers = [Answer(status=400, body={form: TOO_LONG[0]}) for form in ("error", "detail", "message")]
    assert [type(outcome) for outcome in await outcomes(*answers)] == [TooLongError] * 3
