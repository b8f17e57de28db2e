"""``%codeact`` and ``%%codeact``: the agent, asked from a cell.

Importing this is cheap; what a run needs is imported with the first run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class
from traitlets import Enum, Int, Unicode

MODES = {"always": "always", "risky": "risky", "never": "never", "ask": "always", "auto": "never"}
"""The gate's modes by what users call them."""

COMMANDS = ("status", "undo", "stop", "history", "help")

HELP = """\
%codeact [options] TASK          work on TASK
%%codeact [options]              work on the task in the lines below

  --model NAME                   a model of this machine, or one of the endpoint's
  --endpoint URL                 an OpenAI-compatible server
  --approve ask|auto|risky       which cells wait for your approval: all, none, or risky ones
  --max-turns N                  how many replies the model may take
  --quiet                        show the answer only
  --here                         work inside this cell, even where a page could do it

%codeact --status | --undo | --stop | --history | --help

{name} in the task is replaced by the value of the variable, as in every magic."""

_OPTION = re.compile(r"\s*--(?P<name>[a-z-]+)(?:(?:=|[ \t]+)(?P<value>\"[^\"]*\"|'[^']*'|\S+))?")


@dataclass
class Wish:
    """What a line asks for."""

    task: str = ""
    command: str = ""
    model: str | None = None
    endpoint: str | None = None
    approve: str | None = None
    max_turns: int | None = None
    quiet: bool = False
    here: bool = False


def parse(line: str) -> Wish:
    """Read a line: options first, and then the task, word for word.

    Raises
    ------
    UsageError
        With a sentence for the user.
    """
    wish = Wish()
    while (found := _OPTION.match(line)) is not None:
        name, value = found["name"], (found["value"] or "").strip("\"'")
        if name in COMMANDS:
            if line[found.start("name") + len(name) :].strip():
                raise UsageError(f"%codeact --{name} stands alone: leave the rest out.")
            wish.command = name
            return wish
        if name in ("quiet", "here"):
            setattr(wish, name, True)
            line = line[found.start("name") + len(name) :]
            continue
        if name not in ("model", "endpoint", "approve", "max-turns"):
            raise UsageError(f"%codeact has no option --{name}. %codeact --help lists those there are.")
        if not value:
            raise UsageError(f"--{name} needs a value.")
        if name == "approve" and value not in MODES:
            raise UsageError("--approve is one of ask, auto and risky.")
        if name == "max-turns" and not (value.isdecimal() and int(value) > 0):
            raise UsageError("--max-turns is a number from 1 on.")
        setattr(wish, name.replace("-", "_"), int(value) if name == "max-turns" else value)
        line = line[found.end() :]
    wish.task = line.strip()
    return wish


@magics_class
class CodeActMagics(Magics):
    """The agent, asked from a cell. These are the defaults; options of the magic come before them."""

    model = Unicode(help="A model of this machine, or one of the endpoint's; empty for the usual one.").tag(
        config=True
    )
    endpoint = Unicode(help="An OpenAI-compatible server to use; empty for a model of this machine.").tag(
        config=True
    )
    approve = Enum(
        ["", *MODES],
        "",
        help="Which of the agent's cells wait for approval: 'ask' (all), 'risky' or 'auto' (none). Empty: "
        "risky ones where somebody can be asked, else none.",
    ).tag(config=True)
    max_turns = Int(0, min=0, help="Replies that a run may take; 0 for the usual number.").tag(config=True)

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self._pages: Any = None
        if hasattr(shell, "kernel"):
            from .handoff import Pages

            self._pages = Pages(shell)

    @line_cell_magic
    def codeact(self, line: str, cell: str | None = None) -> Any:
        """Let the agent work on a task; ``%codeact --help`` says how."""
        wish = parse(line)
        if cell is not None:
            # IPython fills in names in a line, and leaves cells to the magic
            assert self.shell is not None
            body = self.shell.var_expand(cell, depth=1).strip()
            wish.task = "\n".join(filter(None, [wish.task, body]))
        if wish.command == "help" or not (wish.task or wish.command):
            print(HELP)
            return None
        from ..agent.contracts import CodeActError

        try:
            if wish.command:
                return getattr(self, f"_{wish.command}")()
            return self._work(wish)
        except CodeActError as error:
            raise UsageError(str(error)) from None

    @property
    def _session(self) -> Any:
        from .session import Session

        return Session.of(self.shell)

    def _work(self, wish: Wish) -> Any:
        if self._hand_over(wish):
            return None
        from .inline import door_of
        from .session import Options

        mode = MODES.get(wish.approve or self.approve)
        options = Options(
            model=wish.model or self.model or None,
            endpoint=wish.endpoint or self.endpoint or None,
            max_turns=wish.max_turns or self.max_turns or None,
        )
        door = door_of(self.shell, mode, quiet=wish.quiet)  # type: ignore[arg-type]
        return self._session.run(wish.task, options, door, shows=not wish.quiet)

    def _hand_over(self, wish: Wish) -> bool:
        """Let the page's agent do it, if there is a page; an endpoint named here is for this process only."""
        if self._pages is None or wish.here or wish.endpoint:
            return False
        options = {
            "model": wish.model,
            "approval": MODES.get(wish.approve or ""),
            "max_turns": wish.max_turns,
        }
        handed = self._pages.offer(wish.task, options)
        if handed is None:
            return False
        if not wish.quiet:
            data, metadata = handed.output()
            assert self.shell is not None
            self.shell.display_pub.publish(data, metadata)
        if not handed.late:
            handed.go()
        return True

    @property
    def _last_handed(self) -> Any:
        return self._pages.handed[-1] if self._pages is not None and self._pages.handed else None

    def _status(self) -> None:
        if (handed := self._last_handed) is not None:
            print("\n".join(filter(None, [f"{handed.task}", _outcome(handed)])))
            return
        print(self._session.status())

    def _history(self) -> None:
        entries = [(one.task, _outcome(one)) for one in self._pages.handed] if self._pages is not None else []
        for started, ended in self._session.history():
            how = "It is under way." if ended is None else ended.answer or ended.message
            entries.append((started.task, how))
        if not entries:
            print("CodeAct was not asked anything in this session yet.")
        for number, (task, how) in enumerate(entries, 1):
            print(f"{number}. {' '.join(task.split())}\n   {' '.join(how.split())}")

    def _stop(self) -> None:
        handed = self._last_handed
        if handed is not None and handed.going:
            self._pages.tell(handed, "stop")
            print("Stopping.")
        else:
            print("Stopping." if self._session.stop() else "CodeAct is not at work in this session.")

    def _undo(self) -> None:
        from .threads import Waiting

        if (handed := self._last_handed) is not None:
            self._pages.tell(handed, "undo")
            return
        left = self._session.undo(Waiting())
        print(
            "The cells of the last run are taken back. Variables and files are as it left them."
            + (f" Cells that were changed since were left alone: {len(left)}." if left else "")
        )


def _outcome(handed: Any) -> str:
    return handed.answer or handed.message or ("It is under way." if handed.going else "It was not taken up.")
