"""``jupyter codeact lab`` as a process: what it says, what it leaves behind, and what it keeps to itself."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from tests.ports import free_port
from tests.scripted import ScriptedModel

ROOT = Path(__file__).parents[2]
TIMEOUT = 60
READY = re.compile(r"JupyterLab is ready: (\S+)  \(Ctrl-C ends it\)\n")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return an environment with nothing of the user's own in it."""
    own = {f"JUPYTER_{name}_DIR": str(tmp_path / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    models = {"JUPYTER_CODEACT_MODELS": str(tmp_path / "models"), "PIP_NO_INDEX": "1"}
    return os.environ | own | models | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "jupyter_codeact.cli", "lab", "--no-browser", *arguments]


@contextmanager
def running(
    folder: Path, environment: dict[str, str], *arguments: str
) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """Run the command until its page can be opened; with the lines it has printed by then."""
    process = subprocess.Popen(
        command(*arguments),
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    lines: list[str] = []
    assert process.stdout is not None
    with process.stdout:
        for line in process.stdout:
            lines.append(line)
            if READY.fullmatch(line):
                break
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        try:
            yield process, lines
        finally:
            for member in family:
                if member.is_running():
                    member.kill()
            process.wait(TIMEOUT)


def get(url: str, path: str, data: bytes | None = None) -> bytes:
    """Ask the server for something, with the token of the URL that was printed."""
    parts = urllib.parse.urlsplit(url)
    token = urllib.parse.parse_qs(parts.query)["token"][0]
    request = urllib.request.Request(
        f"{parts.scheme}://{parts.netloc}{path}", data=data, headers={"Authorization": f"token {token}"}
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
        return bytes(answer.read())


def test_it_prints_the_url_when_the_page_opens_keeps_the_token_and_ends_with_ctrl_c(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "my notes.ipynb").write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    port = free_port()
    with ScriptedModel() as model:
        environment["JUPYTER_CODEACT_API_KEY"] = model.api_key
        arguments = ["--port", str(port), "--endpoint", model.url, "work/my notes.ipynb"]
        with running(tmp_path, environment, *arguments) as (process, lines):
            [url] = [match[1] for line in lines if (match := READY.fullmatch(line))]
            assert url.startswith(f"http://localhost:{port}/lab/tree/my%20notes.ipynb?token=")
            with urllib.request.urlopen(url, timeout=TIMEOUT) as page:
                assert b"jupyter-config-data" in page.read()
            contents = json.loads(get(url, "/api/contents"))["content"]
            assert [entry["name"] for entry in contents] == ["my notes.ipynb"]
            get(url, "/api/kernels", json.dumps({"name": "python3"}).encode())

            token = url.rpartition("token=")[2]
            family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
            assert len(family) >= 3, "the command, its server and the kernel"
            for member in family:
                with suppress(psutil.ZombieProcess):  # it has ended, and has no command line any more
                    assert token not in " ".join(member.cmdline())
                assert token not in str(member.environ())
            assert any("ipykernel_launcher" in member.cmdline() for member in family)
            for member in family:
                if "ipykernel_launcher" in member.cmdline():
                    assert model.api_key not in str(member.environ())

            process.send_signal(signal.SIGINT)
            assert process.wait(TIMEOUT) == 0
            _, alive = psutil.wait_procs(family, timeout=TIMEOUT)
            assert alive == []
            assert process.stdout is not None
            assert process.stdout.read().strip() == "JupyterLab has ended."
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def fails(tmp_path: Path, environment: dict[str, str], *arguments: str) -> tuple[int, str]:
    result = subprocess.run(
        command(*arguments), cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=TIMEOUT
    )
    assert result.stdout == ""
    return result.returncode, result.stderr


def test_a_port_in_use_is_told(tmp_path: Path, environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = fails(tmp_path, environment, "--port", str(port), "--endpoint", "http://localhost:1/v1")
    assert code == 1
    assert said == (
        f"Error: Port {port} is in use or not allowed. Choose another with --port (make lab PORT=…), "
        "or leave it out to take a free one.\n"
    )


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        ("no-such", "There is no model called 'no-such'; there are qwen2.5-coder-1.5b, smollm2-135m, "),
        ("nowhere.gguf", "There is no file nowhere.gguf; give the path of a .gguf file."),
    ],
)
def test_an_unknown_model_is_told_and_nothing_is_downloaded(
    tmp_path: Path, environment: dict[str, str], model: str, sentence: str
) -> None:
    code, said = fails(tmp_path, environment, "--model", model)
    assert code != 0
    assert sentence in said
    assert "Traceback" not in said
    assert not (tmp_path / "models").exists()
