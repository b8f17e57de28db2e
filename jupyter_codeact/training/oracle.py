"""A model that knows the answer: it plays the reference solutions of a task, with mistakes on the way.

Its trajectories come about like any other's, in a real notebook and kernel, so that what a model learns from
them is what it will see: the prompt, the notebook, the observations, the errors.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from ..agent.contracts import Delta, Message, ModelInfo, ModelSettings
from ..agent.replies.reply import ActionFormat, CodeAction
from ..agent.run_limits import Guidance
from .tasks import Mistake, Step, Task

NAME = "oracle"
_FRAME = re.compile(r"^(\w+) = (?:pd|pandas)\.(?:read_\w+|DataFrame)\(", re.MULTILINE)
_TEXT_FILES = (".csv", ".tsv", ".txt", ".log", ".json", ".jsonl", ".fasta", ".fa", ".md")
LOOK_AT_FRAME = ("{name}.head()", "{name}.info()\n{name}.head(3)", "print({name}.dtypes)\n{name}.tail(3)")
LOOK_AT_FILE = (
    'with open("{path}", errors="replace") as file:\n    print(file.read(400))',
    'with open("{path}", errors="replace") as file:\n'
    '    for line in file.readlines()[:5]:\n        print(line, end="")',
    'from pathlib import Path\n\nprint(Path("{path}").read_text(errors="replace")[:400])',
)
SECOND_MISTAKE = 0.2
"""How often a mistake is followed by another one."""

ONLY = (
    "",
    "",
    "One cell does that:",
    "I do that in one cell.",
    "Here is the cell for it:",
    "Let me do that.",
)
FIRST = ("", "", "First step:", "I begin with this:", "One step after the other.", "I start here:")
NEXT = ("", "", "Next step:", "Now this:", "On with the next step.", "That is done. Next:")
CORRECTION = {
    "AttributeError": ("It has no such attribute.", "That object does not have this attribute."),
    "DatabaseError": ("The database refuses that statement.",),
    "FileNotFoundError": ("There is no file of that name.", "That file is not there."),
    "ImportError": ("That cannot be imported.", "This import does not work here."),
    "IndexError": ("There are fewer elements than that.", "That index is out of range."),
    "JSONDecodeError": ("That is not all JSON.",),
    "KeyError": ("There is no such key.", "That key is not there under this name."),
    "ModuleNotFoundError": ("That module is not installed.", "There is no such module here."),
    "NameError": ("That name is not defined.", "Nothing of that name is defined here."),
    "OperationalError": ("The database refuses that statement.", "The database cannot run this statement."),
    "OverflowError": ("That number is too large.",),
    "SyntaxError": ("That is not valid Python.", "There is a mistake in the syntax."),
    "TypeError": ("These types do not go together.", "That does not work with values of this type."),
    "UnicodeDecodeError": ("The file has another encoding.",),
    "UndefinedVariableError": ("There is no column or variable of that name.",),
    "ValueError": ("These values cannot be used like that.", "That does not work with these values."),
    "ZeroDivisionError": ("That divides by zero.",),
}
OTHERWISE = ("The cell failed.", "That does not work.")
AGAIN = ("I take it step by step:", "Step by step, then:", "I begin again:")
LOOK = ("I look at the data first:", "First a look at what is there:", "What is in it?", "")
LOOK_AGAIN = ("I look at what is there:", "What is really in it?", "Before I correct it, a look at the data:")
SEEN = ("Now the cell for it:", "With that I can do it:", "So this should do it:", "")
CORRECTED = ("The corrected cell:", "Corrected:", "I write it differently:", "This should work:")


@dataclass(frozen=True, slots=True)
class Line:
    """A reply of the script: words and a cell. ``mistake`` is the error that the cell is to raise."""

    text: str
    action: str
    mistake: str = ""


class Oracle:
    """Answers one step of a task with one of its solutions. Implements `ChatModel`.

    Parameters
    ----------
    step : Step
        The step.
    action_format : ActionFormat
        How actions are written.
    rng : Random
        Chooses the solution, the mistakes and the words.
    mistakes, looks : float
        The shares of steps in which it makes a mistake, and looks at the data before the solution.
    sights : sequence of str
        Cells that look at the step's data; one of them is chosen.
    fill_in : callable
        Evaluates the solution's answer in the kernel.
    guidance : {"small", "capable"}
        How much help it gets.

    Attributes
    ----------
    flawed : set of str
        The replies that are mistakes.
    style : int
        The index of the solution.
    """

    def __init__(
        self,
        step: Step,
        action_format: ActionFormat,
        rng: Random,
        *,
        mistakes: float,
        looks: float = 0.0,
        sights: Sequence[str] = (),
        fill_in: Callable[[str], Awaitable[str]],
        guidance: Guidance = "small",
    ) -> None:
        self._info = ModelInfo(name=NAME, thinks=False, guidance=guidance)
        self._format, self._fill_in, self._rng = action_format, fill_in, rng
        self.style, lines = script(step, rng, mistakes, sights if rng.random() < looks else ())
        self._solution = step.solutions[self.style]
        self._replies = [_written(line, action_format) for line in lines]
        self.flawed = {reply for reply, line in zip(self._replies, lines, strict=True) if line.mistake}
        self._given = 0

    @property
    def info(self) -> ModelInfo:
        """What it is."""
        return self._info

    async def describe(self) -> ModelInfo:
        """Return what it is."""
        return self._info

    async def stream(
        self,
        messages: Sequence[Message],
        *,
        stop: Sequence[str] = (),
        max_tokens: int | None = None,
        temperature: float | None = None,
        seed: int | None = None,
        tools: Sequence[Mapping[str, Any]] = (),
        settings: ModelSettings | None = None,
    ) -> AsyncGenerator[Delta, None]:
        """Give the next reply of the script; after the last one, the answer, as often as it is asked for."""
        if self._given < len(self._replies):
            reply = self._replies[self._given]
            self._given += 1
        else:
            reply = as_answer(await self._fill_in(self._solution.answer), self._format)
        yield Delta(text=reply, finish_reason="stop")


def script(step: Step, rng: Random, mistakes: float, sights: Sequence[str] = ()) -> tuple[int, list[Line]]:
    """Return which solution of a step is played, and the replies until its answer.

    If there are ``sights``, one of them is looked at before the solution.
    """
    failing = [mistake for mistake in step.mistakes if mistake.error]
    made: list[Mistake] = []
    style = rng.randrange(len(step.solutions))
    if failing and rng.random() < mistakes:
        made = [rng.choice(failing)]
        style = made[0].solution
        others = [one for one in failing if one.solution == style and one is not made[0]]
        if others and rng.random() < SECOND_MISTAKE:
            made.append(rng.choice(others))
    solution = step.solutions[style]
    lines = list(_mistaken(made, rng))
    why = f"{rng.choice(CORRECTION.get(made[-1].error, OTHERWISE))} " if made else ""
    is_one = len(solution.actions) == 1
    if sights:
        lines.append(Line(f"{why}{rng.choice(LOOK_AGAIN if made else LOOK)}", rng.choice(sights)))
        words = rng.choice(SEEN)
    elif made:
        words = f"{why}{rng.choice(CORRECTED if is_one else AGAIN)}"
    else:
        words = rng.choice(ONLY if is_one else FIRST)
    lines.append(Line(words, solution.actions[0]))
    lines += [Line(rng.choice(NEXT), action) for action in solution.actions[1:]]
    return style, lines


def _mistaken(made: Sequence[Mistake], rng: Random) -> Iterator[Line]:
    """Yield the mistakes, each after the first with why the one before was wrong."""
    words = rng.choice(ONLY)
    for mistake in made:
        yield Line(words, mistake.action, mistake.error)
        why = rng.choice(CORRECTION.get(mistake.error, OTHERWISE))
        words = f"{why} {rng.choice(CORRECTED)}"


def sights_of(task: Task, step: Step) -> list[str]:
    """Return cells that look at the data of a step: at tables of the notebook, and at text files.

    What the user's words name comes before all else.
    """
    cells = "\n".join(task.cells)
    frames = [name for name in dict.fromkeys(_FRAME.findall(cells)) if not name.startswith("_")]
    files = [path for path in task.files if path.endswith(_TEXT_FILES)]
    named = [name for name in frames if re.search(rf"\b{re.escape(name)}\b", step.task)]
    named_files = [path for path in files if path.rpartition("/")[2] in step.task]
    if named or named_files:
        frames, files = named, named_files
    looks = [cell.format(name=name) for name in frames for cell in LOOK_AT_FRAME]
    return looks or [cell.format(path=path) for path in files for cell in LOOK_AT_FILE]


def _written(line: Line, action_format: ActionFormat) -> str:
    action = action_format.write(CodeAction(line.action))
    return f"{line.text}\n\n{action}" if line.text else action


def as_answer(answer: str, action_format: ActionFormat) -> str:
    """Return an answer in a format's own form."""
    return f"<solution>{answer}</solution>" if action_format.name == "execute" else answer
