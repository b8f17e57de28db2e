"""What an endpoint's trouble means to the user, in words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...agent.contracts import ModelError, TooLongError

_TOO_LONG = re.compile(
    r"context[ _](length|size|window)|maximum (context|prompt|input)"
    r"|(prompt|input) is too long|too many tokens",
    re.I,
)


_UNSUPPORTED = re.compile(
    r"(not|n't|un)[ -]?support", re.I
)  # llama.cpp's server calls that a failure of its own
_NO_TOOLS = re.compile(r"(not|n't) support[^.]*\btools?\b|\btools?\b[^.]*(not|n't|un)[ -]?support", re.I)


class LostError(ModelError):
    """The connection failed, or broke in the middle of a reply."""


class RequestError(ModelError):
    """The endpoint is well, but cannot do what it was asked."""


class CutError(Exception):
    """A reply ended without an end."""


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
    """Return a sentence for the user in place of a client library's error.

    Parameters
    ----------
    error : Exception
        What the library raised, or `TooSlowError`.
    where : str
        The endpoint, as the user may see it.
    model : str or None
        The model that was asked for.
    api_key : str or None
        The key, which must not be in the sentence.
    begun : bool
        Whether a part of the reply had come.
    listed : sequence of str
        The models the endpoint says it has.
    """
    status: int | None = getattr(error, "status_code", None)
    said = _said(error, api_key)
    if isinstance(error, TooSlowError):
        return LostError(
            f"{where} sent nothing for {error.seconds:g} seconds, so the request was called off; ask again,"
            " or see whether it is overloaded."
        )
    if _is_too_long(error, said):
        return TooLongError(
            f"The conversation is too long for {model}{_of(_sizes(error) or said)}."
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
            f"{where} does not speak OpenAI's chat protocol (HTTP {status}); see whether the address is"
            " complete: it usually ends in /v1."
        )
    if status == 429:
        return ModelError(
            f"{where} takes no more requests for now (HTTP 429){_of(said)}; ask again in a while."
        )
    passing = status is not None and (status >= 500 or status in (408, 409, 425))
    if passing and not _UNSUPPORTED.search(said):
        return ModelError(f"{where} failed (HTTP {status}){_of(said)}; ask again, or look into its log.")
    if status is not None and _NO_TOOLS.search(said):
        return RequestError(
            f"{where} takes no function calls{_of(said)}; choose another model, or another action format."
        )
    if status is not None:
        return RequestError(f"{where} refused the request (HTTP {status}){_of(said)}.")
    if begun or isinstance(error, CutError):
        return LostError(f"{where} broke off in the middle of the reply{_of(said)}; ask again.")
    if "Timeout" in type(error).__name__:
        return LostError(f"{where} did not answer in time; see whether it is running and can be reached.")
    if said:
        return ModelError(f"{where} failed{_of(said)}; ask again, or look into its log.")
    return LostError(f"{where} does not answer; check the address, and that a server is running there.")


def in_short(error: Exception, *, begun: bool) -> str:
    """Say in a few words, after the endpoint's name, why it is asked again."""
    status: int | None = getattr(error, "status_code", None)
    if status == 429:
        return "takes no more requests for now (HTTP 429)"
    if status is not None:
        return f"failed (HTTP {status})"
    if begun:
        return "broke off in the middle of the reply"
    cause = type(error.__cause__ or error).__name__  # the library has one name for both
    return "cannot be reached" if cause.startswith("Connect") else "broke off before it had replied"


def _is_too_long(error: Exception, said: str) -> bool:
    codes = {getattr(error, "code", None), getattr(error, "type", None)}
    if codes & {"context_length_exceeded", "exceed_context_size_error"}:
        return True
    return getattr(error, "status_code", 400) in (400, 413, 422, 500) and _TOO_LONG.search(said) is not None


def _sizes(error: Exception) -> str:
    """Return what llama.cpp tells of a conversation that is too long."""
    body = getattr(error, "body", None)
    if isinstance(body, dict) and body.get("n_prompt_tokens") and body.get("n_ctx"):
        return f"it has {body['n_prompt_tokens']:,} tokens, and there is room for {body['n_ctx']:,}"
    return ""


def _said(error: Exception, api_key: str | None) -> str:
    """Return the endpoint's own words, short and without the key; nothing of the library's."""
    body = getattr(error, "body", None)
    words = body.get("message") if isinstance(body, dict) else None
    if not isinstance(words, str):
        return ""
    if api_key:
        words = words.replace(api_key, "…")
    words = " ".join(words.split())
    return words if len(words) <= 300 else words[:300] + "…"


def _of(said: str) -> str:
    return f": {said.rstrip('.')}" if said else ""
