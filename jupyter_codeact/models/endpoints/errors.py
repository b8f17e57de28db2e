"""Errors of endpoints, explained to the user in the endpoint's own words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...agent.contracts import ModelError, TooLongError
from .words import ServerError, UnreadableReplyError, phrase, shortened, words

_TOO_LONG = re.compile(
    "|".join(
        (
            r"context[ _-]?(length|size|window|limit|overflow)|out of context|context the overflow|\bn_ctx\b",
            r"session[ _]len|max_model_len|maximum (context|prompt|input|model|sequence)\b",
            r"(max|model'?s?)\.? (context|prompt|input|sequence)[ _-](length|size|tokens?)",
            r"(prompt|input|conversation|request|messages?)( length)?( \(.{0,40}\))? (is|are) (too|longer)",
            r"(prompt|input|text|sequence) (is )?too (long|large|big)|too many (input |prompt )?tokens",
            r"(prompt|input)s?`? tokens?\b.{0,60}(exceed|must be|<=|too (many|large|long)|limit|more than)",
            r"inputs` must have less|(token|input|prompt) (count|length).{0,60}exceed",
            r"exceeds?\b.{0,60}(context|number of tokens|token limit)",
            r"reduce (the )?(length|size) of (the|your) (message|prompt|input)",
            r"(shorten|truncate) (the|your) (input|prompt|message)",
            r"max size: \d+ tokens|request (body )?too large|max_tokens must be at least 1, got -",
        )
    ),
    re.I,
)
_TOO_LONG_CODES = {
    "context_length_exceeded",
    "exceed_context_size_error",
    "context_window_exceeded",
    "string_above_max_length",
    "tokens_limit_reached",
    "prompt_too_long",
}
# llama.cpp's server answers an unsupported request with the status of a failure.
_UNSUPPORTED = re.compile(r"(not|n't|un)[ -]?support", re.I)
_NO_TOOLS = re.compile(r"(not|n't) support[^.]*\btools?\b|\btools?\b[^.]*(not|n't|un)[ -]?support", re.I)
_ADDRESS = "check that the address is complete: it usually ends in /v1"


class ConnectionLostError(ModelError):
    """The connection failed, or broke in the middle of a reply."""


class KeyRefusedError(ModelError):
    """The endpoint wants a key, or another one."""


class RequestError(ModelError):
    """The endpoint works, but rejects this request."""


class IncompleteReplyError(Exception):
    """A reply's stream ended without a finish reason."""


class EmptyReplyError(IncompleteReplyError):
    """An answer of HTTP 200 ended or broke off without a word."""


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
    has_replied: bool = False,
    listed: Sequence[str] = (),
) -> ModelError:
    """Translate an error into a sentence for the user.

    Parameters
    ----------
    error : Exception
        A `ServerError`, another error of this package, or the client library's.
    where : str
        Name of the endpoint for people.
    model : str or None
        The requested model.
    api_key : str or None
        The key, which is kept out of the sentence.
    begun : bool
        Whether part of the reply had arrived.
    has_replied : bool
        Whether the endpoint has replied to another request.
    listed : sequence of str
        The models of the endpoint's own list.
    """
    if isinstance(error, ServerError):
        return _explain_answer(
            error, shortened(error.words, api_key), where, model, bool(api_key), begun, has_replied, listed
        )
    if isinstance(error, TooSlowError):
        return ConnectionLostError(
            f"{where} sent nothing for {error.seconds:g} seconds, so the request was cancelled; ask again,"
            " or check whether it is overloaded."
        )
    if isinstance(error, UnreadableReplyError) and not begun:
        said = _quoted(shortened(words(error.said) or error.said, api_key))
        return ModelError(f"{where} sent no reply of OpenAI's chat protocol{said}; {_ADDRESS}.")
    if isinstance(error, EmptyReplyError) and not begun:
        return ConnectionLostError(
            f"{where} broke off before it had replied; ask again, or look into its log."
        )
    if begun or isinstance(error, IncompleteReplyError):
        return ConnectionLostError(f"{where} broke off in the middle of the reply; ask again.")
    name = type(error.__cause__ or error).__name__  # the library has one name for many
    if "Timeout" in type(error).__name__:
        return ConnectionLostError(
            f"{where} did not answer in time; check that it is running and can be reached."
        )
    if name.startswith("Connect") or isinstance(error.__cause__, OSError):
        return ConnectionLostError(
            f"{where} does not answer; check the address, and that a server is running there."
        )
    if name == "TooManyRedirects":
        return ConnectionLostError(f"{where} redirects in a circle; {_ADDRESS}.")
    if is_of_library(error):
        return ConnectionLostError(
            f"{where} broke off before it had replied ({name}); ask again, or look into its log."
        )
    return ModelError(f"{where} could not be asked: {name}{_quoted(shortened(str(error), api_key))}.")


