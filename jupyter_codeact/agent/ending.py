"""The exception that ends a run, with an answer or without one."""

from __future__ import annotations

from .events import Ending


class Ended(Exception):  # noqa: N818 - an ending is not an error
    """Raised inside a run to end it."""

    def __init__(self, ending: Ending, *, answer: str = "", message: str = "") -> None:
        super().__init__(ending)
        self.ending, self.answer, self.message = ending, answer, message
