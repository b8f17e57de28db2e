"""The options that say how a model is asked, for every command that has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import click

from ..agent.contracts import CodeActError, ReasoningEffort
from ..agent.gate.setting import Approval

if TYPE_CHECKING:
    from ..agent.contracts import ModelSettings

Command = TypeVar("Command", bound=Callable[..., Any])
NAMES = ("reasoning_effort", "temperature", "top_p", "reply_tokens", "extra_body")
PRICES = ("price_in", "price_cached", "price_out")
AUTO = "auto"
"""Unsets what was set."""

_HELP = {
    "reasoning_effort": "How much the model is to think before it replies; off asks it not to.",
    "temperature": "How freely the model chooses its words, from 0 to 2.",
    "top_p": "Share of the likeliest words that the model chooses from, above 0 and at most 1.",
    "reply_tokens": "Most tokens of one reply, its thinking included.",
    "extra_body": "Further fields of each request, as a JSON object; they overrule all others.",
    "price_in": "Dollars for a million tokens of prompts, to say what a run cost.",
    "price_cached": "The same of tokens that are in the endpoint's cache. Default: as all of the prompt.",
    "price_out": "The same of tokens of replies.",
}
_METAVARS = {"temperature": "T", "top_p": "P", "reply_tokens": "N", "extra_body": "JSON"}
_METAVARS |= dict.fromkeys(PRICES, "USD")


def settings_options(command: Command) -> Command:
    """Add the options of a run, whose values `read` takes."""
    for name in reversed(NAMES):
        kind = click.Choice(get_args(ReasoningEffort)) if name == "reasoning_effort" else None
        option = click.option(_spelled(name), type=kind, metavar=_METAVARS.get(name), help=_HELP[name])
        command = option(command)
    return command


def stored_options(command: Command) -> Command:
    """Add the options that are stored; ``auto`` unsets one. See `changes`."""
    for name in reversed(NAMES):
        kind = click.Choice([*get_args(ReasoningEffort), AUTO]) if name == "reasoning_effort" else None
        metavar = f"{_METAVARS[name]}|{AUTO}" if name in _METAVARS else None
        command = click.option(_spelled(name), type=kind, metavar=metavar, help=_HELP[name])(command)
    command = click.option(
        "--guidance",
        type=click.Choice(["small", "capable", AUTO]),
        help="How much help the model needs. Default: auto, judged by its size.",
    )(command)
    command = click.option(
        "--approval",
        type=click.Choice([*get_args(Approval), AUTO]),
        help="Which of the model's cells wait for approval, unless you choose otherwise for a run or a "
        "notebook. Default: auto, as everywhere else.",
    )(command)
    return click.option(
        "--images",
        type=click.Choice(["yes", "no", AUTO]),
        help="Whether the model takes images. Default: auto, what the server or the model's name tells.",
    )(command)


def price_options(command: Command) -> Command:
    """Add the options with an endpoint's prices; ``auto`` unsets one. See `changes`."""
    for name in reversed(PRICES):
        metavar = f"{_METAVARS[name]}|{AUTO}"
        command = click.option(_spelled(name), metavar=metavar, help=_HELP[name])(command)
    return command


def read(values: dict[str, Any]) -> ModelSettings | None:
    """Return the settings that options give, without which there are none.

    Raises
    ------
    click.UsageError
        With a sentence about a wrong value.
    """
    from ..models.preferences import read_settings

    given = {name: values[name] for name in NAMES if values.get(name) is not None}
    try:
        return read_settings(given) if given else None
    except CodeActError as error:
        raise click.UsageError(str(error)) from error


def changes(values: dict[str, Any]) -> dict[str, Any]:
    """Return what options change of a model's preferences; ``None`` unsets."""
    given = {name: value for name, value in values.items() if value is not None}
    changed = {
        name: None if given[name] == AUTO else given[name] for name in (*NAMES, *PRICES) if name in given
    }
    if "guidance" in given:
        changed["guidance"] = None if given["guidance"] == AUTO else given["guidance"]
    if "approval" in given:
        changed["approval"] = None if given["approval"] == AUTO else given["approval"]
    if "images" in given:
        changed["supports_images"] = {"yes": True, "no": False, AUTO: None}[given["images"]]
    return changed


def _spelled(name: str) -> str:
    return "--" + name.replace("_", "-")
