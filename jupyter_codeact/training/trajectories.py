"""Trajectories as a model saw them, built from events.

`agent.context.history` builds the messages of the next request, and leaves out what would mislead a model
then: rejected answers, and failed attempts while it is asked again. Training data have all that happened, in
its order. Where hooks or the user changed a cell, the reply has what ran.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..agent import prompts
from ..agent.context import history
from ..agent.contracts import Message
from ..agent.events import (
    Action,
    AnswerRejected,
    ApprovalResolved,
    CellDeleted,
    CellMoved,
    CellWritten,
    Event,
    Executed,
    HistoryCompacted,
    ModelDescribed,
    NotebookRead,
    Observation,
    QuestionAsked,
    Reply,
    RunEnded,
    RunRedone,
    RunStarted,
    RunUndone,
)
from ..agent.gate.gate import digest
from ..agent.notebook_calls.parse import mentions_notebook
from ..agent.replies.blocks import Block
from ..agent.replies.calls import Call
from ..agent.replies.formats import FORMATS
from ..agent.replies.reply import ActionFormat
from ..agent.replies.scan import scan
from ..agent.told_secrets import Mask
from .records import ChatMessage, Record

Key = tuple[str, int]
"""A run and a turn of it."""


@dataclass
class Trajectory:
    """A conversation as one sequence of messages.

    A conversation that was compacted, or went on under another system prompt, is several trajectories: what a
    later one repeats of an earlier one is only context in it.
    """

    messages: list[ChatMessage] = field(default_factory=list)
    turns: int = 0
    errors: int = 0
    recovered: bool = False
    images: int = 0
    rejected: int = 0

    def add(self, role: str, text: str, weight: float | None = None) -> None:
        """Add a message, or add to the last one if it has the same role."""
        last = self.messages[-1] if self.messages else None
        if last is None or last.role != role:
            self.messages.append(
                ChatMessage.model_validate({"role": role, "content": text, "weight": weight})
            )
            return
        lower = None if weight is None else min(weight, last.weight or 0.0)
        joined = f"{last.content}\n\n{text}"
        self.messages[-1] = last.model_copy(update={"content": joined, "weight": lower})

    @property
    def learns(self) -> bool:
        """Whether any reply has a weight."""
        return any(message.weight for message in self.messages)

    def record(self, identity: str, *, mask: Mask = str, **fields: Any) -> Record:
        """Return the record with this id and the ``fields`` of `Record`, every text of it masked."""
        messages = [one.model_copy(update={"content": mask(one.content)}) for one in self.messages]
        more = {"images_left_out": self.images, "rejected_answers": self.rejected}
        fields["provenance"] = fields["provenance"] | {name: count for name, count in more.items() if count}
        return Record(
            id=identity,
            messages=messages,
            turns=self.turns,
            errors=self.errors,
            recovered=self.recovered,
            **fields,
        )


@dataclass
class _Turn:
    """What came of a reply."""

    events: list[Event] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """Whether a cell failed, was refused or could not be run, or an answer was rejected."""
        refused = any(
            isinstance(event, AnswerRejected) or (isinstance(event, ApprovalResolved) and not event.allowed)
            for event in self.events
        )
        return refused or any(
            isinstance(event, Executed) and (event.status != "ok" or bool(event.exit_code))
            for event in self.events
        )

    @property
    def acted(self) -> bool:
        """Whether something was done."""
        done = (Executed, CellWritten, CellDeleted, CellMoved, NotebookRead, QuestionAsked)
        return any(isinstance(event, done) for event in self.events)

    @property
    def answered(self) -> bool:
        """Whether the reply was taken as the answer."""
        return any(isinstance(event, RunEnded) and event.ending == "answered" for event in self.events)

    @property
    def ran(self) -> bool:
        """Whether a cell ran to its end."""
        return any(isinstance(event, Executed) and event.status == "ok" for event in self.events)

    @property
    def weight(self) -> float:
        """The weight of the reply in the loss."""
        return float(not self.failed and (self.acted or self.answered))

    def source(self) -> str | None:
        """Return the source of the cell that ran, if exactly one did."""
        executed = [event for event in self.events if isinstance(event, Executed)]
        resolved = [event for event in self.events if isinstance(event, ApprovalResolved) and event.allowed]
        if len(executed) != 1 or not resolved:
            return None
        if (edited := resolved[-1].edited) is not None:
            return edited
        codes = [event.source for event in self.events if isinstance(event, Action) and not event.is_call]
        return next((code for code in codes if digest(code) == resolved[-1].sha256), None)


def trajectories(events: Iterable[Event], flawed: Collection[str] = ()) -> list[Trajectory]:
    """Return the trajectories of a conversation, without runs that a later one replaces.

    Parameters
    ----------
    events
        The conversation. A run that the user has undone as a whole is only context.
    flawed
        Texts of replies that are known to be wrong, whatever came of them: they are only context, too.
    """
    kept = history.without_replaced(events)
    undone, turns = set[str](), dict[Key, _Turn]()
    for event in kept:
        turns.setdefault((event.run, event.turn), _Turn()).events.append(event)
        if isinstance(event, RunUndone | RunRedone) and event.cells is None:
            (undone.add if isinstance(event, RunUndone) else undone.discard)(event.run)
    found, rewritten = [Trajectory()], set[Key]()
    system, failing = "", False
    for index, event in enumerate(kept):
        part, key = found[-1], (event.run, event.turn)
        turn = turns[key]
        if isinstance(event, RunStarted):
            failing = False
        match event:
            case RunStarted() | ModelDescribed() if event.system and event.system != system:
                system = event.system
                if part.turns:
                    found.append(_context(history.messages(kept[: index + 1])))
                else:
                    others = [message for message in part.messages if message.role != "system"]
                    part.messages = [ChatMessage(role="system", content=system), *others]
            case HistoryCompacted() if part.turns:
                found.append(_context(history.messages(kept[: index + 1])))
            case Reply() if event.text:
                text = _as_it_ran(event, turn, system)
                if text != event.text:
                    rewritten.add(key)
                part.turns, part.errors = part.turns + 1, part.errors + (not turn.weight)
                failing = failing or not turn.weight
                part.recovered = part.recovered or (failing and turn.ran and not turn.failed)
                is_context = event.run in undone or event.text in flawed
                part.add("assistant", text, 0.0 if is_context else turn.weight)
            case AnswerRejected():
                part.rejected += 1
            case Observation():
                ran = turn.source() if key in rewritten else None
                part.images += len(event.images)
                part.add("user", _without_change(event.text, ran))
    answered = any(isinstance(event, RunEnded) and event.ending == "answered" for event in kept)
    for part in found:
        part.recovered = part.recovered and answered
        while part is not found[-1] and part.messages and part.messages[-1].role != "assistant":
            part.messages.pop()  # what is answered in the next one
    return [part for part in found if part.learns or len(found) == 1]


def format_of(system: str) -> ActionFormat:
    """Return the action format that a system prompt describes, by default the usual one."""
    return next((one for one in FORMATS.values() if one.describe() in system), FORMATS["markdown"])


def _context(messages: Sequence[Message]) -> Trajectory:
    """Return the beginning of a trajectory that repeats what came before."""
    part = Trajectory()
    for message in messages:
        weight = 0.0 if message["role"] == "assistant" else None
        part.add(message["role"], _text(message["content"]), weight)
    return part


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    assert isinstance(content, list)
    return "\n\n".join(str(part["text"]) for part in content if part["type"] == "text")


def _as_it_ran(reply: Reply, turn: _Turn, system: str) -> str:
    """Return a reply with the source that ran in the place of the one it had."""
    ran, action_format = turn.source(), format_of(system)
    if ran is None:
        return reply.text
    parsed = action_format.parse(reply.text)
    if parsed.code is None or parsed.code == ran or mentions_notebook(parsed.code):
        return reply.text
    written = action_format.write(replace(parsed.actions[-1], source=ran))
    before = reply.text[: action_start(reply.text, action_format)].rstrip()
    return f"{before}\n\n{written}" if before else written


def action_start(text: str, action_format: ActionFormat) -> int:
    """Return where the code cell of a reply begins; 0 if all of the reply is code."""
    for part in scan(text, action_format.name):
        if isinstance(part, Call) or (isinstance(part, Block) and part.is_code):
            return part.start
    return 0


def _without_change(observation: str, ran: str | None) -> str:
    """Return an observation without the note that another cell ran: the reply has that cell already."""
    if ran is None:
        return observation
    edited = prompts.EDITED.format(source=ran)
    instead = prompts.RAN_INSTEAD.format(why="", source=ran)
    for note in (edited, instead):
        at = observation.find(note)
        if at >= 0:
            return observation[at + len(note) :].lstrip("\n")
    return observation
