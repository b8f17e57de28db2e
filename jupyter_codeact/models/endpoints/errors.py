"""Errors of endpoints, explained to the user."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...agent.contracts import ModelError, TooLongError

_TOO_LONG = re.compile(
    r"context[ _](length|size|window)|maximum (context|prompt|input)"
    r"|(prompt|input) is too long|too many tokens",
    re.I,
)
# llama.cpp's server answers an unsupported request with the status of a failure.
_UNSUPPORTED = re.compile(r"(not|n't|un)[ -]?support", re.I)
_NO_TOOLS = re.compile(r"(not|n't) support[^.]*\btools?\b|\btools?\b[^.]*(not|n't|un)[ -]?support", re.I)


class ConnectionLostError(ModelError):
    """The connection failed, or broke in the middle of a reply."""


class RequestError(ModelError):
    """The endpoint works, but rejects this request."""


class IncompleteReplyError(Exception):
    """A reply's stream ended without a finish reason."""


class TooSlowError(Exception):
    """No token came for ``seconds``."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


def explain(
    error: Exception,
    *,
    where: str,
    model: str | None,
    api_key: str | None,
    begun: bool = False,
    listed: Sequence[str] = (),
) -> ModelError:
    """Translate a client library's error into a sentence for the user.

    Parameters
    ----------
    error : Exception
        The library's error, or `TooSlowError`.
    where : str
        Name of the endpoint for people.
    model : str or None
        The requested model.
    api_key : str or None
        The key, which is kept out of the sentence.
    begun : bool
        Whether part of the reply had arrived.
    listed : sequence of str
        The models of the endpoint's own list.
    """
    status: int | None = getattr(error, "status_code", None)
    message = _message(error, api_key)
    if isinstance(error, TooSlowError):
        return ConnectionLostError(
            f"{where} sent nothing for {error.seconds:g} seconds, so the request was cancelled; ask again,"
            " or check whether it is overloaded."
        )
    if _is_too_long(error, message):
        return TooLongError(
            f"The conversation is too long for {model}{_quoted(_sizes(error) or message)}."
            " Start a new conversation, or use a model with a longer context."
        )
    if status in (401, 403):
        key = "refused the API key" if api_key else "wants an API key"
        return ModelError(
            f"{where} {key} (HTTP {status}); give it one it accepts, where the endpoint is set or in"
            " JUPYTER_CODEACT_API_KEY."
        )
    if status == 404 and listed:
        known = ", ".join(listed[:10]) + (", …" if len(listed) > 10 else "")
        return ModelError(f"{where} has no model called {model!r}; it has {known}.")
    if status in (404, 405):
        return ModelError(
            f"{where} does not speak OpenAI's chat protocol (HTTP {status}); check that the address is"
            " complete: it usually ends in /v1."
        )
    if status == 429:
        return ModelError(
            f"{where} takes no more requests for now (HTTP 429){_quoted(message)}; ask again later."
        )
    is_temporary = status is not None and (status >= 500 or status in (408, 409, 425))
    if is_temporary and not _UNSUPPORTED.search(message):
        return ModelError(
            f"{where} failed (HTTP {status}){_quoted(message)}; ask again, or look into its log."
        )
    if status is not None and _NO_TOOLS.search(message):
        return RequestError(
            f"{where} takes no function calls{_quoted(message)}; choose another model, or another action"
            " format."
        )
    if status is not None:
        return RequestError(f"{where} refused the request (HTTP {status}){_quoted(message)}.")
    if begun or isinstance(error, IncompleteReplyError):
        return ConnectionLostError(
            f"{where} broke off in the middle of the reply{_quoted(message)}; ask again."
        )
    if "Timeout" in type(error).__name__:
        return ConnectionLostError(
            f"{where} did not answer in time; check that it is running and can be reached."
        )
    if message:
        return ModelError(f"{where} failed{_quoted(message)}; ask again, or look into its log.")
    return ConnectionLostError(
        f"{where} does not answer; check the address, and that a server is running there."
    )


def brief_reason(error: Exception, *, begun: bool) -> str:
    """Return why a request is retried, in a few words that follow the endpoint's name."""
    status: int | None = getattr(error, "status_code", None)
    if status == 429:
        return "takes no more requests for now (HTTP 429)"
    if status is not None:
        return f"failed (HTTP {status})"
    if begun:
        return "broke off in the middle of the reply"
    cause = type(error.__cause__ or error).__name__  # the library has one name for both
    return "cannot be reached" if cause.startswith("Connect") else "broke off before it had replied"


def _is_too_long(error: Exception, message: str) -> bool:
    codes = {getattr(error, "code", None), getattr(error, "type", None)}
    if codes & {"context_length_exceeded", "exceed_context_size_error"}:
        return True
    return (
        getattr(error, "status_code", 400) in (400, 413, 422, 500) and _TOO_LONG.search(message) is not None
    )


def _sizes(error: Exception) -> str:
    """Return the sizes that llama.cpp gives for a conversation that is too long."""
    body = getattr(error, "body", None)
    if isinstance(body, dict) and body.get("n_prompt_tokens") and body.get("n_ctx"):
        return f"it has {body['n_prompt_tokens']:,} tokens, and there is room for {body['n_ctx']:,}"
    return ""


def _message(error: Exception, api_key: str | None) -> str:
    """Return the endpoint's own message, shortened and without the key; nothing of the library's."""
    body = getattr(error, "body", None)
    message = body.get("message") if isinstance(body, dict) else None
    if not isinstance(message, str):
        return ""
    if api_key:
        message = message.replace(api_key, "…")
    message = " ".join(message.split())
    return message if len(message) <= 300 else message[:300] + "…"


def _quoted(message: str) -> str:
    return f": {message.rstrip('.')}" if message else ""
