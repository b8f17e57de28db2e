"""What is in training data: counts beside the paper's, and the dataset card."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from .records import Record
from .tokens import of_record

PAPER = (
    ("HotpotQA", 1664, 2_472_227),
    ("MATH", 1732, 1_719_467),
    ("APPS", 647, 1_235_472),
    ("WikiTableQuestions", 1065, 1_316_246),
    ("ALFWorld", 2031, 3_838_269),
    ("CodeActInstruct", 7139, 10_581_681),
)
"""Instances and Llama-2 tokens of CodeActInstruct, by Table 4 of the CodeAct paper (arXiv 2402.01030)."""
LISTED = 12
"""Values that a list names; the others are counted."""

WHAT = (
    "Trajectories of the agent jupyter-codeact in notebooks: a task, the cells that a model wrote, what the "
    "kernel showed, and the answer. One JSON object a line, in version 1 of the schema in the project's page "
    "“Training data”. Replies have a weight: 0 for those whose cell failed or did not run, which are only "
    "context."
)
LIMITS = (
    "Tasks of kinds are synthetic: short requests in English about small files. Code in the records runs "
    "only where its task's files are."
)


@dataclass
class Counts:
    """The counts of some records."""

    records: int = 0
    tokens: int = 0
    learnt: int = 0
    turns: int = 0
    errors: int = 0
    with_errors: int = 0
    recovered: int = 0
    solved: int = 0

    def add(self, record: Record, count: Callable[[str], int]) -> None:
        """Count a record."""
        tokens, learnt = of_record(record, count)
        self.records += 1
        self.tokens += tokens
        self.learnt += learnt
        self.turns += record.turns
        self.errors += record.errors
        self.with_errors += record.errors > 0
        self.recovered += record.recovered
        self.solved += record.solved is True


def group_of(record: Record) -> str:
    """Return the group of a record in tables: its family of tasks, or where it comes from."""
    return str(record.provenance.get("family") or record.source)


def counted(records: Iterable[Record], count: Callable[[str], int]) -> dict[str, Counts]:
    """Count records by group, and all of them under ``all``."""
    groups: defaultdict[str, Counts] = defaultdict(Counts)
    for record in records:
        for name in (group_of(record), "all"):
            groups[name].add(record, count)
    every = groups.pop("all", Counts())
    return {**dict(sorted(groups.items())), "all": every}


def table(groups: Mapping[str, Counts]) -> str:
    """Return the counts as a Markdown table, the paper's below them."""
    header = (
        "from",
        "records",
        "tokens",
        "tokens a record",
        "learnt",
        "turns a record",
        "failed turns",
        "with an error",
        "recovered",
        "solved",
    )
    rows = [(name, *_row(one)) for name, one in groups.items()]
    rows += [
        (f"paper: {name}", f"{n:,}", f"{size:,}", f"{size / n:,.0f}", *["-"] * 6) for name, n, size in PAPER
    ]
    return _markdown(header, rows)


def _row(one: Counts) -> tuple[str, ...]:
    each = max(1, one.records)
    return (
        f"{one.records:,}",
        f"{one.tokens:,}",
        f"{one.tokens / each:,.0f}",
        f"{one.learnt / max(1, one.tokens):.1%}",
        f"{one.turns / each:.2f}",
        f"{one.errors:,}",
        f"{one.with_errors:,}",
        f"{one.recovered:,}",
        f"{one.solved:,}",
    )


def described(records: Sequence[Record]) -> str:
    """Return how records divide into sources, models, formats, splits and licences, a line each."""
    divisions: dict[str, Counter[str]] = {
        "sources": Counter(one.source for one in records),
        "models": Counter(one.model or "unknown" for one in records),
        "formats": Counter(one.format for one in records),
        "splits": Counter(one.task.split or "none" for one in records),
        "kinds of tasks": Counter(one.task.kind for one in records if one.task.kind),
        "licences": Counter(one.licence for one in records),
        "evaluation suites": Counter(
            str(one.provenance["suite"]) for one in records if "suite" in one.provenance
        ),
    }
    return "\n".join(f"{name}: {_listed(found)}" for name, found in divisions.items() if found)


def _listed(found: Counter[str]) -> str:
    """Return the most frequent values with their counts."""
    shown = [f"{value} {count:,}" for value, count in found.most_common(LISTED)]
    if more := len(found) - len(shown):
        shown.append(f"{more} others {found.total() - sum(dict(found.most_common(LISTED)).values()):,}")
    return ", ".join(shown)


def dropped(reasons: Mapping[str, int]) -> str:
    """Return how many records were dropped for which reason, as a Markdown table."""
    rows = [(reason, f"{count:,}") for reason, count in Counter(reasons).most_common()]
    return _markdown(("dropped because", "records"), rows)


def card(
    name: str,
    records: Sequence[Record],
    count: Callable[[str], int],
    *,
    how: str,
    is_estimate: bool,
    notes: Sequence[str] = (),
) -> str:
    """Return the dataset card: what the data are, where they come from, and what they are not for.

    Parameters
    ----------
    name
        Name of the data.
    how
        The command that made them.
    is_estimate
        Whether tokens are estimated.
    notes
        Further paragraphs, such as what was dropped.
    """
    journal = any(one.source == "journal" for one in records)
    suites = sorted({str(one.provenance["suite"]) for one in records if "suite" in one.provenance})
    held_out = sum(one.task.split not in (None, "train") for one in records)
    private = (
        "Some records come from a user's journal, by consent for each conversation. Secrets, e-mail "
        "addresses and the home folder are masked; what else the notebooks showed is in them. Read them "
        "before they leave the machine."
        if journal
        else "No record comes from a user's journal."
    )
    contaminated = (
        f"Some tasks are those of the evaluation suites {', '.join(suites)}: a model that is trained on them "
        "cannot be measured with these."
        if suites
        else "No task of an evaluation suite is known to be in them."
    )
    if held_out:
        contaminated += f" {held_out:,} records are of tasks that are held out: do not train on them."
    tokens = "estimated from characters" if is_estimate else "counted with the model's tokenizer"
    parts = [
        f"# {name}",
        WHAT,
        f"Made with `{how}`.",
        f"## What is in it\n\nTokens are {tokens}.\n\n{table(counted(records, count))}",
        "\n".join(f"- {line}" for line in described(records).splitlines()),
        *notes,
        f"## Limits\n\n{contaminated}\n\n{private}\n\n{LIMITS}",
    ]
    return "\n\n".join(parts) + "\n"


def _markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
