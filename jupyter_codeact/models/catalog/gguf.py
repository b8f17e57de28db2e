"""What a GGUF file says of its model. Only its beginning is read, and nothing in it is taken to be valid."""

from __future__ import annotations

import mmap
import re
import struct
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from ...agent.contracts import Frozen, ModelSettings
from ..guidance import guidance_for
from .model import NOT_THINKING, Entry, RemoteFile

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
UNKNOWN_CONTEXT = 1 << 20
"""The longest context of a model that does not tell it; the user's setting, or memory, limits it."""
_MOST_FIELDS = 4096
_LONGEST_LIST = 1024
"""Longer lists are vocabularies."""
_PART = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$")
_THINKING = re.compile(r"enable_thinking|<think>|reasoning_content|<\|think\|>|<\|channel\|>")
_KEPT = {"temp": "temperature", "top_p": "top_p"}
_EXTRA = ("top_k", "min_p")


class GgufFacts(Frozen):
    """What a file says of its model; see `Model` for the fields."""

    context: int | None = None
    token_bytes: int = 0
    thinks: bool = False
    settings: ModelSettings = ModelSettings()


def unread_model(name: str, hub: str) -> Entry:
    """Return a model of which only the name is known."""
    return Entry(name=name, licence="", hub=hub, context=UNKNOWN_CONTEXT, token_bytes=0, files=())


def own_model(path: Path, name: str | None = None) -> Entry:
    """Return a GGUF file of the user's own, or its first part, as a model; a projector beside it counts."""
    projector = projector_beside(path)
    files = [*parts_of(path), *([projector] if projector else [])]
    remote = [
        RemoteFile(path=file.name, size=file.stat().st_size if file.is_file() else 0, sha256="")
        for file in files
    ]
    facts = facts_of(path)
    return Entry(
        name=name or path.stem,
        licence="",
        hub="",
        context=facts.context or UNKNOWN_CONTEXT,
        token_bytes=facts.token_bytes,
        thinks=facts.thinks,
        supports_images=projector is not None,
        # On one's own machine a model of unknown size is more often a small one.
        guidance=guidance_for(name or path.stem, default="small"),
        settings=facts.settings,
        files=tuple(remote[: len(remote) - bool(projector)]),
        projector=remote[-1] if projector else None,
    )


def parts_of(path: Path) -> list[Path]:
    """Return the files of a model that is split (``-00001-of-00003``), or the only one."""
    return [path.with_name(name) for name in part_names(path.name)]


def part_names(name: str) -> list[str]:
    """Return the names of a model's files by the name of any of them."""
    found = _PART.search(name)
    if found is None:
        return [name]
    count = min(int(found[2]), 999)
    return [f"{name[: found.start()]}-{n:05d}-of-{found[2]}.gguf" for n in range(1, count + 1)]


def is_projector(name: str) -> bool:
    """Tell whether a file is the part of a model that takes images, by its name."""
    return "mmproj" in name.lower() and name.lower().endswith(".gguf")


def is_weights(name: str) -> bool:
    """Tell whether a file is a model, or a part of one, rather than something beside it."""
    lower = name.lower()
    beside = is_projector(name) or lower.startswith(("mtp-", "imatrix")) or "imatrix" in lower
    return lower.endswith(".gguf") and not beside


def projector_beside(path: Path) -> Path | None:
    """Return the projector file in a model's folder, unless there are several models it may belong to."""
    try:
        names = sorted(file.name for file in path.parent.iterdir())
    except OSError:
        return None
    projectors = [name for name in names if is_projector(name)]
    stem = _family(path.name)
    named = [name for name in projectors if stem and stem in name.lower()]
    if len({_family(name) for name in names if is_weights(name)}) > 1:
        projectors = named
    chosen = best_projector(named or projectors)
    return path.with_name(chosen) if chosen else None


def best_projector(names: list[str]) -> str | None:
    """Return the projector to use of several: half precision, which is what they are made in."""
    for kind in ("bf16", "f16"):
        for name in names:
            if kind in name.lower():
                return name
    return names[0] if names else None


def _family(name: str) -> str:
    """Return a file's name without what tells the quantisations of one model apart."""
    return re.split(r"[-_.](?:ud-|i?q\d|bf16|f16|f32|mxfp4)", _PART.sub("", name.lower()))[0].removesuffix(
        ".gguf"
    )


def is_thinking(template: object) -> bool:
    """Tell whether a model thinks before it replies, by its chat template."""
    return isinstance(template, str) and _THINKING.search(template) is not None


