"""Hooks: each is one kind of help for the model.

A hook is a class in one of these modules, which are grouped by purpose. `HOOKS` lists them by priority;
`suited_to` selects those for a model.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..contracts import CodeActError
from ..run_limits import Guidance
from .answers import (
    EchoedAnswers,
    FailedAnswers,
    LookFirst,
    RoundedAnswers,
    UncheckedAnswers,
    UngroundedAnswers,
)
from .hook import Hook
from .imports import KeepImports
from .names import NearestLookups, NearestNames
from .nudges import BeginWithCode, LastTurn, NextStep
from .repetition import ResampleErrors, ResampleRepeats, StopRepeats
from .results import CoercedValues, NanResults, OpaqueResults
from .tools import BareCalls, FirstCall, ProtectTools, UntriedTools

HOOKS: tuple[type[Hook], ...] = (
    BareCalls,
    NearestNames,
    NearestLookups,
    ResampleRepeats,
    ResampleErrors,
    KeepImports,
    ProtectTools,
    BeginWithCode,
    FirstCall,
    UntriedTools,
    OpaqueResults,
    NanResults,
    CoercedValues,
    NextStep,
    LookFirst,
    EchoedAnswers,
    FailedAnswers,
    UngroundedAnswers,
    UncheckedAnswers,
    RoundedAnswers,
    StopRepeats,
    LastTurn,
)
"""Every hook, in the order in which they are called.

Corrections come before repetition: if the correction of a repeated cell is known, the model need not be
asked again.
"""


def all_but(without: Sequence[str]) -> tuple[type[Hook], ...]:
    """Return every hook except those named, by name or by group.

    Raises
    ------
    CodeActError
        If there is no hook or group of that name.
    """
    names = {hook.name for hook in HOOKS} | {hook.group for hook in HOOKS}
    if unknown := sorted(set(without) - names):
        raise CodeActError(f"There is no hook or group {unknown[0]!r}; there are {', '.join(sorted(names))}.")
    return tuple(hook for hook in HOOKS if not {hook.name, hook.group} & set(without))


def suited_to(guidance: Guidance, hooks: Sequence[type[Hook]] = HOOKS) -> tuple[type[Hook], ...]:
    """Select the hooks for a model with this guidance."""
    return tuple(hook for hook in hooks if guidance == "small" or hook.for_capable)
