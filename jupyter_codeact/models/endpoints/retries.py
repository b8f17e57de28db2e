"""When a failed request is worth another attempt, and how long to wait before it."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from .access import Timeouts
from .errors import IncompleteReplyError, is_of_library
from .words import ServerError, UnreadableReplyError


def worth_retrying(error: Exception) -> bool:
    """Tell whether the same request may succeed a little later."""
    if isinstance(error, ServerError):
        told = error.headers.get("x-should-retry")
        if told in ("true", "false"):
            return told == "true"
        status = error.status
        return status is not None and (
            status in (408, 409, 425, 429) or (status >= 500 and status not in (501, 505))
        )
    if isinstance(error, UnreadableReplyError):
        return error.broken
    # No answer, or no end of one.
    return is_of_library(error) or isinstance(error, IncompleteReplyError)


def requested_wait(error: Exception, now: float | None = None) -> float | None:
    """Return the seconds that the endpoint asks its clients to wait (Retry-After), if it does."""
    headers: Mapping[str, str] = error.headers if isinstance(error, ServerError) else {}
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
