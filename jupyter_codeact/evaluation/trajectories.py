"""Keeps what a model saw and what ran, in a compressed file beside the figures.

``NAME.jsonl`` has one line for each episode: task, setting, outcome, cost. Beside it,
``NAME.trajectories.jsonl.gz`` has the trajectories of the same episodes. Each is a gzip member of its own, so
that an episode is kept as soon as it ends, and equal episodes are equal bytes. A member is one line of JSON:

- ``key``: which episode it is; the beginning of the SHA-256 of `Episode.key`,
- ``suite``, ``case``, ``sample``, ``model``: the same for people,
- ``messages``: all messages between agent and model in OpenAI's form, the replies among them, as in
  `Played.messages`,
- ``cells``: what ran, as in `Played.cells`. It differs from the replies where hooks have changed a cell.

`records.load` puts them back into their episodes. ``Episode.trajectory`` says whether they are complete:
``kept``; ``shortened`` if a text was longer than `TEXT` or all together than `EPISODE`, with a note where
something is missing; ``left out`` if the file has reached `FILE`. Secrets of the environment are masked, the
folders of the user and of Python are ``~`` and ``(python)``, and images are notes.
"""

from __future__ import annotations

import hashlib
import json
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from ..agent.contracts import CodeActError
from ..agent.observations.observe import cut
from ..agent.secrets import environment_secrets, masker

Kept = Literal["kept", "shortened", "left out"]

TEXT = 20_000
"""Most characters of one text in a trajectory."""
EPISODE = 300_000
"""Most characters of a trajectory, as JSON."""
FILE = 16 << 20
"""Most bytes of a file of trajectories."""
_SHORTER = (TEXT, 4_000, 800, 200)
_ENDS = 40
"""Messages kept at either end of a trajectory that is too long in any case."""
_GZIP = zlib.MAX_WBITS | 16
_CHUNK = 1 << 16


class TrajectoryError(CodeActError):
    """A file of trajectories cannot be read."""


def path_of(results: Path) -> Path:
    """Return the file of trajectories that belongs to a file of results."""
    return results.with_name(f"{results.name.removesuffix('.jsonl')}.trajectories.jsonl.gz")


def digest(key: str) -> str:
    """Return the short name of an episode's key."""
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def append(results: Path, key: str, about: Mapping[str, Any], trajectory: Mapping[str, list[Any]]) -> Kept:
    """Keep an episode's trajectory, and say whether all of it.

    Parameters
    ----------
    results
        The file of the figures.
    key
        The episode's key.
    about
        What people want to know of it.
    trajectory
        Its ``messages`` and ``cells``, as JSON has them.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    text, kept = _line({"key": digest(key), **about}, trajectory)
    packer = zlib.compressobj(9, zlib.DEFLATED, _GZIP)
    member = packer.compress(text.encode("utf-8", "replace")) + packer.flush()
    path = path_of(results)
    if len(member) + (path.stat().st_size if path.exists() else 0) > FILE:
        return "left out"
    with path.open("ab") as file:
        file.write(member)
    return kept


def load(results: Path) -> dict[str, Mapping[str, Any]]:
    """Return the trajectories beside a file of results, by the digests of their keys; the last ones count.

    Raises
    ------
    TrajectoryError
        If the file has something else in it.
    OSError
        If it cannot be read.
    """
    path = path_of(results)
    if not path.exists():
        return {}
    found: dict[str, Mapping[str, Any]] = {}
    for _end, text in _members(path):
        try:
            line = json.loads(text)
            found[line["key"]] = line
        except (ValueError, KeyError, TypeError) as error:
            raise TrajectoryError(f"{path} has a line that is no trajectory.") from error
    return found


def repair(results: Path) -> None:
    """Remove an unfinished last member, which a run left that was killed."""
    path = path_of(results)
    if path.exists():
        whole = 0
        for end, _text in _members(path):
            whole = end
        if whole != path.stat().st_size:
            with path.open("rb+") as file:
                file.truncate(whole)


def _members(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield where each member of a gzip file ends, and what is in it; an unfinished last one is left out."""
    with path.open("rb") as file:
        end, rest = 0, b""
        while True:
            unpacker, parts = zlib.decompressobj(_GZIP), []
            while not unpacker.eof:
                chunk = rest or file.read(_CHUNK)
                rest = b""
                if not chunk:
                    return
                try:
                    parts.append(unpacker.decompress(chunk))
                except zlib.error as error:
                    raise TrajectoryError(f"{path} is damaged after {end:,} bytes.") from error
            rest = unpacker.unused_data
            end = file.tell() - len(rest)
            yield end, b"".join(parts)


def _line(about: dict[str, Any], whole: Mapping[str, list[Any]]) -> tuple[str, Kept]:
    mask = _mask()
    kept: Kept = "kept"
    for limit in _SHORTER:
        body, shortened = _tidied(dict(whole), mask, limit)
        kept = "shortened" if shortened or limit != TEXT else "kept"
        text = json.dumps(about | body, ensure_ascii=False)
        if len(text) <= EPISODE:
            return text + "\n", kept
    gaps = {"messages": {"role": "user", "content": "(messages left out here)"}, "cells": None}
    for part, gap in gaps.items():
        if len(body[part]) > 2 * _ENDS:
            between = [gap] if gap else []
            body[part] = [*body[part][:_ENDS], *between, *body[part][-_ENDS:]]
    return json.dumps(about | body, ensure_ascii=False) + "\n", "shortened"


def _tidied(value: Any, mask: Callable[[str], str], limit: int) -> tuple[Any, bool]:
    """Return a value with all its texts masked and cut, and whether any of them was cut."""
    match value:
        case str():
            masked = mask(value)
            return cut(masked, limit), len(masked) > limit
        case {"type": "image_url", "image_url": {"url": str(url)}}:
            return {"type": "text", "text": f"(an image of {len(url):,} characters, left out)"}, False
        case dict():
            pairs = {key: _tidied(one, mask, limit) for key, one in value.items()}
            return {key: one for key, (one, _) in pairs.items()}, any(was for _, was in pairs.values())
        case list():
            items = [_tidied(one, mask, limit) for one in value]
            return [one for one, _ in items], any(was for _, was in items)
    return value, False


def _mask() -> Callable[[str], str]:
    hide = masker(environment_secrets())
    folders = {sys.prefix: "(python)", sys.base_prefix: "(python)", str(Path.home()): "~"}

    def mask(text: str) -> str:
        text = hide(text)
        for folder, short in folders.items():
            if len(folder) > 1:
                text = text.replace(folder, short)
        return text

    return mask
