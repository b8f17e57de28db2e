"""What results come to: tables one can put beside the paper's."""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import mean

from .paper import M3TOOLEVAL
from .records import Episode, Setting
from .statistics import mcnemar, wilson


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the report: what one model, protocol and format did with a suite, or a family of it.

    ``hooks`` says which of the agent's hooks were on, where it was not all that suit the model.
    """

    suite: str
    model: str
    protocol: str
    format: str
    hooks: str
    family: str
    episodes: int
    strict: int
    success: int
    turns: float
    prompt_tokens: float
    completion_tokens: float
    prompt_tokens_per_solved: float | None
    seconds: float
    endings: dict[str, int]


PAPERS = "the paper's own, all 82 tasks, told of wrong answers"
COLUMNS = (
    "suite",
    "model",
    "protocol",
    "format",
    "hooks",
    "family",
    "tasks",
    "strict",
    "95 % interval",
    "told of wrong answers",
    "turns",
    "prompt tokens",
    "per solved task",
    "reply tokens",
    "seconds",
    "endings",
)


def rows(episodes: Iterable[Episode], *, families: bool = True) -> list[Row]:
    """Count episodes by suite, model, protocol and format, and each of these by family."""
    groups: dict[tuple[str, str, str, str, str, str], list[Episode]] = defaultdict(list)
    for episode in episodes:
        setting = episode.setting
        kind = (episode.suite, episode.model, setting.protocol, setting.format, _hooks(setting))
        groups[*kind, "all"].append(episode)
        if families:
            groups[*kind, episode.case.family].append(episode)
    return [_row(kind, group) for kind, group in groups.items()]


def _hooks(setting: Setting) -> str:
    parts = [setting.guidance or "", *(f"without {name}" for name in setting.without)]
    return ", ".join(filter(None, parts))


def _row(kind: tuple[str, str, str, str, str, str], group: Sequence[Episode]) -> Row:
    played = [episode.played for episode in group]
    strict = sum(one.strict for one in played)
    prompt = sum(one.usage.prompt_tokens for one in played)
    suite, model, protocol, action_format, hooks, family = kind
    return Row(
        suite=suite,
        model=model,
        protocol=protocol,
        format=action_format,
        hooks=hooks,
        family=family,
        episodes=len(group),
        strict=strict,
        success=sum(one.success for one in played),
        turns=mean(one.turns for one in played),
        prompt_tokens=prompt / len(group),
        completion_tokens=mean(one.usage.completion_tokens for one in played),
        prompt_tokens_per_solved=prompt / strict if strict else None,
        seconds=mean(episode.seconds for episode in group),
        endings=dict(Counter(one.ending for one in played).most_common()),
    )


def cells(row: Row) -> list[str]:
    """Return a row in words and figures, in the order of `COLUMNS`."""
    low, high = wilson(row.strict, row.episodes)
    per_solved = row.prompt_tokens_per_solved
    return [
        row.suite,
        row.model,
        row.protocol,
        row.format,
        row.hooks,
        row.family,
        str(row.episodes),
        f"{row.strict} ({row.strict / row.episodes:.1%})",
        f"{low:.1%} to {high:.1%}",
        f"{row.success} ({row.success / row.episodes:.1%})",
        f"{row.turns:.1f}",
        f"{row.prompt_tokens:,.0f}",
        f"{per_solved:,.0f}" if per_solved is not None else "none solved",
        f"{row.completion_tokens:,.0f}",
        f"{row.seconds:.1f}",
        ", ".join(f"{ending} {count}" for ending, count in row.endings.items()),
    ]


def markdown(episodes: Sequence[Episode], *, families: bool = True) -> str:
    """Return the report as Markdown: our rows, and the paper's beside them where it has any."""
    parts = [_table(COLUMNS, [cells(row) for row in rows(episodes, families=families)])]
    if any(episode.suite == "m3tooleval" for episode in episodes):
        parts.append(f"{PAPERS.capitalize()}:\n\n{_table(*papers())}")
    return "\n\n".join(parts) + "\n"


def papers() -> tuple[list[str], list[list[str]]]:
    """Return the paper's table of M3ToolEval, head and body."""
    head = ["model"]
    head += [f"{what} {kind}" for what in ("success %,", "turns,") for kind in ("code", "JSON", "text")]
    body = [
        [model, *(f"{share:.1f}" for share in shares), *(f"{turns:.1f}" for turns in turnss)]
        for model, (shares, turnss) in M3TOOLEVAL.items()
    ]
    return head, body


def as_csv(episodes: Sequence[Episode]) -> str:
    """Return the report as comma-separated values."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(cells(row) for row in rows(episodes))
    return text.getvalue()


def compare(first: Sequence[Episode], second: Sequence[Episode]) -> str:
    """Compare two runs on the tasks they share, by strict success (McNemar's exact test)."""
    one = {(e.suite, e.case.name, e.sample): e.played.strict for e in first}
    other = {(e.suite, e.case.name, e.sample): e.played.strict for e in second}
    shared = one.keys() & other.keys()
    if not shared:
        return "The two have no task in common."
    both = sum(one[key] and other[key] for key in shared)
    only_first = sum(one[key] and not other[key] for key in shared)
    only_second = sum(other[key] and not one[key] for key in shared)
    return (
        f"Of {len(shared)} tasks, both solved {both}, only the first {only_first}, only the second "
        f"{only_second}; McNemar's exact p = {mcnemar(only_first, only_second):.3g}."
    )


def _table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
