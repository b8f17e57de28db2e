"""Describes results and displays as text."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from .images import Picture, picture
from .markup import MAX_CHARACTERS, Markup
from .terminal import strip_terminal_codes

WIDGET = "application/vnd.jupyter.widget-view+json"
_IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp", "image/svg+xml")
_TEXTS = ("text/plain", "text/markdown", "text/latex", "application/json", "text/html")
_OPAQUE = re.compile(r"<[\w.]+(?: object)?(?: at 0x[0-9a-fA-F]+)?>")
_OBJECT = re.compile(
    r"^(?:<(?:bound method|built-in method|function) .*|<.* at 0x[0-9a-fA-F]+>)$", re.MULTILINE
)
_NUMBER = r"(?:np\.float\d+\()?nan\b"
# as print() and repr() write it; missing values in a table are written NaN
_NAN = re.compile(rf"^{_NUMBER}\)?$|(?<!['\"])[:=(] ?{_NUMBER}", re.MULTILINE)
_DATA_FRAME = re.compile(r'<table[^>]*class="[^"]*\bdataframe\b')
_SHAPE = re.compile(r"(?<!\d)(\d+) rows? [x×] (\d+) columns?")


def text_of(value: Any) -> str:
    """Return a text in nbformat's form, which may be a list of lines."""
    return "".join(map(str, value)) if isinstance(value, list) else str(value)


def names_object(outputs: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether a cell showed an object, such as a generator or a method, and not its values.

    Next to a figure, which is the real result, such an output does not count.
    """
    found = False
    for output in outputs:
        data = output.get("data", {})
        if image_of(data):
            return False
        found = found or bool(_OBJECT.search(text_of(output.get("text") or data.get("text/plain", ""))))
    return found


def shows_nan(outputs: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether a cell computed nan: it printed ``p = nan``, or its result is nan."""
    return any(
        _NAN.search(text_of(output.get("text") or output.get("data", {}).get("text/plain", "")))
        for output in outputs
    )


def image_of(data: Mapping[str, Any]) -> Picture | None:
    """Return the image in a display, if there is one."""
    mime = next((mime for mime in _IMAGES if mime in data), None)
    return picture(mime, text_of(data[mime])) if mime and WIDGET not in data else None


def describe_image(
    image: Picture, data: Mapping[str, Any], metadata: Mapping[str, Any], note: str = ""
) -> str:
    """Return a line that stands for an image; ``note`` says whether the image is attached."""
    about = metadata.get(image.mime)
    facts = {
        "text": strip_terminal_codes(text_of(data.get("text/plain", ""))).strip(),
        "alt": str(about.get("alt") or "") if isinstance(about, Mapping) else "",
        "labels": image.labels,
    }
    size = f", {image.size[0]}×{image.size[1]} pixels" if image.size else ""
    details = "".join(f"; {kind}: {text}" for kind, text in facts.items() if text)
    return f"[{image.mime} figure{size}{note}{details}]"


def describe(data: Mapping[str, Any]) -> str:
    """Return a display without an image as text: its best text, and the types that have none."""
    plain = strip_terminal_codes(text_of(data.get("text/plain", ""))).strip("\n")
    if WIDGET in data:
        return f"[widget: {plain}]" if plain else "[widget]"
    text = _text(data, plain)
    named = [f"[{mime}]" for mime in data if mime not in _TEXTS]
    if not text and "text/html" in data:
        named.append(f"[text/html of {len(text_of(data['text/html'])):,} characters, without text]")
    return "\n".join(filter(None, [*named, text])) or plain


def _text(data: Mapping[str, Any], plain: str) -> str:
    html = text_of(data.get("text/html", ""))
    if _DATA_FRAME.search(html) and (table := _data_frame(html, plain)):
        return table
    if plain and not _OPAQUE.fullmatch(plain):
        return _lines(plain)
    for mime in ("text/markdown", "text/latex"):
        if mime in data:
            return strip_terminal_codes(text_of(data[mime])).strip("\n")
    if "application/json" in data:
        return json.dumps(data["application/json"], ensure_ascii=False, default=str)
    text = strip_terminal_codes(Markup(html).text)
    rest = len(html) - MAX_CHARACTERS
    return f"{text}\n[… {rest:,} more characters of HTML …]" if rest > 0 else text


def _lines(plain: str) -> str:
    """Return the text of a multi-line string that is shown as a Python literal; anything else unchanged."""
    if plain[0] not in "'\"" or "\\n" not in plain:
        return plain
    try:
        value = ast.literal_eval(plain)
    except (ValueError, SyntaxError, MemoryError):
        return plain
    return strip_terminal_codes(value) if isinstance(value, str) else plain


def _data_frame(html: str, plain: str) -> str:
    """Return a pandas table, one line per row, and its shape."""
    folded = _is_folded(plain) or not plain
    if _SHAPE.search(plain) and not folded:
        return plain
    tables = Markup(html).tables
    if not tables:
        return ""
    table = strip_terminal_codes(str(tables[0])) if folded else plain
    shapes = _SHAPE.findall(html)
    rows, columns = shapes[-1] if shapes else tables[0].shape
    # without data cells the shape is unknown: the rows may be there and the columns not, or the other way
    return f"{table}\n\n[{rows} rows x {columns} columns]" if shapes or rows else table


def _is_folded(plain: str) -> bool:
    """Tell whether pandas split a wide table into several blocks."""
    return any(line.endswith("\\") for line in plain.split("\n"))
