"""Models that are repositories, pulled from a server that is a small Hub."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from jupyter_codeact.agent.contracts import ModelError
from jupyter_codeact.models.catalog import store
from jupyter_codeact.models.catalog.model import Snapshot
from tests.models.sources import Shelf

REVISION = "a" * 40
WEIGHTS = bytes(range(256)) * 400
FILES = {
    "config.json": b"{}",
    "tokenizer.json": b'{"a": 1}',
    "merges.txt": b"",
    "model.safetensors.index.json": json.dumps(
        {"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}
    ).encode(),
    "model-1.safetensors": WEIGHTS,
    "model-2.safetensors": WEIGHTS[::-1],
    "README.md": b"Read me.",
    "modeling_evil.py": b"raise SystemExit",
    "pytorch_model.bin": b"pickled",
}
TINY = Snapshot(
    name="tiny-gpu",
    size=sum(map(len, FILES.values())),
    licence="CC0-1.0",
    context=512,
    token_bytes=1,
    hub="nobody/tiny",
    revision=REVISION,
)


class Repository:
    """As much of the Hub as it takes to list a repository's files and to send them."""

    def __init__(self) -> None:
        self.files = dict(FILES)
        self.sent: list[str] = []
        repository = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self, *, body: bool) -> None:
                if self.path.startswith(f"/api/models/nobody/tiny/tree/{REVISION}"):
                    return self.send(
                        json.dumps([listed(*file) for file in FILES.items()]).encode(), body=body
                    )
                name = self.path.removeprefix(f"/nobody/tiny/resolve/{REVISION}/")
                if body:
                    repository.sent.append(name)
                self.send(repository.files[name], body=body, etag=etag(name, FILES[name]))

            def send(self, data: bytes, *, body: bool, etag: str = "") -> None:
                self.send_response(200)
                self.send_header("X-Repo-Commit", REVISION)
                self.send_header("ETag", f'"{etag}"')
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                if body:
                    self.wfile.write(data)

            def do_HEAD(self) -> None:
                self.answer(body=False)

            def do_GET(self) -> None:
                self.answer(body=True)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def etag(name: str, data: bytes) -> str:
    """Return what the Hub sends: a large file's own hash, git's for a small one."""
    return digest(data) if name.endswith(".safetensors") else str(listed(name, data)["oid"])


def listed(path: str, data: bytes) -> dict[str, object]:
    blob = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
    entry: dict[str, object] = {"type": "file", "path": path, "size": len(data), "oid": blob}
    if path.endswith(".safetensors"):
        entry |= {"oid": "f" * 40, "lfs": {"oid": digest(data), "size": len(data), "pointerSize": 1}}
    return entry


@pytest.fixture
def repository(shelf: Shelf, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Repository]:
    repository = Repository()
    thread = threading.Thread(target=repository.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{repository.server.server_port}")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hf"))
    yield repository
    repository.server.shutdown()
    repository.server.server_close()
    thread.join()


def test_a_repository_is_pulled_without_anything_that_could_be_code(repository: Repository) -> None:
    notes = []
    path = store.pull(TINY, progress=lambda *report: notes.append(report))
    wanted = {name: data for name, data in FILES.items() if name.endswith((".json", ".txt", ".safetensors"))}
    assert {file.name: file.read_bytes() for file in path.iterdir()} == wanted
    total = sum(map(len, wanted.values()))
    assert {total for _, total, _ in notes} == {total}
    assert max(done for done, _, _ in notes) == total
    assert store.is_here(TINY)
    assert store.path_of(TINY) == path
    store.remove(TINY)
    assert not store.is_here(TINY)


@pytest.mark.parametrize("name", ["model-2.safetensors", "tokenizer.json"])
def test_a_file_that_is_not_what_the_hub_says_does_not_count(repository: Repository, name: str) -> None:
    repository.files[name] = FILES[name][::-1]
    with pytest.raises(ModelError, match="has a wrong checksum"):
        store.pull(TINY)
    assert not store.is_here(TINY)
    repository.files[name] = FILES[name]
    assert store.pull(TINY).is_dir()


def test_files_that_are_here_are_not_asked_for_again(repository: Repository) -> None:
    repository.files["model-2.safetensors"] = WEIGHTS
    with pytest.raises(ModelError):
        store.pull(TINY)
    assert "model-1.safetensors" in repository.sent
    repository.sent.clear()
    repository.files["model-2.safetensors"] = FILES["model-2.safetensors"]
    store.pull(TINY)
    assert repository.sent == ["model-2.safetensors"]


def test_a_whole_copy_in_the_hugging_face_cache_is_used_where_it_is(
    repository: Repository, tmp_path: Path
) -> None:
    cached = tmp_path / "hf" / "models--nobody--tiny" / "snapshots" / REVISION
    cached.mkdir(parents=True)
    for name, data in FILES.items():
        (cached / name).write_bytes(data)
    assert store.pull(TINY) == cached
    assert not repository.sent
    with pytest.raises(ModelError, match=r"in the Hugging Face cache.*hf cache rm"):
        store.remove(TINY)
    (cached / "model-2.safetensors").unlink()
    assert not store.is_here(TINY)


def test_a_hub_that_cannot_be_reached_is_said(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ModelError, match=r"tiny-gpu could not be downloaded: the Hugging Face Hub.*a{40}"):
        store.pull(TINY)


def test_a_pull_that_is_stopped_ends(repository: Repository) -> None:
    cancel = threading.Event()
    with pytest.raises(ModelError, match="was stopped"):
        store.pull(TINY, progress=lambda *_: cancel.set(), cancel=cancel)
    assert not store.is_here(TINY)
