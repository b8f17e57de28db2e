from __future__ import annotations

import pytest

from jupyter_codeact.models.guidance import guidance_for


@pytest.mark.parametrize(
    ("name", "guidance"),
    [
        ("qwen2.5-coder:7b", "small"),
        ("Qwen2.5-Coder-1.5B-Instruct-Q4_K_M.gguf", "small"),
        ("SmolLM2-135M-Instruct", "small"),
        ("gemma-2-9b-it", "small"),
        ("gemma3n:e4b", "small"),
        ("Qwen2.5-7B-Instruct-1M", "small"),
        ("llama-3.3-70b-versatile", "capable"),
        ("Qwen3-30B-A3B", "capable"),
        ("mixtral-8x7b", "capable"),
        ("gpt-oss:20b-4bit", "capable"),
        ("gpt-4o-mini", "capable"),
        ("model-8bit", "capable"),
        ("", "capable"),
    ],
)
def test_the_size_in_a_models_name_tells_how_much_help_it_needs(name, guidance):
    assert guidance_for(name) == guidance


def test_a_counted_size_overrules_the_name():
    assert guidance_for("tiny-1b", parameters=70e9) == "capable"
    assert guidance_for("big", parameters=9.24e9) == "small"


def test_a_model_of_unknown_size_gets_the_default():
    assert guidance_for("mine", default="small") == "small"
    assert guidance_for("mine-32b", default="small") == "capable"
