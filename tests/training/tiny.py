"""A tiny random model with a real tokenizer and chat template, and conversations to train it on."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def make_model(folder: Path, *, seed: int = 0, template: str = TEMPLATE, hidden: int = 32) -> Path:
    """Save a Llama of two layers; its padding token is its end token, as SmolLM2's is."""
    import torch
    import transformers

    torch.manual_seed(seed)
    tokenizer = make_tokenizer(template)
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=hidden,
        intermediate_size=2 * hidden,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=1024,
        tie_word_embeddings=True,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    transformers.LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def make_tokenizer(template: str = TEMPLATE) -> Any:
    """Return a tokenizer of bytes and a few pairs of them."""
    import tokenizers
    import transformers

    core = tokenizers.Tokenizer(tokenizers.models.BPE())
    core.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=["<|im_start|>", "<|im_end|>"],
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
    )
    core.train_from_iterator([line["messages"][1]["content"] for line in conversations(50)], trainer)
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=core, eos_token="<|im_end|>", pad_token="<|im_end|>", chat_template=template
    )


def conversations(count: int) -> list[dict[str, Any]]:
    """Return records of small tasks, of which the reply's code and the answer can be learned."""
    numbers = random.Random(1)
    made = []
    for index in range(count):
        name, what = numbers.choice(["sales", "rain", "cats"]), numbers.choice(["sum", "max", "min"])
        values = [numbers.randint(1, 99) for _ in range(4)]
        found = {"sum": sum, "max": max, "min": min}[what](values)
        made.append(
            {
                "schema": 1,
                "id": str(index),
                "messages": [
                    {"role": "system", "content": "You work in a notebook."},
                    {"role": "user", "content": f"{name} = {values}\nWhat is the {what} of {name}?"},
                    {"role": "assistant", "content": f"```python\nprint({what}({name}))\n```", "weight": 1.0},
                    {"role": "user", "content": f"Observation:\n{found}"},
                    {"role": "assistant", "content": f"The {what} of {name} is {found}.", "weight": 1.0},
                ],
                "format": "markdown",
                "task": {"kind": what, "split": "train", "seed": index, "name": f"{what}-{index}"},
                "source": "oracle",
            }
        )
    return made


def write_data(path: Path, records: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path
