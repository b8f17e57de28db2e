"""What a GGUF file says of its model, and what is beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from gguf import GGUFWriter

from jupyter_codeact.models.catalog import gguf
from jupyter_codeact.models.catalog.catalog import find
from jupyter_codeact.models.catalog.model import NOT_THINKING


def write(path: Path, architecture: str = "qwen35", **fields: Any) -> Path:
    """Write a file with these fields, a vocabulary, and no tensor."""
    writer = GGUFWriter(path, architecture)
    writer.add_array("tokenizer.ggml.tokens", [f"token {n}" for n in range(2000)])
    writer.add_array("tokenizer.ggml.token_type", list(range(2000)))
    for name, value in fields.items():
        key = name.replace("__", ".")
        if isinstance(value, str):
            writer.add_string(key, value)
        elif isinstance(value, float):
            writer.add_float32(key, value)
        elif isinstance(value, list):
            writer.add_array(key, value)
        else:
            writer.add_uint32(key, value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    return path


QWEN = {
    "qwen35__context_length": 262_144,
    "qwen35__block_count": 32,
    "qwen35__full_attention_interval": 4,
    "qwen35__attention__head_count_kv": 4,
    "qwen35__attention__key_length": 256,
    "qwen35__attention__value_length": 256,
    "general__sampling__temp": 0.6,
    "general__sampling__top_k": 20,
    "general__sampling__top_p": 0.95,
    "tokenizer__chat_template": "{% if enable_thinking %}<think>{% endif %}",
}


def test_a_file_tells_its_context_its_memory_whether_it_thinks_and_how_to_sample(tmp_path: Path) -> None:
    facts = gguf.facts_of(write(tmp_path / "q.gguf", **QWEN))
    known = find("qwen3.5-9b")
    assert (facts.context, facts.token_bytes, facts.thinks) == (known.context, known.token_bytes, True)
    assert (facts.settings.temperature, facts.settings.top_p) == (0.6, 0.95)
    assert facts.settings.extra_body == {"top_k": 20}
    assert facts.settings.reply_tokens is None


def test_layers_with_heads_of_their_own_are_counted_each(tmp_path: Path) -> None:
    fields = {"gemma4__block_count": 4, "gemma4__attention__head_count_kv": [2, 0, 2, 0]}
    fields |= {"gemma4__attention__key_length": 8, "gemma4__attention__value_length": 8}
    assert gguf.facts_of(write(tmp_path / "g.gguf", "gemma4", **fields)).token_bytes == 2 * 4 * 16


def test_the_real_models_say_what_the_catalogue_knows(smollm2: Path) -> None:
    facts, known = gguf.facts_of(smollm2), find("smollm2-135m")
    assert (facts.context, facts.token_bytes, facts.thinks) == (known.context, known.token_bytes, False)
    assert facts.settings == NOT_THINKING == known.settings


def test_a_broken_file_tells_nothing(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.gguf", **QWEN).read_bytes()
    nothing = gguf.GgufFacts(settings=NOT_THINKING)
    assert gguf.facts_of(tmp_path / "missing.gguf") == nothing
    for number, data in enumerate([b"", b"GGUF", b"nonsense" * 9, *(whole[:n] for n in range(24, 400, 7))]):
        path = tmp_path / f"{number}.gguf"
        path.write_bytes(data)
        assert gguf.facts_of(path) == nothing
    path.write_bytes(whole[:8] + b"\xff" * 400)
    assert gguf.facts_of(path) == nothing
    strange = write(tmp_path / "strange.gguf", general__sampling__temp=-3.0, qwen35__context_length="long")
    assert gguf.facts_of(strange) == nothing


@pytest.mark.parametrize(
    ("files", "model", "projector"),
    [
        (["Qwen3.5-4B-Q4_K_M.gguf", "mmproj-F16.gguf", "mmproj-BF16.gguf"], 0, "mmproj-BF16.gguf"),
        (["Qwen3.5-4B-Q4_K_M.gguf", "Qwen3.5-4B-Q8_0.gguf", "mmproj-F32.gguf"], 1, "mmproj-F32.gguf"),
        (["a-4b-q4_0.gguf", "b-2b-q4_0.gguf", "mmproj-f16.gguf"], 0, None),
        (["a-4b-q4_0.gguf", "b-2b-q4_0.gguf", "mmproj-b-2b-f16.gguf"], 1, "mmproj-b-2b-f16.gguf"),
        (["a-4b-q4_0.gguf", "notes.txt"], 0, None),
    ],
)
def test_the_projector_beside_a_model_is_found_if_it_is_the_models(
    tmp_path: Path, files: list[str], model: int, projector: str | None
) -> None:
    for name in files:
        (tmp_path / name).touch()
    found = gguf.projector_beside(tmp_path / files[model])
    assert (found.name if found else None) == projector
    assert gguf.own_model(tmp_path / files[model]).supports_images == (projector is not None)


def test_a_split_model_is_all_its_parts(tmp_path: Path) -> None:
    names = [f"big-q8_0-0000{n}-of-00003.gguf" for n in (1, 2, 3)]
    for name in names:
        (tmp_path / name).write_bytes(b"1234")
    model = gguf.own_model(tmp_path / names[0])
    assert [file.name for file in model.files] == names
    assert model.size == 12
