"""What servers tell about their models, as each of them really spells it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_codeact.models.endpoints.listed import ListedModel, first_chat_model, read_model, read_models

LLAMA = {
    "models": [{"name": "gemma-3-4b", "capabilities": ["completion", "multimodal"]}],
    "object": "list",
    "data": [
        {
            "id": "gemma-3-4b",
            "object": "model",
            "owned_by": "llamacpp",
            "architecture": {"input_modalities": ["text", "image"], "output_modalities": ["text"]},
            "meta": {"n_ctx": 8192, "n_ctx_train": 131_072, "n_params": 3_880_099_328},
        }
    ],
}
OLD_LLAMA = {
    "models": LLAMA["models"],
    "data": [{"id": "gemma-3-4b", "owned_by": "llamacpp", "meta": {"n_params": 3_880_099_328}}],
}
VLLM = {"data": [{"id": "Qwen/Qwen3-8B", "owned_by": "vllm", "max_model_len": 40_960}]}
OLLAMA = {"data": [{"id": "llava:7b", "object": "model", "created": 1, "owned_by": "library"}]}
OPENROUTER = {
    "data": [
        {
            "id": "some/model",
            "context_length": 200_000,
            "architecture": {"input_modalities": ["text", "image", "file"], "tokenizer": "Other"},
        }
    ]
}
MISTRAL = {
    "data": [
        {
            "id": "codestral",
            "owned_by": "mistralai",
            "max_context_length": 256_000,
            "capabilities": {"completion_chat": True, "vision": False},
        }
    ]
}
OURS = {
    "data": [{"id": "m", "owned_by": "transformers", "max_model_len": 4096, "input_modalities": ["text"]}]
}


@pytest.mark.parametrize(
    ("answer", "model"),
    [
        (LLAMA, ListedModel("gemma-3-4b", "llamacpp", 8192, True, 3_880_099_328)),
        (OLD_LLAMA, ListedModel("gemma-3-4b", "llamacpp", None, True, 3_880_099_328)),
        (VLLM, ListedModel("Qwen/Qwen3-8B", "vllm", 40_960)),
        (OLLAMA, ListedModel("llava:7b", "library")),
        (OPENROUTER, ListedModel("some/model", "", 200_000, True)),
        (MISTRAL, ListedModel("codestral", "mistralai", 256_000, False)),
        (OURS, ListedModel("m", "transformers", 4096, False)),
    ],
    ids=["llama.cpp", "older llama.cpp", "vLLM", "Ollama", "OpenRouter", "Mistral", "transformers"],
)
def test_each_server_is_understood(answer: dict[str, Any], model: ListedModel) -> None:
    assert read_models(answer) == [model]


@pytest.mark.parametrize(
    "answer",
    [
        ["a", "b"],
        {"models": ["a", "b"]},
        {"models": {"a": {"n_ctx": 8}, "b": {}}},
        {"data": {"a": {}, "b": {}}},
        {"data": {"models": [{"id": "a"}, {"id": "b"}]}},
        {"result": {"data": [{"id": "a"}, {"id": "b"}]}},
        {"model_list": [{"model_name": "a"}, {"model_name": "b"}]},
        {"items": [{"slug": "a"}, {"slug": "b"}]},
        {"object": "list", "data": None, "available_models": ["a", "b"]},
    ],
    ids=str,
)
def test_a_list_is_found_wherever_it_is(answer: Any) -> None:
    assert [model.name for model in read_models(answer)] == ["a", "b"]


def test_a_single_model_is_a_list_of_one() -> None:
    assert read_models({"id": "a", "object": "model"}) == [ListedModel("a")]
    assert read_models({"id": "request-7", "status": "ok"}) == []


def test_a_model_that_does_not_chat_is_not_taken_first() -> None:
    names = ["text-embedding-nomic-embed-text-v1.5", "bge-m3", "whisper-1", "qwen3-8b"]
    assert first_chat_model([ListedModel(name) for name in names]).name == "qwen3-8b"
    assert first_chat_model([ListedModel("nomic-embed")]).name == "nomic-embed"


def test_a_multimodal_model_that_takes_sound_only_takes_no_images() -> None:
    item = LLAMA["data"][0] | {"architecture": {"input_modalities": ["text", "audio"]}}
    assert read_models({**LLAMA, "data": [item]})[0].supports_images is False


def test_ollama_shows_a_models_size_and_whether_it_takes_images() -> None:
    shown = {
        "capabilities": ["completion", "vision"],
        "model_info": {"general.parameter_count": 7_200_000_000},
    }
    assert read_model("llava:7b", shown) == ListedModel("llava:7b", "", None, True, 7_200_000_000)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    ["meta", "architecture", "model_info", "capabilities", "input_modalities", "n_ctx", "owned_by", "name"]
)


@given(JSON, st.dictionaries(FIELDS, JSON, max_size=5))
def test_no_answer_is_too_odd(anything: Any, fields: dict[str, Any]) -> None:
    read_models(anything)
    read_models({"data": anything, "models": anything})
    read_models({"data": [{"id": anything} | fields], "models": [fields]})
