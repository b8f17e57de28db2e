"""Hooks that keep a small model on track with a sentence."""

from __future__ import annotations

import re

from .. import prompts
from .hook import Hook, Opening, RanCell, TurnOutcome

_TALK = re.compile(
    r"\?\s*\Z|\A\W*(?:(?:please|only|just)\W+)*"
    r"(?:explain|describe|summari[sz]e|tell me|thanks|thank you|hello|hi|great|good)\b",
    re.IGNORECASE,
)
"""A question, a request for an explanation, or a kind word; of other languages only questions are known."""


class BeginWithCode(Hook):
    """Asks the model to begin with a Python block instead of answering from memory.

    A question that names no data, where there are no tools, may need no code: the sentence says so. A task
    that wants nothing to be run comes without it.
    """

    name, group = "begin_with_code", "nudges"

    def on_prompt(self, opening: Opening) -> str | None:
        """Add the sentence to the task."""
        if opening.forbids_code:
            return None
        may_talk = _TALK.search(opening.task) and not opening.names_data and not opening.tools
        return prompts.BEGIN_WITH_CODE_OR_TALK if may_talk else prompts.BEGIN_WITH_CODE


class NextStep(Hook):
    """Says after each cell what may come next, and repeats the end of the task, which says how to answer."""

    name, group = "next_step", "nudges"

    def after_cell(self, cell: RanCell) -> str | None:
        """Ask for a correction after an error, else for the next cell or the answer."""
        return prompts.FAILED if cell.failed else prompts.next_step(self.run.task)


class LastTurn(Hook):
    """Asks for an answer in plain text when only one turn is left."""

    name, group, for_capable = "last_turn", "nudges", True

    def after_turn(self, outcome: TurnOutcome) -> str | None:
        """Check whether one turn is left."""
        return prompts.LAST_TURN if self.run.turn == self.run.last_turn - 1 else None
