"""Counts every figure of docs/evaluation.md anew from the episodes in this repository.

    python benchmarks/figures.py            # Markdown: the tables of the page, and its comparisons
    python benchmarks/figures.py --check    # whether the page has exactly these

A test runs the second one. Episodes are in benchmarks/results, each with the commit of its agent.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean

import ablation

from jupyter_codeact.evaluation.comparison import compare
from jupyter_codeact.evaluation.records import Episode, load
from jupyter_codeact.evaluation.runs import agents
from jupyter_codeact.evaluation.statistics import wilson

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "evaluation.md"
RESULTS = ROOT / "benchmarks" / "results"

M3TOOLEVAL = (
    ("this one", "two cores", "m3tooleval-agent"),
    ("the paper's harness, code", "two cores", "m3tooleval-paper-code"),
    ("this one", "H100", "h100/m3tooleval-agent"),
    ("the paper's harness, code", "H100", "h100/m3tooleval-paper-code"),
    ("the paper's harness, JSON", "H100", "h100/m3tooleval-paper-json"),
    ("the paper's harness, text", "H100", "h100/m3tooleval-paper-text"),
)
FOURTH = (
    ("this one", "m3tooleval-agent"),
    ("smolagents' `CodeAgent`", "m3tooleval-smolagents"),
    ("the paper's harness, code", "m3tooleval-paper-code"),
    ("the paper's harness, JSON", "m3tooleval-paper-json"),
)
NOTEBOOK = (
    ("this one", "H100", "h100/notebook-agent"),
    ("this one, every fourth task", "two cores", "notebook-agent"),
)
PAIRS = (
    ("m3tooleval-paper-code", "m3tooleval-agent"),
    ("h100/m3tooleval-paper-code", "h100/m3tooleval-agent"),
    ("h100/m3tooleval-paper-json", "h100/m3tooleval-agent"),
    ("h100/m3tooleval-smolagents", "h100/m3tooleval-agent"),
    ("h100/notebook-smolagents", "h100/notebook-agent"),
    ("m3tooleval-agent", "m3tooleval-agent-hooks"),
    ("notebook-agent", "notebook-agent-hooks"),
)


def episodes(name: str) -> list[Episode]:
    """Return the episodes of a file."""
    return list(load([RESULTS / f"{name}.jsonl"]))


def row(*cells: str) -> str:
    """Return a line of a table."""
    return f"| {' | '.join(cells)} |"


def solved(played: Sequence[Episode]) -> tuple[str, str]:
    """Return how many were solved, and the interval of that."""
    count = sum(one.played.strict for one in played)
    return f"{count} of {len(played)}", interval(count, len(played))


def interval(count: int, tries: int) -> str:
    """Return Wilson's interval in per cent."""
    low, high = wilson(count, tries)
    return f"{100 * low:.1f} to {100 * high:.1f} %"


def prompt_tokens(played: Sequence[Episode]) -> int:
    """Return the prompt tokens of all episodes."""
    return sum(one.played.usage.prompt_tokens for one in played)


def tables() -> Iterator[tuple[str, list[str]]]:
    """Yield each table of the page: its title, and its lines without the head."""
    lines = []
    for agent, machine, name in M3TOOLEVAL:
        played = episodes(name)
        right = sum(one.played.strict for one in played)
        lines.append(
            row(
                agent,
                machine,
                agents(played),
                *solved(played),
                f"{mean(one.played.turns for one in played):.1f}",
                f"{prompt_tokens(played) / len(played):,.0f}",
                f"{prompt_tokens(played) / right:,.0f}",
            )
        )
    yield "M3ToolEval, 82 tasks", lines
    fourth = {one.case.name for one in episodes("m3tooleval-smolagents")}
    lines = []
    for agent, name in FOURTH:
        played = [one for one in episodes(name) if one.case.name in fourth]
        right = sum(one.played.strict for one in played)
        total = prompt_tokens(played)
        lines.append(row(agent, solved(played)[0], f"{total:,}", f"{total / right:,.0f}"))
    yield "Every fourth task of M3ToolEval, two cores", lines
    lines = []
    for label, kind in (("code", "code"), ("JSON", "json"), ("text", "text")):
        played = episodes(f"h100/api-bank-{kind}")
        cells = [label]
        for parser in ("reference", "fair"):
            count = sum(one.played.detail[parser] for one in played)
            cells += [str(count), interval(count, len(played))]
        lines.append(row(*cells, f"{prompt_tokens(played) / len(played):,.0f}"))
    yield "API-Bank, 399 items, H100", lines
    lines = []
    for agent, machine, name in NOTEBOOK:
        played = episodes(name)
        turns = f"{mean(one.played.turns for one in played):.1f}"
        tokens = f"{prompt_tokens(played) / len(played):,.0f}"
        lines.append(row(agent, machine, agents(played), *solved(played), turns, tokens))
    yield "The notebook suite", lines
    lines = [line for line in ablation.report(RESULTS / "ablation").splitlines() if line.startswith("| ")]
    yield "What the hooks are worth", [_without_hooks(line) for line in lines[1:]]


def _without_hooks(line: str) -> str:
    """Return a line of the ablation as the page has it, without the names of the hooks."""
    variant, _hooks, *rest = [cell.strip() for cell in line.strip("|").split("|")]
    names = {"capable": "all but those for capable models", "all-again": "none (all hooks once more)"}
    return row(names.get(variant, variant), *rest)


def comparisons() -> Iterator[tuple[str, str]]:
    """Yield the comparisons that the page's text tells of."""
    for first, second in PAIRS:
        one, other = episodes(first), episodes(second)
        shared = {e.case.name for e in one} & {e.case.name for e in other}
        tokens = [prompt_tokens([e for e in each if e.case.name in shared]) for each in (one, other)]
        told = f"Prompt tokens of the first: {tokens[0]:,}, of the second: {tokens[1]:,}."
        yield f"{first} and {second}", f"{compare(one, other).sentences()}\n{told}"
    played = episodes("h100/mint-paper")
    yield "h100/mint-paper", f"{sum(one.played.strict for one in played)} of {len(played)} solved."
    for name in ("code", "json", "text"):
        first = episodes(f"api-bank-{name}")
        count = sum(one.played.detail["reference"] for one in first)
        yield f"api-bank-{name}, two cores", f"{count} of {len(first)} with the reference parser."
    for name in ("json", "text"):
        pairs = [
            {one.case.name: one.played.detail["fair"] for one in episodes(f"h100/api-bank-{kind}")}
            for kind in ("code", name)
        ]
        only = [sum(a[key] and not b[key] for key in a.keys() & b.keys()) for a, b in (pairs, pairs[::-1])]
        yield (
            f"API-Bank with the fair parser, code and {name}",
            f"only code {only[0]}, only {name} {only[1]}.",
        )


def missing(page: str) -> list[str]:
    """Return the lines that should be in the page and are not."""
    return [line for _title, lines in tables() for line in lines if line not in page.splitlines()]


def main() -> None:
    """Print everything, or check the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--check", action="store_true")
    if parser.parse_args().check:
        wrong = missing(PAGE.read_text())
        print("\n".join(["Not in docs/evaluation.md:", *wrong] if wrong else ["The page has these figures."]))
        sys.exit(bool(wrong))
    for title, lines in tables():
        print("\n".join([f"## {title}", "", *lines, ""]))
    for title, text in comparisons():
        print(f"{title}\n{text}\n")


if __name__ == "__main__":
    main()
