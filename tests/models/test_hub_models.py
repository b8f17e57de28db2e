"""Any GGUF model on the Hub, by its name: a server that is a small Hub lists, describes and sends them."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner

from jupyter_codeact.agent.contracts import ModelError
from jupyter_codeact.cli import main
from jupyter_codeact.models.catalog import hub, store
from jupyter_codeact.models.catalog.machine import Machine
from jupyter_codeact.models.engines.launch import launch
from tests.models.sources import Shelf

REVISION = "b" * 40
MACHINE = Machine(memory=8 << 30, free=8 << 30, cores=2)
FILES = {
    "someone/Seer-4B-GGUF": {
        "README.md": b"Read me.",
        "Seer-4B-Q4_K_M.gguf": b"GGUF" + b"4" * 5000,
        "Seer-4B-Q8_0.gguf": b"GGUF" + b"8" * 9000,
        "mmproj-F32.gguf": b"GGUF" + b"m" * 4000,
        "mmproj-F16.gguf": b"GGUF" + b"m" * 2000,
        "imatrix_unsloth.gguf": b"GGUF",
    },
    "someone/Big-GGUF": {
        **{f"UD-Q5_K_XL/Big-UD-Q5_K_XL-0000{n}-of-00002.gguf": b"GGUF" + bytes([n]) * 700 for n in (1, 2)},
        "Big-IQ2_M.gguf": b"GGUF" + b"2" * 300,
    },
    "someone/Weights": {"model.safetensors": b"no GGUF"},
}
FACTS = {"context_length": 65_536, "total": 4_000_000_000, "chat_template": "{{ enable_thinking }}"}


class GgufHub:
    """As much of the Hub as it takes to search, describe and download these repositories."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self, *, body: bool) -> None:
                url = urlsplit(self.path)
                hub.paths.append(url.path)
                if url.path == "/api/models":
                    words = parse_qs(url.query).get("search", [""])[0].lower()
                    found = [{"id": name} for name in FILES if words in name.lower()]
                    return self.send(json.dumps(found).encode(), body=body)
                if url.path.startswith("/api/models/"):
                    return self.describe(url.path.removeprefix("/api/models/"), body=body)
                repository, _, path = url.path[1:].partition(f"/resolve/{REVISION}/")
                data = FILES[repository][path]
                begin = int(self.headers.get("range", "bytes=0-")[6:-1])
                self.send(data[begin:], body=body, etag=digest(data), status=206 if begin else 200)

            def describe(self, repository: str, *, body: bool) -> None:
                if repository not in FILES:
                    return self.send(b"{}", body=body, status=404, error="RepoNotFound")
                siblings = [
                    {
                        "rfilename": name,
                        "size": len(data),
                        "blobId": "f" * 40,
                        "lfs": {"size": len(data), "sha256": digest(data), "pointerSize": 1},
                    }
                    for name, data in FILES[repository].items()
                ]
                facts = {"id": repository, "sha": REVISION, "siblings": siblings, "gguf": FACTS}
                facts |= {"downloads": 1234, "tags": ["gguf", "license:mit"]}
                self.send(json.dumps(facts).encode(), body=body)

            def send(
                self, data: bytes, *, body: bool, etag: str = "", status: int = 200, error: str = ""
            ) -> None:
                self.send_response(status)
                headers = {"X-Repo-Commit": REVISION, "ETag": f'"{etag}"', "X-Error-Code": error}
                headers |= {"Content-Type": "application/json", "Content-Length": str(len(data))}
                for name, value in headers.items():
                    self.send_header(name, value)
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


@pytest.fixture
def gguf_hub(shelf: Shelf, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[GgufHub]:
    served = GgufHub()
    thread = threading.Thread(target=served.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{served.server.server_port}")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hf"))
    yield served
    served.server.shutdown()
    served.server.server_close()
    thread.join()


def fetch(name: str) -> Path:
    return hub.fetch(hub.parse(name), lambda *_: None)


def test_the_usual_file_is_taken_with_the_projector_beside_it(gguf_hub: GgufHub) -> None:
    path = fetch("hf:someone/Seer-4B-GGUF")
    files = FILES["someone/Seer-4B-GGUF"]
    assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == {
        name: files[name] for name in ("Seer-4B-Q4_K_M.gguf", "mmproj-F16.gguf")
    }
    gguf_hub.paths.clear()
    assert fetch("hf:someone/Seer-4B-GGUF") == path
    assert fetch("hf:someone/Seer-4B-GGUF/Seer-4B-Q4_K_M.gguf") == path
    assert gguf_hub.paths == [], "what is here needs no Hub"


@pytest.mark.parametrize("file", ["Seer-4B-Q8_0.gguf", "Q8_0"])
def test_a_file_is_named_by_its_path_or_its_quantisation(gguf_hub: GgufHub, file: str) -> None:
    assert fetch(f"hf:someone/Seer-4B-GGUF/{file}").name == "Seer-4B-Q8_0.gguf"


