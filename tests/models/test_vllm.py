"""The vLLM engine: what it is told, what stands before it, and, where it is installed, the protocol."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from jupyter_codeact.agent.contracts import ModelError
from jupyter_codeact.models.catalog.catalog import find
from jupyter_codeact.models.catalog.machine import Gpu, Machine
from jupyter_codeact.models.catalog.model import Snapshot
from jupyter_codeact.models.engines.launch import EngineOptions, launch, vllm
from jupyter_codeact.models.engines.supervisor import Engine
from jupyter_codeact.models.engines.transformers.settings import TransformersOptions
from jupyter_codeact.models.engines.vllm.guard import Guard
from jupyter_codeact.models.engines.vllm.worker import arguments, environment
from tests.models.protocol_suite import EngineSuite, Served
from tests.models.test_protocol import hosted
from tests.models.transformed import CONTEXT

GPU = Gpu(name="Some GPU", memory=80 << 30, free=40 << 30)
MACHINE = Machine(memory=64 << 30, free=64 << 30, cores=8, gpus=(GPU, GPU))


def told(model: Snapshot | Path, **options: Any) -> list[str]:
    chosen = vllm(model, options=TransformersOptions(**options), gpus=MACHINE.gpus)
    settings: Any = {**chosen.settings, "path": str(model), "name": chosen.name, "api_key": "secret"}
    return arguments(settings, 1234)


def after(option: str, words: list[str]) -> str:
    return words[words.index(option) + 1]


def test_a_model_runs_with_vllm_where_the_user_says_so_and_spreads_over_gpus_only_if_it_must():
    options = EngineOptions(engine="vllm")
    small = launch(find("qwen2.5-coder-7b"), engine_options=options, machine=MACHINE)
    large = launch(find("qwen3.8-27b-fp8"), engine_options=options, machine=MACHINE)
    assert (small.where, large.where) == ("vLLM on Some GPU", "vLLM on 2 × Some GPU")
    assert (small.settings["gpus"], large.settings["gpus"]) == (1, 2)
    # Half of the memory is another program's.
    assert small.settings["memory_share"] == pytest.approx(0.425)


@pytest.mark.parametrize("engine", ["auto", "transformers"])
def test_a_quantised_model_and_one_on_a_cpu_run_with_transformers(engine):
    options = EngineOptions(engine=engine, transformers=TransformersOptions(quantization="8bit"))
    machine = MACHINE.model_copy(update={"gpus": ()})
    model = find("qwen2.5-coder-7b")
    for chosen in (
        launch(model, engine_options=options, machine=MACHINE),
        launch(model, engine_options=EngineOptions(engine=engine), machine=machine),
    ):
        assert chosen.where.startswith("transformers on ")


def test_the_key_is_in_the_environment_alone_and_nothing_is_sent_anywhere(tmp_path):
    words = told(tmp_path)
    assert "secret" not in " ".join(words)
    around = environment({"api_key": "secret"}, {"HOME": "/home/me"})  # type: ignore[typeddict-item]
    assert around["VLLM_API_KEY"] == "secret"
    assert around["VLLM_NO_USAGE_STATS"] == around["HF_HUB_OFFLINE"] == "1"
    assert around["HOME"] == "/home/me"
    assert after("--host", words) == "127.0.0.1"


def test_a_conversation_is_no_longer_than_the_folder_says(tmp_path):
    assert after("--max-model-len", told(tmp_path)) == "16384"
    (tmp_path / "config.json").write_text(json.dumps({"text_config": {"max_position_embeddings": 2048}}))
    assert after("--max-model-len", told(tmp_path)) == "2048"


def test_the_models_name_means_the_model_with_its_adapter(tmp_path):
    adapter = tmp_path / "adapter"
    with pytest.raises(ValueError, match="no PEFT adapter"):
        told(tmp_path, adapter=str(adapter))
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text('{"r": 24}')
    words = told(tmp_path, adapter=str(adapter))
    assert json.loads(after("--lora-modules", words)) == {"name": tmp_path.name, "path": str(adapter)}
    assert after("--max-lora-rank", words) == "32"
    assert after("--served-model-name", words) == f"{tmp_path.name}-base"


@pytest.mark.parametrize(
    ("path", "key", "status"),
    [
        ("/v1/chat/completions", "Bearer secret", 200),
        ("/health", "Bearer secret", 200),
        ("/health", "", 401),
        ("/invocations", "", 401),
        ("/invocations", "Bearer secret", 404),
        ("/v1/load_lora_adapter", "Bearer secret", 404),
        ("/v1/models", "Bearer other", 401),
    ],
)
async def test_nothing_but_the_protocol_is_let_through_and_nothing_without_the_key(
    path, key, status, monkeypatch
):
    monkeypatch.setenv("VLLM_API_KEY", "secret")
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"authorization", key.encode())] if key else []
    await Guard(app)({"type": "http", "path": path, "headers": headers}, send, send)  # type: ignore[arg-type]
    assert sent[0]["status"] == status


if find_spec("vllm"):

    class TestVllm(EngineSuite):
        """The whole protocol, spoken by vLLM's own server."""

        page = 128  # of its cache: a block of tokens, which depends on the device

        @pytest.fixture(scope="class")
        @classmethod
        def served(cls, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
            # In shorter types, who else is served decides the last digit, and so the next token.
            exact = TransformersOptions(dtype="float32", memory_share=0.5)
            yield from hosted(vllm(folder, context=CONTEXT, options=exact), tmp_path_factory.mktemp("logs"))

else:

    async def test_without_vllm_one_learns_what_to_install(tmp_path):
        with pytest.raises(ModelError, match=r'pip install "jupyter-codeact\[vllm\]"'):
            await Engine(vllm(tmp_path), logs=tmp_path).start()
