"""What people read of a run: one fold from events to blocks of text, for every frontend.

`Transcript` turns events into blocks. A terminal draws them, plain text and Markdown spell them out, a
notebook's cell and the widget show them as outputs. No frontend looks at a reply itself.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from .agent import events as e
from .agent.observations.observe import brief
from .agent.observations.terminal import strip_terminal_codes as clean
from .costs import cost, duration, turn_cost

if TYPE_CHECKING:
    from .agent.contracts import ExecutionStatus, Output
    from .models.status import EngineStatus

ANSWERED = "The user answered: {answer}"
UNANSWERED = "Nobody answered “{question}”, so the model decides."
THINKING_SHOWN = 4000
"""Characters of the thinking that are kept while it streams."""
OUTCOMES = {"ok": "Ran", "error": "Failed", "interrupted": "Interrupted", "dead": "The kernel died"}


def servers_words(event: e.ServersConnected) -> list[str]:
    """Return what people are told of the MCP servers of a run: those that work in one line, then problems."""
    used = [
        f"{server.module} ({len(server.tools)} function{'s' if len(server.tools) != 1 else ''})"
        for server in event.servers
        if server.module
    ]
    problems = [sentence(clean(server.problem)) for server in event.servers if server.problem]
    return [*([f"MCP servers: {', '.join(used)}."] if used else []), *problems]


def sentence(text: str) -> str:
    """Return a text with a capital letter and a full stop."""
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", "!", "?")) else ".")


@dataclass(frozen=True)
class Started:
    """A run began."""

    task: str
    model: str
    notebook: str
    attachments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Thinking:
    """What the model thought before it replied; not for the user, who may want to see it all the same.

    ``tokens`` may be ``estimated``.
    """

    turn: int
    text: str
    seconds: float | None = None
    tokens: int | None = None
    estimated: bool = False

    @property
    def summary(self) -> str:
        """How long and how much the model thought, as far as that is known."""
        if self.seconds is None:
            return "Thinking"
        about = "about " if self.estimated else ""
        unit = "token" if self.tokens == 1 else "tokens"
        tokens = f" ({about}{self.tokens:,} {unit})" if self.tokens else ""
        return f"Thought for {duration(self.seconds)}{tokens}"


@dataclass(frozen=True)
class Prose:
    """What the model said, as Markdown; an answer is in `Ended` instead."""

    turn: int
    text: str


@dataclass(frozen=True)
class Code:
    """What was put into a cell. ``cost`` says what the reply took that it is from."""

    turn: int
    source: str
    cell_type: str = "code"
    cost: str = ""


@dataclass(frozen=True)
class Waiting:
    """The cell waits for approval."""

    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Approved:
    """The cell may run; ``edited`` is its source if the user changed it."""

    edited: str | None = None


@dataclass(frozen=True)
class NotRun:
    """The cell was not allowed to run."""

    reasons: tuple[str, ...]
    comment: str = ""

    @property
    def text(self) -> str:
        """Why, in a sentence."""
        why = f"{'; '.join(self.reasons)}: {self.comment}" if self.comment else "; ".join(self.reasons)
        return f"Not run: {why}" if why.endswith((".", "!", "?")) else f"Not run: {why}."


@dataclass(frozen=True)
class Ran:
    """The cell ran, and how."""

    status: ExecutionStatus
    outputs: Sequence[Output]
    seconds: float

    @property
    def outcome(self) -> str:
        """How it went, in a word, and how long it took."""
        return f"{OUTCOMES[self.status]} {'in' if self.status == 'ok' else 'after'} {self.seconds:.1f} s"

    @property
    def error(self) -> str:
        """The name of what went wrong, if anything did."""
        errors = [output for output in self.outputs if output.get("output_type") == "error"]
        if self.status == "error" and errors:
            return str(errors[-1].get("ename"))
        return "" if self.status == "ok" else OUTCOMES[self.status].lower()

    def text(self, limit: int) -> str:
        """Return what the cell shows as text of about ``limit`` characters."""
        return clean(brief(list(self.outputs), limit)).rstrip()


@dataclass(frozen=True)
class Question:
    """The model asks the user something, and proposes answers. Who asks them shows it, if anybody does."""

    text: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Remark:
    """A sentence about the run."""

    text: str


@dataclass(frozen=True)
class Ended:
    """The run is over: its answer, or why there is none, and what it took."""

    ending: e.Ending
    answer: str
    message: str
    cost: str


Block = Started | Thinking | Prose | Code | Waiting | Approved | NotRun | Ran | Question | Remark | Ended


@dataclass
class Streamed:
    """The reply that is being written, as far as it has come."""

    thinking: str = ""
    prose: str = ""
    action: str = ""
    tokens: int | None = None
    since: float | None = None

    def add(self, delta: e.ReplyDelta) -> None:
        """Add a piece; of the thinking, the end is enough."""
        if delta.restart:
            self.thinking = self.prose = self.action = ""
        self.thinking = (self.thinking + delta.thinking)[-THINKING_SHOWN:]
        if delta.thinking:
            self.tokens = delta.thinking_tokens
            self.since = self.since or delta.time
        self.prose += delta.prose
        self.action += delta.action

    @property
    def is_thinking(self) -> bool:
        """Whether there is only thinking so far."""
        return bool(self.thinking) and not self.prose and not self.action

    @property
    def progress(self) -> str:
        """How long and how much the model has been thinking, while it does."""
        if not self.is_thinking or self.since is None:
            return ""
        tokens = [f"about {self.tokens:,} tokens"] if self.tokens else []
        return " · ".join([f"{max(0.0, time.time() - self.since):.0f} s", *tokens])

    @property
    def text(self) -> str:
        """What is for the user to read: all but the thinking."""
        return clean("\n\n".join(filter(None, [self.prose.rstrip(), self.action])))


@dataclass
class Transcript:
    """Folds the events of a conversation into blocks.

    A reply is held back until it is known what became of it: its prose comes before the action, or is the
    answer, which `Ended` has.

    Attributes
    ----------
    activity : str
        What is under way: ``"Thinking"``, ``"Writing"`` or ``"Running"``; empty when nothing is.
    streamed : Streamed
        The reply being written.
    """

    activity: str = ""
    streamed: Streamed = field(default_factory=Streamed)
    _started: Started | None = None
    _held: list[Thinking | Prose] = field(default_factory=list)
    _replies: list[e.Reply] = field(default_factory=list)
    _window: int | None = None
    _question: str = ""

    def add(self, event: e.Event) -> list[Block]:
        """Take an event, and return the blocks that are settled by it."""
        began = self._began(event)
        return [*began, *self._take(event)]

    def rest(self) -> list[Block]:
        """Return what no further event settles."""
        return [*self._began(None), *self._settled()]

    def _began(self, event: e.Event | None) -> list[Block]:
        """Let go of the beginning of a run: the event after it knows the model's name better."""
        started, self._started = self._started, None
        if started and isinstance(event, e.ModelDescribed) and event.name:
            started = replace(started, model=event.name)
        return [started] if started else []

    def _take(self, event: e.Event) -> list[Block]:
        match event:
            case e.RunStarted():
                self.activity, self._replies = "Thinking", []
                attached = tuple(one.name for one in event.attachments)
                self._started = Started(event.task.strip(), event.model, event.notebook, attached)
                return self._settled()
            case e.ModelDescribed():
                self._window = event.context_window
            case e.ServersConnected():
                return [Remark(text) for text in servers_words(event)]
            case e.ReplyDelta():
                self.streamed.add(event)
                self.activity = "Thinking" if self.streamed.is_thinking else "Writing"
                return []
            case e.Reply():
                settled = self._settled()
                self._replies.append(event)
                thinking = _thinking(event)
                prose = Prose(event.turn, clean(event.prose).strip())
                self._held = [one for one in (thinking, prose) if one.text]
                return settled
            case e.Action():
                self.activity = "Running"
                cost = turn_cost(self._replies[-1]) if self._replies else ""
                return [*self._settled(), Code(event.turn, clean(event.source), event.cell_type, cost)]
            case e.ApprovalRequested():
                self.activity = ""
                return [Waiting(tuple(event.reasons))]
            case e.ApprovalResolved() if event.allowed:
                self.activity = "Running"
                return [Approved(None if event.edited is None else clean(event.edited))]
            case e.ApprovalResolved():
                return [NotRun(tuple(event.reasons), clean(event.comment))]
            case e.Executed():
                return [Ran(event.status, event.outputs, event.seconds)]
            case e.QuestionAsked():
                self.activity = ""
                self._question, options = clean(event.question), tuple(map(clean, event.options))
                return [*self._settled(), Question(self._question, options)]
            case e.QuestionAnswered():
                text = UNANSWERED.format(question=self._question)
                return [Remark(text if event.answer is None else ANSWERED.format(answer=clean(event.answer)))]
            case e.CellDeleted():
                return [Remark(f"Deleted {event.name}.")]
            case e.CellMoved():
                return [Remark(f"Moved {event.name}.")]
            case e.NotebookRead():
                self.activity = "Thinking"
                return [*self._settled(), Remark(clean(event.message))]
            case e.AnswerRejected():
                return [*self._settled(), Remark(event.message)]
            case e.Observation():
                self.activity = "Thinking"
                return self._settled()
            case e.RunUndone():
                some = "Some cells of the run were undone."
                return [*self._settled(), Remark("The run was undone." if event.cells is None else some)]
            case e.RunRedone():
                return [*self._settled(), Remark("What was undone of the run is back.")]
            case e.RunEnded():
                return self._ended(event)
        return []

    def _settled(self) -> list[Block]:
        """Let go of what was held back."""
        settled: list[Block] = [*self._held]
        self._held, self.streamed = [], Streamed()
        return settled

    def _ended(self, event: e.RunEnded) -> list[Block]:
        self.activity = ""
        settled = [one for one in self._settled() if not (event.answer and isinstance(one, Prose))]
        answer, message = clean(event.answer).strip(), clean(event.message)
        return [*settled, Ended(event.ending, answer, message, cost(event, self._replies, self._window))]


