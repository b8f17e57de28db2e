"""Tables for single suites: a benchmark's own measures, and the figures that others have published."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .dabench_scores import by_level_and_concept
from .paper import DABENCH, DSEVAL, M3TOOLEVAL
from .records import Episode
from .runs import hooks

M3TOOLEVAL_TITLE = "M3ToolEval: the paper's own, all 82 tasks, told of wrong answers"
DABENCH_TITLE = (
    "DABench: accuracy in % on the benchmark's leaderboard, 257 questions, other models with its ReAct and "
    "GPT-3.5 to bring answers into the form (columns as headed there; by their definitions, the first cannot "
    "exceed the second)"
)
DSEVAL_TITLE = "DSEval: pass rates in %, and the results in its repository (other data versions and limits)"


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts."""

    title: str
    head: Sequence[str]
    body: Sequence[Sequence[str]]


def tables(episodes: Sequence[Episode]) -> list[Table]:
    """Return the tables for the suites that these episodes are of."""
    found = {episode.suite for episode in episodes}
    tables = []
    if "m3tooleval" in found:
        tables.append(_m3tooleval())
    if "dabench" in found:
        tables += [_dabench(episodes), _dabench_published()]
    if "dseval" in found:
        tables.append(_dseval(episodes))
    return tables


def _m3tooleval() -> Table:
    head = ["model"]
    head += [f"{measure} {kind}" for measure in ("success %,", "turns,") for kind in ("code", "JSON", "text")]
    body = [
        [model, *(f"{share:.1f}" for share in shares), *(f"{turns:.1f}" for turns in mean_turns)]
        for model, (shares, mean_turns) in M3TOOLEVAL.items()
    ]
    return Table(M3TOOLEVAL_TITLE, head, body)


def _players(episodes: Sequence[Episode], suite: str) -> Iterator[tuple[str, list[Episode]]]:
    """Yield the episodes of a suite by who played them, and how."""
    groups: dict[str, list[Episode]] = defaultdict(list)
    for episode in episodes:
        if episode.suite == suite:
            setting = episode.setting
            parts = [episode.model, setting.protocol, setting.format, hooks(setting)]
            groups[", ".join(filter(None, parts))].append(episode)
    yield from groups.items()


def _dabench(episodes: Sequence[Episode]) -> Table:
    head = ["played by", "group", "questions", "by question", "proportional", "uniform"]
    body = []
    for player, played in _players(episodes, "dabench"):
        graded = [_graded(each) for each in played]
        for group, score in by_level_and_concept(graded).items():
            shares = (score.by_question, score.proportional, score.uniform)
            body.append([player, group, str(score.questions), *(f"{100 * share:.2f}" for share in shares)])
    return Table("DABench: the three accuracies in %, by level and concept", head, body)


def _graded(episode: Episode) -> tuple[dict[str, bool], str, list[str]]:
    """Return the verdict on each value, the level and the concepts of an episode of DABench.

    An episode that broke has none of them: it counts as a question with one wrong value.
    """
    detail = episode.played.detail
    return detail.get("right", {"": False}), episode.case.family, detail.get("concepts", [])


def _dabench_published() -> Table:
    body = [[model, *(f"{share:.2f}" for share in shares)] for model, shares in DABENCH.items()]
    return Table(DABENCH_TITLE, ["model", "by question", "proportional", "uniform"], body)


def _dseval(episodes: Sequence[Episode]) -> Table:
    head = [
        "played by",
        "set",
        "problems",
        "correct",
        "but for variables",
        "but for presentation",
        "verdicts",
    ]
    body = []
    for player, played in _players(episodes, "dseval"):
        for family in ("all", *sorted({each.case.family for each in played})):
            group = [each for each in played if family in ("all", each.case.family)]
            verdicts = Counter(str(each.played.detail.get("verdict", each.played.ending)) for each in group)
            counts = (
                len(group),
                verdicts["CORRECT"],
                verdicts["INTACT_VIOLATION"],
                verdicts["PRESENTATION_ERROR"],
            )
            others = ", ".join(f"{verdict} {count}" for verdict, count in verdicts.most_common())
            body.append([player, family, *_pass_rates(counts), others])
    for agent, families in DSEVAL.items():
        whole = [sum(column) for column in zip(*families.values(), strict=True)]
        body.append([agent, "all", *_pass_rates(whole), "published"])
        body += [[agent, family, *_pass_rates(each), "published"] for family, each in families.items()]
    return Table(DSEVAL_TITLE, head, body)


def _pass_rates(counts: Sequence[int]) -> list[str]:
    """Return the number of problems, and the pass rates: as judged, and forgiving one kind of mistake."""
    problems, correct, variables, presentation = counts
    passed = (correct, correct + variables, correct + presentation)
    return [str(problems), *(f"{100 * each / problems:.1f}" for each in passed)]
