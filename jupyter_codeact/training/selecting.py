"""Which trajectories are worth learning from, and why the others are not."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from .records import Record
from .tasks import SPLITS
from .tasks.wordings import kind_in, split_now, words_of

Rule = Literal["success", "paper", "recovery"]

PAPER_TURNS = 2
"""The paper keeps trajectories with more turns than this (CodeAct, section 3.1 and its released data)."""

_NONCE = re.compile(r"(?<=<)(/?\w{1,16}) [0-9a-f]{6}(?=>)")
_CELL_ID = re.compile(r"\bcell=[\w-]+")


@dataclass(frozen=True, slots=True)
class Selection:
    """What to select.

    Parameters
    ----------
    rule : {"success", "paper", "recovery"}
        ``success`` takes what was solved. ``paper`` takes of that what has more than two turns, at least one
        before the last of which ran: those that erred and recovered are among them. ``recovery`` takes only
        those.
    unjudged : bool
        Whether to take what nobody has judged, if it ended in an answer.
    max_tokens : int or None
        Most tokens of a record: the context that is trained (4,096 and 16,384 in the paper, by model).
    per_task, per_kind : int or None
        Most records of a task and of a kind.
    strongest : str or None
        A model whose solutions of tasks that no other one solved are taken with fewer turns, too; the paper
        did so with its strongest.
    suites : collection of str
        Evaluation suites whose tasks may be trained.
    against : sequence of str
        Texts that no user's message may have, such as tasks that the model is to be measured with.
    """

    rule: Rule = "success"
    unjudged: bool = False
    max_tokens: int | None = None
    per_task: int | None = None
    per_kind: int | None = None
    strongest: str | None = None
    suites: Collection[str] = ()
    against: Sequence[str] = ()


@dataclass
class Selected:
    """The records that were taken, and how many of the others were dropped for which reason."""

    records: list[Record] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)


def select(
    records: Iterable[Record], selection: Selection, count_tokens: Callable[[Record], int]
) -> Selected:
    """Select records. Each that is dropped counts once, with the first reason that there is."""
    records = list(records)
    solvers: defaultdict[str, set[str | None]] = defaultdict(set)
    for record in records:
        if record.solved:
            solvers[record.task.name].add(record.model)
    against = tuple(map(words_of, selection.against))
    selected = Selected()
    tasks: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    seen: set[str] = set()
    for record in records:
        kind = record.task.kind or record.task.name.partition("/")[0]
        only = selection.strongest if solvers[record.task.name] == {selection.strongest} else None
        text = _fingerprint(record)
        reason = (
            never(record, selection.suites, against)
            or _unfit(record, selection)
            or _against_rule(record, selection.rule, is_only=only is not None)
        )
        if not reason and selection.max_tokens and count_tokens(record) > selection.max_tokens:
            reason = f"longer than {selection.max_tokens:,} tokens"
        if not reason and text in seen:
            reason = "the same as another one"
        if not reason and selection.per_task and tasks[record.task.name] >= selection.per_task:
            reason = "enough of this task"
        if not reason and selection.per_kind and kinds[kind] >= selection.per_kind:
            reason = "enough of this kind"
        if reason:
            selected.dropped[reason] += 1
            continue
        seen.add(text)
        tasks[record.task.name] += 1
        kinds[kind] += 1
        selected.records.append(record)
    return selected


def never(record: Record, suites: Collection[str] = (), against: Sequence[str] = ()) -> str:
    """Return why a record must not be trained, however good it is; empty if it may.

    ``against`` are the `words_of` texts that no user's message may have.
    """
    said = words_of("\n".join(message.content for message in record.messages if message.role == "user"))
    suite, task = record.provenance.get("suite"), record.task
    for split in (task.split, split_now(task.kind, task.seed, said), suite if suite in SPLITS else None):
        if split not in (None, "train"):
            return f"held out ({split})"
    if suite is not None and suite not in suites:
        return f"task of an evaluation suite ({suite})"
    if record.source == "general" and task.kind is None and kind_in(said):
        return "task with parameters, which may be held out"
    if record.source != "oracle" and "notebook" not in suites and _has(said, evaluation_requests()):
        return "task of an evaluation suite (notebook)"
    return "among the texts to keep out" if _has(said, against) else ""


def _has(said: str, texts: Iterable[str]) -> bool:
    return any(text in said for text in texts if text.strip())


def _unfit(record: Record, selection: Selection) -> str:
    if record.source == "general":
        return "" if any(message.weight for message in record.messages) else "nothing to learn from"
    if record.solved is False:
        return "not solved"
    if record.solved is None and not selection.unjudged:
        return "not judged"
    if not any(message.weight for message in record.messages):
        return "nothing to learn from"
    if record.source == "oracle" and record.provenance.get("rejected_answers"):
        return "the oracle insists on an answer that no output shows"
    if record.messages[-1].role != "assistant":
        return "does not end in an answer"
    return ""


def _against_rule(record: Record, rule: Rule, *, is_only: bool) -> str:
    """Return why a record is not what a rule looks for; general conversations are not judged by it."""
    if record.source == "general" or rule == "success":
        return ""
    if rule == "recovery":
        return "" if record.recovered else "no error with a recovery"
    if record.turns <= PAPER_TURNS and not is_only:
        return f"not more than {PAPER_TURNS} turns"
    replies = [message.weight for message in record.messages if message.role == "assistant"]
    return "" if any(replies[:-1]) else "no turn before the last went well"


@cache
def evaluation_requests() -> Sequence[str]:
    """Return the requests of the notebook suite, without punctuation and case."""
    from ..evaluation.notebook import TASKS

    return tuple(words_of(task.request) for task in TASKS)


def _fingerprint(record: Record) -> str:
    """Return a record's text without what is different each time."""
    return _CELL_ID.sub("cell", _NONCE.sub(r"\1", record.text))
