"""The same protocol, whoever speaks it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from jupyter_codeact.models.engines.launch import Launch, llama_cpp, transformers
from jupyter_codeact.models.engines.supervisor import Engine
from jupyter_codeact.models.engines.transformers.batching import PAGE
from tests.models.protocol_suite import EngineSuite, ProtocolSuite, Served
from tests.models.transformed import CONTEXT
from tests.scripted import ScriptedModel


def hosted(launch: Launch, logs: Path) -> Iterator[Served]:
    """Yield where an engine of this process answers, and end it."""
    engine = Engine(launch, logs=logs)
    try:
        address = asyncio.run(engine.start())
        yield Served(address.url, address.api_key, engine=engine)
    finally:
        engine.stop()


class TestScripted(ProtocolSuite):
    """The stand-in for a model, which must not be easier to talk to than one."""

    @pytest.fixture(scope="class")
    @classmethod
    def served(cls) -> Iterator[Served]:
        with ScriptedModel() as model:
            yield Served(model.url, model.api_key, model)


class TestLlamaCpp(EngineSuite):
    """The engine for CPUs."""

    @pytest.fixture(scope="class")
    @classmethod
    def served(cls, smollm2: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
        yield from hosted(llama_cpp(smollm2, context=CONTEXT, slots=1), tmp_path_factory.mktemp("logs"))


class TestTransformers(EngineSuite):
    """The engine for GPUs, on a CPU or on a GPU, where replies are written in batches."""

    page = PAGE if torch.cuda.is_available() else 1

    @pytest.fixture(scope="class")
    @classmethod
    def served(cls, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
        yield from hosted(transformers(folder, context=CONTEXT), tmp_path_factory.mktemp("logs"))