def blocks(events: Iterable[e.Event]) -> Iterator[Block]:
    """Yield the blocks of a whole conversation."""
    transcript = Transcript()
    for event in events:
        yield from transcript.add(event)
    yield from transcript.rest()


def _thinking(reply: e.Reply) -> Thinking:
    return Thinking(
        *(reply.turn, clean(reply.thinking).strip(), reply.thinking_seconds, reply.thinking_tokens),
        estimated=reply.usage.reasoning_tokens is None,
    )


def describe_status(status: EngineStatus) -> str:
    """Say how a model is, while it is being made ready or a reply has to wait; else nothing."""
    if status.state in ("downloading", "loading") or (status.state == "busy" and status.message):
        return status.message or f"{status.model}: {status.state}"
    return ""


# Markdown.


def markdown(block: Block, *, fold: bool = True) -> str:
    """Return a block as Markdown, but for outputs; thinking is folded away if ``fold``."""
    match block:
        case Started():
            return f"**{block.task}**"
        case Thinking():
            return folded(block.summary, [fenced(block.text, "text")], fold=fold)
        case Prose():
            return block.text
        case Code() if block.cell_type == "markdown":
            return block.source
        case Code():
            return fenced(block.source, "python")
        case Approved() if block.edited is not None:
            return fenced(block.edited, "python")
        case Question():
            options = "\n".join(f"- {option}" for option in block.options)
            return "\n\n".join(filter(None, [block.text, options]))
        case NotRun() | Remark():
            return f"*{block.text}*"
        case Ended():
            said = [block.answer, f"*{block.message}*" if block.message else ""]
            return "\n\n".join(filter(None, said))
    return ""


def folded(summary: str, inside: Sequence[str], *, fold: bool = True) -> str:
    """Return Markdown that is folded away under a summary; with ``fold`` false, below it."""
    head, *foot = [f"<details><summary>{summary}</summary>", "</details>"] if fold else [f"*{summary}:*"]
    return "\n\n".join([head, *inside, *foot])


def fenced(text: str, language: str) -> str:
    """Return a fenced block that no fence in the text can end."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"
