"""Hooks against made-up answers."""

from __future__ import annotations

from .. import prompts
from ..events import Executed, NotebookRead, Observation, RunStarted
from .grounding import MAX_VALUES, ungrounded_values, unshown_numbers, without_code
from .hook import Hook, Opening, Reject
from .tools import untried_tools

SHORT_ANSWER = 12
"""Most words of an answer that only states something."""


class EchoedAnswers(Hook):
    """Rejects an answer that only repeats what the model was told to do."""

    name, group = "echoed_answers", "answers"

    def on_answer(self, answer: str) -> Reject | None:
        """Compare the answer with the agent's own texts."""
        return Reject("That is no answer", prompts.EMPTY) if prompts.is_echo(answer) else None


class UngroundedAnswers(Hook):
    """Rejects an answer with numbers, quoted words or addresses that no output, cell or task has shown."""

    name, group = "ungrounded_answers", "answers"

    def on_answer(self, answer: str) -> Reject | None:
        """Search the answer's values in everything that was shown."""
        values = ungrounded_values(answer, self.run.events, self.run.id)
        if not values:
            return None
        return Reject(f"No output shows {' or '.join(values)}", prompts.ungrounded(untried_tools(self.run)))


class UncheckedAnswers(Hook):
    """Rejects an answer about data for which no cell has run: a model cannot know it.

    That is an answer with numbers that nothing has shown; and, if the task names a data file, a variable or
    one of its columns and nothing is attached, an answer of a few words.
    """

    name, group, for_capable = "unchecked_answers", "answers", True

    def on_prompt(self, opening: Opening) -> None:
        """Note whether the task names data."""
        self._names_data = opening.names_data

    def on_answer(self, answer: str) -> Reject | None:
        """Check whether a cell has run or was read, or an image was sent, which may show any value."""
        own = [event for event in self.run.events if event.run == self.run.id]
        seen = any(isinstance(event, Observation) and event.images for event in own)
        if seen or any(isinstance(event, Executed | NotebookRead) for event in own):
            return None
        if values := unshown_numbers(without_code(answer), self.run.events)[:MAX_VALUES]:
            return Reject(f"Nothing has shown {' or '.join(values)}", prompts.UNCHECKED)
        given = any(isinstance(event, RunStarted) and event.attachments for event in own)
        if self._names_data and not given and len(answer.split()) <= SHORT_ANSWER:
            return Reject("No cell has run", prompts.UNCHECKED)
        return None
