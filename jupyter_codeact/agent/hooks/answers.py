"""Against made-up answers."""

from __future__ import annotations

from .. import prompts
from .grounding import ungrounded_values
from .hook import Hook, Reject
from .tools import untried


class EchoedAnswers(Hook):
    """Rejects an answer that only repeats what the model was told to do."""

    name, group = "echoed_answers", "answers"

    def on_answer(self, answer: str) -> Reject | None:
        """Compare the answer with the agent's own sentences."""
        return Reject("That is no answer", prompts.EMPTY) if prompts.echoes(answer) else None


class UngroundedAnswers(Hook):
    """Rejects an answer with numbers, quoted words or addresses that no output, cell or task has shown."""

    name, group = "ungrounded_answers", "answers"

    def on_answer(self, answer: str) -> Reject | None:
        """Look for the answer's values in what was shown."""
        values = ungrounded_values(answer, self.run.events, self.run.id)
        if not values:
            return None
        return Reject(f"No output shows {' or '.join(values)}", prompts.ungrounded(untried(self.run)))
