"""Hooks for tools: models write functions of their own instead of calling the tools."""

from __future__ import annotations

from dataclasses import replace

from .. import prompts
from ..context.opening import names_in
from ..events import Action, Executed
from ..replies.reply import CodeAction, ParsedReply
from ..source import assigned_names, drop_assignments, has_code, imported_modules, is_bare_calls
from .hook import Hook, Opening, ProposedCell, RanCell, Reject, RunView


class FirstCall(Hook):
    """Asks the model to begin by printing the result of a tool without parameters, if there is one."""

    name, group = "first_call", "tools"

    def on_prompt(self, opening: Opening) -> str | None:
        """Name the calls to begin with."""
        calls = [f"{tool.name}()" for tool in opening.tools if tool.summary.startswith("()")]
        return prompts.FIRST_CALL.format(calls=", ".join(calls)) if calls else None


class BareCalls(Hook):
    """Runs a reply that consists only of tool calls, even if it is not in the action format."""

    name, group = "bare_calls", "tools"

    def on_reply(self, reply: ParsedReply) -> ParsedReply | None:
        """Turn the prose into an action."""
        if reply.actions or not is_bare_calls(reply.prose, set(self.run.tools)):
            return None
        return replace(reply, actions=(CodeAction(reply.prose),), prose="")


class ProtectTools(Hook):
    """Keeps the model from replacing a tool with a function of its own.

    The definition is dropped from the cell; a cell that would then be empty does not run.
    """

    name, group = "protect_tools", "tools"

    def before_cell(self, cell: ProposedCell) -> ProposedCell | Reject | None:
        """Drop definitions of the tools' names, and of the servers' that have tools."""
        assigned = self._replaced(cell.source)
        if not assigned:
            return None
        names = ", ".join(sorted(assigned))
        source = drop_assignments(cell.source, assigned)
        if source == cell.source or not has_code(source) or self._replaced(source):
            return Reject(f"it would replace {names}", prompts.TOOL_EXISTS.format(names=names))
        return cell.changed(source, prompts.DEFINITION_DROPPED.format(names=names))

    def _replaced(self, source: str) -> set[str]:
        """Return the names that a cell would replace; a server may be imported under its own."""
        assigned = assigned_names(source)
        return assigned & self.run.tools | (assigned & self.run.servers) - imported_modules(source)


class UntriedTools(Hook):
    """Reminds the model of the tools if its first cell calls none of them."""

    name, group = "untried_tools", "tools"

    def __init__(self, run: RunView) -> None:
        super().__init__(run)
        self._first = True

    def after_cell(self, cell: RanCell) -> str | None:
        """Check the first cell that ran."""
        if cell.execution is None or not self._first:
            return None
        self._first = False
        if not self.run.tools or names_in(cell.source) & self.run.tools:
            return None
        return prompts.UNUSED_TOOLS.format(names=", ".join(sorted(self.run.tools)))


def untried_tools(run: RunView) -> list[str]:
    """Return the tools that no cell of the run has called."""
    called: set[str] = set()
    source = ""
    for event in run.events:
        if event.run == run.id and isinstance(event, Action):
            source = event.source
        elif event.run == run.id and isinstance(event, Executed):
            called |= names_in(source)
    return sorted(run.tools - called)
