"""``jupyter codeact``: the command line."""

from __future__ import annotations

import sys
from typing import Any

import click

from ..agent.contracts import CodeActError
from .run import run


class _Group(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CodeActError as error:
            click.echo(f"Error: {error}", err=True)
            sys.exit(1)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """An agent that works in Jupyter notebooks."""


main.add_command(run)
