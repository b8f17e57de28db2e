"""Describes results and displays as text."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from .images import Picture, picture
from .markup import MAX_CHARACTERS, Markup, Table
from .terminal import LONGEST, shortened, strip_terminal_codes

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
_SHAPE = re.compile(
    r"^(?:\[?(?P<rows>\d+) rows? [x×] (?P<columns>\d+) columns?\]?"
    r"|shape: \([\d_, ]*\)|(?:Name: .*, )?Length: \d+.*|<?\w+ length=\d+>?)$",
    re.MULTILINE,
)
"""How a library says the shape of a table, in a line of its own."""
_ROWS_COMPARED = 20
_JSON = json.JSONEncoder(ensure_ascii=False, default=str)
_TRACES = 20
_PLOTLY = "application/vnd.plotly.v1+json"


def text_of(value: Any) -> str:
    """Return a text in nbformat's form, which may be a list of lines; empty if it is nothing of the kind."""
    if isinstance(value, list):
        return "".join(line for line in value if isinstance(line, str))
    return value if isinstance(value, str) else str(value) if isinstance(value, int | float) else ""


def names_object(outputs: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether a cell showed an object, such as a generator or a method, and not its values.

    Next to a figure, which is the real result, such an output does not count.
    """
    found = False
    for output in outputs:
        data = output.get("data") or {}
        if image_of(data):
            return False
        text = shortened(text_of(output.get("text") or data.get("text/plain", "")))
        # of an object that shows itself as a table, say, the model is not shown that text
        found = found or bool(_OBJECT.search(text) and (not data or _OBJECT.search(describe(data))))
    return found


def shows_nan(outputs: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether a cell computed nan: it printed ``p = nan``, or its result is nan."""
    return any(
        _NAN.search(
            shortened(text_of(output.get("text") or (output.get("data") or {}).get("text/plain", "")))
        )
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
        "alt": text_of(about.get("alt")) if isinstance(about, Mapping) else "",
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
    if _PLOTLY in data:
        return describe_plotly(data[_PLOTLY])
    text = _text(data, plain)
    named = [f"[{mime}]" for mime in data if mime not in _TEXTS]
    if not text and "text/html" in data:
        named.append(f"[text/html of {len(text_of(data['text/html'])):,} characters, without text]")
    return "\n".join(filter(None, [*named, text])) or plain


def _text(data: Mapping[str, Any], plain: str) -> str:
    html = text_of(data.get("text/html", ""))
    if "<table" in html.lower() and (table := _table(html, plain)):
        return table
    if plain and not _OPAQUE.fullmatch(plain):
        return _lines(plain)
    for mime in ("text/markdown", "text/latex"):
        if mime in data:
            return strip_terminal_codes(text_of(data[mime])).strip("\n")
    if "application/json" in data:
        return _json(data["application/json"])
    return _html(html, Markup(html))


def _json(value: Any) -> str:
    """Return a value as JSON, or as much of it as is read of a text."""
    written, length = [], 0
    try:
        for part in _JSON.iterencode(value):
            written.append(part)
            length += len(part)
            if length > LONGEST:
                return f"{''.join(written)}\n[… more JSON …]"
    except (RecursionError, ValueError):
        return "[application/json, nested too deeply to be shown]"
    return "".join(written)


def _html(html: str, markup: Markup) -> str:
    text = strip_terminal_codes(markup.text)
    rest = len(html) - MAX_CHARACTERS
    return f"{text}\n[… {rest:,} more characters of HTML …]" if rest > 0 else text


def _lines(plain: str) -> str:
    """Return the text of a multi-line string that is shown as a Python literal; anything else unchanged."""
    if plain[0] not in "'\"" or "\\n" not in plain or len(plain) > LONGEST // 2:
        return plain
    try:
        value = ast.literal_eval(plain)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return plain
    return strip_terminal_codes(value) if isinstance(value, str) else plain


def _table(html: str, plain: str) -> str:
    """Return a display with tables as text, with their shape if that is certain; empty if it has none.

    The plain text is preferred if it has what the table has; of an HTML object it is only the name.
    """
    markup = Markup(html)
    if not markup.tables:
        return ""
    table, folded = markup.tables[0], _is_folded(plain)
    if len(markup.tables) > 1 or not _tells(plain, table):
        return _html(html, markup)
    if _SHAPE.search(plain) and not folded:
        return plain
    text = strip_terminal_codes(str(table)) if folded else plain
    said = _SHAPE.search(plain) or _SHAPE.search(markup.around)
    if said and said["rows"]:
        return f"{text}\n\n[{said['rows']} rows x {said['columns']} columns]"
    if said:
        return f"{text}\n\n[{said[0]}]"
    # text beside a table may say that it is a part ("only showing top 20 rows"), and a script may add rows
    alone = not markup.around.strip() and "<script" not in html.lower()
    if table.shape and alone and len(html) <= MAX_CHARACTERS:
        return f"{text}\n\n[{table.shape[0]} rows x {table.shape[1]} columns]"
    return text


def _tells(plain: str, table: Table) -> bool:
    """Tell whether a text has most of what stands in a table's first rows."""
    if not plain or _OPAQUE.fullmatch(plain):
        return False
    cells = [cell for row in table.data[:_ROWS_COMPARED] for cell in row if cell]
    return 2 * sum(cell in plain for cell in cells) >= len(cells)


def describe_plotly(figure: Any) -> str:
    """Return a line that stands for a figure of Plotly's: its title, its axes, and each of its traces."""
    figure = figure if isinstance(figure, Mapping) else {}
    layout = figure.get("layout")
    layout = layout if isinstance(layout, Mapping) else {}
    data = figure.get("data")
    traces = [trace for trace in (data if isinstance(data, list) else ()) if isinstance(trace, Mapping)]
    facts = [f"title: {title}"] if (title := _title(layout)) else []
    facts += [f"{axis[0]}: {title}" for axis in ("xaxis", "yaxis") if (title := _title(layout.get(axis)))]
    kinds = [" ".join(filter(None, [text_of(one.get("type", "scatter")), _quoted(one)])) for one in traces]
    facts += [f"traces: {', '.join(kinds[:_TRACES])}{', …' if len(kinds) > _TRACES else ''}"] if kinds else []
    return f"[Plotly figure{''.join(f'; {fact}' for fact in facts)}]"


def _title(of: Any) -> str:
    title = of.get("title") if isinstance(of, Mapping) else None
    return text_of(title.get("text") if isinstance(title, Mapping) else title)


def _quoted(trace: Mapping[str, Any]) -> str:
    name = text_of(trace.get("name"))
    return f"“{name}”" if name else ""


def _is_folded(plain: str) -> bool:
    """Tell whether pandas split a wide table into several blocks."""
    return any(line.endswith("\\") for line in plain.split("\n"))
