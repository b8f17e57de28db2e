"""The approval setting: which of the agent's cells wait for the user. Importing this is cheap."""

from __future__ import annotations

from typing import Literal, get_args

Approval = Literal["always", "risky", "never"]
"""Which of the agent's cells wait for the user's approval: all, the risky ones, or none."""

_FIRST_RELEASE: dict[str, Approval] = {"ask": "always", "ask-if-risky": "risky", "auto": "never"}


def read_approval(word: str) -> Approval:
    """Return the approval setting that ``word`` names, in the present spelling or the first release's.

    Raises
    ------
    ValueError
        If it names none; the message is for the user.
    """
    found: Approval | None = next(
        (spelling for spelling in get_args(Approval) if spelling == word), _FIRST_RELEASE.get(word)
    )
    if found is None:
        raise ValueError(f"approval is one of {', '.join(get_args(Approval))}, not {word!r}.")
    return found


def is_earlier_spelling(word: str) -> bool:
    """Tell whether ``word`` is the first release's spelling of an approval setting."""
    return word in _FIRST_RELEASE
