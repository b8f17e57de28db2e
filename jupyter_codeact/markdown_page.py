"""A conversation as a page of Markdown."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from .agent.contracts import ConversationInfo
from .agent.events import Event, Executed, Observation
from .agent.observations.observe import masked_output
from .agent.told_secrets import mask_told
from .transcript import (
    Approved,
    Code,
    Ended,
    NotRun,
    Prose,
    Ran,
    Remark,
    Started,
    Thinking,
    Waiting,
    blocks,
    fenced,
    folded,
    markdown,
)

LONGEST_OUTPUT = 4000
"""Characters of a cell's outputs that a page has."""


def page(
    info: ConversationInfo,
    notebook: str,
    events: Iterable[Event],
    *,
    fold: bool = True,
) -> str:
    """Return a conversation as a page of Markdown, without the secrets that are told in it.

    Parameters
    ----------
    info, notebook
        What the page is about.
    events
        The conversation's events.
    fold
        Whether thinking and failed attempts are folded away.
    """
    when = time.strftime("%d %B %Y, %H:%M", time.localtime(info.created))
    place = f"`{notebook}`, " if notebook else ""
    parts = [f"# {_line(info.title) or 'Conversation'}", f"{place}{when}"]
    attempt: list[str] = []
    problem = ""
    events = list(events)
    masked = _masked(events)

    def close() -> None:
        if problem and fold and attempt:
            parts.append(folded(f"An attempt: {problem}", attempt))
        else:
            parts.extend(attempt)

    for block in blocks(events):
        if isinstance(block, Code | Started | Thinking | Prose | Remark | Ended):
            close()
            attempt, problem = [], ""
        match block:
            case Started():
                parts += _heading(block)
            case Code():
                attempt = [markdown(block)]
            case Waiting():
                problem = "waited for approval"
            case Approved():
                attempt, problem = [markdown(block)] if block.edited is not None else attempt, ""
            case NotRun():
                attempt, problem = [*attempt, markdown(block)], "not allowed to run"
            case Ran():
                text = next(masked) or block.text(LONGEST_OUTPUT)
                attempt, problem = [*attempt, *([fenced(text, "text")] if text else [])], block.error
            case Ended():
                parts += filter(None, [markdown(block), f"*{block.cost}*" if block.cost else ""])
            case _:
                parts.append(markdown(block, fold=fold))
    close()
    whole = "\n\n".join(parts) + "\n"
    return mask_told([whole])(whole)


def _masked(events: list[Event]) -> Iterator[str]:
    """Yield, for each cell that ran, its outputs as the model saw them if a secret was masked there."""
    masked = {(one.run, one.turn): masked_output(one.text) for one in events if isinstance(one, Observation)}
    yield from (masked.get((one.run, one.turn), "") for one in events if isinstance(one, Executed))


def _heading(block: Started) -> list[str]:
    task = block.task
    whole = [] if task == _line(task) else ["\n".join(f"> {line}".rstrip() for line in task.split("\n"))]
    attached = [f"*With {', '.join(block.attachments)}.*"] if block.attachments else []
    return [f"## {_line(task)}", *whole, *attached]


def _line(text: str, most: int = 100) -> str:
    line = text.strip().partition("\n")[0]
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"
