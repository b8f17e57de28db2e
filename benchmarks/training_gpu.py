"""Trains on a GPU for some minutes, and tells tokens a second, memory, and whether the loss falls.

    python benchmarks/training_gpu.py FOLDER [--model FOLDER] [--data FILE] [--minutes 1.5]

Without --model, a random model of the shape of Qwen2.5 1.5B is made, which shows speed and memory as well as
a trained one. Without --data, small tasks are written. Each method is trained through the command line, in a
process of its own, so that one that fails costs the others nothing; all together take less than 8 minutes.
FOLDER/results.jsonl gets a line for each.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

RUNS: tuple[tuple[str, list[str]], ...] = (
    ("lora", ["--method", "lora"]),
    ("lora-unpacked", ["--method", "lora", "--no-packing"]),
    ("full", ["--method", "full"]),
)


def make_model(folder: Path) -> Path:
    """Save a random model of Qwen2.5 1.5B's shape, with a tokenizer of bytes."""
    import tokenizers
    import torch
    import transformers

    core = tokenizers.Tokenizer(tokenizers.models.BPE())
    core.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = tokenizers.decoders.ByteLevel()
    core.train_from_iterator(
        [],
        tokenizers.trainers.BpeTrainer(
            special_tokens=["<|im_start|>", "<|im_end|>"],
            initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        ),
    )
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=core,
        eos_token="<|im_end|>",
        pad_token="<|im_end|>",
        chat_template="{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n"
        "{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
    )
    config = transformers.Qwen2Config(
        vocab_size=151_936,
        hidden_size=1536,
        intermediate_size=8960,
        num_hidden_layers=28,
        num_attention_heads=12,
        num_key_value_heads=2,
        max_position_embeddings=32_768,
        tie_word_embeddings=True,
        eos_token_id=tokenizer.eos_token_id,
    )
    with torch.device("cuda"):
        model = transformers.Qwen2ForCausalLM(config).to(torch.bfloat16)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def make_data(path: Path, count: int = 3000) -> Path:
    """Write small tasks whose replies can be learned."""
    numbers = random.Random(0)
    with path.open("w") as file:
        for index in range(count):
            values = [numbers.randint(1, 99) for _ in range(numbers.randint(3, 60))]
            messages = [
                {"role": "user", "content": f"data = {values}\nWhat is the sum of data?"},
                {"role": "assistant", "content": "```python\nprint(sum(data))\n```"},
                {"role": "user", "content": f"Observation:\n{sum(values)}"},
                {"role": "assistant", "content": f"The sum of data is {sum(values)}."},
            ]
            file.write(json.dumps({"id": str(index), "messages": messages}) + "\n")
    return path


def train(
    folder: Path, name: str, model: Path, data: Path, more: list[str], minutes: float
) -> dict[str, Any]:
    """Train once, and return what came of it."""
    command = [sys.executable, "-m", "jupyter_codeact.cli", "train", "--model", model, "--data", data]
    command += ["--name", name, "--minutes", str(minutes), "--epochs", "1000", "--restart", *more]
    begun, most = time.monotonic(), 0
    with (folder / f"{name}.log").open("w") as log:
        process = subprocess.Popen(list(map(str, command)), stdout=log, stderr=log)
        while process.poll() is None:
            most = max(most, gpu_memory())
            time.sleep(1)
    result: dict[str, Any] = {"name": name, "code": process.returncode, "memory_mib": most}
    result["seconds"] = round(time.monotonic() - begun, 1)
    manifest = folder / "jupyter" / "codeact" / "tuned" / f"{model.name}+{name}" / "manifest.json"
    if manifest.exists():
        found = json.loads(manifest.read_text())
        metrics = found["metrics"]
        result |= {"metrics": metrics, "computed": found["computed"], "options": found["options"]}
        result["tokens_per_second"] = round(metrics["tokens"] / metrics["seconds"])
    else:
        result["log"] = (folder / f"{name}.log").read_text()[-2000:]
    return result


def gpu_memory() -> int:
    """Return MiB that are in use on the first GPU."""
    query = ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits", "--id=0"]
    answer = subprocess.run(query, capture_output=True, text=True, check=False).stdout.strip()
    return int(answer) if answer.isdigit() else 0


def main() -> None:
    """Train with each method."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--minutes", type=float, default=1.5)
    given = parser.parse_args()
    folder = given.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["JUPYTER_DATA_DIR"] = str(folder / "jupyter")
    model = given.model or make_model(folder / "random-1.5b")
    data = given.data or make_data(folder / "data.jsonl")
    for name, more in RUNS:
        result = train(folder, name, model, data, more, given.minutes)
        print(json.dumps(result), flush=True)
        with (folder / "results.jsonl").open("a") as file:
            file.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
