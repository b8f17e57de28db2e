"""Whether an answer says what was shown: small models make values up, or work them out in their heads."""

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

MOST = 3
"""Values that are named to the user; one is enough to make the model look again."""
SHORT = 2
"""Digits that a number must have to count: fewer are counts that need no cell, or the numbers of a list."""
OUTPUT = 20_000
"""Characters of what one cell showed in which names are looked for."""
EVERYDAY = {"100"}
"""Numbers that are said of anything: all of it is 100 %."""

_NUMBER = re.compile(r"(?<![\w.,])\d+(?:[,_]\d+)*(?:\.\d+)?(?:[eE][-+]?\d+)?(?!\w)")
_SHOWN = re.compile(r"\d+(?:[,_]\d+)*(?:\.\d+)?(?:[eE][-+]?\d+)?")
_QUOTED = re.compile(r"\"([^\"\n]+)\"|“([^”\n]+)”|`([^`\n]+)`|(?<!\w)'([^'\n]+)'(?!\w)")
# begins where a word does, or a long text without spaces would be gone through from each of its letters
_ADDRESS = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+|https?://[^\s<>()\"'`]*[\w/]")
_EXAMPLE = r"(?:e\.g\.|for example|for instance|example):?,? ?[\"'`]?"
_WORDS = re.compile(r"[^()\[\]{}=.]{2,60}")


def ungrounded_values(answer: str, events: Sequence[Event], run: str) -> list[str]:
    """Return the values in an answer that the conversation shows nowhere; none if its run ran no cell.

    Numbers count as shown if one that was shown can be rounded or scaled by a power of ten to them, so that
    "38.5 %" may be said of 0.38497. Quoted words count as shown wherever they stand, in code as well. Where
    all numbers, or the whole answer, are from the task, one must be in an output: they may be its examples.

    Parameters
    ----------
    answer : str
        What the model wants to tell the user.
    events : sequence of Event
        The conversation so far.
    run : str
        The run under way. Where it was sent images, there may be values in those, and none is returned.
    """
    own = [event for event in events if event.run == run]
    ran = any(isinstance(event, Executed) for event in own)
    if not ran or any(event.images for event in own if isinstance(event, Observation)):
        return []
    if examples := _examples(answer, own):
        return examples
    shown = "\n".join(_texts(events))
    digits = {found for match in _SHOWN.findall(shown) if (found := _digits(match))}
    plain = _plain(shown)
    missing = [
        number
        for number in _NUMBER.findall(answer)
        if number not in EVERYDAY and len(mark := _digits(number)) >= SHORT and not _among(mark, digits)
    ]
    words = [next(filter(None, groups)) for groups in _QUOTED.findall(answer)]
    missing += [
        word
        for word in words
        if _WORDS.fullmatch(word) and not _SHOWN.fullmatch(word) and _plain(word) not in plain
    ]
    missing += [address for address in _ADDRESS.findall(answer) if _plain(address) not in plain]
    return list(dict.fromkeys(missing))[:MOST]


def shown_to(events: Iterable[Event]) -> str:
    """Return what a model was shown of the user's: tasks, what came with them, and what cells showed."""
    told, run = [], ""
    for event in events:
        if isinstance(event, RunStarted):
            told.append(event.task)
        elif isinstance(event, Executed):
            told.append(brief(event.outputs, OUTPUT, secrets=environment_secrets()))
        elif isinstance(event, Observation) and event.run != run:  # the one that opens its run
            run = event.run
            told.append(event.text)
    return "\n".join(told)


def _examples(answer: str, own: Sequence[Event]) -> list[str]:
    """Return what an answer is made of, if that is in the task and nothing of it in an output."""
    task = next((event.task for event in own if isinstance(event, RunStarted)), "")
    told = [event.text.replace(reminder(task), "") for event in own if isinstance(event, Observation)]
    outputs = _plain("\n".join(told[1:]))
    bare = _plain(answer).strip("\"'`*. ")
    numbers = [number for number in _NUMBER.findall(answer) if len(_digits(number)) >= SHORT]
    # words may be what was asked for, if they are not called an example
    words = bare.replace(" ", "").isalpha() and not re.search(rf"{_EXAMPLE}{re.escape(bare)}\b", _plain(task))
    whole = bare in _plain(task) and not words
    said = [bare] if whole else numbers
    if any(one in outputs or one not in task.casefold() for one in said):
        return []
    return said[:MOST]


def _texts(events: Iterable[Event]) -> Iterable[str]:
    """Yield what the model was told and what it ran, but not what it said."""
    for event in events:
        if isinstance(event, Observation):
            yield event.text
        elif isinstance(event, Action):
            tree = syntax_tree(event.source)  # without comments, which tell of outputs before there are any
            yield event.source if tree is None else ast.unparse(tree)
        elif isinstance(event, RunStarted):
            yield event.task
        elif isinstance(event, RunEnded):
            yield event.answer


def _digits(number: str) -> str:
    """Return a number's significant digits: "385" of 38.5 and of 0.0385. Of a whole number, all."""
    try:
        value = Decimal(re.sub(r"[,_]", "", number))
    except InvalidOperation:
        return ""
    return "".join(map(str, value.as_tuple().digits)).lstrip("0")


def _among(mark: str, shown: Iterable[str]) -> bool:
    """Tell whether digits are those of a shown number, cut off or rounded to as many."""
    count = len(mark)
    for digits in shown:
        padded = digits.ljust(count, "0")
        if padded.startswith(mark):
            return True
        if len(padded) > count and str(int(padded[:count]) + (padded[count] >= "5")).startswith(mark):
            return True
    return False


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
