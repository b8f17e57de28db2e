"""When an endpoint that failed is asked again, and how long to wait before."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime

from .errors import CutError

_LIBRARIES = {"openai", "httpx", "httpx2", "httpcore", "httpcore2"}


@dataclass(frozen=True)
class Timeouts:
    """How long to wait for an endpoint.

    Attributes
    ----------
    first_token_seconds : float
        For the first token of a reply. Long, for a CPU that reads a whole context before it writes a word.
    next_token_seconds : float
        For each further one.
    retries : int
        How often a reply is asked for again when the endpoint is overloaded, fails, or is lost.
    retry_seconds : float
        So long may all the waiting before asking again take together.
    base_seconds : float
        The wait before the second time, unless the endpoint says how long; each further one is twice as long.
    """

    first_token_seconds: float = 1200.0
    next_token_seconds: float = 120.0
    retries: int = 4
    retry_seconds: float = 90.0
    base_seconds: float = 0.5

    def once(self) -> Timeouts:
        """Return the same without asking again."""
        return replace(self, retries=0)


def worth_retrying(error: Exception) -> bool:
    """Whether the same request may do better a little later."""
    response = getattr(error, "response", None)
    said: str | None = response.headers.get("x-should-retry") if response is not None else None
    if said in ("true", "false"):
        return said == "true"
    status: int | None = getattr(error, "status_code", None)
    if status is not None:
        return status in (408, 409, 425, 429) or (status >= 500 and status not in (501, 505))
    # No answer, or no end of one. What the library raises for an error told within a stream has a body.
    library = type(error).__module__.partition(".")[0] in _LIBRARIES
    broken = library and getattr(error, "body", None) is None
    return broken or isinstance(error, CutError | ValueError)


def asked_wait(error: Exception, now: float | None = None) -> float | None:
    """Return the seconds that an endpoint asks its clients to wait, if it does (Retry-After)."""
    response = getattr(error, "response", None)
    headers: Mapping[str, str] = response.headers if response is not None else {}
    try:
        return max(0.0, float(headers["retry-after-ms"]) / 1000)
    except (KeyError, ValueError):
        pass
    value = headers.get("retry-after", "").strip()
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - (time.time() if now is None else now)
        except (TypeError, ValueError):
            return None
    return max(0.0, seconds) if seconds == seconds else None  # not a number is no time


class Waits:
    """The waits of one reply: how many there were, and how long the next one is."""

    def __init__(self, timeouts: Timeouts) -> None:
        self._timeouts = timeouts
        self._left = timeouts.retry_seconds
        self._count = 0

    def next(self, asked: float | None) -> float | None:
        """Return the seconds to wait before asking again, or ``None`` if there is to be no more of it."""
        if self._count >= self._timeouts.retries:
            return None
        # Clients that failed together are not to come back together, nor earlier than they were asked to.
        chance = random.random()  # noqa: S311 - not a secret
        if asked is None:
            wait = self._timeouts.base_seconds * float(2**self._count) * (0.5 + chance / 2)
        else:
            wait = asked + chance * min(1.0, 0.1 * asked)
        if wait > self._left:
            return None
        self._count += 1
        self._left -= wait
        return wait
