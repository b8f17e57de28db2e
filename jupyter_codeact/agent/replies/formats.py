"""Other ways to write actions, for models and endpoints that insist on theirs; and all formats by name."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ..source import dedented, has_code, syntax_tree
from .actions import ActionFormat, CodeAction, MarkdownFormat, ParsedReply
from .fences import Block, Thinking, parts

_TAG = re.compile(r"<(?P<tag>execute|solution)>", re.IGNORECASE)
_CALL = re.compile(
    r"<tool_call>\s*|\A\s*(?:```(?:json)?\s*)?\{?(?=\{\s*\"name\")"
)  # small models forget the tag
_CALL_ENDS = "</tool_call>"
_CODE = re.compile(r'"code"\s*:\s*(?=")')
_JSON = json.JSONDecoder(strict=False)  # models break lines within strings


def _without_thinking(text: str) -> tuple[str, bool]:
    """Return a reply with its thinking blanked out, lengths kept; and whether it breaks off in it."""
    spoken, broken_off = text, False
    for part in parts(text, fences=False):
        if isinstance(part, Thinking):
            spoken = spoken[: part.start] + " " * (part.end - part.start) + spoken[part.end :]
            broken_off = not part.settled
    return spoken, broken_off


class ExecuteFormat:
    """The CodeActAgent models' own tags: ``<execute>`` for an action, ``<solution>`` for an answer."""

    name = "execute"
    stop: tuple[str, ...] = ("</execute>",)
    tools: tuple[Mapping[str, Any], ...] = ()

    def describe(self) -> str:
        """Tell the model how to act in this format."""
        return (
            "To act, write Python between <execute> and </execute>. It runs as a notebook cell, and you are "
            "shown its output. Write your final answer between <solution> and </solution>."
        )

    def call(self, text: str) -> None:
        """Return nothing: an endpoint is shown the tags as the model wrote them."""

    def is_complete(self, text: str) -> bool:
        """Tell whether the first tag that counts is closed."""
        if "</" not in text:
            return False
        found = self._first(_without_thinking(text)[0])
        return found is not None and found[3]

    def parse(self, text: str) -> ParsedReply:
        """Read a reply. An ``<execute>`` left open is an action: the engine ended there, and took the tag."""
        spoken, broken_off = _without_thinking(text)
        found = self._first(spoken)
        if found is None:
            return ParsedReply(text, spoken.strip(), incomplete=broken_off)
        tag, start, end, closed = found
        closing = f"</{tag}>"
        whole = text[:end] + closing
        if tag == "solution":
            return ParsedReply(whole if closed else text, spoken[start:end].strip())
        said = spoken[: start - len("<execute>")].strip()
        return ParsedReply(whole, said, (CodeAction(self._source(spoken[start:end])),))

    def _first(self, spoken: str) -> tuple[str, int, int, bool] | None:
        """Find the first tag with something in it: its name, its content's span, whether it is closed."""
        for opening in _TAG.finditer(spoken):
            tag = opening["tag"].lower()
            closing = re.compile(f"</{tag}>", re.IGNORECASE).search(spoken, opening.end())
            end = closing.start() if closing else len(spoken)
            content = spoken[opening.end() : end]
            if content.strip() if tag == "solution" else has_code(self._source(content)):
                return tag, opening.end(), end, closing is not None
            if closing is None:
                return None
        return None

    def _source(self, content: str) -> str:
        """Return the code of an ``<execute>``; models like to put a fence into it."""
        block = next((part for part in parts(content.lstrip()) if isinstance(part, Block)), None)
        return block.source if block and block.start == 0 else dedented(content)


