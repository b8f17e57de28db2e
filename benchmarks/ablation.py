"""The value of each group of hooks: the same tasks with all hooks, and without each group.

    python benchmarks/ablation.py FOLDER --source CHECKOUT-OF-CODE-ACT [--notebook 12] [--m3tooleval 10]
    python benchmarks/ablation.py FOLDER --report

Plays a sample of tasks, drawn with a seed, first with every hook, then without each group, and then with the
hooks for capable models. At temperature 0, an episode in which no hook of a group was of use would be the
same without that group; it is not played again, and its outcome counts for both. Episodes are saved in
FOLDER, with a file for each variant, and a second call resumes where the first one stopped. Run nothing else
on the machine, because time limits apply.

The report is a Markdown table of the tasks solved with the first answer, the pairs that differ, McNemar's
exact p, and the power of a sample of this size.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
from pathlib import Path

from jupyter_codeact.agent.hooks import HOOKS
from jupyter_codeact.evaluation.records import Episode, Setting, load
from jupyter_codeact.evaluation.runner import Choice, play_all
from jupyter_codeact.evaluation.statistics import mcnemar, mcnemar_power
from jupyter_codeact.evaluation.suites import Suite, open_suite
from jupyter_codeact.models.open import open_model

SEED = 15
GROUPS = list(dict.fromkeys(hook.group for hook in HOOKS))
SUITES = ("notebook", "m3tooleval")


def setting_of(variant: str, seconds: float) -> Setting:
    """Return the setting of a variant: ``all``, ``capable``, or a group that is switched off."""
    without = (variant,) if variant in GROUPS else ()
    guidance = "capable" if variant == "capable" else "small"
    return Setting(goes_on=False, seconds=seconds, guidance=guidance, without=without)


def files(folder: Path, variant: str) -> list[Path]:
    """Return the existing results files of a variant."""
    return [path for suite in SUITES if (path := folder / f"{suite}-{variant}.jsonl").exists()]


async def sample(suite: Suite, count: int) -> list[str]:
    """Draw a sample of tasks, the same each time."""
    names = sorted(f"{case.family}/{case.name}" for case in await suite.cases())
    return random.Random(SEED).sample(names, min(count, len(names)))


def affected(episodes: list[Episode], group: str) -> list[str]:
    """Return the tasks in which a hook of the group was of use, or which broke."""
    names = {hook.name for hook in HOOKS if hook.group == group}
    return [
        f"{episode.case.family}/{episode.case.name}"
        for episode in episodes
        if names & set(episode.played.hooks) or episode.played.ending in ("crashed", "failed")
    ]


async def play(arguments: argparse.Namespace) -> None:
    """Play the episodes that are missing."""
    counts = {"notebook": arguments.notebook, "m3tooleval": arguments.m3tooleval}
    model = open_model(arguments.model, endpoint=arguments.endpoint)
    try:
        for name in SUITES:
            suite = open_suite(name, arguments.source if name != "notebook" else None)
            chosen = await sample(suite, counts[name])
            for variant in ["all", *GROUPS, "capable", "all-again"]:
                tasks = chosen
                if variant in GROUPS:
                    tasks = affected(list(load([arguments.folder / f"{name}-all.jsonl"])), variant)
                if not tasks:
                    continue
                only = "|".join(f"^{re.escape(task)}$" for task in tasks)
                print(f"{name}, {variant}: {len(tasks)} tasks", flush=True)
                await play_all(
                    suite,
                    setting_of(variant, arguments.seconds),
                    model,
                    arguments.folder / f"{name}-{variant}.jsonl",
                    choice=Choice(only=only),
                    watch=print_episode,
                )
            await suite.close()
    finally:
        await model.close()


def print_episode(episode: Episode) -> None:
    """Print the outcome of an episode."""
    played = episode.played
    print(
        f"  {'solved' if played.strict else 'not   '} {played.ending:13} {played.turns:2d} turns "
        f"{episode.seconds:6.1f} s  {episode.case.family}/{episode.case.name}",
        flush=True,
    )


def report(folder: Path) -> str:
    """Return the table."""
    whole = {(episode.suite, episode.case.name): episode for episode in load(files(folder, "all"))}
    lines = [
        "| without | hooks | played anew | solved with | solved without | only with | only without | p |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for variant in [*GROUPS, "capable", "all-again"]:
        found = {(episode.suite, episode.case.name): episode for episode in load(files(folder, variant))}
        pairs = [
            (episode.played.strict, found.get(key, episode).played.strict) for key, episode in whole.items()
        ]
        only_with = sum(first and not second for first, second in pairs)
        only_without = sum(second and not first for first, second in pairs)
        hooks = ", ".join(f"`{hook.name}`" for hook in HOOKS if hook.group == variant)
        lines.append(
            f"| {variant} | {hooks} | {len(found)} of {len(pairs)} | {sum(first for first, _ in pairs)} "
            f"| {sum(second for _, second in pairs)} | {only_with} | {only_without} "
            f"| {mcnemar(only_with, only_without):.2g} |"
        )
    count = len(whole)
    powers = ", ".join(
        f"{share:.0%} of the tasks: {mcnemar_power(count, share, 0.0):.0%}" for share in (0.1, 0.2, 0.3, 0.4)
    )
    return "\n".join([*lines, "", f"Power of {count} pairs, if a group helps in {powers}."])


def main() -> None:
    """Play, or report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--source", type=Path, help="checkout of xingyaoww/code-act")
    parser.add_argument("--model", default="qwen2.5-coder-1.5b")
    parser.add_argument("--endpoint")
    parser.add_argument("--notebook", type=int, default=12)
    parser.add_argument("--m3tooleval", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=1800.0)
    parser.add_argument("--report", action="store_true")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    if not arguments.report:
        asyncio.run(play(arguments))
    print(report(arguments.folder))


if __name__ == "__main__":
    main()
