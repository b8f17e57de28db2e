"""The report as one HTML page without scripts: figures, tables, and all trajectories."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..agent.contracts import Message
from . import published, report
from .published import Table
from .records import Episode
from .statistics import wilson

_LINE = 28
_IMAGE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+")


def html(episodes: Sequence[Episode]) -> str:
    """Return the report as a page. Whatever models and tasks wrote is escaped and shown as text."""
    import jinja2

    rows = report.rows(episodes)
    results = Table("Results", report.COLUMNS, [report.cells(row) for row in rows])
    tables = [results, *published.tables(episodes)]
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__, ""), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.get_template("report.html")
    return template.render(episodes=episodes, charts=list(_charts(rows)), tables=tables, parts=_parts)


def _charts(rows: Sequence[report.Row]) -> Iterator[dict[str, Any]]:
    """Yield a chart for each suite, model, protocol and format: a bar for all tasks, and for each family."""
    kinds: dict[tuple[str, ...], list[report.Row]] = defaultdict(list)
    for row in rows:
        kinds[row.suite, row.model, row.protocol, row.format, row.hooks].append(row)
    for (suite, model, protocol, action_format, hooks), each in kinds.items():
        bars = []
        for number, row in enumerate(each):
            low, high = wilson(row.strict, row.episodes)
            bars.append(
                {
                    "label": row.family,
                    "y": 10 + _LINE * number,
                    "share": row.strict / row.episodes,
                    "low": low,
                    "high": high,
                    "caption": f"{row.strict} of {row.episodes}",
                }
            )
        yield {
            "title": ", ".join(filter(None, [f"{suite}: {model}", protocol, action_format, hooks])),
            "height": 34 + _LINE * len(bars),
            "bars": bars,
        }


def _parts(message: Message) -> Iterator[Mapping[str, str]]:
    """Yield the texts and images of a message, and its function calls as text."""
    content: Any = message.get("content") or ""
    parts: list[dict[str, Any]] = [{"text": content}] if isinstance(content, str) else content
    for part in parts:
        image = str(part.get("image_url", {}).get("url", ""))
        if _IMAGE.fullmatch(image):
            yield {"image": image}
        elif part.get("text"):
            yield {"text": str(part["text"])}
    for call in message.get("tool_calls") or ():
        yield {"text": f"{call['function']['name']}({call['function']['arguments']})"}
