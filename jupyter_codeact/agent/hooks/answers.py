"""Hooks against made-up answers."""

from __future__ import annotations

import re
from dataclasses import replace

from .. import prompts
from ..events import Executed, NotebookRead, Observation, RunStarted
from ..replies.reply import CodeAction, ParsedReply
from .grounding import MAX_VALUES, ungrounded_values, unshown_numbers, without_code
from .hook import Hook, Opening, RanCell, Reject, RunView
from .tools import untried_tools

SHORT_ANSWER = 12
"""Most words of an answer that only states something."""

_VALUE = re.compile(r"\[[^\]\n]*\]|\b(?:\d[\d.,]*|nan|None)\b", re.IGNORECASE)
_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight")
_COUNT = rf"(?<!at least )(\d|{'|'.join(_NUMBERS)})"
_ROUNDED = re.compile(
    rf"\b{_COUNT}[ -](?:decimals?\b|digits? after the|places? after the)|\bdecimals? (?:of|to) {_COUNT}\b",
    re.IGNORECASE,
)
"""How a task says how many decimals it wants."""
_DECIMALS = re.compile(r"(?<![\w.])-?\d+\.(\d+)(?![\w.]*\w)")

_READERS = {
    "csv": "read_csv({file!r})",
    "tsv": "read_csv({file!r}, sep='\\t')",
    "json": "read_json({file!r})",
    "jsonl": "read_json({file!r}, lines=True)",
    "xls": "read_excel({file!r})",
    "xlsx": "read_excel({file!r})",
    "parquet": "read_parquet({file!r})",
    "feather": "read_feather({file!r})",
}
"""How pandas reads a table, by the end of its file's name."""


class EchoedAnswers(Hook):
    """Rejects an answer that only repeats what the model was told to do."""

    name, group = "echoed_answers", "answers"

    def on_answer(self, answer: str) -> Reject | None:
        """Compare the answer with the agent's own texts."""
        return Reject("That is no answer", prompts.EMPTY) if prompts.is_echo(answer) else None


class UngroundedAnswers(Hook):
    """Rejects an answer with numbers, quoted words or addresses that no output, cell or task has shown."""

    name, group = "ungrounded_answers", "answers"

    def on_answer(self, answer: str) -> Reject | None:
        """Search the answer's values in everything that was shown."""
        values = ungrounded_values(answer, self.run.events, self.run.id)
        if not values:
            return None
        return Reject(f"No output shows {' or '.join(values)}", prompts.ungrounded(untried_tools(self.run)))


class LookFirst(Hook):
    """Shows the beginning of the table that the task names, in place of an answer for which no cell has run.

    Small models tend to fill in a form that a task prescribes before they have seen any data, also when they
    are told to begin with code. Once they see the columns, they write code. The table is a CSV, TSV, JSON,
    Excel, Parquet or Feather file beside the notebook, of which no answer can know anything; or a data frame
    in the kernel, if the answer states something about it.
    """

    name, group = "look_first", "answers"

    def on_prompt(self, opening: Opening) -> None:
        """Note the table that the task names, and the cell that shows it."""
        self._file = next((name for name in opening.files if _names(opening.task, name)), "")
        self._cell = "" if opening.forbids_code else _show_file(self._file, opening) or _show_frame(opening)
        self._shows = ""

    def on_reply(self, reply: ParsedReply) -> ParsedReply | None:
        """Replace an answer that cannot be known by that cell, once in a run and not in its last turn."""
        if not self._cell or not reply.is_answer or self.run.turn >= self.run.last_turn:
            return None
        if self._file and not any(isinstance(event, Executed | NotebookRead) for event in self.run.events):
            known = any(isinstance(event, RunStarted) and event.attachments for event in self.run.events)
        else:
            known = not unchecked(reply.prose, self.run, names_data=True)
        if known:
            return None
        self._shows, self._cell = self._cell, ""
        text = f"```python\n{self._shows}\n```"
        return replace(reply, text=text, prose="", actions=(CodeAction(self._shows),), doubt="")

    def after_cell(self, cell: RanCell) -> str | None:
        """Say that the beginning of a table is no answer."""
        return prompts.LOOKED if cell.source == self._shows and not cell.failed else None