def test_all_parts_of_a_split_model_are_downloaded_and_the_first_is_the_model(gguf_hub: GgufHub) -> None:
    path = fetch("hf:someone/Big-GGUF/UD-Q5_K_XL/Big-UD-Q5_K_XL-00002-of-00002.gguf")
    assert path.name == "Big-UD-Q5_K_XL-00001-of-00002.gguf"
    assert sorted(file.name for file in path.parent.iterdir()) == [
        f"Big-UD-Q5_K_XL-0000{n}-of-00002.gguf" for n in (1, 2)
    ]
    assert hub.here() == [hub.Reference("someone/Big-GGUF", path.name)]
    path.with_name("Big-UD-Q5_K_XL-00002-of-00002.gguf").unlink()
    assert hub.local(hub.parse(f"hf:someone/Big-GGUF/{path.name}")) is None


def test_what_the_hub_knows_of_a_model_is_told_before_it_is_downloaded(gguf_hub: GgufHub) -> None:
    model = hub.describe(hub.parse("hf:someone/Seer-4B-GGUF"))
    assert model.name == "hf:someone/Seer-4B-GGUF/Seer-4B-Q4_K_M.gguf"
    assert (model.size, model.licence, model.context, model.revision) == (7008, "mit", 65_536, REVISION)
    assert model.supports_images
    assert model.thinks


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("hf:someone", "does not name a model on the Hugging Face Hub: write hf:owner/name, or"),
        ("hf:someone/../etc", "does not name a model"),
        ("hf:nobody/nothing", "has no public model hf:nobody/nothing"),
        ("hf:someone/Weights", "has no GGUF file that llama.cpp could run"),
        (
            "hf:someone/Big-GGUF",
            r"no file of the usual quantisation Q4_K_M; .* one of: Big-IQ2_M.gguf \(0.0 GB",
        ),
        ("hf:someone/Big-GGUF/Q3_K_S", "has no file Q3_K_S; write hf:someone/Big-GGUF/FILE with one of"),
    ],
)
def test_a_name_that_means_no_model_is_explained(gguf_hub: GgufHub, name: str, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        fetch(name)


def test_another_content_than_the_hub_announced_is_refused(
    gguf_hub: GgufHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = hub.describe(hub.parse("hf:someone/Big-GGUF/Big-IQ2_M.gguf"))
    changed = {"Big-IQ2_M.gguf": b"GGUF" + b"3" * 300}
    monkeypatch.setitem(FILES, "someone/Big-GGUF", changed)
    with pytest.raises(ModelError, match="the file on the Hugging Face Hub has changed"):
        store.pull(model)
    assert not store.is_here(model)


def test_a_hub_that_does_not_answer_is_one_sentence(shelf: Shelf) -> None:
    for ask in (lambda: hub.search("qwen"), lambda: fetch("hf:someone/Seer-4B-GGUF")):
        with pytest.raises(ModelError, match=r"needs the Hugging Face Hub, which could not be reached"):
            ask()


def test_such_a_model_runs_by_its_name_and_is_known_once_its_files_are_here(gguf_hub: GgufHub) -> None:
    reference = hub.parse("hf:someone/Seer-4B-GGUF")
    begun = launch(reference, machine=MACHINE)
    assert begun.name == reference.name
    assert not begun.files.is_here()
    assert gguf_hub.paths == [], "opening a model asks nobody"
    ready = begun.at(begun.files.fetch(lambda *_: None, threading.Event()))
    assert ready.name == reference.name
    assert ready.info.supports_images
    assert ready.settings["projector"] == "mmproj-F16.gguf"
    assert launch(reference, machine=MACHINE).settings == ready.settings


def test_the_command_line_searches_pulls_lists_and_removes(gguf_hub: GgufHub) -> None:
    def codeact(*words: str) -> str:
        result = CliRunner().invoke(main, ["models", *words], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.stdout

    found = codeact("search", "someone")
    assert "hf:someone/Seer-4B-GGUF/Seer-4B-Q4_K_M.gguf  0 MB" in found
    assert "mit" in found
    assert "1,234" in found
    assert "hf:someone/Big-GGUF/Big-IQ2_M.gguf" in found
    assert "Weights" not in found
    assert "no GGUF model for 'unheard of'" in codeact("search", "unheard", "of")
    name = "hf:someone/Seer-4B-GGUF/Seer-4B-Q8_0.gguf"
    assert f"{name} is here: " in codeact("pull", name)
    codeact("pull", "hf:someone/Seer-4B-GGUF/Q4_K_M")
    listed = {model["name"]: model for model in json.loads(codeact("--json"))}
    assert listed[name]["here"]
    codeact("rm", name)
    assert sorted(file.name for file in store.hub_folder("someone/Seer-4B-GGUF").iterdir()) == [
        "Seer-4B-Q4_K_M.gguf",
        "mmproj-F16.gguf",
    ]
    codeact("rm", "hf:someone/Seer-4B-GGUF")
    assert hub.here() == []
