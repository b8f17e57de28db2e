"""``%codeact`` and ``%%codeact``: the agent, asked from a cell.

Importing this is cheap; what a run needs is imported with the first run.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class
from traitlets import Int, TraitError, Unicode, observe, validate

from ..traits import NAMES, ServersTraits, SettingsTraits

if TYPE_CHECKING:
    from ..agent.contracts import ModelSettings
    from ..mcp.client.sources import Sources
    from .handoff import Handoff
    from .session import Session

COMMANDS = ("status", "undo", "stop", "history", "servers", "confirm-servers", "help")
FLAGS = ("quiet", "here")
EARLIER = {"approve": "approval"}
"""Options of the first release and what they are called now."""

HELP = """\
%codeact [options] TASK          work on TASK
%%codeact [options]              work on the task in the lines below

  --model NAME                   a model of this machine, or one of the endpoint's
  --endpoint URL                 an OpenAI-compatible server, by its address or saved name
  --approval always|risky|never  which cells wait for your approval
  --max-turns N                  how many replies the model may take
  --reasoning-effort LEVEL       off, minimal, low, medium or high
  --temperature T, --top-p P, --reply-tokens N, --extra-body JSON
                                 how the model is asked
  --quiet                        show the answer only
  --here                         work inside this cell, even where a page could do it

%codeact --status | --undo | --stop | --history | --servers | --confirm-servers | --help