class FailedAnswers(Hook):
    """Rejects an answer with values if the last cell failed: it has found nothing."""

    name, group = "failed_answers", "answers"

    def on_answer(self, answer: str) -> Reject | None:
        """Check the run's last cell; an explanation in words may be what is asked for."""
        ran = [event for event in self.run.events if event.run == self.run.id and isinstance(event, Executed)]
        if not ran or ran[-1].status != "error":
            return None
        states = _VALUE.search(without_code(answer)) is not None
        return Reject("The last cell failed", prompts.FAILED_ANSWER) if states else None


class RoundedAnswers(Hook):
    """Rejects an answer whose numbers have more decimals than the task asks for."""

    name, group = "rounded_answers", "answers"

    def on_answer(self, answer: str) -> Reject | None:
        """Compare the numbers with the most decimals that the task names."""
        asked = [_decimals(word) for words in _ROUNDED.findall(self.run.task) for word in words if word]
        longest = max((len(found) for found in _DECIMALS.findall(without_code(answer))), default=0)
        if not asked or longest <= max(asked):
            return None
        return Reject("The answer is not rounded", prompts.rounded(max(asked)))


class UncheckedAnswers(Hook):
    """Rejects an answer about data for which no cell has run: a model cannot know it.

    That is an answer with numbers that nothing has shown; and, if the task names a data file, a variable or
    one of its columns and nothing is attached, an answer of a few words. Where the user wants no code to be
    run, answers stand.
    """

    name, group, for_capable = "unchecked_answers", "answers", True

    def on_prompt(self, opening: Opening) -> None:
        """Note whether the task names data, and whether code may run to look at them."""
        self._names_data, self._may_run = opening.names_data, not opening.forbids_code

    def on_answer(self, answer: str) -> Reject | None:
        """Check whether a cell has run or was read, or an image was sent, which may show any value."""
        reason = self._may_run and unchecked(answer, self.run, names_data=self._names_data)
        return Reject(reason, prompts.UNCHECKED) if reason else None


def unchecked(answer: str, run: RunView, *, names_data: bool) -> str:
    """Return why an answer cannot be known yet, for the user; empty if it can."""
    own = [event for event in run.events if event.run == run.id]
    seen = any(isinstance(event, Observation) and event.images for event in own)
    if seen or any(isinstance(event, Executed | NotebookRead) for event in own):
        return ""
    if values := unshown_numbers(without_code(answer), run.events)[:MAX_VALUES]:
        return f"Nothing has shown {' or '.join(values)}"
    given = any(isinstance(event, RunStarted) and event.attachments for event in own)
    return "No cell has run" if names_data and not given and len(answer.split()) <= SHORT_ANSWER else ""


def _decimals(word: str) -> int:
    """Return the number that a task writes in a digit or a word."""
    return int(word) if word.isdigit() else _NUMBERS.index(word.lower())


def _names(task: str, name: str) -> bool:
    """Tell whether a task names a variable or a file."""
    return re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", task) is not None


def _show_file(file: str, opening: Opening) -> str:
    """Return a cell that reads a table's file and shows its beginning; empty if it is no table's."""
    reader = _READERS.get(file.rpartition(".")[2].lower())
    if reader is None:
        return ""
    read = f"pd.{reader.format(file=file)}"
    taken = {variable.name for variable in opening.variables}
    name = next((name for name in ("df", "data", "table") if name not in taken), "")
    show = f"{name} = {read}\n{name}.head()" if name else f"{read}.head()"
    return f"import pandas as pd\n{show}"


def _show_frame(opening: Opening) -> str:
    """Return a cell that shows the beginning of a data frame that the task names; empty if there is none."""
    frames = (variable.name for variable in opening.variables if variable.type == "DataFrame")
    return next((f"{name}.head()" for name in frames if _names(opening.task, name)), "")
