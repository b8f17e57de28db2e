"""``jupyter codeact models test``: whether a model does what the agent needs, and how fast."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import click
from rich.console import Console

from ..models.endpoints.access import KEY_VARIABLE
from ..models.open import AUTO

if TYPE_CHECKING:
    from ..models.open import EndpointModel, LocalModel
    from ..models.probe import Finding, Report
    from ..models.status import EngineStatus

STYLES = {"pass": "green", "fail": "bold red", "n/a": "dim"}


@click.command("test", short_help="Test whether a model works, and how fast.")
@click.argument("target", metavar="[NAME|URL]", default=AUTO)
@click.option(
    "--model", metavar="NAME", help="What the endpoint calls the model. Default: the first it lists."
)
@click.option(
    "--api-key-env",
    metavar="NAME",
    help=f"Environment variable with the key of the endpoint at URL. Default: {KEY_VARIABLE}.",
)
@click.option("--json", "as_json", is_flag=True, help="Write the findings as JSON, and nothing else.")
def test(target: str, model: str | None, api_key_env: str | None, as_json: bool) -> None:
    """Test whether a model does what the agent needs, and how fast it is.

    NAME is a model of `jupyter codeact models`, a .gguf file, or the name of an endpoint; URL is an
    OpenAI-compatible server. Without either, the model that suits this machine is tested.

    Exit code 0: no test failed; 1: some did; 2: wrong usage.
    """
    if api_key_env and not os.environ.get(api_key_env):
        raise click.BadParameter(f"{api_key_env} is not set.", param_hint="--api-key-env")
    key = os.environ[api_key_env] if api_key_env else None
    report = asyncio.run(_probe(target, model, key, as_json))
    if as_json:
        click.echo(report.model_dump_json(indent=2).encode())
    raise SystemExit(0 if report.passed else 1)


async def _probe(target: str, name: str | None, key: str | None, as_json: bool) -> Report:
    from ..models.probe import probe
    from ..transcript import describe_status

    model = _open(target, name, key)
    last = ""

    def note(status: EngineStatus) -> None:
        nonlocal last
        if (message := describe_status(status)) and message != last:
            click.echo(message, err=True)
            last = message

    unwatch = model.watch(note)
    report = None
    try:
        async for report in probe(model):
            if not as_json:
                if len(report.findings) == 1:
                    click.echo(f"{report.model} · {report.where}")
                _show(report.findings[-1])
    finally:
        unwatch()
        await model.close()
    assert report is not None
    if not as_json and (figures := _figures(report)):
        click.echo(figures)
    return report


def _open(target: str, name: str | None, key: str | None) -> EndpointModel | LocalModel:
    from ..agent.contracts import CodeActError
    from ..models.endpoints.registry import user_endpoints
    from ..models.open import open_model

    endpoints = user_endpoints()
    try:
        if "://" in target or endpoints.find(target):
            return open_model(name, endpoint=target, endpoints=endpoints, api_key=key)
        return open_model(target)
    except CodeActError as error:
        raise click.UsageError(str(error)) from error


def _show(finding: Finding) -> None:
    from rich.text import Text

    line = Text(f"{finding.name:22}")
    line.append(f"{finding.outcome:6}", style=STYLES[finding.outcome])
    line.append(finding.message)
    Console(highlight=False).print(line, soft_wrap=True)


def _figures(report: Report) -> str:
    """Return the measurements in one line."""
    figures = []
    if report.first_token_seconds is not None:
        figures.append(f"first token after {report.first_token_seconds:.2f} s")
    if report.tokens_per_second is not None:
        figures.append(f"{report.tokens_per_second:.1f} tokens/s")
    if report.cached_share is not None:
        figures.append(f"{report.cached_share:.0%} of a growing conversation cached")
    if report.context is not None:
        figures.append(f"{report.context:,} tokens of context")
    return ", ".join(figures)
