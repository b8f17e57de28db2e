"""Native function calling, written as text."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ..source import dedented, has_code, syntax_tree
from .fences import hide_thinking
from .reply import CodeAction, ParsedReply, Preview, drop_partial_markup

_CALL = re.compile(
    r"<tool_call>\s*|\A\s*(?:```(?:json)?\s*)?\{?(?=\{\s*\"name\")"
)  # small models forget the tag
_CALL_END = "</tool_call>"
_CODE = re.compile(r'"code"\s*:\s*(?=")')
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)')
_JSON = json.JSONDecoder(strict=False)  # models break lines within strings


class ToolsFormat:
    """Native function calling, written as text.

    A client turns the calls that an endpoint reports into text with `render`; models that write calls into
    their replies use the same form. The endpoint gets past calls and results in its own protocol: hosted
    models continue the pattern, and local ones see the form of their chat template.
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
    """The one tool, as an OpenAI-compatible endpoint expects it."""
    tools: tuple[Mapping[str, Any], ...] = (schema,)

    def describe(self) -> str:
        """Return the instructions for the model."""
        return (
            "To act, call the function python with the code of one notebook cell; you are shown its output. "
            "A reply without a call is your final answer."
        )

    def render(self, name: str, arguments: str) -> str:
        """Return a call as text; ``arguments`` are JSON, as the endpoint sent them."""
        return f'<tool_call>\n{{"name": {json.dumps(name)}, "arguments": {arguments}}}\n{_CALL_END}'

    def call(self, text: str) -> tuple[str, str, str] | None:
        """Return a reply as a call of the one tool: the text before it, the name, the arguments."""
        parsed = self.parse(text)
        if not parsed.actions:
            return None
        [action] = parsed.actions
        arguments = {"code": action.source} | ({"cell": action.cell_id} if action.cell_id else {})
        return parsed.prose, "python", json.dumps(arguments, ensure_ascii=False)

    def is_complete(self, text: str) -> bool:
        """Tell whether the first call is closed."""
        if _CALL_END not in text:
            return False
        visible = hide_thinking(text).text
        opening = _CALL.search(visible)
        call, end = _decode_json(visible, opening.end()) if opening else (None, None)
        return end is not None and _action_in(call) is not None and _CALL_END in visible[end:]

    def preview(self, text: str) -> Preview:
        """Parse an unfinished reply."""
        visible = hide_thinking(text)
        opening = _CALL.search(visible.text)
        if opening is None:
            return Preview(visible.thinking(), drop_partial_markup(visible.text))
        code = _CODE.search(visible.text, opening.end())
        string = _STRING.match(visible.text, code.end()) if code else None
        source = _decode_json(f'"{string[1]}"', 0)[0] if string else ""
        return Preview(visible.thinking(), visible.text[: opening.start()].strip(), source or "")

    def parse(self, text: str) -> ParsedReply:
        """Parse a reply: the first call, or an answer."""
        visible = hide_thinking(text)
        opening = _CALL.search(visible.text)
        if opening is None:
            return ParsedReply(
                visible.up_to(), visible.text.strip(), (), visible.incomplete, visible.thinking()
            )
        prose = visible.text[: opening.start()].strip()
        call, end = _decode_json(visible.text, opening.end())
        action = _action_in(call)
        if action is None:
            return ParsedReply(visible.up_to(), prose, (), True, visible.thinking())
        closing = visible.text.find(_CALL_END, end or opening.end())
        stop = None if closing < 0 else closing + len(_CALL_END)
        kept = visible.up_to(stop)
        if stop is None and "<" in opening[0]:
            kept = f"{kept.rstrip()}\n{_CALL_END}"
        return ParsedReply(kept, prose, (action,), thinking=visible.thinking(stop))


def _decode_json(text: str, start: int) -> tuple[Any, int | None]:
    """Return the JSON value at ``start`` and its end; of broken JSON, the code in it and no end."""
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


def _action_in(call: Any) -> CodeAction | None:
    """Return the action that a call asks for.

    Models also call the notebook's own functions, although only ``python`` was declared; that becomes code.
    """
    name = call.get("name") if isinstance(call, dict) else None
    arguments = call.get("arguments", {}) if isinstance(call, dict) else None
    if isinstance(arguments, str):
        arguments = _decode_json(arguments, 0)[0] or {"code": arguments}
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
