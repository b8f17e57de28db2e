"""The command line where standard output has another encoding, is full, or should have no colors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.cli.conftest import Recording
from tests.scripted import ScriptedModel

ROOT = Path(__file__).parents[2]
FOREIGN = "Größe → 3 µm … 日本"


def codeact(
    *arguments: str, stdout: int = subprocess.PIPE, **environment: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "jupyter_codeact.cli", *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        stdout=stdout,
        stderr=subprocess.PIPE,
        timeout=120,
    )


def test_a_run_writes_what_the_encoding_has_and_stands_in_for_the_rest(tmp_path: Path) -> None:
    """As Windows does for a pipe, which is cp1252."""
    with ScriptedModel([f"```python\nprint({FOREIGN!r})\n```", f"It is {FOREIGN}."]) as model:
        task = (
            "run",
            f"Measure {FOREIGN}.",
            "--endpoint",
            model.url,
            "--output",
            str(tmp_path / "out.ipynb"),
        )
        own = {"JUPYTER_CODEACT_API_KEY": model.api_key, "JUPYTER_DATA_DIR": str(tmp_path / "data")}
        ran = codeact(*task, **own, PYTHONIOENCODING="cp1252")
        assert ran.returncode == 0, ran.stderr.decode("cp1252")
        assert ran.stdout.decode("cp1252").count("Größe -> 3 µm … ??") == 3
        assert FOREIGN in json.dumps(json.loads((tmp_path / "out.ipynb").read_text()), ensure_ascii=False)
    exported = codeact("conversations", "export", "latest", **own, PYTHONIOENCODING="cp1252")
    assert FOREIGN in exported.stdout.decode()
    listed = codeact("conversations", **own, PYTHONIOENCODING="latin-1")
    assert "Größe -> 3 µm ... ??" in listed.stdout.decode("latin-1")


def test_a_full_disk_is_told_in_a_sentence(recording: Recording) -> None:
    with open("/dev/full", "wb") as full:
        failed = codeact("conversations", stdout=full.fileno(), JUPYTER_DATA_DIR=str(recording.data))
    assert failed.returncode == 1
    assert failed.stderr.decode() == "Error: The output cannot be written: No space left on device.\n"


def test_a_journal_that_is_not_there_is_not_made(recording: Recording, tmp_path: Path) -> None:
    typo = tmp_path / "typo.sqlite"
    for arguments in (
        ("conversations", "--journal", str(typo)),
        ("replay", "latest", "--journal", str(typo)),
    ):
        result = recording.call(*arguments)
        assert result.exit_code == 2
        assert "does not exist" in result.stderr
    assert list(tmp_path.iterdir()) == []
