"""A user's program, for `make types`: what type checkers see of the public API, and what they refuse."""

from __future__ import annotations

from typing import Literal, assert_type

from jupyter_codeact import CodeActError, Result, events, run


def watch(event: events.Event) -> None:
    if isinstance(event, events.Executed):
        assert_type(event.status, Literal["ok", "error", "interrupted", "dead"])


def use() -> None:
    try:
        result = run("Add.", approval="risky", watch=watch)
        assert_type(result, Result)
    except CodeActError as error:
        print(error)
    # an ignored line that is no error is itself one
    run("Add.", aproval="risky")  # type: ignore[call-arg]
    run("Add.", approval="sometimes")  # type: ignore[arg-type]
