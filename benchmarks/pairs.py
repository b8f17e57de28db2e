"""Samples that are taken in turns, kept in a file, and shown as one table; for the scripts beside this one.

A measurement that was interrupted goes on where it stopped: what is in the file is not taken again.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
FIRST_RELEASE = "03331ee"


def worktree(folder: Path, commit: str = FIRST_RELEASE) -> Path:
    """Return a checkout of a commit in a folder, made if it is not there."""
    path = folder.absolute() / f"checkout-{commit}"
    if not path.exists():
        command = ["git", "-C", str(ROOT), "worktree", "add", "--detach", str(path), commit]
        subprocess.run(command, check=True, capture_output=True)
    return path


def take(file: Path, rounds: int, variants: Mapping[str, Callable[[], dict[str, float]]]) -> list[Any]:
    """Take samples of every variant in turns until there are ``rounds`` of each, and return all.

    A sample is a mapping from what was measured to a number. Rounds begin with another variant each, so that
    a machine that slows down slows all of them.
    """
    samples = read(file)
    names = list(variants)
    for number in range(rounds):
        shift = number % len(names)
        for name in names[shift:] + names[:shift]:
            if any(s["round"] == number and s["variant"] == name for s in samples):
                continue
            load = os.getloadavg()[0]
            sample = {"round": number, "variant": name, "load": round(load, 1), **variants[name]()}
            samples.append(sample)
            with file.open("a") as out:
                out.write(json.dumps(sample) + "\n")
            print(sample, flush=True)
    return samples


def read(file: Path) -> list[Any]:
    """Return the samples of a file."""
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def table(samples: list[Any], measured: Mapping[str, str], against: str) -> str:
    """Return medians with quartiles as Markdown, and each variant relative to one in the same rounds.

    Parameters
    ----------
    samples : list
        What `take` returned.
    measured : mapping
        The header of each number's column.
    against : str
        The variant that the others are compared to.
    """
    names = list(dict.fromkeys(sample["variant"] for sample in samples))
    head = ["variant", *[each for what in measured for each in (measured[what], f"over {against}")]]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    by_round = {(s["variant"], s["round"]): s for s in samples}
    for name in names:
        cells = [name]
        for what in measured:
            own = [s[what] for s in samples if s["variant"] == name and what in s]
            ratios = [
                s[what] / base[what]
                for (variant, number), s in by_round.items()
                if variant == name and what in s
                if (base := by_round.get((against, number))) and base.get(what)
            ]
            cells += [spread(own), spread(ratios) + (" ×" if ratios else "")]
        lines.append("| " + " | ".join(cells) + " |")
    busy = statistics.median([s["load"] for s in samples]) if samples else 0.0
    return "\n".join([*lines, "", f"Load of the machine, median: {busy}."])


def spread(values: list[float]) -> str:
    """Return a median with its quartiles."""
    if not values:
        return ""
    if len(values) == 1:
        return f"{values[0]:.3g}"
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return f"{middle:.3g} ({low:.3g} to {high:.3g})"
