"""Text from outside is read in time proportional to its length, whoever reads it.

What a model and a cell write is tested in ``tests/agent/test_worst_inputs.py``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from jupyter_codeact.agent.source import asks_codeact, magics_and_strings, without_prompts
from jupyter_codeact.agent.told_secrets import mask_told
from jupyter_codeact.evaluation.grading import number
from jupyter_codeact.evaluation.playing import value
from jupyter_codeact.models.endpoints.words import words
from jupyter_codeact.notebooks.compare import difference
from jupyter_codeact.notebooks.shell import without_codeact
from jupyter_codeact.shell.input import QuestionMarks

SIZE = 30_000
MOST = 1.0
"""Seconds of work on so much, on a slow machine; what is quadratic takes several times as long."""
UNITS = [
    *("\n", " ", "\t", " \n", "a", "1", "=", "a=", "a ", "(", "'", '"', "'''", "\\\n", "; ", "; n"),
    *(
        "<",
        "<script ",
        "<h1>",
        "[0:00<",
        "ipykernel_1/",
        " per loop (mean",
        ">>> ",
        "In [1]: x\n",
        "%time ",
        "/",
    ),
]


def _output(text: str) -> list[dict[str, Any]]:
    return [{"output_type": "stream", "name": "stdout", "text": text}]


class _Shell:
    automagic, user_ns = True, dict[str, object]()


def _typed(text: str) -> None:
    for cell in (f"codeact {text}?", f"n = %codeact {text}; n", f"n = {text}%codeact Count?"):
        QuestionMarks(_Shell())(cell.splitlines(keepends=True))


READERS: dict[str, Callable[[str], object]] = {
    "a notebook's outputs, compared": lambda text: difference(_output(text + "x"), _output(text + "y")),
    "a cell that may ask the agent": asks_codeact,
    "a cell of the shell": without_codeact,
    "a task with a question mark": _typed,
    "a cell's magics": lambda text: list(magics_and_strings(text)),
    "a session with prompts": lambda text: without_prompts(f">>> {text}"),
    "an endpoint's error": lambda text: words(f"<html>{text}"),
    "a conversation to be exported": lambda text: mask_told([text])(text),
    "an answer that is graded": lambda text: (number(text), value(text)),
}


@pytest.mark.parametrize("reader", READERS)
def test_text_from_outside_is_read_in_linear_time(reader: str) -> None:
    for unit in UNITS:
        for before in ("", "x = "):
            text = before + unit * (SIZE // len(unit))
            began = time.process_time()
            READERS[reader](text)
            assert time.process_time() - began < MOST, (before, unit)


def test_thousands_of_secrets_in_a_conversation_are_masked_in_seconds() -> None:
    text = "\n".join(f"service_{number}_api_key = 'q{number * 7919:08x}Z'" for number in range(2000))
    began = time.process_time()
    masked = mask_told([text])(text + "The quick brown fox. " * 5000)
    assert time.process_time() - began < 4 * MOST
    assert masked.count("hidden]") == 2000
