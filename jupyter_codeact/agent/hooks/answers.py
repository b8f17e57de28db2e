"""Hooks against made-up answers."""

from __future__ import annotations

from .. import prompts
from .grounding import ungrounded_values
from .hook import Hook, Reject
from .tools import untried_tools


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
