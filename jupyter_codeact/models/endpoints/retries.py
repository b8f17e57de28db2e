"""When a failed request is worth another attempt, and how long to wait before it."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime

from .errors import IncompleteReplyError

_LIBRARIES = {"openai", "httpx", "httpx2", "httpcore", "httpcore2"}


@dataclass(frozen=True)
class Timeouts:
    """How long to wait for an endpoint, and how often to try again.

    Attributes
    ----------
    first_token_seconds : float
        Longest wait for the first token of a reply. A CPU may take minutes to read a long context.
    next_token_seconds : float
        Longest wait for each further token.
    retries : int
        Most further attempts when the endpoint is overloaded, fails, or the connection is lost.
    retry_seconds : float
        Most seconds of waiting between attempts, in all.
    backoff_seconds : float
        Wait before the first further attempt, unless the endpoint names one; it doubles each time.
    """

    first_token_seconds: float = 1200.0
    next_token_seconds: float = 120.0
    retries: int = 4
    retry_seconds: float = 90.0
    backoff_seconds: float = 0.5

    def without_retries(self) -> Timeouts:
        """Return the same timeouts for one attempt only."""
        return replace(self, retries=0)


def worth_retrying(error: Exception) -> bool:
    """Tell whether the same request may succeed a little later."""
    response = getattr(error, "response", None)
    told: str | None = response.headers.get("x-should-retry") if response is not None else None
    if told in ("true", "false"):
        return told == "true"
    status: int | None = getattr(error, "status_code", None)
    if status is not None:
        return status in (408, 409, 425, 429) or (status >= 500 and status not in (501, 505))
    # No answer, or no end of one. An error that the endpoint reports within a stream has a body.
    of_library = type(error).__module__.partition(".")[0] in _LIBRARIES
    is_broken = of_library and getattr(error, "body", None) is None
    return is_broken or isinstance(error, IncompleteReplyError | ValueError)


def requested_wait(error: Exception, now: float | None = None) -> float | None:
    """Return the seconds that the endpoint asks its clients to wait (Retry-After), if it does."""
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
    return max(0.0, seconds) if seconds == seconds else None  # "nan" is a float, too


class Backoff:
    """The waits between the attempts at one reply."""

    def __init__(self, timeouts: Timeouts) -> None:
        self._timeouts = timeouts
        self._seconds_left = timeouts.retry_seconds
        self._attempts = 0

    def next(self, requested: float | None) -> float | None:
        """Return the seconds to wait before the next attempt, or ``None`` if this was the last.

        ``requested`` is the wait that the endpoint asks for.
        """
        if self._attempts >= self._timeouts.retries:
            return None
        # Clients that failed together must not return together, nor earlier than the endpoint asked.
        jitter = random.random()  # noqa: S311 - not a secret
        if requested is None:
            wait = self._timeouts.backoff_seconds * float(2**self._attempts) * (0.5 + jitter / 2)
        else:
            wait = requested + jitter * min(1.0, 0.1 * requested)
        if wait > self._seconds_left:
            return None
        self._attempts += 1
        self._seconds_left -= wait
        return wait
