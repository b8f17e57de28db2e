"""What a conversation can be exported as: its events, the model's messages, a page to read."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ..agent.context import history
from ..agent.contracts import ConversationInfo
from ..agent.events import (
    Action,
    AnswerRejected,
    ApprovalRequested,
    ApprovalResolved,
    Event,
    Executed,
    Observation,
    Reply,
    RunEnded,
    RunStarted,
    RunUndone,
    dump,
)
from ..agent.observations.observe import brief
from ..agent.observations.terminal import strip_terminal_codes
from ..agent.secrets import environment_secrets

SHOWN = 4000
"""Characters of a cell's outputs in a page to read."""


def jsonl(info: ConversationInfo, notebook: str, events: Iterable[Event]) -> str:
    """Return all events, one JSON object a line; a cell's outputs are in them as the notebook had them."""
    return "".join(f"{dump(event)}\n" for event in events)


def messages(info: ConversationInfo, notebook: str, events: Iterable[Event]) -> str:
    """Return the model's messages as a line of JSON, in the shape of the CodeActInstruct data."""
    chat = history.messages(events)
    return json.dumps({"id": info.id, "conversations": chat}, ensure_ascii=False) + "\n"


def markdown(info: ConversationInfo, notebook: str, events: Iterable[Event], *, fold: bool = True) -> str:
    """Return a page to read; attempts that failed are folded away if ``fold``."""
    when = time.strftime("%d %B %Y, %H:%M", time.localtime(info.created))
    place = f"`{notebook}`, " if notebook else ""
    page = _Page([f"# {_line(info.title) or 'Conversation'}", f"{place}{when}"], fold)
    for event in events:
        page.take(event)
    page.flush()
    return "\n\n".join(page.parts) + "\n"


FORMATS: dict[str, Callable[[ConversationInfo, str, Sequence[Event]], str]] = {
    "jsonl": jsonl,
    "markdown": markdown,
    "messages": messages,
}
"""What a conversation can be exported as."""


@dataclass
class _Page:
    """A page being written: a turn waits until its end is known."""

    parts: list[str]
    fold: bool
    reply: str = ""
    code: str = ""
    shown: str = ""
    problem: str = ""

    def take(self, event: Event) -> None:
        """Add an event."""
        match event:
            case RunStarted():
                self.flush()
                self.parts += _task(event)
            case Reply():
                self.flush()
                self.reply = strip_terminal_codes(event.prose).strip()
            case Action():
                self._put_code()
                self.code = _fenced(event.source, "python") if event.cell_type == "code" else event.source
            case ApprovalRequested():
                self.problem = "waited for approval"
            case ApprovalResolved():
                self.problem = "" if event.allowed else "not allowed to run"
                if event.edited is not None:
                    self.code = _fenced(event.edited, "python")
            case Executed():
                text = strip_terminal_codes(
                    brief(event.outputs, SHOWN, secrets=environment_secrets())
                ).strip()
                self.shown = _fenced(text, "text") if text else ""
                self.problem = _problem(event)
            case AnswerRejected():
                self.flush()
                self.parts.append(f"*{event.message}*")
            case Observation():
                self.flush()
            case RunUndone():
                self.flush()
                self.parts.append("*The run was undone.*")
            case RunEnded():
                if event.answer:
                    self.reply = ""
                self.flush()
                self.parts += _end(event)

    def flush(self) -> None:
        """Write the turn so far."""
        if self.reply:
            self.parts.append(self.reply)
        self.reply = ""
        self._put_code()

    def _put_code(self) -> None:
        blocks = [block for block in (self.code, self.shown) if block]
        if self.problem and self.fold and blocks:
            summary = f"<details><summary>An attempt: {self.problem}</summary>"
            blocks = [summary, *blocks, "</details>"]
        self.parts += blocks
        self.code = self.shown = self.problem = ""


def _task(event: RunStarted) -> list[str]:
    task = event.task.strip()
    heading = f"## {_line(task)}"
    whole = [] if task == _line(task) else ["\n".join(f"> {line}".rstrip() for line in task.split("\n"))]
    attachments = [f"*With {', '.join(one.name for one in event.attachments)}.*"] if event.attachments else []
    return [heading, *whole, *attachments]


def _end(event: RunEnded) -> list[str]:
    turns = "1 turn" if event.turns == 1 else f"{event.turns} turns"
    tokens = event.usage.prompt_tokens + event.usage.completion_tokens
    about = "about " if event.usage.estimated else ""
    spent = f"*{turns}, {about}{tokens:,} tokens, {event.seconds:.1f} s*"
    parts = [strip_terminal_codes(event.answer).strip(), f"*{event.message}*" if event.message else "", spent]
    return [part for part in parts if part]


def _problem(event: Executed) -> str:
    errors = [output for output in event.outputs if output.get("output_type") == "error"]
    if event.status == "error" and errors:
        return f"{errors[-1].get('ename')}"
    return {"ok": "", "error": "failed", "interrupted": "interrupted", "dead": "the kernel died"}[
        event.status
    ]


def _fenced(text: str, language: str) -> str:
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _line(text: str, most: int = 100) -> str:
    line = text.strip().partition("\n")[0]
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"
