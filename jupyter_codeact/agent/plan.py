"""The model's plan: a checklist in its prose, whose steps it ticks off."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from .events import Event, PlanChanged, PlanStep

MIN_STEPS = 2
"""Fewest steps of a plan; a shorter checklist is not one."""

_STEP = re.compile(r"^[ \t]*(?:[-*+]|\d{1,3}[.)])[ \t]+\[(?P<mark>[ xX])\][ \t]+(?P<text>\S[^\n]*)$", re.M)


def read_plan(prose: str, plan: Sequence[PlanStep] = ()) -> list[PlanStep]:
    """Return the plan after a reply.

    A checklist of known steps says which of them are done; one with other steps is a new plan.

    Parameters
    ----------
    prose : str
        The prose of the reply.
    plan : sequence of PlanStep
        The plan so far.
    """
    found = [PlanStep(text=step["text"].strip(), done=step["mark"] != " ") for step in _STEP.finditer(prose)]
    written = {_key(step.text): step for step in found}
    if plan and written and written.keys() <= {_key(step.text) for step in plan}:
        return [step.model_copy(update={"done": written.get(_key(step.text), step).done}) for step in plan]
    return found if len(found) >= MIN_STEPS else list(plan)


def plan_of(events: Iterable[Event], run: str) -> list[PlanStep]:
    """Return the plan of a run."""
    plan: list[PlanStep] = []
    for event in events:
        if isinstance(event, PlanChanged) and event.run == run:
            plan = event.steps
    return plan


def as_checklist(plan: Iterable[PlanStep]) -> str:
    """Return a plan as a Markdown checklist."""
    return "\n".join(f"- [{'x' if step.done else ' '}] {step.text}" for step in plan)


def _key(text: str) -> str:
    return re.sub(r"\W+", " ", text).strip().casefold()
