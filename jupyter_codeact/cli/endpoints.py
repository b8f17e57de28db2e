"""``jupyter codeact models endpoint``: endpoints that have a name."""

from __future__ import annotations

import sys
from typing import Literal

import click

from ..agent.contracts import Guidance
from ..models.endpoints.registry import user_endpoints

_IMAGES: dict[str, bool | Literal["auto"]] = {"yes": True, "no": False, "auto": "auto"}


@click.group(short_help="Name an endpoint, or remove one.")
def endpoint() -> None:
    """Name OpenAI-compatible servers, for `models test`, `run --endpoint` and JupyterLab."""


@endpoint.command(short_help="Add or change an endpoint.")
@click.argument("name")
@click.argument("url")
@click.option("--model", default="", help="The model's name there. Default: the first one it lists.")
@click.option("--key", "has_key", is_flag=True, help="Ask for the API key, or read it from a pipe.")
@click.option(
    "--images",
    type=click.Choice(list(_IMAGES)),
    help="Whether the model takes images. Default: auto, what the server tells.",
)
@click.option(
    "--guidance",
    type=click.Choice(["small", "capable", "auto"]),
    help="How much help the model needs. Default: auto, judged by its size.",
)
def add(
    name: str,
    url: str,
    model: str,
    has_key: bool,
    images: str | None,
    guidance: Guidance | Literal["auto"] | None,
) -> None:
    """Call the server at URL NAME from now on.

    A key is stored in the system's keyring where there is one, else in a file that only you can read.
    """
    key = None
    if has_key:
        piped = not sys.stdin.isatty()
        key = sys.stdin.readline().strip() if piped else click.prompt("API key", hide_input=True)
    added = user_endpoints().save(
        name,
        url,
        model=model,
        api_key=key,
        supports_images=_IMAGES[images] if images else None,
        guidance=guidance,
    )
    click.echo(f"{added.name} is {added.shown}{' with a key' if added.has_key else ''}.")


@endpoint.command(short_help="Remove an endpoint and its key.")
@click.argument("name")
def rm(name: str) -> None:
    """Remove the endpoint NAME, and its key."""
    user_endpoints().remove(name)
    click.echo(f"{name} was removed.")
