"""Stop strings, for servers that ignore them."""

from __future__ import annotations

from collections.abc import Sequence


class Stops:
    """Ends a streamed text before the first stop string in it.

    Parameters
    ----------
    stops
        The stop strings.
    """

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = [stop for stop in stops if stop]
        self._held = ""
        self.found = False

    def feed(self, text: str) -> str:
        """Return the text without what may be the beginning of a stop string."""
        if not self._stops:
            return text
        text, self._held = self._held + text, ""
        ends = [end for stop in self._stops if (end := text.find(stop)) >= 0]
        if ends:
            self.found = True
            return text[: min(ends)]
        held = max(_overlap(text, stop) for stop in self._stops)
        kept = len(text) - held
        self._held = text[kept:]
        return text[:kept]

    def end(self) -> str:
        """Return what was held."""
        held, self._held = self._held, ""
        return held


def _overlap(text: str, stop: str) -> int:
    """Return the length of the longest beginning of ``stop`` that ends the text."""
    longest = min(len(stop) - 1, len(text))
    return next((length for length in range(longest, 0, -1) if text.endswith(stop[:length])), 0)
