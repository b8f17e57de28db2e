"""A model is known by what is in its files, and these are read once as long as they stay."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from jupyter_codeact.agent.contracts import ModelError
from jupyter_codeact.models.catalog import store
from jupyter_codeact.models.catalog.catalog import find
from jupyter_codeact.models.catalog.hashes import KNOWN, hash_of
from jupyter_codeact.models.catalog.tuned import BaseModelFacts, Manifest, Tuned, is_tuned
from jupyter_codeact.models.private import data_folder


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("JUPYTER_CODEACT_MODELS", str(tmp_path / "models"))


def known() -> dict[str, list[object]]:
    return json.loads((data_folder() / KNOWN).read_text())


def test_a_file_is_read_again_only_if_it_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "small.gguf"
    path.write_bytes(b"one")
    assert hash_of(path) == hashlib.sha256(b"one").hexdigest()
    before = path.stat()
    (data_folder() / KNOWN).write_text(json.dumps({str(path): [*known()[str(path)][:3], "as before"]}))
    assert hash_of(path) == "as before"
    path.write_bytes(b"two")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # as `cp -p` leaves it
    assert hash_of(path) == hashlib.sha256(b"two").hexdigest()
    path.unlink()
    with pytest.raises(ModelError, match=r"small\.gguf cannot be read: No such file"):
        hash_of(path)
    (other := tmp_path / "other.gguf").write_bytes(b"three")
    hash_of(other)
    assert list(known()) == [str(other)], "what is gone is forgotten"


def test_the_hash_of_a_split_model_is_over_all_its_parts(tmp_path: Path) -> None:
    parts = [tmp_path / f"big-0000{number}-of-00002.gguf" for number in (1, 2)]
    for part in parts:
        part.write_bytes(part.name.encode())
    before = hash_of(parts[0])
    parts[1].write_bytes(b"another second half")
    assert hash_of(parts[0]) != before


def test_a_model_of_the_catalogue_is_what_its_file_is_and_not_what_its_name_says() -> None:
    entry = find("smollm2-135m")
    path = store.path_of(entry)
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        file.truncate(entry.size)
    assert store.is_here(entry)
    facts = BaseModelFacts(name=entry.name, reference=entry.name, sha256=entry.files[0].sha256)
    tuned = Tuned(f"{entry.name}+it", data_folder(), Manifest(base=facts, method="lora"))
    with pytest.raises(ModelError, match="was trained on another model"):
        tuned.check_base(path)


@pytest.mark.parametrize(
    "name", ["/x/llama+chat.gguf", "llama+chat.gguf", "hf:me/llama+chat", "x/y+z", "+a", "a+"]
)
def test_a_file_or_folder_with_a_plus_in_its_name_is_no_tuned_model(name: str) -> None:
    assert not is_tuned(name)
    assert is_tuned("llama-3.1+chat")
