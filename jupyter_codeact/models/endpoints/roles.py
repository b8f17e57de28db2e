"""Messages for endpoints that take less than the protocol has: no images, no system, plain turns."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ...agent.contracts import Message
from ...agent.replies.tool_calls import ToolsFormat

UNSEEN = "(an image, which you cannot see)"
GO_ON = "Go on."
CALLS = (
    "You may call these functions, each call written exactly so:\n{form}\nThe functions, as JSON:\n{tools}"
)


def has_images(messages: Sequence[Message]) -> bool:
    """Tell whether a message has an image."""
    return any(part.get("type") == "image_url" for message in messages for part in _parts(message))


def has_system(messages: Sequence[Message]) -> bool:
    """Tell whether a message is the system's."""
    return any(message["role"] == "system" for message in messages)


def without_images(messages: Sequence[Message]) -> list[Message]:
    """Return the messages with a note in each image's place."""
    return [
        {**message, "content": "\n\n".join(map(_text_of, parts))} if (parts := _parts(message)) else message
        for message in messages
    ]


def without_system(messages: Sequence[Message]) -> list[Message]:
    """Return the messages with the system's text before that of the first user message."""
    system = [str(message["content"]) for message in messages if message["role"] == "system"]
    others = [message for message in messages if message["role"] != "system"]
    if not system:
        return others
    first = next((i for i, message in enumerate(others) if message["role"] == "user"), None)
    before: Message = {"role": "user", "content": "\n\n".join(system)}
    if first is None:
        return [before, *others]
    return [*others[:first], _joined(before, others[first]), *others[first + 1 :]]


def alternating(messages: Sequence[Message]) -> list[Message]:
    """Return the messages as turns of user and assistant, beginning and ending with the user.

    Calls and their results become text.
    """
    chat: list[Message] = []
    for message in messages:
        plain = _plain(message)
        if not chat and plain["role"] == "assistant":
            chat.append({"role": "user", "content": GO_ON})
        if chat and chat[-1]["role"] == plain["role"]:
            chat[-1] = _joined(chat[-1], plain)
        else:
            chat.append(plain)
    if not chat or chat[-1]["role"] != "user":
        chat.append({"role": "user", "content": GO_ON})
    return chat


def with_tools_as_text(messages: Sequence[Message], tools: Sequence[Any]) -> list[Message]:
    """Return the messages with the tools described in them, and with calls and results as text."""
    form = ToolsFormat().render("NAME", '{"ARGUMENT": "VALUE"}')
    text = CALLS.format(form=form, tools="\n".join(json.dumps(tool) for tool in tools))
    plain = [_plain(message) for message in messages]
    if plain and plain[0]["role"] == "system":
        return [{**plain[0], "content": f"{plain[0]['content']}\n\n{text}"}, *plain[1:]]
    return [{"role": "system", "content": text}, *plain]


def _plain(message: Message) -> Message:
    """Return a message without fields of calls."""
    if message["role"] == "tool":
        return {"role": "user", "content": message["content"]}
    if calls := message.get("tool_calls"):
        render = ToolsFormat().render
        texts = [render(call["function"]["name"], call["function"]["arguments"]) for call in calls]
        said = message.get("content")
        return {"role": message["role"], "content": "\n".join([*([said] if said else []), *texts])}
    return {"role": message["role"], "content": message["content"]}


def _joined(first: Message, second: Message) -> Message:
    contents = first["content"], second["content"]
    if all(isinstance(content, str) for content in contents):
        return {**first, "content": "\n\n".join(contents)}
    return {**first, "content": [part for message in (first, second) for part in _as_parts(message)]}


def _parts(message: Message) -> list[dict[str, Any]]:
    return message["content"] if isinstance(message.get("content"), list) else []


def _as_parts(message: Message) -> list[dict[str, Any]]:
    return _parts(message) or [{"type": "text", "text": message["content"]}]


def _text_of(part: dict[str, Any]) -> str:
    return str(part.get("text", "")) if part.get("type") == "text" else UNSEEN
