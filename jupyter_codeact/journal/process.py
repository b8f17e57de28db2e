"""Which process works on a run, and whether there still is such a process."""

from __future__ import annotations

import functools
import os

import psutil

CLOCK_STEP = 5.0
"""Seconds by which the clock may have been set since: the time a process began is told by it."""


@functools.cache
def _began(pid: int) -> float:
    return psutil.Process(pid).create_time()


def me() -> tuple[int, float]:
    """Return this process's number, and when it began: a number alone is given out again."""
    return os.getpid(), _began(os.getpid())


def lives(pid: int, began: float) -> bool:
    """Tell whether the process of that number that began at that time is still there."""
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and abs(process.create_time() - began) < CLOCK_STEP
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
