"""Every way in which the transformers engine can write on a GPU, in one call of at most eight minutes.

    python benchmarks/gpu.py FOLDER [--minutes 8] [--small]

The model has random weights in the shape of a 7B model, in bfloat16, 512 tokens of prompt and 256 of reply.
For each variant: tokens/s of one stream, as a share of what reading the weights at the speed of a copy
allows; tokens/s of eight streams together; seconds to the first token of a prompt of 2,048 tokens. Variants
take turns, as long as there is time; what could not be measured is said. Samples are kept in FOLDER.

``--small`` takes a toy model, on the CPU if there is no GPU, to try the script itself.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import logging
import secrets
import statistics
import time
from contextlib import aclosing
from pathlib import Path
from typing import Any

import torch
from pairs import spread
from transformers import AutoModelForCausalLM, Qwen2Config

from jupyter_codeact.models.engines.transformers.batching import BatchingGenerator, can_batch
from jupyter_codeact.models.engines.transformers.generation import GenerationRequest, Generator
from jupyter_codeact.models.engines.transformers.loading import LoadedModel, attention
from jupyter_codeact.models.engines.transformers.plain import PlainGenerator
from jupyter_codeact.models.engines.transformers.settings import TransformersOptions
from jupyter_codeact.models.engines.transformers.static import StaticGenerator

VARIANTS = ("slots and graphs", "slots alone", "slots, graphs, compiled", "pages", "one at a time")
REPLY, PROMPT, LONG = 256, 512, 2048


class Silent:
    """A tokenizer of a model whose replies never end by themselves."""

    eos_token_id = None


def shape(small: bool) -> Qwen2Config:
    """Return the model's shape: that of Qwen2.5-7B, or a toy."""
    sizes = {"hidden_size": 3584, "intermediate_size": 18_944, "num_hidden_layers": 28}
    sizes |= {"num_attention_heads": 28, "num_key_value_heads": 4, "vocab_size": 152_064}
    if small:
        sizes = {"hidden_size": 128, "intermediate_size": 256, "num_hidden_layers": 2}
        sizes |= {"num_attention_heads": 8, "num_key_value_heads": 2, "vocab_size": 1024}
    return Qwen2Config(**sizes, max_position_embeddings=32_768, eos_token_id=0)


def open_variant(name: str, model: Any) -> Generator:
    """Return a generator that works as the variant says."""
    options = TransformersOptions(compile="compiled" in name)
    loaded = LoadedModel(model, Silent(), None, 4096, options)
    if name.startswith("slots"):
        generator = StaticGenerator(loaded)
        if name == "slots alone":
            generator.decoding.graphs = False
        elif model.device.type == "cuda" and not generator.decoding.graphs:
            raise RuntimeError("no graphs could be recorded; the log says why")
        return generator
    if name == "pages":
        if not can_batch(loaded):
            raise RuntimeError("continuous batching needs a GPU")
        return BatchingGenerator(loaded)
    return PlainGenerator(loaded)


async def write(generator: Generator, prompt: int, reply: int, words: int) -> float:
    """Let a reply be written, and return the seconds to its first token."""
    begun, first = time.perf_counter(), 0.0
    tokens = [1 + secrets.randbelow(words - 1) for _ in range(prompt)]
    async with aclosing(generator.generate(GenerationRequest(tokens, reply, 0.0, 1))) as steps:
        async for step in steps:
            first = first or (time.perf_counter() - begun if step.tokens else 0.0)
    return first


