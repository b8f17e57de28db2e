"""How many tokens a record has: counted with a model's tokenizer, or estimated."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..agent.context.history import PER_TOKEN
from .records import DataError, Record

PER_MESSAGE = 4
"""Tokens that a chat template adds to a message, as ChatML does."""


def estimate(text: str) -> int:
    """Return about how many tokens a text has."""
    return round(len(text) / PER_TOKEN)


def counter(tokenizer: Path | None) -> Callable[[str], int]:
    """Return a function that counts the tokens of a text.

    Parameters
    ----------
    tokenizer
        A model's ``tokenizer.json``, or its folder; ``None`` estimates.

    Raises
    ------
    DataError
        If it cannot be read, or the package ``tokenizers`` is not installed.
    """
    if tokenizer is None:
        return estimate
    try:
        from tokenizers import Tokenizer
    except ImportError:
        raise DataError("Counting tokens needs the package tokenizers: pip install tokenizers.") from None
    file = tokenizer / "tokenizer.json" if tokenizer.is_dir() else tokenizer
    try:
        read = Tokenizer.from_file(str(file))
    except Exception as error:  # the package raises nothing more specific
        raise DataError(f"The tokenizer {file} cannot be read: {error}.") from error
    return lambda text: len(read.encode(text, add_special_tokens=False).ids)


def of_record(record: Record, count: Callable[[str], int]) -> tuple[int, int]:
    """Return the tokens of a record, and those of them that are learnt."""
    sizes = [(count(message.content) + PER_MESSAGE, message.weight) for message in record.messages]
    return sum(size for size, _ in sizes), sum(size for size, weight in sizes if weight)
