"""Plays a parametrised task with this project's agent, and makes a record of it."""

from __future__ import annotations

import ast
import shutil
import tempfile
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from random import Random

from ..agent.agent import Agent
from ..agent.contracts import ChatModel, CodeActError, Frozen, ModelSettings
from ..agent.events import ApprovalRequested, Event, RunEnded
from ..agent.gate.gate import AllowAllGate, ApprovalGate, Decision, Gate, decision
from ..agent.hooks import all_but
from ..agent.replies.formats import FORMATS
from ..agent.run import Budget
from ..agent.run_limits import Guidance
from ..evaluation.playing import Workspace
from ..journal import SqliteJournal
from ..notebooks.headless import HeadlessNotebook
from .masking import mask_paths
from .oracle import NAME, Oracle, sights_of
from .records import Record, TaskLabel, stable_id
from .tasks import Step, Task, programs, split_of
from .trajectories import trajectories

CELL_SECONDS = 60.0
NOTEBOOK = "task.ipynb"
LICENCE = "BSD-3-Clause"
"""Of this project, whose tasks and solutions these are."""
_NEXT_IS = (
    "__import__('jupyter_codeact.training.numbering', fromlist=['numbering']).next_is(get_ipython(){number})"
)
UNCOUNTED = _NEXT_IS.format(number="")
"""In hidden code, so that the numbers of the cells have no gaps."""
BEGIN = f"{_NEXT_IS.format(number=', 1')}\n__import__('os').chdir({{folder!r}})\n{{program}}\nNone"
"""Hidden code before a task. It shows nothing: an output would have to have a number."""


class PlaySetting(Frozen):
    """How tasks are played.

    ``mistakes`` and ``looks`` are the shares of steps in which the oracle makes a mistake, and looks at the
    data before it solves them; the limits are those of a run.
    Of a model, risky cells are refused unless it ``may_risk`` them. ``licence`` is that of the records.
    """

    format: str = "markdown"
    guidance: Guidance | None = None
    without: tuple[str, ...] = ()
    mistakes: float = 0.3
    looks: float = 0.3
    temperature: float = 0.0
    turns: int = 12
    tokens: int = 200_000
    seconds: float = 900.0
    reply_tokens: int = 1024
    may_risk: bool = False
    licence: str = LICENCE


