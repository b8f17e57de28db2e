"""The speed of the engines relative to the bare libraries, on the same machine in the same run.

Run with ``python benchmarks/models.py``; name sections to run only those. The two sides of a comparison
alternate, so that both run under the same load. Results are medians with quartiles.

llama
    The llama.cpp engine, as the agent uses it (`LocalModel`), against xllamacpp's bare server with its own
    defaults on the same file, read with a bare HTTP client: tokens per second, and seconds to the first token
    of a new prompt.
turns
    A growing conversation of 20 turns: the share of each prompt that the prefix cache served, and seconds to
    the first token.
transformers
    The transformers engine against `model.generate` in a separate process, in tokens per second: one stream,
    and eight at a time (``generate`` gets them as one batch of eight).
gpu
    Only with CUDA: continuous batching of a model with random weights and the shape of a 7B model, as a share
    of the speed that memory allows: each token reads all weights once, at the speed of a copy on the device.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import secrets
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

import httpx

from jupyter_codeact.models.catalog import machine, store
from jupyter_codeact.models.catalog.catalog import Entry, find
from jupyter_codeact.models.engines.launch import llama_cpp, transformers
from jupyter_codeact.models.engines.local import LocalModel
from jupyter_codeact.models.engines.supervisor import Engine
from jupyter_codeact.models.open import EndpointModel

ROUNDS = 7  # unless --rounds says otherwise
TOKENS = 128
TURNS = 20


def quartiles(samples: Sequence[float], unit: str = "", digits: int = 2) -> str:
    """Format the median and quartiles of samples."""
    low, middle, high = statistics.quantiles(samples, n=4, method="inclusive")
    return f"{middle:.{digits}f}{unit} (quartiles {low:.{digits}f} to {high:.{digits}f}, n = {len(samples)})"


def row(section: str, label: str, value: str) -> None:
    """Print a line of the table."""
    print(f"{section:13} {label:62} {value}", flush=True)


def question(tokens: int = 150) -> list[dict[str, str]]:
    """Return a conversation that is in no cache."""
    text = " ".join(secrets.token_hex(2) for _ in range(tokens // 4))
    return [{"role": "user", "content": f"{text}\nWrite a very long story about these codes."}]


async def measure_engine(
    model: LocalModel | EndpointModel, messages: list[Any], tokens: int
) -> tuple[float, float]:
    """Return the seconds to the first token, and the tokens per second after it, of an engine."""
    started, first, count = time.perf_counter(), 0.0, 0
    async with aclosing(model.stream(messages, max_tokens=tokens, temperature=0.0)) as deltas:
        async for delta in deltas:
            count = delta.usage.completion_tokens
            if delta.text and not first:
                first = time.perf_counter()
    return first - started, (count - 1) / (time.perf_counter() - first)


async def bare_server(url: str, key: str, messages: list[Any], tokens: int) -> tuple[float, float]:
    """Return the same for a bare server and a bare client."""
    body = {"messages": messages, "max_tokens": tokens, "temperature": 0, "stream": True}
    started, first, count = time.perf_counter(), 0.0, 0
    async with (
        httpx.AsyncClient(timeout=600, trust_env=False) as client,
        client.stream(
            "POST", f"{url}/chat/completions", json=body, headers={"Authorization": f"Bearer {key}"}
        ) as answer,
    ):
        async for line in answer.aiter_lines():
            if line.startswith("data: {"):
                choices = json.loads(line[6:])["choices"]
                if choices and choices[0]["delta"].get("content"):
                    count += 1
                    first = first or time.perf_counter()
    return first - started, (count - 1) / (time.perf_counter() - first)


BARE_SERVER = """
import os, sys, time, xllamacpp
parameters = xllamacpp.CommonParams()
parameters.model.path, parameters.hostnames, parameters.port = sys.argv[1], ["127.0.0.1"], 0
parameters.n_ctx, parameters.n_parallel, parameters.warmup = 8192, 2, False
parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = int(sys.argv[2])
said, _ = os.fdopen(os.dup(1), "w"), os.dup2(2, 1)
server = xllamacpp.Server(parameters)
print(server.listening_address, file=said, flush=True)
sys.stdin.read()
"""


class ChildProcess:
    """A Python child process that answers requests line by line."""

    def __init__(self, code: str, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            bufsize=1,
            env={"GOMP_SPINCOUNT": "2000"} | os.environ,  # the same as for the engines
        )

    async def answer(self, request: str | None = None) -> str:
        """Return the next line, after a request if there is one."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        if request is not None:
            self.process.stdin.write(request + "\n")
        return (await asyncio.to_thread(self.process.stdout.readline)).strip()

    def end(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.communicate()


async def llama(name: str, rounds: int) -> None:
    """Compare the llama.cpp engine with its bare server."""
    entry = find(name)
    assert isinstance(entry, Entry)
    path = store.pull(entry)
    model = LocalModel(Engine(llama_cpp(path, context=4096)))
    server = ChildProcess(BARE_SERVER, str(path), str(machine.cores()))
    try:
        url = await server.answer() + "/v1"
        await measure_engine(model, question(), 4)
        await bare_server(url, "none", question(), 4)
        ours, theirs = [], []
        for _ in range(rounds):
            messages = question()
            ours.append(await measure_engine(model, messages, TOKENS))
            theirs.append(await bare_server(url, "none", messages, TOKENS))
        rates = [a[1] / b[1] for a, b in zip(ours, theirs, strict=True)]
        firsts = [a[0] - b[0] for a, b in zip(ours, theirs, strict=True)]
        row("llama", f"{name}: engine, tokens/s", quartiles([rate for _, rate in ours], digits=1))
        row("llama", f"{name}: bare server, tokens/s", quartiles([rate for _, rate in theirs], digits=1))
        row("llama", f"{name}: engine over bare, tokens/s", quartiles(rates, "×", 3))
        row(
            "llama", f"{name}: first token, engine minus bare", quartiles([1e3 * x for x in firsts], " ms", 1)
        )
    finally:
        server.end()
        await model.close()


async def turns(name: str) -> None:
    """Follow a conversation as it grows."""
    entry = find(name)
    assert isinstance(entry, Entry)
    model = LocalModel(Engine(llama_cpp(entry, context=8192)))
    system = "You work in a notebook by writing Python. " * 30
    talk: list[Any] = [{"role": "system", "content": system}, *question()]
    await measure_engine(model, question(), 4)
    rows = []
    prompt_tokens = 0
    try:
        for _ in range(TURNS):
            started, first, text = time.perf_counter(), 0.0, ""
            async with aclosing(model.stream(talk, max_tokens=48)) as deltas:
                async for delta in deltas:
                    text += delta.text
                    first = first or (time.perf_counter() if delta.text else 0.0)
                    usage = delta.usage
            served = usage.cached_tokens / prompt_tokens if prompt_tokens else 0.0
            rows.append(
                (usage.cached_tokens / usage.prompt_tokens, first - started, usage.prompt_tokens, served)
            )
            prompt_tokens = usage.prompt_tokens + usage.completion_tokens
            outcome = "Output: " + " ".join(map(str, range(20)))
            talk += [{"role": "assistant", "content": text}, {"role": "user", "content": outcome}]
    finally:
        await model.close()
    for n, (share, seconds, prompt, _) in enumerate(rows, 1):
        row(
            "turns",
            f"{name}: n = {n}, {prompt} prompt tokens",
            f"{share:6.1%} cached, first token {seconds:.2f} s",
        )
    row("turns", f"{name}: cached share, n = 2 … {TURNS}", quartiles([100 * r[0] for r in rows[1:]], " %", 1))
    served = [100 * r[3] for r in rows[1:]]
    row("turns", f"{name}: of the prompt before and its reply", quartiles(served, " %", 1))
    row("turns", f"{name}: first token, n = 2 … {TURNS}", quartiles([r[1] for r in rows[1:]], " s", 2))


GENERATE = """
import json, os, sys, time, torch, transformers
from jupyter_codeact.models.engines.transformers.loading import load
from jupyter_codeact.models.engines.transformers.settings import TransformersOptions
said, _ = os.fdopen(os.dup(1), "w"), os.dup2(2, 1)
loaded = load(json.loads(sys.argv[1]), TransformersOptions(), lambda share: None)
print("ready", file=said, flush=True)
for line in sys.stdin:
    request = json.loads(line)
    prompts = [loaded.tokenizer.apply_chat_template(talk, add_generation_prompt=True, tokenize=False)
               for talk in request["talks"]]
    loaded.tokenizer.padding_side, loaded.tokenizer.pad_token_id = "left", loaded.end_tokens[0]
    inputs = loaded.tokenizer(prompts, return_tensors="pt", padding=True).to(loaded.model.device)
    begun = time.perf_counter()
    with torch.inference_mode():
        loaded.model.generate(**inputs, do_sample=False, max_new_tokens=request["words"],
                              min_new_tokens=request["words"], pad_token_id=loaded.end_tokens[0])
    print(len(prompts) * request["words"] / (time.perf_counter() - begun), file=said, flush=True)
"""


async def transformers_engine(name: str, rounds: int = 5, tokens: int = 48) -> None:
    """Compare the transformers engine with `generate`, from the prompt to the last token."""
    path = store.pull(find(name))
    settings = {"path": str(path), "name": name, "api_key": "", "context": 4096, "options": {}}
    model = LocalModel(Engine(transformers(path, context=4096)))
    plain = ChildProcess(GENERATE, json.dumps(settings))

    async def theirs(talks: list[Any]) -> float:
        return float(await plain.answer(json.dumps({"talks": talks, "words": tokens})))

    async def ours(talks: list[Any]) -> float:
        async def generate_one(talk: list[Any]) -> int:
            async with aclosing(model.stream(talk, max_tokens=tokens)) as deltas:
                async for delta in deltas:
                    count = delta.usage.completion_tokens
            return count

        started = time.perf_counter()
        return sum(await asyncio.gather(*map(generate_one, talks))) / (time.perf_counter() - started)

    try:
        assert await plain.answer() == "ready"
        await ours([question()])
        await theirs([question()])
        for streams in (1, 8):
            pairs = []
            for _ in range(rounds if streams == 1 else max(2, rounds // 2)):
                talks = [question() for _ in range(streams)]
                pairs.append((await ours(talks), await theirs(talks)))
            label = f"{name}: {streams} at a time"
            row("transformers", f"{label}, engine, tokens/s", quartiles([a for a, _ in pairs], digits=1))
            row("transformers", f"{label}, generate, tokens/s", quartiles([b for _, b in pairs], digits=1))
            row("transformers", f"{label}, engine over generate", quartiles([a / b for a, b in pairs], "×"))
    finally:
        plain.end()
        await model.close()


async def gpu() -> None:
    """Compare continuous batching with the speed that memory allows."""
    import torch
    from transformers import AutoModelForCausalLM, Qwen2Config

    from jupyter_codeact.models.engines.transformers.batching import BatchingGenerator
    from jupyter_codeact.models.engines.transformers.generation import GenerationRequest
    from jupyter_codeact.models.engines.transformers.loading import LoadedModel, attention
    from jupyter_codeact.models.engines.transformers.settings import TransformersOptions

    if not torch.cuda.is_available():
        row("gpu", "no CUDA here", "not measured")
        return
    config = Qwen2Config(
        vocab_size=152_064,
        hidden_size=3584,
        intermediate_size=18_944,
        num_hidden_layers=28,
        num_attention_heads=28,
        num_key_value_heads=4,
        max_position_embeddings=32_768,
        eos_token_id=0,
    )
    with torch.device("cuda"):
        model = AutoModelForCausalLM.from_config(
            config, dtype=torch.bfloat16, attn_implementation=attention() or "sdpa"
        )

    class Silent:
        eos_token_id = None

    loaded = LoadedModel(model.eval(), Silent(), None, 4096, TransformersOptions())
    # A token reads every weight, but only one row of the embedding.
    weights = sum(p.numel() * p.element_size() for p in model.parameters())
    weights -= model.get_input_embeddings().weight.numel() * 2
    block = torch.empty(1 << 30, dtype=torch.uint8, device="cuda")
    other = torch.empty_like(block)
    speeds = []
    for _ in range(20):
        torch.cuda.synchronize()
        started = time.perf_counter()
        other.copy_(block)
        torch.cuda.synchronize()
        speeds.append(2 * block.numel() / (time.perf_counter() - started))
    del block, other
    bandwidth = statistics.median(speeds)
    floor = bandwidth / weights
    generator = BatchingGenerator(loaded)

    async def generate_one(count: int = 256) -> None:
        tokens = [1 + secrets.randbelow(150_000) for _ in range(512)]
        async with aclosing(generator.generate(GenerationRequest(tokens, count, 0.0, 1))) as steps:
            async for _ in steps:
                pass

    async def rate(streams: int, count: int = 256) -> float:
        started = time.perf_counter()
        await asyncio.gather(*[generate_one(count) for _ in range(streams)])
        return streams * count / (time.perf_counter() - started)

    await rate(8)
    single = [await rate(1) for _ in range(ROUNDS)]
    eight = [await rate(8) for _ in range(ROUNDS)]
    name = f"{torch.cuda.get_device_name()}, {model.config._attn_implementation}"
    row("gpu", f"{name}: copy bandwidth, GB/s", quartiles([x / 1e9 for x in speeds], digits=0))
    row("gpu", "7B shape, one stream, tokens/s", quartiles(single, digits=1))
    row(
        "gpu",
        "7B shape, one stream, of the floor (aim 60 %)",
        quartiles([100 * x / floor for x in single], " %", 0),
    )
    pairs = zip(eight, single, strict=True)
    row("gpu", "7B shape, eight streams over one (aim 6×)", quartiles([a / b for a, b in pairs], "×"))
    generator.close()


async def main() -> None:
    """Run the chosen sections."""
    sections = ("llama", "turns", "transformers", "gpu")
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "sections", nargs="*", metavar="SECTION", help=", ".join(sections) + "; all by default"
    )
    parser.add_argument("--model", default="smollm2-135m", help="a model of the catalogue, for llama.cpp")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="pairs of the llama section")
    options = parser.parse_args()
    chosen = options.sections or sections
    hardware = machine.look()
    gpus = ", ".join(gpu.name for gpu in hardware.gpus) or "no GPU"
    memory = f"{hardware.memory / 1e9:.0f} GB"
    print(f"{platform.platform()}, {hardware.cores} cores, {memory}, {gpus}, load {os.getloadavg()[0]:.1f}")
    for section in chosen:
        match section:
            case "llama":
                await llama(options.model, options.rounds)
            case "turns":
                await turns(options.model)
            case "transformers":
                await transformers_engine("smollm2-135m")
            case "gpu":
                await gpu()
            case other:
                parser.error(f"There is no section {other!r}; there are {', '.join(sections)}.")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