{name} in the task is replaced by the value of the variable, as in every magic."""

_OPTION = re.compile(r"\s*--(?P<name>[a-z-]+)(?:(?:=|[ \t]+)(?P<value>\"[^\"]*\"|'[^']*'|\S+))?")


@dataclass
class Line:
    """What a line asks for; ``options`` are those of `RunOptions` that it has."""

    task: str = ""
    command: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    quiet: bool = False
    here: bool = False


def parse(line: str) -> Line:
    """Read a line: options first, and then the task, word for word.

    Raises
    ------
    UsageError
        With a sentence for the user.
    """
    parsed, settings = Line(), dict[str, str]()
    while (found := _OPTION.match(line)) is not None:
        name, value = found["name"], (found["value"] or "").strip("\"'")
        rest = line[found.end("name") :]
        if name in COMMANDS:
            if rest.strip():
                raise UsageError(f"%codeact --{name} stands alone: leave the rest out.")
            parsed.command = name
            return parsed
        if name in FLAGS:
            setattr(parsed, name, True)
            line = rest
            continue
        if name in EARLIER:
            name = _renamed(name)
        if name not in _VALUES:
            raise UsageError(f"%codeact has no option --{name}. %codeact --help lists those there are.")
        if not value:
            raise UsageError(f"--{name} needs a value.")
        field_name = name.replace("-", "_")
        (settings if field_name in NAMES else parsed.options)[field_name] = _VALUES[name](value)
        line = line[found.end() :]
    if settings:
        parsed.options["settings"] = _settings(settings)
    parsed.task = line.strip()
    return parsed


def _settings(given: dict[str, str]) -> ModelSettings:
    from ..models.preferences import read_settings
    from ..models.private import SettingsError

    try:
        return read_settings(given)
    except SettingsError as error:
        raise UsageError(str(error)) from None


def _renamed(name: str) -> str:
    from ..approval import RENAMED

    _note(RENAMED.format(old=f"--{name}", new=f"--{EARLIER[name]}"))
    return EARLIER[name]


def _note(text: str) -> None:
    print(text, file=sys.stderr)


def _approval(value: str) -> str:
    from ..approval import understand

    try:
        return understand(value, _note)
    except ValueError as error:
        raise UsageError(f"--{error}") from None


def _count(value: str) -> int:
    if not (value.isdecimal() and int(value) > 0):
        raise UsageError("--max-turns is a number from 1 on.")
    return int(value)


_VALUES: dict[str, Callable[[str], Any]] = {
    "model": str,
    "endpoint": str,
    "approval": _approval,
    "max-turns": _count,
    **{name.replace("_", "-"): str for name in NAMES},
}
"""Options with a value, and how it is read."""


@magics_class
class CodeActMagics(SettingsTraits, ServersTraits, Magics):
    """The agent, asked from a cell. These are the defaults; options of the magic come before them."""

    model = Unicode(help="A model of this machine, or one of the endpoint's; empty for the default.").tag(
        config=True
    )
    endpoint = Unicode(help="An OpenAI-compatible server to use; empty for a model of this machine.").tag(
        config=True
    )
    approval = Unicode(
        help="Which of the agent's cells wait for approval: 'always' all of them, only 'risky' ones, or "
        "'never' any. Empty: risky ones where somebody can be asked, else none.",
    ).tag(config=True)
    approve = Unicode(help="The earlier name of `approval`.").tag(config=True)
    max_turns = Int(0, min=0, help="Replies that a run may take; 0 for the default.").tag(config=True)

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self._pages: Any = None
        if hasattr(shell, "kernel"):
            from .handoff import Pages

            self._pages = Pages(shell)

    @validate("approval")
    def _check_approval(self, proposal: Any) -> str:
        from ..approval import understand

        try:
            return understand(proposal["value"], _note) if proposal["value"] else ""
        except ValueError as error:
            raise TraitError(str(error)) from None

    @observe("approve")
    def _take_earlier_name(self, change: Any) -> None:
        _note("CodeActMagics.approve is now called CodeActMagics.approval.")
        self.approval = change["new"]

    @line_cell_magic
    def codeact(self, line: str, cell: str | None = None) -> Any:
        """Let the agent work on a task; ``%codeact --help`` says how."""
        parsed = parse(line)
        if cell is not None:
            # IPython fills in names in a line, and leaves cells to the magic
            assert self.shell is not None
            body = self.shell.var_expand(cell, depth=1).strip()
            parsed.task = "\n".join(filter(None, [parsed.task, body]))
        if parsed.command == "help" or not (parsed.task or parsed.command):
            print(HELP)
            return None
        from ..agent.contracts import CodeActError

        try:
            if parsed.command:
                return getattr(self, f"_{parsed.command.replace('-', '_')}")()
            return self._work(parsed)
        except CodeActError as error:
            raise UsageError(str(error)) from None

    @property
    def _session(self) -> Session:
        from .session import Session

        return Session.of(self.shell)

    def _work(self, line: Line) -> Any:
        if (handoff := self._hand_off(line)) is not None:
            return handoff
        from ..options import RunOptions
        from .inline import frontend_of

        names = ("model", "endpoint", "approval", "max_turns")
        defaults: dict[str, Any] = {name: getattr(self, name) or None for name in names}
        settings = _over(line.options.get("settings"), self.model_settings)
        defaults |= {"mcp_servers": self.mcp_servers, "mcp_seconds": self.mcp_seconds}
        options = RunOptions(**{**defaults, **line.options, "settings": settings})
        frontend = frontend_of(self.shell, options, quiet=line.quiet)
        return self._session.run(line.task, options, frontend, shows_outputs=not line.quiet)

    def _hand_off(self, line: Line) -> Handoff | None:
        """Let the page's agent do it, if there is a page; an endpoint named here is for this process only."""
        if self._pages is None or line.here or "endpoint" in line.options:
            return None
        options = {name: line.options.get(name) for name in ("model", "approval", "max_turns")}
        if settings := _over(line.options.get("settings"), self.model_settings):
            options["settings"] = settings.model_dump(exclude_none=True)
        handoff: Handoff | None = self._pages.offer(line.task, options)
        if handoff is not None:
            if not line.quiet:
                handoff.show()
            if not handoff.deferred:
                handoff.begin()
        return handoff

    @property
    def _last_handoff(self) -> Handoff | None:
        return self._pages.handoffs[-1] if self._pages is not None and self._pages.handoffs else None

    def _status(self) -> None:
        if (handoff := self._last_handoff) is not None:
            print(f"{handoff.task}\n{handoff.outcome}")
        else:
            print(self._session.status())

    def _history(self) -> None:
        entries = [(one.task, one.outcome) for one in self._pages.handoffs] if self._pages else []
        for started, ended in self._session.history():
            how = "It is under way." if ended is None else ended.answer or ended.message
            entries.append((started.task, how))
        if not entries:
            print("CodeAct was not asked anything in this session yet.")
        for number, (task, how) in enumerate(entries, 1):
            print(f"{number}. {' '.join(task.split())}\n   {' '.join(how.split())}")

    def _stop(self) -> None:
        handoff = self._last_handoff
        if handoff is not None and handoff.under_way:
            handoff.send("stop")
            print("Stopping.")
        else:
            print("Stopping." if self._session.stop() else "CodeAct is not at work in this session.")

    def _servers(self) -> None:
        from ..mcp.client.masking import shown

        sources = self._sources()
        for name, server in sources.servers.items():
            print(f"{name} ({sources.origins[name]}): {shown(server)}")
        print("\n".join(sources.problems), end="\n" if sources.problems else "")
        if sources.proposal is not None:
            print(f"{sources.proposal.path} names MCP servers. With them, CodeAct would start or reach:")
            print("\n".join(f"  {line}" for line in sources.proposal.describe()))
            print("To use them, for as long as the file stays the same, run %codeact --confirm-servers.")
        elif not (sources.servers or sources.problems):
            print("There are no MCP servers here.")

    def _confirm_servers(self) -> None:
        from ..mcp.client.sources import Confirmations

        proposal = self._sources().proposal
        if proposal is None:
            print("There is nothing to confirm.")
            return
        Confirmations().add(proposal)
        print(f"Confirmed: {', '.join(proposal.servers)}. The next run starts them.")

    def _sources(self) -> Sources:
        from ..mcp.client.sources import find

        return find(self.mcp_servers, Path.cwd())

    def _undo(self) -> None:
        from .threads import WaitingThread

        if (handoff := self._last_handoff) is not None:
            handoff.send("undo")
            return
        left = self._session.undo(WaitingThread())
        print(
            "The cells of the last run are taken back. Variables and files are as it left them."
            + (f" Cells that were changed since were left alone: {len(left)}." if left else "")
        )


def _over(of_run: ModelSettings | None, default: ModelSettings | None) -> ModelSettings | None:
    return of_run.over(default) if of_run and default else of_run or default
