"""A tuned model against its base, on the same tasks."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from ...agent.contracts import ChatModel
from ...evaluation.comparison import Comparison, compare, head
from ...evaluation.page import html
from ...evaluation.records import Episode, Setting, load
from ...evaluation.report import markdown
from ...evaluation.runner import Choice, play_all
from ...evaluation.suites import Suite
from ...models.catalog.tuned import Tuned
from ...notebooks.saving import replace_file
from .curve import CURVE
from .errors import TrainingError, writing
from .losses import Losses

EPISODES, REPORT, PAGE = "episodes.jsonl", "report.md", "report.html"
MARK = "models.json"
"""The hash of each model that has played, by its name: a later training may have the same name."""


@dataclass(frozen=True)
class Part:
    """A suite that is a part of a comparison, and which of its tasks."""

    suite: Suite
    choice: Choice = field(default_factory=Choice)


def mark(folder: Path, models: Mapping[str, str]) -> None:
    """Note the hashes of the models that play, by their names.

    Raises
    ------
    TrainingError
        If ``folder`` has results of other models by these names, or cannot be written.
    """
    with writing(folder):
        known = _marked(folder)
        played = (
            {episode.model for episode in load([folder / EPISODES])}
            if (folder / EPISODES).exists()
            else set()
        )
        for name, value in models.items():
            if known.get(name, value) != value or (name in played and name not in known):
                raise TrainingError(
                    f"The results in {folder} are of an earlier {name}, which had other weights, and are"
                    " kept. Give another folder with --output, or remove that one to play anew."
                )
        replace_file(folder / MARK, json.dumps(known | dict(models), indent=1).encode() + b"\n")


def _marked(folder: Path) -> dict[str, str]:
    try:
        found = json.loads((folder / MARK).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


async def play_parts(
    parts: Sequence[Part],
    model: ChatModel,
    setting: Setting,
    folder: Path,
    watch: Callable[[Episode], None] = lambda _: None,
) -> list[Episode]:
    """Play all parts with one model, but for what ``folder``, which exists, has of them already."""
    episodes: list[Episode] = []
    for part in parts:
        episodes += await play_all(
            part.suite, setting, model, folder / EPISODES, choice=part.choice, watch=watch
        )
    return episodes


def pairs_of(
    parts: Sequence[Part], base: Sequence[Episode], tuned: Sequence[Episode]
) -> dict[str, Comparison]:
    """Count the tasks that each has solved, of each part; of MINT, of each of its data sets."""
    found = {}
    for part in parts:
        name = part.suite.name
        one = [episode for episode in base if episode.suite == name]
        other = [episode for episode in tuned if episode.suite == name]
        families = sorted({episode.case.family for episode in one}) if name == "mint" else [None]
        for family in families:
            chosen = [[e for e in each if family in (None, e.case.family)] for each in (one, other)]
            found[f"{name} {family}" if family else name] = compare(*chosen)
    return found


def write_report(
    folder: Path,
    tuned: Tuned,
    pairs: Mapping[str, Comparison],
    episodes: Sequence[Episode],
    losses: Losses | None = None,
) -> str:
    """Write the comparison as Markdown and as a page with all trajectories; return the Markdown.

    Raises
    ------
    TrainingError
        If it cannot be written.
    """
    base = tuned.manifest.base.name
    title = head(base, tuned.name)
    lines = [title, ["---"] * len(title), *(each.row(name) for name, each in pairs.items())]
    parts = [
        f"# {tuned.name} against {base}",
        f"{tuned.name}: {tuned.words}. Both played the same tasks, with the same settings, once each. The"
        " interval is that of the difference (Newcombe's for pairs), p that of McNemar's exact test.",
        "\n".join("| " + " | ".join(line) + " |" for line in lines),
    ]
    if losses:
        parts.append(
            f"General loss, on {losses.conversations} conversations that were not trained on:"
            f" {losses.base:.3f} → {losses.tuned:.3f} nats a token; a conversation's changes by"
            f" {losses.difference:+.3f} ({losses.low:+.3f} to {losses.high:+.3f})."
        )
    parts.append("## All results")
    text = "\n\n".join([*parts, markdown(episodes)])
    with writing(folder):
        (folder / REPORT).write_text(text, encoding="utf-8")
        (folder / PAGE).write_text(_page(tuned, title, lines[2:], episodes, losses), encoding="utf-8")
        facts = [
            {
                "name": name,
                "count": each.pairs,
                "base": each.both + each.only_first,
                "tuned": each.both + each.only_second,
            }
            for name, each in pairs.items()
        ]
        (folder / "pairs.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return text


def _page(
    tuned: Tuned,
    title: Sequence[str],
    rows: Sequence[Sequence[str]],
    episodes: Sequence[Episode],
    losses: Losses | None,
) -> str:
    """Return the page of all results, with the comparison and the learning curve at its top."""
    cells = "".join(f"<th>{escape(name)}</th>" for name in title)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    parts = [
        f"<h2>{escape(tuned.name)} against {escape(tuned.manifest.base.name)}</h2>",
        f"<table><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>",
    ]
    if losses:
        parts.append(f"<p>General loss: {losses.base:.3f} → {losses.tuned:.3f} nats a token.</p>")
    curve = tuned.folder / CURVE
    if curve.is_file():
        parts.append(curve.read_text(encoding="utf-8"))
    page = html({EPISODES: episodes})
    opening = page.index("<body")
    at = page.index(">", opening) + 1
    return page[:at] + "\n".join(parts) + page[at:]
