"""A tool's result as a value for the kernel."""

from __future__ import annotations

import base64
from typing import Any

import mcp_types as types


def as_message(result: types.CallToolResult, *, wrapper: str) -> dict[str, Any]:
    """Return what the kernel is told of a result: its value, with bytes and images beside it, or an error.

    Structured content is the value; otherwise, or where there are bytes, text is a string and several parts
    are a list. ``wrapper`` is the field that the value is in, by the tool's schema.
    """
    if result.is_error:
        return {"error": _error(result)}
    binary: list[dict[str, str]] = []
    parts = [_part(block, binary) for block in result.content]
    structured = result.structured_content
    if structured is None or binary:
        value = None if not parts else parts[0] if len(parts) == 1 else parts
    elif wrapper and isinstance(structured, dict) and set(structured) == {wrapper}:
        value = structured[wrapper]
    else:
        value = structured
    return {"value": value, "binary": binary}


def _error(result: types.CallToolResult) -> str:
    texts = [block.text for block in result.content if isinstance(block, types.TextContent)]
    return "\n".join(texts).strip() or "the tool failed, and did not say why"


def _part(block: types.ContentBlock, binary: list[dict[str, str]]) -> Any:
    if isinstance(block, types.TextContent):
        return block.text
    if isinstance(block, types.ImageContent | types.AudioContent):
        return _binary(block.data, block.mime_type, binary)
    if isinstance(block, types.EmbeddedResource):
        inside = block.resource
        if isinstance(inside, types.TextResourceContents):
            return inside.text
        return _binary(inside.blob, inside.mime_type or "application/octet-stream", binary)
    return block.model_dump(mode="json", by_alias=True, exclude_none=True)  # a link


def _binary(data: str, mime: str, binary: list[dict[str, str]]) -> Any:
    try:
        base64.b64decode(data, validate=True)
    except ValueError:
        return f"[{mime} that is not valid base64]"
    binary.append({"data": data, "mime": mime})
    return {"mcp binary": len(binary) - 1}
