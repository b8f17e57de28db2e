"""Reports of results: tables in the form of the paper's."""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import mean

from .published import tables
from .records import Episode
from .runner import CARRIED
from .runs import agents, hooks, limits
from .statistics import wilson


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the report: the results of a model, protocol and format with a suite or one of its families.

    ``rest`` is the rest of the setting: which of the agent's hooks were on, unless it was all that suit the
    model, and limits where a suite's episodes differ in them. ``agent`` is the agent's commit or version.
    """

    suite: str
    model: str
    protocol: str
    format: str
    rest: str
    agent: str
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


COLUMNS = (
    "suite",
    "model",
    "protocol",
    "format",
    "setting",
    "agent",
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
    """Count episodes by suite, model and setting, in all and by family.

    Seconds are means of the episodes that were really played.
    """
    episodes = list(episodes)
    variants: dict[tuple[str, str], set[str]] = defaultdict(set)
    for episode in episodes:
        for name, text in limits(episode.setting).items():
            variants[episode.suite, name].add(text)
    groups: dict[tuple[str, str, str, str, str, str], list[Episode]] = defaultdict(list)
    for episode in episodes:
        setting, own = episode.setting, limits(episode.setting)
        told = [text for name, text in own.items() if len(variants[episode.suite, name]) > 1]
        rest = ", ".join(filter(None, [hooks(setting), *told]))
        kind = (episode.suite, episode.model, setting.protocol, setting.format, rest)
        groups[*kind, "all"].append(episode)
        if families:
            groups[*kind, episode.case.family].append(episode)
    return [_row(kind, group) for kind, group in groups.items()]


def _row(kind: tuple[str, str, str, str, str, str], group: Sequence[Episode]) -> Row:
    outcomes = [episode.played for episode in group]
    strict = sum(outcome.strict for outcome in outcomes)
    prompt = sum(outcome.usage.prompt_tokens for outcome in outcomes)
    anew = [episode for episode in group if not episode.played.detail.get(CARRIED)]
    suite, model, protocol, action_format, rest, family = kind
    return Row(
        suite=suite,
        model=model,
        protocol=protocol,
        format=action_format,
        rest=rest,
        agent=agents(group),
        family=family,
        episodes=len(group),
        strict=strict,
        success=sum(outcome.success for outcome in outcomes),
        turns=mean(outcome.turns for outcome in outcomes),
        prompt_tokens=prompt / len(group),
        completion_tokens=mean(outcome.usage.completion_tokens for outcome in outcomes),
        prompt_tokens_per_solved=prompt / strict if strict else None,
        seconds=mean(episode.seconds for episode in anew or group),
        endings=dict(Counter(outcome.ending for outcome in outcomes).most_common()),
    )


def cells(row: Row) -> list[str]:
    """Return a row as texts, in the order of `COLUMNS`."""
    low, high = wilson(row.strict, row.episodes)
    per_solved = row.prompt_tokens_per_solved
    return [
        row.suite,
        row.model,
        row.protocol,
        row.format,
        row.rest,
        row.agent,
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
    """Return the report as Markdown, with the benchmarks' own measures and published figures."""
    parts = [_table(COLUMNS, [cells(row) for row in rows(episodes, families=families)])]
    parts += [f"{table.title}:\n\n{_table(table.head, table.body)}" for table in tables(episodes)]
    return "\n\n".join(parts) + "\n"


def as_csv(episodes: Sequence[Episode]) -> str:
    """Return the report as comma-separated values."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(cells(row) for row in rows(episodes))
    return text.getvalue()


def _table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
