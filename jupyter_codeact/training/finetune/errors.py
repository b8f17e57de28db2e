"""What can go wrong while a model is trained, as sentences."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...agent.contracts import CodeActError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# torch and safetensors wrap the system's error in one of their own, and keep only its words.
_FULL_WORDS = re.compile(
    r"No space left|quota exceeded|File too large|os error (?:28|122|27)\b|failed writing file"
    r"|iostream error|unexpected pos",
    re.IGNORECASE,
)
_MEMORY_WORDS = re.compile(
    r"out of memory|can't allocate memory|not enough memory|Cannot allocate|bad_alloc", re.IGNORECASE
)


class TrainingError(CodeActError):
    """A model cannot be trained, exported or compared; the message says why, and what to do."""


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn what the libraries raise on a full disk into a sentence.

    Raises
    ------
    TrainingError
        If the disk is full, or ``folder`` cannot be written.
    """
    try:
        yield
    except TrainingError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno not in _FULL | {None}:
            raise TrainingError(f"{folder} cannot be written: {error.strerror}.") from error
        if (isinstance(error, OSError) and error.errno in _FULL) or _FULL_WORDS.search(str(error)):
            raise TrainingError(
                f"The disk of {folder} is full, and what was being written is removed. Free some space and"
                " run the same command again: it goes on from the last checkpoint."
            ) from error
        raise


@contextmanager
def in_memory(advice: str) -> Iterator[None]:
    """Turn what is raised when memory runs out into a sentence that ends in ``advice``.

    Raises
    ------
    TrainingError
        If memory runs out.
    """
    try:
        yield
    except MemoryError as error:
        raise out_of_memory(advice) from error
    except RuntimeError as error:  # torch.OutOfMemoryError is one
        if _MEMORY_WORDS.search(str(error)):
            raise out_of_memory(advice) from error
        raise


def out_of_memory(advice: str) -> TrainingError:
    """Return the error for memory that does not suffice."""
    return TrainingError(f"The memory does not suffice for this. {advice}")
