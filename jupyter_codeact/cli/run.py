"""``jupyter codeact run``: a task, a copy of a notebook, and a kernel of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from ..models.open import KEY_VARIABLE
from . import inputs as given
from .approve import MODES, TerminalApproval, is_terminal

if TYPE_CHECKING:
    from ..agent.events import Attachment, Event
    from ..models.status import EngineStatus
    from .display import Display


@dataclass(frozen=True)
class Wish:
    """What the user asked for on the command line."""

    task: str
    notebook: Path | None
    output: Path | None
    model: str | None
    endpoint: str | None
    api_key_env: str | None
    context: int | None
    transformers: tuple[str, ...]
    max_turns: int | None
    timeout: float | None
    action_format: str
    approve: str | None
    tools: tuple[str, ...]
    image: list[Attachment]
    var: dict[str, Any]
    resume: str | None
    execute: bool


@click.command()
@click.argument("task", callback=given.read_task)
@click.argument("notebook", required=False, type=click.Path(path_type=Path))
@click.option(
    "--output",
    metavar="OUT.ipynb",
    type=click.Path(path_type=Path),
    help="File to write. Default: NAME-codeact.ipynb beside NOTEBOOK, or codeact.ipynb in the current "
    "folder; with a number if that is taken.",
)
@click.option(
    "--model",
    metavar="NAME",
    help="A model that `jupyter codeact models` lists, a GGUF file, or what the endpoint calls its model.",
)
@click.option(
    "--endpoint",
    metavar="URL|NAME",
    help="OpenAI-compatible server to use instead of a model here, by address or by the name it was given.",
)
@click.option(
    "--api-key-env",
    metavar="NAME",
    help="Environment variable with the endpoint's key, which the kernel does not get to see. "
    f"Default: {KEY_VARIABLE}.",
)
@click.option(
    "--context",
    metavar="N",
    type=click.IntRange(min=256),
    help="Tokens that a conversation with a model here may have. Default: 16,384.",
)
@click.option(
    "--transformers",
    metavar="OPTION=VALUE",
    multiple=True,
    help="How transformers runs a model on a GPU, such as quantization=4bit; can be repeated.",
)
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
    "--approve",
    type=click.Choice(list(MODES)),
    help="Which cells wait for your approval: all (ask), those that may do harm or reach outside the "
    "notebook (risky), or none (auto). Where nobody is at a terminal, a cell that waits does not run. "
    "Default: risky on a terminal, else auto.",
)
@click.option(
    "--tools",
    metavar="MODULE:FUNCTION",
    multiple=True,
    help="Function that the model may call, loaded into the kernel; can be repeated. The module may lie "
    "beside the notebook.",
)
@click.option(
    "--image",
    metavar="FILE",
    multiple=True,
    callback=given.read_images,
    help="Picture to show the model with the task; can be repeated.",
)
@click.option(
    "--var",
    metavar="NAME=VALUE",
    multiple=True,
    callback=given.read_variables,
    help="Variable to define in a cell at the notebook's top; can be repeated. The value is a Python "
    "literal, else a string; {NAME} in TASK is replaced by it.",
)
@click.option(
    "--resume",
    metavar="CONVERSATION|OUT.ipynb",
    help="Go on in an earlier conversation and its notebook: by its id (or latest), or by the notebook.",
)
@click.option(
    "--execute",
    is_flag=True,
    help="First run the notebook's own cells, in order, those that fail too. Default: none of them runs.",
)
@click.option("--json", "as_json", is_flag=True, help="Write one event per line, as JSON, and nothing else.")
def run(as_json: bool, **wish: Any) -> None:
    """Let the agent work on TASK in a copy of NOTEBOOK, or in a new one, with a kernel of its own.

    TASK is what is to be done; @FILE reads it from a file, and - from standard input.
    NOTEBOOK itself stays as it is, unless it is named as the output too. Ctrl-C stops the run and keeps what
    was done; a second Ctrl-C aborts it.

    Exit code 0: the task was answered; 1: it was not; 2: wrong usage.
    """
    wish["task"] = given.filled(wish["task"], wish["var"])
    asked = Wish(**wish)
    if asked.resume is not None and asked.notebook is not None:
        raise click.UsageError("--resume goes on in the conversation's own notebook: leave NOTEBOOK out.")
    if not asked.task.strip():
        raise click.UsageError("TASK is empty. Say what you would like done.")
    if asked.endpoint and not asked.endpoint.startswith(("http://", "https://")):
        from .endpoints import saved

        if saved().find(asked.endpoint) is None:
            sentence = "It must begin with http:// or https://, or be the name of an endpoint."
            raise click.BadParameter(sentence, param_hint="--endpoint")
    if asked.api_key_env and not os.environ.get(asked.api_key_env):
        raise click.BadParameter(f"{asked.api_key_env} is not set.", param_hint="--api-key-env")
    display = _display(as_json)
    there = is_terminal() and not as_json
    mode = asked.approve or ("risky" if there else "auto")
    approval = TerminalApproval(MODES[mode], display, sys.stdin.readline if there else None)
    try:
        answered = asyncio.run(_work(asked, display, approval))
    except asyncio.CancelledError:
        click.echo("Aborted.", err=True)
        answered = False
    except BrokenPipeError:
        _write_to_nobody()
        answered = False
    raise SystemExit(0 if answered else 1)


def _display(as_json: bool) -> Display:
    from rich.console import Console

    from .display import JsonDisplay, PlainDisplay, RichDisplay

    if as_json:
        return JsonDisplay()
    console = Console(highlight=False)
    return RichDisplay(console) if console.is_terminal else PlainDisplay()


def _write_to_nobody() -> None:
    """Let go of a pipe that is closed; Python would complain about it again when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