def is_of_library(error: Exception) -> bool:
    """Tell whether an error is the client library's, or of what it is made of."""
    return type(error).__module__.partition(".")[0] in {"openai", "httpx", "httpx2", "httpcore", "httpcore2"}


def is_too_long(error: ServerError) -> bool:
    """Tell whether the server finds the conversation too long."""
    if error.status == 413 or error.codes & _TOO_LONG_CODES:
        return True
    return error.status in (None, 400, 422, 500) and _TOO_LONG.search(error.words) is not None


def brief_reason(error: Exception, *, begun: bool) -> str:
    """Return why a request is retried, in a few words that follow the endpoint's name."""
    status = error.status if isinstance(error, ServerError) else None
    if status == 429:
        return "takes no more requests for now (HTTP 429)"
    if status is not None:
        return f"failed (HTTP {status})"
    if begun:
        return "broke off in the middle of the reply"
    cause = type(error.__cause__ or error).__name__  # the library has one name for both
    return "cannot be reached" if cause.startswith("Connect") else "broke off before it had replied"


def _explain_answer(
    error: ServerError,
    said: str,
    where: str,
    model: str | None,
    has_key: bool,
    begun: bool,
    has_replied: bool,
    listed: Sequence[str],
) -> ModelError:
    """Explain what a server answered; it said ``said``."""
    status = error.status
    if is_too_long(error):
        return TooLongError(
            f"The conversation is too long for {model}{_quoted(_sizes(error) or said)}."
            " Start a new conversation, or use a model with a longer context."
        )
    if begun:
        return ConnectionLostError(f"{where} broke off in the middle of the reply{_quoted(said)}; ask again.")
    if status is None:
        return ModelError(f"{where} failed{_quoted(said)}; ask again, or look into its log.")
    http = f"HTTP {status}" if said else f"HTTP {status} {phrase(status)}".rstrip()
    if status in (401, 403):
        key = "refused the API key" if has_key else "wants an API key"
        return KeyRefusedError(
            f"{where} {key} ({http}){_quoted(said)}; give it one it accepts, where the endpoint is set or in"
            " JUPYTER_CODEACT_API_KEY."
        )
    if status == 404 and listed and model not in listed:
        known = ", ".join(listed[:10]) + (", …" if len(listed) > 10 else "")
        return ModelError(f"{where} has no model called {model!r}; it has {known}.")
    if status in (404, 405) and not listed and not has_replied:
        return ModelError(
            f"{where} does not speak OpenAI's chat protocol ({http}){_quoted(said)}; {_ADDRESS}."
        )
    if status == 429:
        return ModelError(f"{where} takes no more requests for now ({http}){_quoted(said)}; ask again later.")
    is_temporary = status >= 500 or status in (408, 409, 425)
    if is_temporary and not _UNSUPPORTED.search(said):
        return ModelError(f"{where} failed ({http}){_quoted(said)}; ask again, or look into its log.")
    if _NO_TOOLS.search(said):
        return RequestError(
            f"{where} takes no function calls{_quoted(said)}; choose another model, or another action format."
        )
    return RequestError(f"{where} refused the request ({http}){_quoted(said)}.")


def _sizes(error: ServerError) -> str:
    """Return the sizes that llama.cpp gives for a conversation that is too long."""
    body = error.body.get("error") if isinstance(error.body, dict) else None
    needs, has = (body.get("n_prompt_tokens"), body.get("n_ctx")) if isinstance(body, dict) else (None, None)
    if isinstance(needs, int) and isinstance(has, int) and needs and has:
        return f"it has {needs:,} tokens, and there is room for {has:,}"
    return ""


def _quoted(said: str) -> str:
    return f": {said.rstrip('.')}" if said else ""
