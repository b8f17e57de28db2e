"""Calls the hooks of a run, in order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..replies.reply import ParsedReply
from .hook import Hook, Opening, ProposedCell, RanCell, Reject, Resample, RunView, TurnOutcome


class Hooks:
    """The hooks of one run.

    Parameters
    ----------
    kinds : sequence of Hook classes
        The hooks, by priority.
    run : RunView
        The run.
    """

    def __init__(self, kinds: Sequence[type[Hook]], run: RunView) -> None:
        self._hooks = [kind(run) for kind in kinds]
        self._names: list[str] = []
        self._refused: set[str] = set()

    def applied(self) -> list[str]:
        """Return the names of the hooks that were of use since the last call."""
        names, self._names = self._names, []
        return list(dict.fromkeys(names))

    def on_prompt(self, opening: Opening) -> str:
        """Return the text that the hooks add to the opening message."""
        return self._joined((hook, hook.on_prompt(opening)) for hook in self._hooks)

    def before_reply(self) -> Resample | None:
        """Return how to ask for the next reply, if a hook decides that; the first one counts."""
        for hook in self._hooks:
            if resample := hook.before_reply():
                self._names.append(hook.name)
                return resample
        return None

    def on_reply(self, reply: ParsedReply) -> Resample | ParsedReply:
        """Return how to ask again, or the reply to accept."""
        for hook in self._hooks:
            if result := hook.on_reply(reply):
                self._names.append(hook.name)
                return result
        return reply

    def before_cell(self, cell: ProposedCell) -> ProposedCell | Reject:
        """Return the cell with the changes of all hooks, or the first refusal."""
        for hook in self._hooks:
            result = hook.before_cell(cell)
            if result is None:
                continue
            self._names.append(hook.name)
            if isinstance(result, Reject):
                return result
            cell = result
        return cell

    def after_cell(self, cell: RanCell) -> str:
        """Return the text that the hooks add to the observation of a cell."""
        return self._joined((hook, hook.after_cell(cell)) for hook in self._hooks)

    def after_turn(self, outcome: TurnOutcome) -> list[str]:
        """Return the texts that the hooks add at the end of a turn."""
        return [note for hook in self._hooks if (note := self._note(hook, hook.after_turn(outcome)))]

    def on_answer(self, answer: str) -> Reject | None:
        """Return the first refusal of an answer by a hook that has not refused one yet."""
        for hook in self._hooks:
            if hook.name not in self._refused and (result := hook.on_answer(answer)):
                self._refused.add(hook.name)
                self._names.append(hook.name)
                return result
        return None

    def _joined(self, notes: Iterable[tuple[Hook, str | None]]) -> str:
        return " ".join(recorded for hook, note in notes if (recorded := self._note(hook, note)))

    def _note(self, hook: Hook, note: str | None) -> str:
        if note:
            self._names.append(hook.name)
        return note or ""
