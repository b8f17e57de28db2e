"""What the model is told of a server's functions: a line each, as many as there is room for."""

from __future__ import annotations

from collections.abc import Sequence

from .functions import ServerFunction

ROOM = 2500
"""Most characters about one server."""


def listing(functions: Sequence[ServerFunction]) -> list[str]:
    """Return a line for each function: its signature and first sentence, without it if room is short.

    What does not fit at all is named in the last line.
    """
    for lines in (
        [one.line for one in functions],
        [one.line.partition("): ")[0] + ")" for one in functions],
    ):
        if sum(map(len, lines)) <= ROOM:
            return lines
    kept, room = [], ROOM
    for line in lines:
        room -= len(line)
        if room < 0:
            break
        kept.append(line)
    names = [one.name for one in functions[len(kept) :]]
    shown = ", ".join(names)
    return [*kept, f"and {shown[:ROOM]}{'…' if len(shown) > ROOM else ''}"]
