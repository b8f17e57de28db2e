"""Native function calling, as text."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ..source import dedented, has_code, syntax_tree
from .fences import spoken
from .reply import CodeAction, ParsedReply, Preview, settled

_CALL = re.compile(
    r"<tool_call>\s*|\A\s*(?:```(?:json)?\s*)?\{?(?=\{\s*\"name\")"
)  # small models forget the tag
_CALL_ENDS = "</tool_call>"
_CODE = re.compile(r'"code"\s*:\s*(?=")')
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)')
_JSON = json.JSONDecoder(strict=False)  # models break lines within strings


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
        said = spoken(text).text
        opening = _CALL.search(said)
        call, end = _decoded(said, opening.end()) if opening else (None, None)
        return end is not None and _called(call) is not None and _CALL_ENDS in said[end:]

    def preview(self, text: str) -> Preview:
        """Read a reply that is still being written."""
        said = spoken(text)
        opening = _CALL.search(said.text)
        if opening is None:
            return Preview(said.thinking, settled(said.text))
        code = _CODE.search(said.text, opening.end())
        string = _STRING.match(said.text, code.end()) if code else None
        source = _decoded(f'"{string[1]}"', 0)[0] if string else ""
        return Preview(said.thinking, said.text[: opening.start()].strip(), source or "")

    def parse(self, text: str) -> ParsedReply:
        """Read a reply: the first call, or an answer."""
        said = spoken(text)
        opening = _CALL.search(said.text)
        if opening is None:
            return ParsedReply(said.upto(), said.text.strip(), (), said.incomplete, said.thinking)
        prose = said.text[: opening.start()].strip()
        call, end = _decoded(said.text, opening.end())
        action = _called(call)
        if action is None:
            return ParsedReply(said.upto(), prose, (), True, said.thinking)
        closing = said.text.find(_CALL_ENDS, end or opening.end())
        kept = said.upto(None if closing < 0 else closing + len(_CALL_ENDS))
        if closing < 0 and "<" in opening[0]:
            kept = f"{kept.rstrip()}\n{_CALL_ENDS}"
        return ParsedReply(kept, prose, (action,), thinking=said.thinking)


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
