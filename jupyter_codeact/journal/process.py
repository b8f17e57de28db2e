"""Which process works on a run, and whether that process still exists."""

from __future__ import annotations

import functools
import os

import psutil

CLOCK_STEP = 5.0
"""Seconds by which the clock may have been adjusted since, which moves the time that a process began."""


@functools.cache
def _began(pid: int) -> float:
    return psutil.Process(pid).create_time()


def current() -> tuple[int, float]:
    """Return this process's id, and when it began: systems use ids again."""
    return os.getpid(), _began(os.getpid())


def is_alive(pid: int, began: float) -> bool:
    """Tell whether the process of that id that began at that time still exists."""
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and abs(process.create_time() - began) < CLOCK_STEP
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
