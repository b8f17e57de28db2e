"""What the model is told: the notebook as it stands when a task is given, and the conversation so far."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from typing import Any

from . import prompts
from .contracts import Cell, Message, NotebookState, Variable
from .events import Event, Observation, Reply, RunStarted
from .observations import brief, secrets_in

CELLS_BUDGET = 3000
"""Characters of the notebook shown with a task: some 800 tokens, 15 s of reading on two CPU cores."""


def opening(task: str, state: NotebookState) -> str:
    """Return the user message that opens a run: the cells around, the kernel's variables, the task."""
    parts = []
    if shown := _cells(state):
        parts.append("The notebook so far:\n" + shown)
    if state.variables:
        parts.append(variables(state.variables))
    elif shown:
        parts.append(prompts.FRESH)
    parts.append(prompts.TASK.format(task=task))
    return "\n\n".join(parts)


def variables(found: Sequence[Variable], source: str | None = None) -> str:
    """Describe the kernel's variables, or those that ``source`` mentions; empty if there are none."""
    names = None if source is None else set(re.findall(r"\w+", source))
    lines = [f"- {v.name}: {v.type} {v.summary}".rstrip() for v in found if names is None or v.name in names]
    return "\n".join(["Variables in the kernel:", *lines]) if lines else ""


def messages(events: Iterable[Event]) -> list[Message]:
    """Return what the model is sent: a view of the journal that only ever grows.

    Neighbouring messages of one role are joined, because some chat templates insist on taking turns.
    """
    chat: list[Message] = []
    for event in events:
        if isinstance(event, RunStarted) and not chat:
            chat.append({"role": "system", "content": event.system})
        elif isinstance(event, Reply):
            _add(chat, "assistant", event.text, [])
        elif isinstance(event, Observation):
            _add(chat, "user", event.text, event.images)
    return chat


def _add(chat: list[Message], role: str, text: str, images: list[str]) -> None:
    parts: list[dict[str, Any]] = [{"type": "text", "text": text}]
    parts += [{"type": "image_url", "image_url": {"url": url}} for url in images]
    if chat and chat[-1]["role"] == role:
        before = chat.pop()["content"]
        parts = ([{"type": "text", "text": before}] if isinstance(before, str) else before) + parts
    if all(part["type"] == "text" for part in parts):
        chat.append({"role": role, "content": "\n\n".join(str(part["text"]) for part in parts)})
    else:
        chat.append({"role": role, "content": parts})


def _cells(state: NotebookState) -> str:
    """Show the cells up to the active one in full or in brief, the nearest first to get room."""
    ids = [cell.id for cell in state.cells]
    last = ids.index(state.active_cell) + 1 if state.active_cell in ids else len(ids)
    shown: list[str] = []
    room = CELLS_BUDGET
    for cell in reversed(state.cells[:last]):
        text = _cell(cell)
        if not text:
            continue
        if len(text) > room:
            shown.append("(earlier cells not shown)")
            break
        room -= len(text)
        shown.append(text)
    return "\n".join(reversed(shown))


def _cell(cell: Cell) -> str:
    source = _shorten(cell.source.strip(), 1200)
    if not source or cell.cell_type == "raw":
        return ""
    if cell.cell_type == "markdown":
        return f"[text] {_shorten(source, 300)}"
    number = f"[cell {cell.execution_count}]" if cell.execution_count is not None else "[cell, not run]"
    text = f"{number}\n{source}"
    if shown := brief(cell.outputs, 300, secrets=secrets_in(os.environ)):
        text += f"\n-> {shown}"
    return text


def _shorten(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 2].rstrip() + " …"
