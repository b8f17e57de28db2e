"""``jupyter codeact run``: a task, a copy of a notebook, and a kernel of its own."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from ..agent.run_limits import Guidance
from ..interrupts import ending_signals, stopping
from ..models.endpoints.access import KEY_VARIABLE
from ..options import RunOptions
from . import inputs
from .approve import (
    ApprovalChoice,
    TerminalApproval,
    confirm_servers,
    is_terminal,
    or_earlier_option,
    take_earlier_option,
)
from .engines import engine_options
from .engines import read as read_engine
from .settings import read as read_settings
from .settings import settings_options
from .streams import let_go

if TYPE_CHECKING:
    from ..agent.events import Attachment, Event
    from ..agent.gate.setting import Approval
    from ..headless import HeadlessRun
    from ..models.engines.launch import EngineOptions
    from ..models.status import EngineStatus
    from ..notebooks.headless import HeadlessNotebook
    from .display import Display


def _read_without(
    _ctx: click.Context, _parameter: click.Parameter, names: tuple[str, ...]
) -> tuple[str, ...]:
    """Return names of hooks, all of which there are."""
    from ..agent.contracts import CodeActError
    from ..agent.hooks import all_but

    try:
        all_but(names)
    except CodeActError as error:
        raise click.BadParameter(str(error)) from error
    return names


@click.command()
@click.argument("task", callback=inputs.read_task)
@click.argument("notebook", required=False, type=click.Path(path_type=Path))
@click.option(
    "--output",
    metavar="OUT.ipynb",
    type=click.Path(path_type=Path),
    help="File to write. Default: NAME-codeact.ipynb beside NOTEBOOK, or codeact.ipynb in the current "
    "folder; with a number if that is taken.",
)
@click.option(
    "--kernel",
    metavar="NAME",
    callback=inputs.read_kernel,
    help="Kernel to use, by its name in `jupyter kernelspec list`. Default: the notebook's own; where "
    "that is not installed, Python's.",
)
@click.option(
    "--model",
    metavar="NAME",
    help="A model that `jupyter codeact models` lists, a GGUF file, one on the Hugging Face Hub "
    "(hf:owner/name/file.gguf), or a model of the endpoint's.",
)
@click.option(
    "--endpoint",
    metavar="URL|NAME",
    help="OpenAI-compatible server to use instead of a model of this machine: its address or its saved name.",
)
@click.option(
    "--api-key-env",
    metavar="NAME",
    help="Environment variable with the endpoint's key; it is hidden from the kernel. "
    f"Default: {KEY_VARIABLE}.",
)
@engine_options
@click.option("--max-turns", metavar="N", type=click.IntRange(min=1), help="Model replies the run may take.")
@click.option(
    "--timeout", metavar="S", type=click.FloatRange(min=0, min_open=True), help="Seconds the run may take."
)
@click.option(
    "--format",
    "action_format",
    type=click.Choice(["markdown", "execute", "tools"]),
    default="markdown",
    show_default=True,
    help="How the model writes actions: fenced blocks, the CodeActAgent models' own tags, or the endpoint's "
    "function calling.",
)
@click.option(
    "--approval",
    type=ApprovalChoice(),
    callback=or_earlier_option,
    help="Which cells wait for your approval: always all of them, only risky ones (those that may do harm or "
    "reach outside the notebook), or never any. Where nobody is at a terminal, a cell that waits does not "
    "run. Default: risky on a terminal, else never.",
)
@click.option(
    "--approve", type=ApprovalChoice(), hidden=True, expose_value=False, callback=take_earlier_option
)
@click.option(
    "--guidance",
    type=click.Choice(get_args(Guidance)),
    help="How much help the model gets: small models every hook, capable ones only those that never change "
    "code. Default: what suits the model.",
)
@settings_options
@click.option(
    "--without",
    metavar="NAME",
    multiple=True,
    callback=_read_without,
    help="Hook to switch off, or a group of them; can be repeated.",
)
@click.option(
    "--tools",
    metavar="MODULE:FUNCTION",
    multiple=True,
    help="Function for the model to call, loaded into the kernel; can be repeated. The module may be in the "
    "notebook's folder.",
)
@click.option(
    "--mcp-config",
    "mcp_servers",
    metavar="FILE",
    multiple=True,
    callback=inputs.read_servers,
    help='File that names MCP servers, like {"mcpServers": {"name": {"command": …}}}; their tools become '
    "functions in the kernel. Can be repeated. A .mcp.json beside the notebook is asked about.",
)
@click.option(
    "--image",
    metavar="FILE",
    multiple=True,
    callback=inputs.read_images,
    help="Image to show the model with the task; can be repeated.",
)
@click.option(
    "--var",
    metavar="NAME=VALUE",
    multiple=True,
    callback=inputs.read_variables,
    help="Variable to define in a cell at the top of the notebook; can be repeated. VALUE is a Python "
    "literal, else a string. {NAME} in TASK is replaced by it.",
)
@click.option(
    "--resume",
    metavar="CONVERSATION|OUT.ipynb",
    help="Continue an earlier conversation in its notebook: its id, latest, or the notebook.",
)
@click.option(
    "--execute/--no-execute",
    default=True,
    show_default=True,
    help="Whether to run the notebook's own cells first, in order and past those that fail, so that what "
    "they define is there. Cells do not run that are protected, have the tag skip-execution, or ask CodeAct.",
)
@click.option(
    "--no-project",
    is_flag=True,
    help="Do not tell the model the instructions (AGENTS.md) and skills that lie around the notebook.",
)
@click.option("--json", "as_json", is_flag=True, help="Write one event per line, as JSON, and nothing else.")
def run(
    task: str,
    notebook: Path | None,
    output: Path | None,
    kernel: str | None,
    model: str | None,
    endpoint: str | None,
    api_key_env: str | None,
    max_turns: int | None,
    timeout: float | None,
    action_format: str,
    approval: Approval | None,
    guidance: Guidance | None,
    without: tuple[str, ...],
    tools: tuple[str, ...],
    mcp_servers: dict[str, Any],
    image: list[Attachment],
    var: dict[str, Any],
    resume: str | None,
    execute: bool,
    no_project: bool,
    as_json: bool,
    **settings: Any,
) -> None:
    """Let the agent work on TASK in a copy of NOTEBOOK, or in a new one, with a kernel of its own.

    TASK is what is to be done; @FILE reads it from a file, and - from standard input.
    NOTEBOOK itself stays as it is, unless it is named as the output too. Ctrl-C stops the run and keeps what
    was done; a second Ctrl-C aborts it.

    Exit code 0: the task was answered; 1: it was not; 2: wrong usage.
    """
    task = inputs.filled(task, var)
    if resume is not None and notebook is not None:
        raise click.UsageError("--resume goes on in the conversation's own notebook: leave NOTEBOOK out.")
    if not task:
        raise click.UsageError("TASK is empty. Say what you would like done.")
    options = RunOptions(
        model=model,
        endpoint=_known(endpoint),
        api_key=_key(api_key_env),
        max_turns=max_turns,
        timeout=timeout,
        approval=approval,
        action_format=action_format,
        tools=tools,
        mcp_servers=mcp_servers,
        guidance=guidance,
        without=without,
        settings=read_settings(settings),
        execute=execute,
        project=not no_project,
    )
    display, asks = _display(as_json), is_terminal() and not as_json
    approver = TerminalApproval(options.approval_where(asks), sys.stdin.readline if asks else None)

    async def prepare(notebook: HeadlessNotebook) -> None:
        await inputs.define(notebook, var, run=not execute)

    async def work() -> bool:
        resumed = _resumed(resume) if resume is not None else None
        start, target = (resumed.notebook, output or resumed.notebook) if resumed else (notebook, output)
        engine = read_engine(settings)
        headless = _open(options, start, target, kernel, api_key_env, engine, display)
        if asks:
            await confirm_servers(headless.servers)
        try:
            with _stopping(headless, display):
                result = await headless.work(
                    task,
                    approver,
                    watch=lambda event: _show(event, display, headless),
                    note=display.note,
                    on_progress=display.note,
                    on_executed=lambda done: display.executed(done.problems, done.summary),
                    conversation=resumed.conversation if resumed else None,
                    attachments=image,
                    prepare=prepare,
                )
            return result.ok
        finally:
            display.close(headless.written)

    try:
        answered = asyncio.run(work())
    except asyncio.CancelledError:
        click.echo("Aborted.", err=True)
        answered = False
    except BrokenPipeError:
        let_go()
        answered = False
    raise SystemExit(0 if answered else 1)


def _resumed(name: str) -> inputs.Resumed:
    from ..agent.contracts import CodeActError

    try:
        return inputs.resume(name)
    except CodeActError as error:
        raise click.BadParameter(str(error), param_hint="--resume") from error


def _known(endpoint: str | None) -> str | None:
    """Return an endpoint that is an address or the name of one; anything else is wrong usage."""
    if endpoint and not endpoint.startswith(("http://", "https://")):
        from ..models.endpoints.registry import user_endpoints

        if user_endpoints().find(endpoint) is None:
            sentence = "It must begin with http:// or https://, or be the name of an endpoint."
            raise click.BadParameter(sentence, param_hint="--endpoint")
    return endpoint


def _key(variable: str | None) -> str | None:
    if variable and not os.environ.get(variable):
        raise click.BadParameter(f"{variable} is not set.", param_hint="--api-key-env")
    return os.environ[variable] if variable else None


def _open(
    options: RunOptions,
    notebook: Path | None,
    output: Path | None,
    kernel: str | None,
    api_key_env: str | None,
    engine_options: EngineOptions,
    display: Display,
) -> HeadlessRun:
    """Check whatever can be refused without starting anything: that is wrong usage."""
    from ..agent.contracts import CodeActError
    from ..headless import HeadlessRun

    loop = asyncio.get_running_loop()

    def on_status(status: EngineStatus) -> None:  # from any thread
        if not loop.is_closed():
            loop.call_soon_threadsafe(display.status, status)

    try:
        return HeadlessRun(
            options,
            notebook=notebook,
            output=output,
            kernel=kernel,
            withhold=[api_key_env] if api_key_env else [],
            on_status=on_status,
            engine_options=engine_options,
        )
    except CodeActError as error:  # there is no such model or notebook, or it cannot be written
        raise click.UsageError(str(error)) from error


def _display(as_json: bool) -> Display:
    from rich.console import Console

    from ..terminal import RichDisplay
    from .display import JsonDisplay, PlainDisplay

    if as_json:
        return JsonDisplay()
    console = Console(highlight=False)
    return RichDisplay(console) if console.is_terminal else PlainDisplay()


def _show(event: Event, display: Display, headless: HeadlessRun) -> None:
    try:
        display.show(event)
    except BrokenPipeError:
        let_go()
        headless.stop("Stopped, because nobody reads the output any more.")
    except OSError as error:
        let_go()
        headless.stop(f"Stopped, because the output cannot be written: {error.strerror}.")


def _stopping(headless: HeadlessRun, display: Display) -> AbstractContextManager[None]:
    """Let the first Ctrl-C (or SIGTERM, or a terminal's end) stop the run, and the next one abort it."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None

    def stop(why: str) -> None:
        headless.stop(why)
        with suppress(OSError):  # SIGHUP says that the terminal is gone
            display.note("Stopping; Ctrl-C again aborts")

    return stopping(
        lambda why: loop.call_soon_threadsafe(stop, why),
        lambda: loop.call_soon_threadsafe(task.cancel),
        ending_signals(),
    )
