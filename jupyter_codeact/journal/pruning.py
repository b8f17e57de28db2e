"""Keeping the journal as small as its owner wants, while the server runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection

from .database import JournalError
from .store import SqliteJournal

log = logging.getLogger(__name__)

INTERVAL = 6 * 3600.0
"""Seconds from one pruning to the next."""


async def keep_small(
    journal: SqliteJournal,
    *,
    max_age_days: float | None,
    max_bytes: int | None,
    in_use: Callable[[], Collection[str]],
) -> None:
    """Prune now and every `INTERVAL` until cancelled, in a thread; see `SqliteJournal.prune`.

    Conversations ``in_use`` stay.
    """
    while True:
        keep = list(in_use())
        try:
            gone = await asyncio.to_thread(
                journal.prune, max_age_days=max_age_days, max_bytes=max_bytes, keep=keep
            )
        except JournalError as error:
            log.warning("Old conversations could not be deleted: %s", error)
        else:
            if gone:
                log.info("Deleted %d old conversations from %s.", gone, journal.path)
        await asyncio.sleep(INTERVAL)
