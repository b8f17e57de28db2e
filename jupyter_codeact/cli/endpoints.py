"""``jupyter codeact models endpoint``: endpoints that have a name."""

from __future__ import annotations

import sys
from typing import Any

import click

from ..models.endpoints.registry import user_endpoints
from .settings import changes, price_options, stored_options


@click.group(short_help="Name an endpoint, set how it is asked, or remove it.")
def endpoint() -> None:
    """Name OpenAI-compatible servers, for `models test`, `run --endpoint` and JupyterLab."""


@endpoint.command(short_help="Add or change an endpoint.")
@click.argument("name")
@click.argument("url")
@click.option("--model", default="", help="The model's name there. Default: the first one it lists.")
@click.option("--key", "has_key", is_flag=True, help="Ask for the API key, or read it from a pipe.")
@stored_options
@price_options
def add(name: str, url: str, model: str, has_key: bool, **options: Any) -> None:
    """Call the server at URL NAME from now on.

    A key is stored in the system's keyring where there is one, else in a file that only you can read.
    """
    from ..models.preferences import ModelPreferences

    changed = changes(options)
    ModelPreferences().changed(changed)  # refused before anything is stored
    key = None
    if has_key:
        piped = not sys.stdin.isatty()
        key = sys.stdin.readline().strip() if piped else click.prompt("API key", hide_input=True)
    endpoints = user_endpoints()
    added = endpoints.save(name, url, model=model, api_key=key)
    if changed:
        endpoints.change(added.name, changed)
    click.echo(f"{added.name} is {added.shown}{' with a key' if added.has_key else ''}.")


@endpoint.command("set", short_help="Set how an endpoint's models are asked.")
@click.argument("name")
@click.option("--model", default="", help="Only for this model of it. Default: for all.")
@stored_options
@price_options
def set_(name: str, model: str, **options: Any) -> None:
    """Set how the models of the endpoint NAME are asked and what they cost; auto unsets a value."""
    changed = changes(options)
    if not changed:
        raise click.UsageError("Say what to set; --help lists the options.")
    endpoint = user_endpoints().change(name, changed, model=model)
    show(f"{name}, {model}" if model else name, endpoint.preferences(model).stored())


@endpoint.command(short_help="Remove an endpoint and its key.")
@click.argument("name")
def rm(name: str) -> None:
    """Remove the endpoint NAME, and its key."""
    user_endpoints().remove(name)
    click.echo(f"{name} was removed.")


def show(name: str, stored: dict[str, Any]) -> None:
    """Write what is set for a model."""
    nested = [stored.pop(name, {}) for name in ("settings", "prices")]
    fields = stored | nested[0] | nested[1]
    found = ", ".join(f"{field.replace('_', ' ')} {value}" for field, value in fields.items())
    click.echo(f"{name}: {found or 'nothing is set'}.")
