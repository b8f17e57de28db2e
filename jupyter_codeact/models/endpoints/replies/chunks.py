"""One JSON value of a reply as a `Chunk`. Any value is read; none raises."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .counting import Count, count_in
from .parts import text_and_thinking, thinking_in
from .sse import DONE

_FINISHED = {
    "stop": (
        "end_turn",
        "eos",
        "eos_token",
        "stop_sequence",
        "stop_token",
        "complete",
        "completed",
        "end",
        "done",
    ),
    "length": (
        "max_tokens",
        "max_output_tokens",
        "max_new_tokens",
        "max_length",
        "model_length",
        "token_limit",
        "incomplete",
    ),
    "tool_calls": ("tool_call", "tool_use", "function_call"),
    "content_filter": ("safety", "content_filtered", "recitation", "refusal"),
}
_REASONS = {other: reason for reason, others in _FINISHED.items() for other in (reason, *others)}
_WRAPPERS = ("data", "result", "response", "output", "completion")


@dataclass(frozen=True)
class CallPiece:
    """A piece of a tool call; ``index`` and ``id`` tell calls apart, where a server has them."""

    index: int | None
    id: str
    name: str
    arguments: str | dict[str, Any] | None


@dataclass(frozen=True)
class Chunk:
    """What a value says.

    ``is_message`` says that the text is a whole message, and no piece of one; ``is_end`` that the answer says
    it is complete. ``error`` is the value of an error, and ``odd`` one that is no part of a reply.
    """

    text: str = ""
    thinking: str = ""
    calls: tuple[CallPiece, ...] = ()
    finish_reason: str | None = None
    count: Count | None = None
    error: Any = None
    odd: Any = None
    is_message: bool = False
    is_end: bool = False
    has_choice: bool = False

    @property
    def has_token(self) -> bool:
        """Whether the model has written something, be it only a thought."""
        return bool(self.text or self.thinking or self.calls)


def read_chunks(value: object) -> Iterator[Chunk]:
    """Yield the chunks of a JSON value; a list has several."""
    if isinstance(value, list):
        for item in value:
            yield read_chunk(item)
    else:
        yield read_chunk(value)


def read_chunk(value: object) -> Chunk:
    """Read a JSON value."""
    if value is DONE:
        return Chunk(is_end=True)
    if not isinstance(value, dict):
        return Chunk(odd=value)
    value = _unwrapped(value)
    choice = _choice(value)
    error = _error(value, choice)
    if error is not None:
        return Chunk(error=error)
    count = count_in(value) or (count_in(choice) if choice else None)
    if choice is None:
        is_known = count is not None or "choices" in value or value.get("type") == "ping"
        return Chunk(count=count, odd=None if is_known else value)
    said, is_message = _said(choice)
    text, thinking = "", ""
    for name in ("content", "text", "output_text", "refusal"):
        text, thinking = text_and_thinking(said.get(name))
        if text or thinking:
            break
    thinking = thinking or thinking_in(said) or thinking_in({k: v for k, v in choice.items() if k != "text"})
    return Chunk(
        text=text,
        thinking=thinking,
        calls=tuple(_calls(said)),
        finish_reason=_finish(choice, said, value),
        count=count,
        is_message=is_message,
        has_choice=True,
    )


def _unwrapped(value: dict[str, Any]) -> dict[str, Any]:
    if "choices" not in value and "error" not in value:
        for name in _WRAPPERS:
            inner = value.get(name)
            if isinstance(inner, dict) and ("choices" in inner or "message" in inner):
                return inner
    return value


def _choice(value: dict[str, Any]) -> dict[str, Any] | None:
    """Return the first choice of a value; the value itself if it has what a choice has."""
    choices = value.get("choices")
    found = [choices] if isinstance(choices, dict) else choices if isinstance(choices, list) else []
    for choice in found:
        if isinstance(choice, dict) and choice.get("index") in (None, 0, "0"):
            return choice
        if isinstance(choice, str):
            return {"delta": {"content": choice}}
    if isinstance(value.get("delta"), dict | str) or isinstance(value.get("message"), dict):
        return value
    return None


def _said(choice: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """Return the message or the piece of one in a choice, and whether it is a message."""
    for name in ("delta", "message"):
        said = choice.get(name)
        if isinstance(said, str) and said:
            return {"content": said}, name == "message"
        if isinstance(said, list) and said:
            is_nested = isinstance(said[0], dict) and "content" in said[0]
            return (said[0] if is_nested else {"content": said}), False
        # An empty piece beside a whole message is none; some servers send both, and the piece counts.
        if isinstance(said, dict) and (
            any(value for key, value in said.items() if key != "role") or name == "message"
        ):
            return said, name == "message"
    said = choice.get("delta")
    if isinstance(said, dict):
        return said, False
    return {name: choice.get(name) for name in ("text", "content")}, False


def _calls(said: dict[str, Any]) -> Iterator[CallPiece]:
    calls = said.get("tool_calls")
    calls = [calls] if isinstance(calls, dict) else calls if isinstance(calls, list) else []
    if not calls and isinstance(said.get("function_call"), dict):  # the protocol's first form
        calls = [{"index": 0, "function": said["function_call"]}]
    for call in calls:
        if not isinstance(call, dict):
            continue
        function = call.get("function")
        function = function if isinstance(function, dict) else call
        index, arguments = call.get("index"), function.get("arguments")
        if arguments is None:
            arguments = function.get("parameters", function.get("input"))
        if isinstance(index, str) and index.isascii() and index.isdigit():
            index = int(index)
        yield CallPiece(
            index=index if isinstance(index, int) and not isinstance(index, bool) else None,
            id=call["id"] if isinstance(call.get("id"), str) else "",
            name=function["name"] if isinstance(function.get("name"), str) else "",
            arguments=arguments if isinstance(arguments, str | dict) else None,
        )


def _finish(choice: Mapping[str, Any], said: Mapping[str, Any], value: Mapping[str, Any]) -> str | None:
    for fields in (choice, said, value):
        for name in ("finish_reason", "finishReason", "done_reason"):
            if reason := _reason(fields.get(name)):
                return reason
    for fields in (choice, said, value):  # of vLLM, the stop string that was found
        reason = fields.get("stop_reason")
        if isinstance(reason, str) and reason.lower() in _REASONS:
            return _REASONS[reason.lower()]
    return "stop" if value.get("done") is True else None


def _reason(value: object) -> str | None:
    if isinstance(value, dict):
        value = value.get("type") or value.get("reason")
    if value is True:
        return "stop"
    if not isinstance(value, str) or value.strip().lower() in ("", "null", "none"):
        return None
    word = value.strip().lower()
    return _REASONS.get(word, word)


def _error(value: dict[str, Any], choice: dict[str, Any] | None) -> Any:
    """Return the value of an error, if this is one."""
    is_error = value.get("object") == "error" or value.get("type") == "error"
    if is_error or value.get("error") not in (None, False, "", {}, []):
        return value
    if choice is not None:
        inner = choice.get("error")
        is_error = choice.get("finish_reason") == "error"
        if inner not in (None, False, "", {}, []):
            return {"error": inner}
        return {"error": {"message": "the reply ended with an error"}} if is_error else None
    says = any(name in value for name in ("detail", "message", "errors", "error_message", "msg"))
    return value if says and not value.get("choices") else None
