"""Which cell's output shows what an answer claims."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from .events import AnswerRejected, Claim, Event, Executed, RunStarted
from .hooks.grounding import (
    MAX_OUTPUT,
    MIN_DIGITS,
    NUMBER,
    QUOTED,
    SHOWN_NUMBER,
    digits_of,
    folded,
    ungrounded_values,
    unshown_numbers,
    without_code,
)
from .observations.observe import brief
from .secrets import environment_secrets

MOST_CLAIMS = 20
"""Most values of one answer that are looked for."""
MOST_CELLS = 30
"""Most cells whose outputs are searched, the last ones."""
LONGEST_NAME = 60
"""Most characters of a text that counts as one value."""
SCALES = (1, 100, 1e-3, 1e-6, 1e-9)
"""How a number may be given instead: as it is, in percent, in thousands, millions or billions."""
SHORT_ANSWER = 3
"""Most words of an answer to a question that is a value as a whole."""

_BOLD = re.compile(r"\*\*([^*\n]+)\*\*")
_WORDS = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
_QUESTION = re.compile(r"\?|\b(?:which|what|who|where|when)\b", re.IGNORECASE)
_NO_VALUES = {
    "yes",
    "no",
    "true",
    "false",
    "none",
    "ok",
    "okay",
    "done",
    "unknown",
    "nothing",
    "neither",
    "both",
}
"""Short answers that no output has to show."""


def claims_in(answer: str, events: Sequence[Event], run: str) -> list[Claim]:
    """Return the values in an answer: those that a cell's output shows, and those that none shows.

    Values are numbers, quoted and bold words, and the whole answer if it is a word or two. A value that can
    well be right without an output, as it is in the task or in the code, is no claim.

    Parameters
    ----------
    answer : str
        The answer of the run; without one there are no claims.
    events : sequence of Event
        The conversation so far.
    run : str
        The run's id. An output of its own is preferred, and of these the last.
    """
    if not answer:
        return []
    unshown = ungrounded_values(answer, events, run)
    if _stands_unchecked(events, run):
        unshown += unshown_numbers(without_code(answer), events)
    words = _words_as_answer(answer, events, run)
    outputs = [_Output(event) for event in _searched(events, run)]
    claims: dict[str, Claim] = {}
    for text in [*_values(answer), *words, *unshown]:
        cell = next((one.cell for scale in SCALES for one in outputs if one.shows(text, scale)), None)
        if cell or text in unshown or text in words:
            claims.setdefault(text, Claim(text=text, cell_id=cell))
    return list(claims.values())[:MOST_CLAIMS]


def _stands_unchecked(events: Sequence[Event], run: str) -> bool:
    """Tell whether the answer was rejected because no cell had run, and none has run since."""
    own = [event for event in events if event.run == run]
    rejected = any(isinstance(event, AnswerRejected) for event in own)
    return rejected and not any(isinstance(event, Executed) for event in own)


def _values(answer: str) -> Iterator[str]:
    """Yield the values of an answer that are worth a link."""
    for number in NUMBER.findall(without_code(answer)):
        if len(digits_of(number)) >= MIN_DIGITS:
            yield number
    for groups in [*QUOTED.findall(answer), *_BOLD.findall(answer)]:
        text = groups if isinstance(groups, str) else next(filter(None, groups))
        if 1 < len(text) <= LONGEST_NAME and not NUMBER.fullmatch(text):
            yield text


def _words_as_answer(answer: str, events: Sequence[Event], run: str) -> list[str]:
    """Return a short answer to a question that had to be looked up, unless the task has it already."""
    own = [event for event in events if event.run == run]
    task = next((event.task for event in own if isinstance(event, RunStarted)), "")
    sought = _stands_unchecked(own, run) or any(isinstance(event, Executed) for event in own)
    text = answer.strip(" \t\n*`\"'“”.!")
    words = _WORDS.findall(text)
    is_value = 0 < len(words) <= SHORT_ANSWER and " ".join(words) == text
    if not (sought and is_value and _QUESTION.search(task)):
        return []
    is_said = folded(text) in folded(task) or folded(words[0]) in _NO_VALUES
    return [] if is_said or _shows_pictures(own) else [text]


def _shows_pictures(events: Sequence[Event]) -> bool:
    """Tell whether a cell showed a picture, which may show any word."""
    return any(
        kind.startswith("image/")
        for event in events
        if isinstance(event, Executed)
        for output in event.outputs
        for kind in output.get("data", {})
    )


def _searched(events: Sequence[Event], run: str) -> list[Executed]:
    """Return the executions to be searched, the likeliest first; of a cell that ran again only the last."""
    last: dict[str, Executed] = {}
    for event in events:
        if isinstance(event, Executed):
            last.pop(event.cell_id, None)
            last[event.cell_id] = event
    newest = [event for event in reversed(last.values()) if event.outputs]
    return sorted(newest, key=lambda event: event.run != run)[:MOST_CELLS]


class _Output:
    """What a cell showed, made to be searched for many values."""

    def __init__(self, event: Executed) -> None:
        self.cell = event.cell_id
        text = brief(event.outputs, MAX_OUTPUT, secrets=environment_secrets())
        self._text = folded(text)
        self._numbers = sorted(_as_float(number) for number in SHOWN_NUMBER.findall(text))

    def shows(self, text: str, scale: float) -> bool:
        """Tell whether it shows a text, or a number that gives this one times ``scale``, be it rounded."""
        if not NUMBER.fullmatch(text):
            words = rf"(?<!\w){re.escape(folded(text))}(?!\w)"
            return scale == 1 and re.search(words, self._text) is not None
        value, step = _as_float(text), _last_place(text)
        at = bisect_left(self._numbers, (value - step * 0.501) / scale)
        return at < len(self._numbers) and self._numbers[at] * scale < value + step


def _as_float(number: str) -> float:
    return float(re.sub(r"[,_]", "", number))


def _last_place(number: str) -> float:
    """Return what one is worth in the last place of a number: 0.1 for 38.5, and 1 for 38."""
    mantissa, _, exponent = number.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    return float(f"1e{max(-300, min(300, int(exponent[:4] or 0) - decimals))}")
