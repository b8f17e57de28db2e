"""What a reply is: thinking, prose, and an action to run or none; and what reads it, an `ActionFormat`.

A format reads the reply while it grows, so that the model can be cut off behind its first action, and once
more when it is whole. Whatever is ambiguous is an answer: prose is never run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol


@dataclass(frozen=True, slots=True)
class CodeAction:
    """A cell that the model wants in the notebook; a code cell is to be run.

    ``cell_id`` names the cell to rewrite; ``None`` asks for a new one.
    """

    source: str
    cell_type: Literal["code", "markdown"] = "code"
    cell_id: str | None = None


@dataclass(frozen=True, slots=True)
class ParsedReply:
    """A reply, understood.

    Parameters
    ----------
    text : str
        The reply as it stays in the history: without its thinking, and cut behind the action, whose closing
        fence is there. Otherwise byte for byte what the model wrote, so that a prefix cache still knows it.
    prose : str
        What the model says to the user, without the actions and without its thinking.
    actions : tuple of CodeAction
        Cells in order; at most one is a code cell, and it is the last. Empty if the reply is an answer.
    incomplete : bool
        Whether the reply broke off in its thinking or in code that cannot be run like this. Then there is no
        action, and ``prose`` is no answer.
    thinking : str
        What the model only thought, without the tags around it.
    """

    text: str
    prose: str
    actions: tuple[CodeAction, ...] = ()
    incomplete: bool = False
    thinking: str = ""

    @property
    def code(self) -> str | None:
        """The source of the code cell that the reply asks for, if it asks for one."""
        return next((action.source for action in self.actions if action.cell_type == "code"), None)

    @property
    def is_answer(self) -> bool:
        """Whether the reply tells the user something and asks for nothing."""
        return bool(self.prose) and not self.actions and not self.incomplete


@dataclass(frozen=True, slots=True)
class Preview:
    """What there is so far of a reply that is still being written."""

    thinking: str = ""
    prose: str = ""
    action: str = ""


class ActionFormat(Protocol):
    """A way to write actions into a reply."""

    @property
    def name(self) -> str:
        """What the configuration calls the format."""
        ...

    @property
    def stop(self) -> tuple[str, ...]:
        """Strings that an engine can end the reply at. It may leave them out of the reply."""
        ...

    @property
    def tools(self) -> Sequence[Mapping[str, Any]]:
        """Functions to declare to the endpoint, if the format uses its function calling."""
        ...

    def is_complete(self, text: str) -> bool:
        """Tell whether nothing that may still come changes what `parse` makes of the reply. Cheap.

        But for one thing: a ``</think>`` that was never opened turns all before it into thinking.
        """
        ...

    def preview(self, text: str) -> Preview:
        """Read a reply that is still being written, for people to watch. Never raises."""
        ...

    def parse(self, text: str) -> ParsedReply:
        """Read a reply that has ended, or that was cut off because it `is_complete`. Never raises."""
        ...

    def describe(self) -> str:
        """Tell the model how to act in this format."""
        ...

    def call(self, text: str) -> tuple[str, str, str] | None:
        """Return a reply as a call of one of the `tools`: what is said before, the name, the arguments."""
        ...


_UNSETTLED = re.compile(r"(?:^|\n)[ \t]*(?:`{1,2}|`{3,}[^\n]*|~{1,2}|~{3,}[^\n]*)\Z|<[/\w|]*\Z")


def settled(prose: str) -> str:
    """Return prose that is still being written without an end that may yet become a fence or a tag."""
    return _UNSETTLED.sub("", prose.rstrip()).strip()
