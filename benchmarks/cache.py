"""What options of llama.cpp cost and bring: types of its cache, attention, batches, threads, reuse.

    python benchmarks/cache.py FOLDER [--model NAME] [--rounds 5] [--variant NAME ...]
    python benchmarks/cache.py FOLDER --tasks CHECKOUT-OF-CODE-ACT [--every 4]

Each sample starts an engine anew with a variant's options and measures, in this order:

first
    seconds to the first token of a prompt of about 1,500 tokens that is in no cache;
rate
    tokens/s of the reply that follows, of 96 tokens;
edited
    seconds to the first token of the same prompt with one line in its middle changed, as when the user edits
    a cell;
memory
    the worker's own memory in GB, without the model's file.

Variants take turns, samples are kept in FOLDER, and a second call goes on where the first stopped. With
``--tasks``, each variant then plays every fourth task of M3ToolEval; what was played is not played again.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import Any

import psutil
from pairs import table, take

from jupyter_codeact.evaluation.records import Setting
from jupyter_codeact.evaluation.runner import Choice, play_all
from jupyter_codeact.evaluation.statistics import mcnemar
from jupyter_codeact.evaluation.suites import open_suite
from jupyter_codeact.models.catalog.catalog import DEFAULT_MODEL
from jupyter_codeact.models.catalog.machine import cores
from jupyter_codeact.models.engines.launch import EngineOptions
from jupyter_codeact.models.engines.llama.options import LlamaOptions
from jupyter_codeact.models.open import open_local

VARIANTS = {
    "defaults": LlamaOptions(),
    "flash attention on": LlamaOptions(flash_attention="on"),
    "flash attention off": LlamaOptions(flash_attention="off"),
    "k q8_0": LlamaOptions(cache_type_k="q8_0"),
    "k and v q8_0": LlamaOptions(cache_type_k="q8_0", cache_type_v="q8_0", flash_attention="on"),
    "k q8_0, v q4_0": LlamaOptions(cache_type_k="q8_0", cache_type_v="q4_0", flash_attention="on"),
    "batch 64": LlamaOptions(batch=64),
    "batch 128": LlamaOptions(batch=128),
    "batch 512": LlamaOptions(batch=512),
    "one thread more": LlamaOptions(threads=cores() + 1),
    "twice the threads": LlamaOptions(threads=2 * cores()),
    "reuse from 64": LlamaOptions(cache_reuse=64),
    "reuse from 256": LlamaOptions(cache_reuse=256),
}
MEASURED = {"first": "first token, s", "rate": "tokens/s", "edited": "after an edit, s", "memory": "GB"}
LINES, TOKENS = 110, 96


def prompt(changed: int | None = None) -> list[Any]:
    """Return a prompt like that of a notebook, of which one line may be changed."""
    lines = [f"row_{n} = {{'name': 'item {n}', 'price': {n * 37 % 101}}}" for n in range(LINES)]
    if changed is not None:
        lines[changed] += "  # the user was here"
    return [{"role": "user", "content": "\n".join(lines) + "\nWrite a long story about these rows."}]


async def reply(model: Any, messages: list[Any], tokens: int) -> tuple[float, float, int]:
    """Return the seconds to the first token, the rate after it, and how much of the prompt was cached."""
    started, first, count = time.perf_counter(), 0.0, 0
    async with aclosing(model.stream(messages, max_tokens=tokens, temperature=0.0)) as deltas:
        async for delta in deltas:
            count, cached = delta.usage.completion_tokens, delta.usage.cached_tokens
            if delta.text and not first:
                first = time.perf_counter()
    return first - started, (count - 1) / max(time.perf_counter() - first, 1e-9), cached


def own_memory(module: str) -> float:
    """Return the memory of the worker that is nobody else's, in GB."""
    for process in psutil.Process().children():
        if module in process.cmdline():
            return float(process.memory_full_info().uss) / 1e9
    raise RuntimeError(f"no process runs {module}")


async def measure(name: str, options: LlamaOptions) -> dict[str, float]:
    """Take a sample."""
    model = open_local(name, engine_options=EngineOptions(llama=options))
    try:
        await model.start()
        await reply(model, [{"role": "user", "content": "Hello."}], 2)
        first, rate, _ = await reply(model, prompt(), TOKENS)
        edited, _, cached = await reply(model, prompt(changed=LINES // 2), 2)
        memory = own_memory(model.engine.launch.module)
    finally:
        await model.close()
    return {"first": first, "rate": rate, "edited": edited, "cached": cached, "memory": memory}


async def tasks(folder: Path, name: str, chosen: list[str], source: Path, every: int) -> str:
    """Play tasks with every variant, and return a table of those that were solved."""
    solved: dict[str, dict[str, bool]] = {}
    suite = open_suite("m3tooleval", source)
    for variant in chosen:
        model = open_local(name, engine_options=EngineOptions(llama=VARIANTS[variant]))
        try:
            episodes = await play_all(
                suite,
                Setting(goes_on=False, seconds=1800.0),
                model,
                folder / f"m3tooleval-{variant.replace(' ', '-').replace(',', '')}.jsonl",
                choice=Choice(every=every),
                watch=lambda episode: print(episode.case.name, episode.played.ending, flush=True),
            )
        finally:
            await model.close()
        solved[variant] = {episode.case.name: episode.played.strict for episode in episodes}
    await suite.close()
    lines = ["| variant | solved | only this | only the defaults | p |", "|---|---|---|---|---|"]
    base = solved[chosen[0]]
    for variant, found in solved.items():
        gained = sum(found[case] and not base[case] for case in found)
        lost = sum(base[case] and not found[case] for case in found)
        count = f"{sum(found.values())} of {len(found)}"
        lines.append(f"| {variant} | {count} | {gained} | {lost} | {mcnemar(gained, lost):.2g} |")
    return "\n".join(lines)


def main() -> None:
    """Take the samples that are missing, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--variant", action="append", choices=list(VARIANTS), help="only this; repeatable")
    parser.add_argument("--tasks", type=Path, metavar="CHECKOUT")
    parser.add_argument("--every", type=int, default=4)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    chosen = list(dict.fromkeys(["defaults", *(given.variant or VARIANTS)]))
    samplers = {
        name: partial(lambda options: asyncio.run(measure(given.model, options)), VARIANTS[name])
        for name in chosen
    }
    samples = take(given.folder / f"cache-{given.model}.jsonl", given.rounds, samplers)
    print("\n" + table(samples, MEASURED, "defaults"))
    if given.tasks:
        print("\n" + asyncio.run(tasks(given.folder, given.model, chosen, given.tasks, given.every)))


if __name__ == "__main__":
    main()
