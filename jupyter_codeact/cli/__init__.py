"""The command line: ``jupyter codeact``. Its commands are imported when they are called."""

from __future__ import annotations

import errno
import importlib
import os
from typing import Any

import click

from .imports import import_jsonschema
from .streams import let_go, take_any_character

COMMANDS = {
    "check": "Run a notebook in a fresh kernel, and tell whether it shows the same.",
    "conversations": "List, read, export and delete conversations.",
    "data": "Make training data for a model: play tasks, collect, select, mix.",
    "doctor": "Check the installation, and say how to fix what is wrong.",
    "eval": "Measure a model and an agent on tasks with a known outcome.",
    "lab": "Open JupyterLab with the agent, on a notebook.",
    "mcp": "Let another agent (Claude Code, Codex, any MCP client) work in the notebook.",
    "models": "List, download and remove models for this machine.",
    "replay": "Repeat what a conversation did in a new notebook, without a model.",
    "run": "Let the agent work on a task, in a copy of a notebook.",
    "train": "Train a model on conversations, and compare it to what it was.",
}
"""Each is a function in the module of its name."""
NAMED_OTHERWISE = {"eval": "evaluate"}
"""Except commands whose name Python has already."""
_WITH_NOTEBOOKS = {"check", "replay", "run"}
"""Commands that read a notebook in this process."""
_UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
"""What standard output fails with that is a file on a full or broken disk."""


class Commands(click.Group):
    """The commands, imported when they are called; an error of ours is shown as its sentence."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        if cmd_name in _WITH_NOTEBOOKS:
            import_jsonschema()
        name = NAMED_OTHERWISE.get(cmd_name, cmd_name)
        command: click.Command = getattr(importlib.import_module(f".{name}", __name__), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        # click's own would import every command for its one line of help.
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def main(self, *arguments: Any, **options: Any) -> Any:
        take_any_character()
        return super().main(*arguments, **options)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except OSError as error:
            if error.errno not in _UNWRITABLE or error.filename is not None:
                raise
            let_go()
            raise click.ClickException(f"The output cannot be written: {error.strerror}.") from error
        except Exception as error:
            from ..agent.contracts import CodeActError

            if isinstance(error, CodeActError):
                raise click.ClickException(str(error)) from error
            raise

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        if os.environ.get("NO_COLOR"):  # https://no-color.org; click does not look
            extra["color"] = False
        # Jupyter calls jupyter-codeact, but that is not what the user wrote.
        return super().make_context("jupyter codeact", args, parent, **extra)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="jupyter-codeact", message="%(version)s")
def main() -> None:
    """Give an agent work in Jupyter notebooks, on a model of your own."""