def facts_of(path: Path) -> GgufFacts:
    """Return what a file says of its model; nothing, if it cannot be read."""
    try:
        status = path.stat()
    except OSError:
        return GgufFacts(settings=NOT_THINKING)
    return _facts(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=64)
def _facts(path: Path, _changed: int, _size: int) -> GgufFacts:
    try:
        fields = _read(path)
    except (OSError, ValueError, struct.error):
        fields = {}
    thinks = is_thinking(fields.get("tokenizer.chat_template"))
    recommended = _sampling(fields)
    architecture = str(fields.get("general.architecture", ""))
    own = {
        key.removeprefix(f"{architecture}."): value
        for key, value in fields.items()
        if key.startswith(f"{architecture}.")
    }
    return GgufFacts(
        context=_count(own.get("context_length")),
        token_bytes=_token_bytes(own),
        thinks=thinks,
        settings=recommended if thinks else recommended.over(NOT_THINKING),
    )


def _sampling(fields: Mapping[str, Any]) -> ModelSettings:
    """Return the settings that the model's makers have put into the file; impossible ones are left out."""
    found = {name: fields.get(f"general.sampling.{name}") for name in (*_KEPT, *_EXTRA)}
    numbers = {
        name: round(value, 4)
        for name, value in found.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    try:
        return ModelSettings(
            **{ours: numbers[name] for name, ours in _KEPT.items() if name in numbers},
            extra_body={name: numbers[name] for name in _EXTRA if name in numbers} or None,
        )
    except ValueError:
        return ModelSettings()


def _token_bytes(own: Mapping[str, Any]) -> int:
    """Return the memory of a token of a conversation, in half precision, from the layers that keep it."""
    layers = _count(own.get("block_count")) or 0
    every = _count(own.get("full_attention_interval")) or 1
    heads = own.get("attention.head_count_kv")
    all_heads = _count(own.get("attention.head_count")) or 1
    width = (_count(own.get("embedding_length")) or 0) // all_heads
    key = _count(own.get("attention.key_length")) or width
    value = _count(own.get("attention.value_length")) or width
    if isinstance(heads, list):
        count = sum(head for head in heads if isinstance(head, int) and head > 0)
    else:
        count = (layers // every) * (_count(heads) or all_heads)
    return 2 * count * (key + value)


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 40 else None


def _read(path: Path) -> dict[str, Any]:
    """Read the fields before the tensors.

    Raises
    ------
    ValueError, struct.error, OSError
        If it is not a GGUF file, or a damaged one.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data[:4] != b"GGUF":
            raise ValueError("not a GGUF file")
        return _fields(data)


def _fields(data: mmap.mmap) -> dict[str, Any]:
    version, _, count = struct.unpack_from("<IQQ", data, 4)
    if version < 2:
        raise ValueError(f"GGUF version {version}")
    at, fields = 24, {}
    for _ in range(min(count, _MOST_FIELDS)):
        key, at = _text(data, at)
        (kind,) = struct.unpack_from("<I", data, at)
        fields[key], at = _value(data, at + 4, kind)
    return fields


def _text(data: mmap.mmap, at: int) -> tuple[str, int]:
    (length,) = struct.unpack_from("<Q", data, at)
    end = at + 8 + length
    if end > len(data):
        raise ValueError("a text is longer than the file")
    return data[at + 8 : end].decode("utf-8", "replace"), end


def _value(data: mmap.mmap, at: int, kind: int) -> tuple[Any, int]:
    if kind == _STRING:
        return _text(data, at)
    if kind == _ARRAY:
        return _list(data, at)
    if kind not in _SCALARS:
        raise ValueError(f"an unknown type: {kind}")
    form = f"<{_SCALARS[kind]}"
    return struct.unpack_from(form, data, at)[0], at + struct.calcsize(form)


def _list(data: mmap.mmap, at: int) -> tuple[list[Any] | None, int]:
    """Return a short list of numbers, and ``None`` for any other, with where it ends."""
    kind, count = struct.unpack_from("<IQ", data, at)
    at += 12
    if kind in _SCALARS:
        size = struct.calcsize(f"<{_SCALARS[kind]}")
        if count > _LONGEST_LIST:
            return None, at + count * size
        return list(struct.unpack_from(f"<{count}{_SCALARS[kind]}", data, at)), at + count * size
    if kind != _STRING or count > len(data) // 8:
        raise ValueError("a list of what no list has")
    for _ in range(count):
        (length,) = struct.unpack_from("<Q", data, at)
        at += 8 + length
        if at > len(data):
            raise ValueError("a text is longer than the file")
    return None, at