@dataclass
class Player:
    """A notebook and a kernel for tasks, one after the other.

    The oracle's code is known, so that its tasks may share a kernel, which is cleared between them. A model
    gets a fresh one for each task.
    """

    notebook: HeadlessNotebook
    folder: Path
    used: bool = False

    async def workspace(self, task: Task) -> Workspace:
        """Return the notebook as the task begins: its files there, its cells run."""
        workspace = Workspace(self.notebook, SqliteJournal(None))
        if self.used:
            for cell in list(self.notebook.cells):
                await self.notebook.delete_cell(cell["id"])
            await workspace.run_hidden(f"{programs.FORGET}\nNone")
        self.used = True
        for path in self.folder.iterdir():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        for name, content in task.files.items():
            (path := self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        await workspace.run_hidden(BEGIN.format(folder=str(self.folder), program=programs.PREPARE))
        for cell in task.cells:
            await workspace.run_cell(cell)
        return workspace


@asynccontextmanager
async def open_player() -> AsyncGenerator[Player, None]:
    """Open a player in a temporary folder, which is deleted afterwards."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        (work := Path(folder, "work")).mkdir()
        async with HeadlessNotebook(None, Path(folder, NOTEBOOK), folder=work) as notebook:
            yield Player(notebook, work)


@dataclass
class Outcome:
    """How a task was played: its events, and what is wrong with the result, in a sentence."""

    events: list[Event] = field(default_factory=list)
    wrong: str = ""
    ending: str = ""
    flawed: set[str] = field(default_factory=set)
    styles: list[int] = field(default_factory=list)


ModelOf = Callable[[Workspace, Step, Outcome], ChatModel]
"""Returns the model for a step."""


def oracle_for(task: Task, sample: int, setting: PlaySetting) -> ModelOf:
    """Return the oracle for the steps of a task; the same sample plays them in the same way."""
    rng = Random(f"{task.name}:{sample}")  # noqa: S311 - it is to be the same each time

    def model(workspace: Workspace, step: Step, outcome: Outcome) -> ChatModel:
        async def fill_in(answer: str) -> str:
            return await value_of(workspace, programs.answer_program(answer))

        oracle = Oracle(
            step,
            FORMATS[setting.format],
            rng,
            mistakes=setting.mistakes,
            looks=setting.looks,
            sights=sights_of(task, step),
            fill_in=fill_in,
            guidance=setting.guidance or "small",
        )
        outcome.flawed |= oracle.flawed
        outcome.styles.append(oracle.style)
        return oracle

    return model


async def refuse(requested: ApprovalRequested, source: str) -> Decision:
    """Refuse a risky cell: nobody is there to be asked."""
    return decision(source, allowed=False, reasons=requested.reasons)


async def play(
    player: Player, task: Task, model_of: ModelOf, setting: PlaySetting, *, is_trusted: bool = False
) -> Outcome:
    """Play the steps of a task until one is not met; only what ``is_trusted`` may run whatever it is.

    Raises
    ------
    CodeActError
        If the kernel or the model broke.
    """
    workspace, outcome = await player.workspace(task), Outcome()
    may_all = is_trusted or setting.may_risk
    gate: Gate = AllowAllGate() if may_all else ApprovalGate(lambda: "risky", refuse, player.folder)
    try:
        for step in task.steps:
            agent = Agent(
                model_of(workspace, step, outcome),
                workspace.notebook,
                workspace.journal,
                gate=gate,
                action_format=FORMATS[setting.format],
                budget=Budget(
                    turns=setting.turns,
                    tokens=setting.tokens,
                    seconds=setting.seconds,
                    cell_seconds=CELL_SECONDS,
                ),
                hooks=all_but(setting.without),
                guidance=setting.guidance,
                settings=ModelSettings(temperature=setting.temperature, reply_tokens=setting.reply_tokens),
            )
            end = await agent.run(workspace.conversation, step.task, title=NOTEBOOK)
            outcome.ending = end.ending
            if end.ending == "failed":
                raise CodeActError(end.message)
            outcome.wrong = await _judge(workspace, step, end)
            if outcome.wrong:
                break
        outcome.events = list(workspace.journal.events(workspace.conversation))
    finally:
        workspace.journal.close()
    return outcome


async def _judge(workspace: Workspace, step: Step, end: RunEnded) -> str:
    if end.ending != "answered":
        return end.message
    return await value_of(workspace, programs.check_program(step.check, end.answer))


async def value_of(workspace: Workspace, program: str) -> str:
    """Run a program hidden, and return the string that is its value.

    Raises
    ------
    CodeActError
        If it fails.
    """
    execution = await workspace.run_hidden(f"{UNCOUNTED}\n__import__('builtins').print(ascii({program}))")
    printed = [str(one["text"]) for one in execution.outputs if one.get("name") == "stdout"]
    try:
        return str(ast.literal_eval("".join(printed).rstrip().rpartition("\n")[2]))
    except (SyntaxError, ValueError) as error:
        found = [f"{one['ename']}: {one['evalue']}" for one in execution.outputs if "ename" in one]
        raise CodeActError(f"A task's own program failed: {'; '.join(found) or execution.status}.") from error


def identity(task: Task, sample: int, model: str, setting: PlaySetting) -> str:
    """Return what identifies a task that is played in one way."""
    ways = setting if model == NAME else setting.model_copy(update={"mistakes": 0.0, "looks": 0.0})
    return stable_id(task.name, sample, model, ways.model_dump_json(exclude={"licence"}))


def records_of(
    outcome: Outcome, task: Task, sample: int, model: str, setting: PlaySetting, folder: Path
) -> list[Record]:
    """Return the records of a task that was played."""
    played, mask = identity(task, sample, model, setting), mask_paths({str(folder): "/home/user/work"})
    parts = trajectories(outcome.events, outcome.flawed)
    label = TaskLabel(name=task.name, kind=task.kind, seed=task.seed, split=split_of(task.kind, task.seed))
    provenance = {
        "play": played,
        "sample": sample,
        "version": version("jupyter-codeact"),
        "family": task.family,
        "steps": len(task.steps),
        "ending": outcome.ending,
        "wrong": outcome.wrong,
        "setting": setting.model_dump(mode="json", exclude={"licence"}),
    }
    if outcome.styles:
        provenance["styles"] = outcome.styles
    return [
        part.record(
            played if len(parts) == 1 else f"{played}-{number}",
            format=setting.format,
            task=label,
            source="oracle" if model == NAME else "play",
            model=model,
            solved=not outcome.wrong,
            licence=setting.licence,
            provenance={**provenance, "part": number, "parts": len(parts)},
            mask=mask,
        )
        for number, part in enumerate(parts, 1)
    ]
