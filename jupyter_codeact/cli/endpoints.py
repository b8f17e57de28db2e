"""``jupyter codeact models endpoint``: the endpoints that have a name."""

from __future__ import annotations

import sys

import click

from ..journal import default_path
from ..models.endpoints.registry import Endpoints


def saved() -> Endpoints:
    """Return the endpoints that servers of this user share."""
    return Endpoints(default_path().parent)


@click.group(short_help="Name an endpoint, or remove one.")
def endpoint() -> None:
    """Give OpenAI-compatible servers a name, for `models test`, `run --endpoint` and JupyterLab."""


@endpoint.command(short_help="Add or change an endpoint.")
@click.argument("name")
@click.argument("url")
@click.option("--model", default="", help="What it calls the model. Default: the first it lists.")
@click.option(
    "--key", "has_key", is_flag=True, help="Ask for its API key; it is read from a pipe if there is one."
)
def add(name: str, url: str, model: str, has_key: bool) -> None:
    """Call the server at URL NAME from now on.

    A key is kept in the system's keyring where there is one, else in a file that only you may read.
    """
    key = None
    if has_key:
        piped = not sys.stdin.isatty()
        key = sys.stdin.readline().strip() if piped else click.prompt("API key", hide_input=True)
    added = saved().save(name, url, model=model, api_key=key)
    click.echo(f"{added.name} is {added.shown}{' with a key' if added.has_key else ''}.")


@endpoint.command(short_help="Remove an endpoint and its key.")
@click.argument("name")
def rm(name: str) -> None:
    """Forget the endpoint NAME, and its key."""
    saved().remove(name)
    click.echo(f"{name} was removed.")
