"""A model that knows the answer: it plays the reference solutions of a task, with mistakes on the way.

Its trajectories come about like any other's, in a real notebook and kernel, so that what a model learns from
them is what it will see: the prompt, the notebook, the observations, the errors.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from ..agent.contracts import Delta, Guidance, Message, ModelInfo, ModelSettings
from ..agent.replies.reply import ActionFormat, CodeAction
from .tasks import Solution, Step

NAME = "oracle"
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
    "FileNotFoundError": ("There is no file of that name.", "That file is not there."),
    "ImportError": ("That cannot be imported.", "This import does not work here."),
    "IndexError": ("There are fewer elements than that.", "That index is out of range."),
    "KeyError": ("There is no such key.", "That key is not there under this name."),
    "ModuleNotFoundError": ("That module is not installed.", "There is no such module here."),
    "NameError": ("That name is not defined.", "Nothing of that name is defined here."),
    "OverflowError": ("That number is too large.",),
    "SyntaxError": ("That is not valid Python.", "There is a mistake in the syntax."),
    "TypeError": ("These types do not go together.", "That does not work with values of this type."),
    "UnicodeDecodeError": ("The file has another encoding.",),
    "ValueError": ("These values cannot be used like that.", "That does not work with these values."),
    "ZeroDivisionError": ("That divides by zero.",),
}
OTHERWISE = ("The cell failed.", "That does not work.")
AGAIN = ("I take it step by step:", "Step by step, then:", "I begin again:")
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
    mistakes : float
        The share of steps in which it makes a mistake.
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
        fill_in: Callable[[str], Awaitable[str]],
        guidance: Guidance = "small",
    ) -> None:
        self._info = ModelInfo(name=NAME, thinks=False, guidance=guidance)
        self._format, self._fill_in, self._rng = action_format, fill_in, rng
        self.style, lines = script(step, rng, mistakes)
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


def script(step: Step, rng: Random, mistakes: float) -> tuple[int, list[Line]]:
    """Return which solution of a step is played, and the replies until its answer."""
    failing = [mistake for mistake in step.mistakes if mistake.error]
    made: list[str] = []
    errors: list[str] = []
    style = rng.randrange(len(step.solutions))
    if failing and rng.random() < mistakes:
        first = rng.choice(failing)
        style = first.solution
        chosen = [first]
        others = [one for one in failing if one.solution == style and one is not first]
        if others and rng.random() < SECOND_MISTAKE:
            chosen.append(rng.choice(others))
        made, errors = [one.action for one in chosen], [one.error for one in chosen]
    return style, list(_lines(step.solutions[style], made, errors, rng))


def _lines(solution: Solution, made: Sequence[str], errors: Sequence[str], rng: Random) -> list[Line]:
    actions = [*made, *solution.actions]
    lines: list[Line] = []
    for index, action in enumerate(actions):
        error = errors[index] if index < len(made) else ""
        if 0 < index <= len(made):
            why = rng.choice(CORRECTION.get(errors[index - 1], OTHERWISE))
            begins = index == len(made) and len(solution.actions) > 1
            words = f"{why} {rng.choice(AGAIN if begins else CORRECTED)}"
        elif index:
            words = rng.choice(NEXT)
        else:
            words = rng.choice(ONLY if len(solution.actions) == 1 else FIRST)
        lines.append(Line(words, action, error))
    return lines


def _written(line: Line, action_format: ActionFormat) -> str:
    action = action_format.write(CodeAction(line.action))
    return f"{line.text}\n\n{action}" if line.text else action


def as_answer(answer: str, action_format: ActionFormat) -> str:
    """Return an answer in a format's own form."""
    return f"<solution>{answer}</solution>" if action_format.name == "execute" else answer
