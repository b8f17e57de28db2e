"""The options that say how a model of this machine runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from ..models.engines.launch import EngineOptions

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--context",
        metavar="N",
        type=click.IntRange(min=256),
        help="Context window, in tokens, of a model of this machine. Default: 16,384, and twice that for a "
        "model that thinks.",
    ),
    click.option(
        "--gpu-layers",
        metavar="N",
        type=click.IntRange(min=0),
        help="Layers of a GGUF model on the GPU. Default: as many as there is memory for.",
    ),
    click.option(
        "--engine",
        type=click.Choice(["auto", "transformers", "vllm"]),
        default="auto",
        help="What runs a model that is no GGUF file. Default: vLLM on a GPU where that is installed.",
    ),
    click.option(
        "--llama",
        metavar="OPTION=VALUE",
        multiple=True,
        help="How llama.cpp runs a model, such as cache_type_k=q8_0; can be repeated.",
    ),
    click.option(
        "--transformers",
        metavar="OPTION=VALUE",
        multiple=True,
        help="How transformers runs a model on a GPU, such as quantization=4bit; can be repeated.",
    ),
)


def engine_options(command: Command) -> Command:
    """Add the options, whose values `read` takes."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def read(given: Mapping[str, Any]) -> EngineOptions:
    """Return the options among those of a command.

    Raises
    ------
    click.UsageError
        If one is wrong.
    """
    from ..agent.contracts import ModelError
    from ..models.engines.launch import EngineOptions
    from ..models.engines.llama.options import read_llama_options
    from ..models.engines.transformers.settings import read_options

    def named(option: str) -> dict[str, str]:
        return dict(each.partition("=")[::2] for each in given[option])

    try:
        return EngineOptions(
            context=given["context"],
            gpu_layers=given["gpu_layers"],
            engine=given["engine"],
            llama=read_llama_options(named("llama")),
            transformers=read_options(named("transformers")),
        )
    except ModelError as error:
        raise click.UsageError(str(error)) from error
