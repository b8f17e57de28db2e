"""A run whose notebook file others write to, or whose disk is full."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import nbformat
import pytest

from jupyter_codeact.agent.contracts import NotebookError
from jupyter_codeact.journal import SqliteJournal
from jupyter_codeact.notebooks import saving
from jupyter_codeact.notebooks.headless import HeadlessNotebook
from tests.agent.bench import Bench, block


async def test_a_run_goes_on_with_what_the_user_saves_in_the_same_file_meanwhile(bench: Bench) -> None:
    async def the_user_saves() -> str:
        await bench.notebook.save()
        node = nbformat.read(bench.notebook.path, 4)
        node.cells.insert(0, nbformat.v4.new_code_cell("user = 5"))
        nbformat.write(node, bench.notebook.path)
        return block("b = 2")

    async def once_it_is_written() -> str:
        await bench.notebook.save()
        return block("c = 3")

    await bench.run(block("a = 1"), the_user_saves, once_it_is_written, "Done.")
    assert await bench.cells() == ["user = 5", "a = 1", "b = 2", "c = 3"]
    told = "".join(event.text for event in bench.events("observation"))
    assert "the user added [] cell=" in told
    assert "user = 5" in told


async def test_a_full_disk_is_found_out_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(descriptor: int, *_more: Any) -> None:
        os.close(descriptor)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(saving, "_fill", fill)
    journal, output = SqliteJournal(tmp_path / "journal.sqlite"), tmp_path / "out.ipynb"
    bench = Bench(notebook := HeadlessNotebook(output=output, folder=tmp_path), journal)
    await notebook.__aenter__()
    end = await bench.run(block("open('ran', 'x')"), "Done.")
    with pytest.raises(NotebookError, match="no space left on device"):
        await notebook.__aexit__(None, None, None)
    assert (end.ending, end.message) == (
        "failed",
        f"The notebook could not be saved to {output}: no space left on device.",
    )
    assert not (tmp_path / "ran").exists()
    assert not output.exists()
    journal.close()
