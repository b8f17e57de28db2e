"""Finds values in an answer that were never shown: small models make them up, or calculate in their heads."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation

from ..events import Action, Event, Executed, Observation, RunEnded, RunStarted
from ..observations.observe import brief
from ..prompts import reminder
from ..secrets import environment_secrets
from ..source import syntax_tree

MAX_VALUES = 3
"""Most values that are named to the user; one is enough to reject the answer."""
MIN_DIGITS = 2
"""Fewest digits of a number that is checked; shorter ones are mostly counts or list numbers."""
MAX_OUTPUT = 20_000
"""Most characters of one cell's outputs that are searched for names."""
COMMON_NUMBERS = {"100"}
"""Numbers that need no evidence, as in "100 %"."""

NUMBER = re.compile(r"(?<![\w.,])\d+(?:[,_]\d+)*(?:\.\d+)?(?:[eE][-+]?\d+)?(?!\w)")
SHOWN_NUMBER = re.compile(r"\d+(?:[,_]\d+)*(?:\.\d+)?(?:[eE][-+]?\d+)?")
QUOTED = re.compile(
    r"\"([^\"\n]{1,300})\"|“([^”\n]{1,300})”|`([^`\n]{1,300})`|(?<!\w)'([^'\n]{1,300})'(?!\w)"
)
# only at the start of a word: otherwise a long text without spaces would be scanned from each character
_ADDRESS = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+|https?://[^\s<>()\"'`]*[\w/]")
# our own marks and names of cells are random, and would show a number in some runs
_OURS = re.compile(r"</?[a-z]+ [0-9a-f]{6}>|\bcell=\w+")
_CODE = re.compile(r"```.*?(?:```|\Z)|`(?=[^`\n]*[A-Za-z(])[^`\n]*`", re.DOTALL)
_EXAMPLE = r"(?:e\.g\.|for example|for instance|example):?,? ?[\"'`]?"
_NAME = re.compile(r"[^()\[\]{}=.]{2,60}")


def without_code(answer: str) -> str:
    """Return an answer without the code in it, whose numbers are proposals and no findings."""
    return _CODE.sub(" ", answer)


def unshown_numbers(answer: str, events: Sequence[Event]) -> list[str]:
    """Return the numbers in an answer that nothing has shown, rounded or scaled: see `ungrounded_values`."""
    shown = "\n".join(_shown_texts(events))
    shown_digits = {digits for number in SHOWN_NUMBER.findall(shown) if (digits := digits_of(number))}
    return [
        number
        for number in NUMBER.findall(answer)
        if number not in COMMON_NUMBERS
        and len(digits := digits_of(number)) >= MIN_DIGITS
        and not _matches_any(digits, shown_digits)
    ]


def ungrounded_values(answer: str, events: Sequence[Event], run: str) -> list[str]:
    """Return the values in an answer that the conversation never showed; none if the run ran no cell.

    A number counts as shown if rounding a shown number, or scaling it by a power of ten, gives it: "38.5 %"
    is fine after 0.38497. Quoted words count as shown anywhere, also in code. If all numbers, or the whole
    answer, are in the task, an output must have one of them too: they may be the task's examples.

    Parameters
    ----------
    answer : str
        The model's answer.
    events : sequence of Event
        The conversation so far.
    run : str
        The current run. If it was sent images, they may show any value, and none is returned.
    """
    own = [event for event in events if event.run == run]
    ran = any(isinstance(event, Executed) for event in own)
    if not ran or any(event.images for event in own if isinstance(event, Observation)):
        return []
    if examples := _task_examples(answer, own):
        return examples
    missing = unshown_numbers(answer, events)
    plain = folded("\n".join(_shown_texts(events)))
    quoted = [next(filter(None, groups)) for groups in QUOTED.findall(answer)]
    missing += [
        text
        for text in quoted
        if _NAME.fullmatch(text) and not SHOWN_NUMBER.fullmatch(text) and folded(text) not in plain
    ]
    missing += [address for address in _ADDRESS.findall(answer) if folded(address) not in plain]
    return list(dict.fromkeys(missing))[:MAX_VALUES]


def shown_text(events: Iterable[Event]) -> str:
    """Return what a model was shown that it did not write: tasks, opening messages, and outputs."""
    texts, run = [], ""
    for event in events:
        if isinstance(event, RunStarted):
            texts.append(event.task)
        elif isinstance(event, Executed):
            texts.append(brief(event.outputs, MAX_OUTPUT, secrets=environment_secrets()))
        elif isinstance(event, Observation) and event.run != run:  # the opening message of its run
            run = event.run
            texts.append(event.text)
    return "\n".join(texts)


def _task_examples(answer: str, own: Sequence[Event]) -> list[str]:
    """Return the values of an answer if all are in the task and none in an output."""
    task = next((event.task for event in own if isinstance(event, RunStarted)), "")
    texts = [event.text.replace(reminder(task), "") for event in own if isinstance(event, Observation)]
    outputs = folded("\n".join(texts[1:]))
    plain_answer = folded(answer).strip("\"'`*. ")
    numbers = [number for number in NUMBER.findall(answer) if len(digits_of(number)) >= MIN_DIGITS]
    # words from the task may be the right answer, unless the task calls them an example
    is_example = re.search(rf"{_EXAMPLE}{re.escape(plain_answer)}\b", folded(task))
    may_be_right = plain_answer.replace(" ", "").isalpha() and not is_example
    values = [plain_answer] if plain_answer in folded(task) and not may_be_right else numbers
    if any(value in outputs or value not in task.casefold() for value in values):
        return []
    return values[:MAX_VALUES]


def _shown_texts(events: Iterable[Event]) -> Iterable[str]:
    """Yield what the model was told and the code that it ran, but not its prose."""
    for event in events:
        if isinstance(event, Observation):
            yield _OURS.sub(" ", event.text)
        elif isinstance(event, Action):
            tree = syntax_tree(event.source)  # without comments, which may invent outputs
            yield event.source if tree is None else ast.unparse(tree)
        elif isinstance(event, RunStarted):
            yield event.task
        elif isinstance(event, RunEnded):
            yield event.answer


def digits_of(number: str) -> str:
    """Return the digits of a number without leading zeros: "385" for 38.5 and for 0.0385."""
    try:
        value = Decimal(re.sub(r"[,_]", "", number))
    except InvalidOperation:
        return ""
    return "".join(map(str, value.as_tuple().digits)).lstrip("0")


def _matches_any(digits: str, shown: Iterable[str]) -> bool:
    """Tell whether digits are those of a shown number, cut or rounded to the same length."""
    count = len(digits)
    for shown_digits in shown:
        padded = shown_digits.ljust(count, "0")
        if padded.startswith(digits):
            return True
        if len(padded) > count and str(int(padded[:count]) + (padded[count] >= "5")).startswith(digits):
            return True
    return False


def folded(text: str) -> str:
    """Return a text for comparisons: without differences of case and of white space."""
    return " ".join(text.casefold().split())
