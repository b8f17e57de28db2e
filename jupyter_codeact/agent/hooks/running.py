"""The hooks of one run, asked in order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..replies.reply import ParsedReply
from .hook import Hook, Opening, ProposedCell, RanCell, Reject, Resample, RunView, TurnOutcome


class Hooks:
    """The hooks of one run.

    Parameters
    ----------
    kinds : sequence of Hook classes
        In the order of their priority.
    run : RunView
        The run.
    """

    def __init__(self, kinds: Sequence[type[Hook]], run: RunView) -> None:
        self._hooks = [kind(run) for kind in kinds]
        self._names: list[str] = []

    def applied(self) -> list[str]:
        """Return the names of the hooks that had something to say since the last call."""
        names, self._names = self._names, []
        return list(dict.fromkeys(names))

    def on_prompt(self, opening: Opening) -> str:
        """Return what all hooks add to the opening message."""
        return self._joined((hook, hook.on_prompt(opening)) for hook in self._hooks)

    def before_reply(self) -> Resample | None:
        """Return how to ask for the next reply, as the first hook with a wish has it."""
        for hook in self._hooks:
            if wish := hook.before_reply():
                self._names.append(hook.name)
                return wish
        return None

    def on_reply(self, reply: ParsedReply) -> Resample | ParsedReply:
        """Return how to ask again, or the reply to take."""
        for hook in self._hooks:
            if found := hook.on_reply(reply):
                self._names.append(hook.name)
                return found
        return reply

    def before_cell(self, cell: ProposedCell) -> ProposedCell | Reject:
        """Return the cell as all hooks together leave it, or the first reason against it."""
        for hook in self._hooks:
            found = hook.before_cell(cell)
            if found is None:
                continue
            self._names.append(hook.name)
            if isinstance(found, Reject):
                return found
            cell = found
        return cell

    def after_cell(self, cell: RanCell) -> str:
        """Return what all hooks have to say of a cell."""
        return self._joined((hook, hook.after_cell(cell)) for hook in self._hooks)

    def after_turn(self, outcome: TurnOutcome) -> list[str]:
        """Return what each hook has to say of a turn."""
        return [note for hook in self._hooks if (note := self._note(hook, hook.after_turn(outcome)))]

    def on_answer(self, answer: str) -> Reject | None:
        """Return the first reason against an answer."""
        for hook in self._hooks:
            if found := hook.on_answer(answer):
                self._names.append(hook.name)
                return found
        return None

    def _joined(self, notes: Iterable[tuple[Hook, str | None]]) -> str:
        return " ".join(note for hook, said in notes if (note := self._note(hook, said)))

    def _note(self, hook: Hook, said: str | None) -> str:
        if said:
            self._names.append(hook.name)
        return said or ""