async def sample(generator: Generator, words: int, scale: int) -> dict[str, float]:
    """Measure one stream, eight, and the first token."""

    async def rate(streams: int) -> float:
        """Return tokens/s between the first tokens and the last."""
        begun = time.perf_counter()
        await asyncio.gather(*[write(generator, PROMPT // scale, 1, words) for _ in range(streams)])
        reading = time.perf_counter() - begun
        begun = time.perf_counter()
        count = REPLY // scale
        await asyncio.gather(*[write(generator, PROMPT // scale, count, words) for _ in range(streams)])
        return streams * (count - 1) / (time.perf_counter() - begun - reading)

    one, eight = await rate(1), await rate(8)
    return {"one": one, "eight": eight, "first": await write(generator, LONG // scale, 1, words)}


def bandwidth() -> float:
    """Return the bytes per second of a copy on the GPU, read and written."""
    block = torch.empty(1 << 30, dtype=torch.uint8, device="cuda")
    other, speeds = torch.empty_like(block), []
    for _ in range(20):
        torch.cuda.synchronize()
        begun = time.perf_counter()
        other.copy_(block)
        torch.cuda.synchronize()
        speeds.append(2 * block.numel() / (time.perf_counter() - begun))
    return statistics.median(speeds)


async def measure(folder: Path, minutes: float, small: bool) -> None:
    """Measure until the time is over, and print the table."""
    end = time.monotonic() + 60 * minutes
    device, config = "cuda" if torch.cuda.is_available() else "cpu", shape(small)
    scale = 8 if small else 1
    with torch.device(device):
        model = AutoModelForCausalLM.from_config(
            config, dtype=torch.bfloat16, attn_implementation=attention() or "sdpa"
        ).eval()
    weights = sum(p.numel() * p.element_size() for p in model.parameters())
    weights -= model.get_input_embeddings().weight.numel() * 2  # of which a token reads one row
    floor = bandwidth() / weights if device == "cuda" else 0.0
    named = torch.cuda.get_device_name() if device == "cuda" else "CPU"
    print(
        f"{named}, torch {torch.__version__}, {model.config._attn_implementation}; floor {floor:.1f} tokens/s"
    )
    found: dict[str, list[dict[str, float]]] = {}
    said: dict[str, str] = {}
    for _ in range(3):
        for name in VARIANTS:
            if name in said or time.monotonic() > end:
                continue
            begun = time.perf_counter()
            generator = None
            try:
                generator = await asyncio.to_thread(open_variant, name, model)
                opened = time.perf_counter() - begun
                await asyncio.wait_for(sample(generator, config.vocab_size, scale * 4), 180)  # warm
                taken = await asyncio.wait_for(sample(generator, config.vocab_size, scale), 180)
            except Exception as error:  # one way that fails leaves the others
                said[name] = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
                print(f"{name}: {said[name]}", flush=True)
                continue
            finally:
                if generator is not None:
                    generator.close()
                gc.collect()
                torch.cuda.empty_cache()
            found.setdefault(name, []).append(taken | {"opened": opened})
            with (folder / "gpu.jsonl").open("a") as out:
                out.write(json.dumps({"variant": name, "device": named, "floor": floor, **taken}) + "\n")
            print(name, {key: round(value, 3) for key, value in taken.items()}, flush=True)
    print("\n| variant | one stream, tokens/s | of the floor | eight, tokens/s | first token, s | open, s |")
    print("|---|---|---|---|---|---|")
    for name in VARIANTS:
        if name not in found:
            print(f"| {name} | {said.get(name, 'no time')} | | | | |")
            continue
        columns = {key: [each[key] for each in found[name]] for key in found[name][0]}
        share = f"{statistics.median(columns['one']) / floor:.0%}" if floor else ""
        cells = [
            spread(columns["one"]),
            share,
            *(spread(columns[key]) for key in ("eight", "first", "opened")),
        ]
        print(f"| {name} | " + " | ".join(cells) + " |")


def main() -> None:
    """Measure on the GPU that is here."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--small", action="store_true")
    given = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    if not given.small and not torch.cuda.is_available():
        parser.error("There is no CUDA here; --small tries the script itself.")
    given.folder.mkdir(parents=True, exist_ok=True)
    # Something may hang on a GPU that nobody has tried; what was measured by then is printed already.
    asyncio.run(asyncio.wait_for(measure(given.folder, given.minutes - 1, given.small), 60 * given.minutes))


if __name__ == "__main__":
    main()
