"""A model that sees, in llama.cpp: the smallest one, with a projector made up here, of random weights."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from gguf import GGUFWriter

from jupyter_codeact.models.catalog.machine import Machine
from jupyter_codeact.models.engines.launch import EngineOptions, launch
from jupyter_codeact.models.engines.supervisor import Engine
from jupyter_codeact.models.open import LocalModel
from tests.models.pictures import asking, picture

MACHINE = Machine(memory=8 << 30, free=8 << 30, cores=2)
WIDTH, INNER, LAYERS, HEADS, SIDE, PATCH = 32, 64, 2, 2, 28, 14


def write_projector(path: Path, width: int) -> None:
    """Write a vision tower, as CLIP's, and a projection to embeddings of this ``width``, as LLaVA's."""
    random, writer = np.random.default_rng(0), GGUFWriter(path, "clip")
    writer.add_bool("clip.has_vision_encoder", True)
    writer.add_bool("clip.use_gelu", False)
    writer.add_string("clip.projector_type", "mlp")
    numbers = {"image_size": SIDE, "patch_size": PATCH, "embedding_length": WIDTH, "block_count": LAYERS}
    numbers |= {"feed_forward_length": INNER, "projection_dim": width, "attention.head_count": HEADS}
    for name, number in numbers.items():
        writer.add_uint32(f"clip.vision.{name}", number)
    writer.add_float32("clip.vision.attention.layer_norm_epsilon", 1e-5)
    writer.add_array("clip.vision.image_mean", [0.5, 0.5, 0.5])
    writer.add_array("clip.vision.image_std", [0.5, 0.5, 0.5])

    def add(name: str, *shape: int) -> None:
        writer.add_tensor(name, (random.standard_normal(shape) * 0.05).astype(np.float32))

    def add_layer(name: str, *shape: int) -> None:
        add(f"{name}.weight", *shape)
        add(f"{name}.bias", shape[0])

    add("v.class_embd", WIDTH)
    add("v.patch_embd.weight", WIDTH, 3, PATCH, PATCH)
    add("v.position_embd.weight", (SIDE // PATCH) ** 2 + 1, WIDTH)
    add_layer("v.pre_ln", WIDTH)
    for number in range(LAYERS):
        for part in ("attn_q", "attn_k", "attn_v", "attn_out"):
            add_layer(f"v.blk.{number}.{part}", WIDTH, WIDTH)
        for part in ("ln1", "ln2"):
            add_layer(f"v.blk.{number}.{part}", WIDTH)
        add_layer(f"v.blk.{number}.ffn_up", INNER, WIDTH)
        add_layer(f"v.blk.{number}.ffn_down", WIDTH, INNER)
    add_layer("mm.0", width, WIDTH)
    add_layer("mm.2", width, width)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.fixture
async def model(smollm2: Path, tmp_path: Path) -> AsyncIterator[LocalModel]:
    file = tmp_path / "models" / smollm2.name
    file.parent.mkdir()
    os.symlink(smollm2, file)
    write_projector(file.with_name("mmproj-tiny-f16.gguf"), 576)
    options = EngineOptions(context=1024)
    model = LocalModel(Engine(launch(file, engine_options=options, machine=MACHINE), logs=tmp_path))
    yield model
    await model.close()


async def test_a_model_with_a_projector_beside_it_takes_images(model: LocalModel) -> None:
    assert model.info.supports_images

    async def prompt_tokens(*parts: dict[str, object]) -> int:
        stream = model.stream(asking(*parts), max_tokens=1, temperature=0.0)
        usages = [delta.usage async for delta in stream if delta.usage]
        return usages[-1].prompt_tokens

    without, one, two = (
        await prompt_tokens(),
        await prompt_tokens(picture("red")),
        await prompt_tokens(picture("red"), picture("blue")),
    )
    patches = (SIDE // PATCH) ** 2
    assert one - without >= patches
    assert two - one == one - without
