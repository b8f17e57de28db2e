"""Our agent beside others, on every suite: plays what is missing, and resumes where it stopped.

    python benchmarks/field.py FOLDER --dabench CHECKOUT --dseval CHECKOUT --code-act CHECKOUT --mint CHECKOUT
    python benchmarks/field.py FOLDER --report

| suite | tasks | played by |
|---|---|---|
| DABench | every fourth question | this agent, smolagents' `CodeAgent`, a ReAct |
| DSEval | 25 problems of each of its four sets, drawn with a seed | this agent, smolagents' `CodeAgent` |
| notebook | all | this agent, smolagents' `CodeAgent` |
| M3ToolEval | all | this agent |
| MINT | the first 48 | this agent, its harness |

Each line of the table is played in this order, by one after the other; a suite whose checkout is not given is
left out. Episodes are saved in FOLDER, with a file for each suite and agent. Run nothing else on the machine,
because time limits apply. DSEval needs pandas 2: call this in an environment that has it.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jupyter_codeact.evaluation.records import Case, Episode, Protocol, Setting, load
from jupyter_codeact.evaluation.report import markdown
from jupyter_codeact.evaluation.runner import Choice, play_all
from jupyter_codeact.evaluation.suites import Suite, open_suite
from jupyter_codeact.models.open import open_model

SEED = 28
PROBLEMS = 25
"""Problems of DSEval that are drawn from each of its sets."""


@dataclass(frozen=True)
class Part:
    """A suite, which of its tasks are played, and by whom; ``checkout`` is the option for its source."""

    suite: str
    players: Sequence[Protocol]
    checkout: str | None = None
    every: int = 1
    first: int | None = None
    goes_on: bool = False


PARTS = (
    Part("dabench", ("agent", "smolagents", "paper"), "dabench", every=4),
    Part("dseval", ("agent", "smolagents"), "dseval"),
    Part("notebook", ("agent", "smolagents")),
    Part("m3tooleval", ("agent",), "code_act"),
    Part("mint", ("agent", "paper"), "mint", first=48, goes_on=True),
)


def drawn(cases: Sequence[Case]) -> str:
    """Return an expression for a sample of problems, as many of each set, the same each time."""
    families: dict[str, list[str]] = defaultdict(list)
    for case in cases:
        families[case.family].append(f"{case.family}/{case.name}")
    chance = random.Random(SEED)
    names = [
        name
        for _, each in sorted(families.items())
        for name in chance.sample(sorted(each), min(PROBLEMS, len(each)))
    ]
    return "|".join(f"^{re.escape(name)}$" for name in names)


async def play_part(part: Part, suite: Suite, arguments: argparse.Namespace) -> None:
    """Play the episodes of a part that are missing."""
    cases = await suite.cases()
    for note in suite.notes:
        print(note)
    only = drawn(cases) if part.suite == "dseval" else None
    for protocol in part.players:
        if protocol not in arguments.player:
            continue
        setting = Setting(
            protocol=protocol,
            format=suite.formats[protocol][0],
            goes_on=part.goes_on,
            seconds=arguments.seconds,
        )
        print(f"{part.suite}, {protocol}", flush=True)
        model = open_model(arguments.model, endpoint=arguments.endpoint)
        try:
            await play_all(
                suite,
                setting,
                model,
                arguments.folder / f"{part.suite}-{protocol}.jsonl",
                choice=Choice(every=part.every, only=only, first=part.first, again=arguments.again),
                watch=print_episode,
            )
        finally:
            await model.close()


async def play(arguments: argparse.Namespace) -> None:
    """Play the parts whose checkouts are given."""
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        if part.suite not in arguments.suite:
            continue
        source = getattr(arguments, part.checkout) if part.checkout else None
        if part.checkout and source is None:
            print(f"{part.suite} is left out: --{part.checkout.replace('_', '-')} is not given.")
            continue
        suite = open_suite(part.suite, source)
        try:
            await play_part(part, suite, arguments)
        finally:
            await suite.close()


def print_episode(episode: Episode) -> None:
    """Print the outcome of an episode."""
    played = episode.played
    print(
        f"  {'solved' if played.strict else 'not   '} {played.ending:13} {played.turns:2d} turns "
        f"{episode.seconds:6.1f} s  {episode.case.family}/{episode.case.name}",
        flush=True,
    )


def main() -> None:
    """Play, or report what was played."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    for checkout in ("dabench", "dseval", "code-act", "mint"):
        parser.add_argument(f"--{checkout}", type=Path, metavar="CHECKOUT")
    suites, players = [part.suite for part in PARTS], [*PARTS[0].players]
    parser.add_argument("--suite", nargs="+", choices=suites, default=suites, help="only these lines")
    parser.add_argument("--player", nargs="+", choices=players, default=players, help="only these columns")
    parser.add_argument("--model")
    parser.add_argument("--endpoint")
    parser.add_argument("--seconds", type=float, default=900.0, help="time for an episode (default: 900)")
    parser.add_argument("--again", action="store_true", help="play once more what crashed or failed")
    parser.add_argument("--report", action="store_true")
    arguments = parser.parse_args()
    if not arguments.report:
        try:
            asyncio.run(play(arguments))
        except KeyboardInterrupt:
            print("Stopped. The same call goes on where this one ended.")
    print(markdown(list(load(sorted(arguments.folder.glob("*.jsonl"))))))


if __name__ == "__main__":
    main()
