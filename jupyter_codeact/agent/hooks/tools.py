"""For functions that are there for the work: models write their own instead of calling them."""

from __future__ import annotations

from dataclasses import replace

from .. import prompts
from ..context.opening import words
from ..events import Action, Executed
from ..replies.reply import CodeAction, ParsedReply
from ..source import assigned_names, drop_assignments, has_code, is_bare_calls
from .hook import Hook, Opening, ProposedCell, RanCell, Reject, RunView


class FirstCall(Hook):
    """Asks the model to begin by printing what a function without parameters returns, if there is one."""

    name, group = "first_call", "tools"

    def on_prompt(self, opening: Opening) -> str | None:
        """Name the calls."""
        calls = [f"{tool.name}()" for tool in opening.tools if tool.summary.startswith("()")]
        return prompts.FIRST.format(calls=", ".join(calls)) if calls else None


class BareCalls(Hook):
    """Takes a reply that is nothing but calls of such functions as a cell, however it is written."""

    name, group = "bare_calls", "tools"

    def on_reply(self, reply: ParsedReply) -> ParsedReply | None:
        """Turn the prose into an action."""
        if reply.actions or not is_bare_calls(reply.prose, set(self.run.tools)):
            return None
        return replace(reply, actions=(CodeAction(reply.prose),), prose="")


class ProtectTools(Hook):
    """Keeps the model from replacing such a function with one of its own.

    Its definition is left out of the cell; a cell that would then be empty does not run.
    """

    name, group = "protect_tools", "tools"

    def before_cell(self, cell: ProposedCell) -> ProposedCell | Reject | None:
        """Take definitions of such names out."""
        assigned = assigned_names(cell.source) & self.run.tools
        if not assigned:
            return None
        names = ", ".join(sorted(assigned))
        source = drop_assignments(cell.source, assigned)
        if source == cell.source or not has_code(source) or assigned_names(source) & self.run.tools:
            return Reject(f"it would replace {names}", prompts.THERE_ALREADY.format(names=names))
        return cell.changed(source, prompts.LEFT_OUT.format(names=names))


class UntriedTools(Hook):
    """Reminds the model of such functions when its first cell calls none of them."""

    name, group = "untried_tools", "tools"

    def __init__(self, run: RunView) -> None:
        super().__init__(run)
        self._first = True

    def after_cell(self, cell: RanCell) -> str | None:
        """Look at the first cell that ran."""
        if cell.execution is None or not self._first:
            return None
        self._first = False
        if not self.run.tools or words(cell.source) & self.run.tools:
            return None
        return prompts.UNUSED.format(names=", ".join(sorted(self.run.tools)))


def untried(run: RunView) -> list[str]:
    """Return the functions that are there for the work and that no cell of the run has called."""
    tried: set[str] = set()
    source = ""
    for event in run.events:
        if event.run == run.id and isinstance(event, Action):
            source = event.source
        elif event.run == run.id and isinstance(event, Executed):
            tried |= words(source)
    return sorted(run.tools - tried)
