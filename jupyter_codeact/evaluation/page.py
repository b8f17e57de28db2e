"""The report as one HTML page without scripts: runs side by side, by family and by task, with trajectories.

Tasks are filtered by style rules: each task has a class for how the runs did, and each choice hides the rest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any

from . import published, reading, report
from .comparison import compare
from .published import Table
from .records import Episode
from .runs import Run, runs_of
from .statistics import wilson

_BAR, _GAP = 18, 12
_COLORS = 6
"""How many colors the page has for runs."""


@dataclass(frozen=True)
class Outcome:
    """A way in which the runs did with a task, to filter by: its class in the page, and its name."""

    mark: str
    name: str
    count: int


def html(files: Mapping[str, Sequence[Episode]]) -> str:
    """Return the report as a page. Whatever models and tasks wrote is escaped and shown as text.

    Parameters
    ----------
    files
        The episodes of each file of results, by the file's name.
    """
    import jinja2

    episodes = [episode for each in files.values() for episode in each]
    rows = report.rows(episodes, families=False)
    results = Table("Results", report.COLUMNS, [report.cells(row) for row in rows])
    tables = [results, *published.tables(episodes)]
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__, ""), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.get_template("report.html")
    suites = [_suite(number, *each) for number, each in enumerate(_by_suite(files))]
    return template.render(
        count=len(episodes),
        suites=suites,
        tables=tables,
        most=max((len(suite["runs"]) for suite in suites), default=0),
        parts=reading.parts,
        note=reading.note,
        outcome=reading.outcome,
        colors=_COLORS,
    )


def _by_suite(files: Mapping[str, Sequence[Episode]]) -> Iterator[tuple[str, list[Run]]]:
    names = dict.fromkeys(episode.suite for episodes in files.values() for episode in episodes)
    for name in names:
        own = {file: [one for one in episodes if one.suite == name] for file, episodes in files.items()}
        yield name, runs_of({file: episodes for file, episodes in own.items() if episodes})


def _suite(number: int, name: str, runs: Sequence[Run]) -> dict[str, Any]:
    """Return what the page shows of a suite."""
    tasks: dict[tuple[str, str, int], list[Episode | None]] = {}
    for place, run in enumerate(runs):
        for episode in run.episodes:
            key = (episode.case.family, episode.case.name, episode.sample)
            tasks.setdefault(key, [None] * len(runs))[place] = episode
    families: dict[str, list[dict[str, Any]]] = defaultdict(list)
    counts: dict[str, int] = defaultdict(int)
    for (family, task, sample), row in tasks.items():
        mark = _mark(row)
        counts[mark] += 1
        title = f"{task}, sample {sample + 1}" if sample else task
        families[family].append({"name": title, "mark": mark, "episodes": row})
    legend = [
        {
            "letter": letter_of(place),
            "name": run.name,
            "agents": run.agents,
            "model": run.episodes[0].model,
            "color": place % _COLORS,
            **_share(run.episodes),
        }
        for place, run in enumerate(runs)
    ]
    return {
        "number": number,
        "name": name,
        "runs": legend,
        "comparisons": list(_comparisons(runs)),
        "chart": _chart([("all", [run.episodes for run in runs]), *_of_families(families, len(runs))]),
        "families": families,
        "outcomes": list(_outcomes(runs, counts)),
        "count": len(tasks),
    }


def letter_of(place: int) -> str:
    """Return the letter of a run: A to Z, then A1, B1 and so on."""
    round_, rest = divmod(place, len(ascii_uppercase))
    return ascii_uppercase[rest] + (str(round_) if round_ else "")


def _mark(row: Sequence[Episode | None]) -> str:
    """Return the class of a task, by which of the runs that played it have solved it."""
    solved = [place for place, episode in enumerate(row) if episode and episode.played.strict]
    played = sum(episode is not None for episode in row)
    if played < len(row):
        return "apart"
    if len(solved) in (0, len(row)):
        return "every" if solved else "none"
    return f"only{solved[0]}" if len(solved) == 1 else "some"


def _outcomes(runs: Sequence[Run], counts: Mapping[str, int]) -> Iterator[Outcome]:
    """Yield what can be chosen, as far as there is any."""
    two = len(runs) == 2
    if len(runs) == 1:
        names = [("every", "solved"), ("none", "not solved")]
    else:
        names = [("every", "both" if two else "all of them")]
        names += [(f"only{place}", f"only {letter_of(place)}") for place in range(len(runs))]
        names += [("some", "several of them")]
        names += [("none", "neither" if two else "none of them"), ("apart", "not played by all")]
    for mark, name in names:
        if counts.get(mark) or (two and mark not in ("some", "apart")):
            yield Outcome(mark, name, counts.get(mark, 0))


def _comparisons(runs: Sequence[Run]) -> Iterator[str]:
    """Yield the comparison of the first run with each other, in sentences."""
    for place, run in enumerate(runs[1:], 1):
        compared = compare(runs[0].episodes, run.episodes)
        if compared.pairs:
            yield compared.sentences("A", letter_of(place))


def _of_families(
    families: Mapping[str, Sequence[Mapping[str, Any]]], count: int
) -> Iterator[tuple[str, list[list[Episode]]]]:
    for family, tasks in families.items():
        rows = [task["episodes"] for task in tasks]
        yield family, [[row[place] for row in rows if row[place] is not None] for place in range(count)]


def _share(episodes: Sequence[Episode]) -> dict[str, Any]:
    solved, count = sum(episode.played.strict for episode in episodes), len(episodes)
    low, high = wilson(solved, count)
    share = solved / count if count else 0.0
    return {"solved": solved, "count": count, "share": share, "low": low, "high": high}


def _chart(groups: Sequence[tuple[str, Sequence[Sequence[Episode]]]]) -> dict[str, Any]:
    """Return the bars of a chart: for all tasks and each family, one for each run."""
    bars: list[dict[str, Any]] = []
    top = _GAP
    for name, runs in groups:
        for place, episodes in enumerate(runs):
            if episodes:
                letter = letter_of(place) if len(runs) > 1 else ""
                bars.append(
                    {"y": top, "letter": letter, "color": place % _COLORS, "label": name, **_share(episodes)}
                )
                top += _BAR
                name = ""
        top += _GAP
    return {"height": top + 20, "bars": bars}