class ToolsFormat:
    """Native function calling, as text.

    A client renders the call that an endpoint reports with `render`; models that write their calls into the
    reply write them just so. What the endpoint is shown of the past are calls and their results again, in its
    own words: hosted models go on calling as they see it done, and local ones get their template's form.
    """

    name = "tools"
    stop: tuple[str, ...] = ()
    schema: Mapping[str, Any] = {
        "type": "function",
        "function": {
            "name": "python",
            "description": "Run Python in a cell of the notebook and show its output.",
            "parameters": {
                "type": "object",
                "properties": {
                    "code": {"type": "string", "description": "source of the cell"},
                    "cell": {"type": "string", "description": "id of the cell to replace, if any"},
                },
                "required": ["code"],
            },
        },
    }
    """The one tool, as a request to an OpenAI-compatible endpoint names it."""
    tools: tuple[Mapping[str, Any], ...] = (schema,)

    def describe(self) -> str:
        """Tell the model how to act in this format."""
        return (
            "To act, call the function python with the code of one notebook cell; you are shown its output. "
            "A reply without a call is your final answer."
        )

    def render(self, name: str, arguments: str) -> str:
        """Return the canonical text of a call, whose ``arguments`` are JSON as the endpoint sent them."""
        return f'<tool_call>\n{{"name": {json.dumps(name)}, "arguments": {arguments}}}\n{_CALL_ENDS}'

    def call(self, text: str) -> tuple[str, str, str] | None:
        """Return a reply as a call of the one tool: what is said before, the name, the arguments."""
        parsed = self.parse(text)
        if not parsed.actions:
            return None
        [action] = parsed.actions
        arguments = {"code": action.source} | ({"cell": action.cell_id} if action.cell_id else {})
        return parsed.prose, "python", json.dumps(arguments, ensure_ascii=False)

    def is_complete(self, text: str) -> bool:
        """Tell whether the first call is closed."""
        if _CALL_ENDS not in text:
            return False
        spoken, _ = _without_thinking(text)
        opening = _CALL.search(spoken)
        call, end = _decoded(spoken, opening.end()) if opening else (None, None)
        return end is not None and _called(call) is not None and _CALL_ENDS in spoken[end:]

    def parse(self, text: str) -> ParsedReply:
        """Read a reply: the first call, or an answer."""
        spoken, broken_off = _without_thinking(text)
        opening = _CALL.search(spoken)
        if opening is None:
            return ParsedReply(text, spoken.strip(), incomplete=broken_off)
        said = spoken[: opening.start()].strip()
        call, end = _decoded(spoken, opening.end())
        action = _called(call)
        if action is None:
            return ParsedReply(text, said, incomplete=True)
        closing = spoken.find(_CALL_ENDS, end or opening.end())
        if closing >= 0:
            text = text[: closing + len(_CALL_ENDS)]
        elif "<" in opening[0]:
            text = f"{text.rstrip()}\n{_CALL_ENDS}"
        return ParsedReply(text, said, (action,))


def _decoded(text: str, start: int) -> tuple[Any, int | None]:
    """Return the JSON that begins at ``start`` and where it ends; of broken JSON, whatever code it holds."""
    try:
        value, end = _JSON.raw_decode(text, start)
        return value, end
    except (ValueError, RecursionError):
        pass
    try:
        code = _CODE.search(text, start)
        return {
            "name": "python",
            "arguments": {"code": _JSON.raw_decode(text, code.end())[0]},
        } if code else None, None
    except (ValueError, RecursionError):
        return None, None


def _called(call: Any) -> CodeAction | None:
    """Return what a call wants to run.

    Models also call the notebook's own functions, though only ``python`` was declared: code can do that.
    """
    name = call.get("name") if isinstance(call, dict) else None
    arguments = call.get("arguments", {}) if isinstance(call, dict) else None
    if isinstance(arguments, str):
        arguments = _decoded(arguments, 0)[0] or {"code": arguments}
    if not isinstance(name, str) or not isinstance(arguments, dict):
        return None
    code, cell = arguments.get("code"), arguments.get("cell")
    if isinstance(code, str):
        return (
            CodeAction(dedented(code), "code", cell if isinstance(cell, str) else None)
            if has_code(code)
            else None
        )
    source = f"{name}({', '.join(f'{key}={value!r}' for key, value in arguments.items())})"
    return CodeAction(source) if name != "python" and syntax_tree(source) is not None else None


FORMATS: Mapping[str, ActionFormat] = {
    "markdown": MarkdownFormat(),
    "execute": ExecuteFormat(),
    "tools": ToolsFormat(),
}
"""Every format by its name in the configuration."""


def spoken(reply: str) -> str:
    """Return what a reply says beside its code, whichever format it was written in."""
    if _TAG.search(reply):
        action_format = FORMATS["execute"]
    else:
        action_format = FORMATS["tools" if _CALL_ENDS in reply else "markdown"]
    return action_format.parse(reply).prose