async def _work(wish: Wish, display: Display, approval: TerminalApproval) -> bool:
    """Run the agent; tell whether it answered."""
    from ..agent.agent import Agent
    from ..agent.contracts import ModelError
    from ..agent.gate.gate import ApprovalGate
    from ..agent.replies.formats import FORMATS
    from ..agent.run import Budget
    from ..journal import default_path, open_journal
    from ..models.engines.launch import EngineOptions
    from ..models.engines.transformers.settings import read_options
    from ..models.open import open_model
    from ..notebooks import tools
    from ..notebooks.headless import HeadlessNotebook
    from .endpoints import saved

    loop = asyncio.get_running_loop()
    spend = {"turns": wish.max_turns, "seconds": wish.timeout}

    def watch(event: Event) -> None:
        try:
            display.show(event)
        except BrokenPipeError:
            _write_to_nobody()
            agent.stop("Stopped, because nobody reads the output any more.")

    def on_status(status: EngineStatus) -> None:  # from any thread
        if not loop.is_closed():
            loop.call_soon_threadsafe(display.status, status)

    secret = {KEY_VARIABLE, *([wish.api_key_env] if wish.api_key_env else [])}
    # whatever can be refused without starting anything comes first
    tools.check(wish.tools)
    resumed = given.resume(wish.resume) if wish.resume is not None else None
    if resumed is not None:
        notebook = HeadlessNotebook(resumed.notebook, wish.output or resumed.notebook, withhold=secret)
    else:
        notebook = HeadlessNotebook(wish.notebook, wish.output, withhold=secret)
    key = os.environ[wish.api_key_env] if wish.api_key_env else None
    try:
        options = dict(option.partition("=")[::2] for option in wish.transformers)
        model = open_model(
            wish.model,
            endpoint=wish.endpoint,
            endpoints=saved(),
            api_key=key,
            on_status=on_status,
            engine_options=EngineOptions(context=wish.context, transformers=read_options(options)),
        )
    except ModelError as error:  # no such model: nothing was started or reached yet
        raise click.UsageError(str(error)) from error
    try:
        journal = open_journal(default_path())
        if journal.problem:
            display.note(journal.problem)
        budget = Budget(**{name: value for name, value in spend.items() if value is not None})
        agent = Agent(
            model,
            notebook,
            journal,
            gate=ApprovalGate(lambda: approval.mode, approval.ask, notebook.folder),
            action_format=FORMATS[wish.action_format],
            budget=budget,
            watch=watch,
            tools=wish.tools,
        )
        title = str(notebook.path)
        with _stopping(asyncio.current_task(), agent.stop, display):
            async with notebook:
                await given.define(notebook, wish.var)
                if wish.execute:
                    await given.execute(notebook)
                conversation = resumed.conversation if resumed is not None else journal.begin(title)
                ended = await agent.run(conversation, wish.task, title=title, attachments=wish.image)
                answered = ended.ending == "answered"
                if answered:  # a script that named an output finds it, even if the answer took no cell
                    await notebook.save()
        return answered
    finally:
        display.close(notebook.path if notebook.written else None)
        await model.close()


@contextmanager
def _stopping(
    task: asyncio.Task[Any] | None, stop: Callable[[str], None], display: Display
) -> Iterator[None]:
    """Let the first Ctrl-C (or SIGTERM) stop the run, and the next one abort it."""
    assert task is not None
    loop = asyncio.get_running_loop()
    asked = False

    def on_signal(number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(end, signal.Signals(number).name)

    def end(name: str) -> None:
        nonlocal asked
        if asked:
            task.cancel()
            return
        asked = True
        stop("Stopped by Ctrl-C." if name == "SIGINT" else f"Stopped by {name}.")
        display.note("Stopping; Ctrl-C again aborts")

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
