"""A notebook file that others change during a run: merged cell by cell, or kept beside, and said."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from jupyter_codeact.notebooks.document import Document
from jupyter_codeact.notebooks.headless import HeadlessNotebook

IDS = ["head", "load", "plot", "last"]


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    path = tmp_path / "work.ipynb"
    cells = [new_markdown_cell("# Work", id="head")]
    cells += [new_code_cell(f"{name} = 1", id=name) for name in IDS[1:]]
    nbformat.write(new_notebook(cells=cells), path)
    return path


def sources(path: Path) -> list[str]:
    node = nbformat.read(path, 4)
    nbformat.validate(node)
    return [cell.source for cell in node.cells]


def changed(path: Path, change: Callable[[Any], None]) -> None:
    """Change a notebook file as another program does."""
    node = nbformat.read(path, 4)
    change(node)
    nbformat.write(node, path)


def edit(node: Any) -> None:
    node.cells[1].source = "load = 2"


def add(node: Any) -> None:
    node.cells.insert(2, new_code_cell("theirs = 1"))


def remove(node: Any) -> None:
    del node.cells[2]


def swap(node: Any) -> None:
    node.cells[1], node.cells[2] = node.cells[2], node.cells[1]


def describe(node: Any) -> None:
    node.metadata["title"] = "Theirs"


A, B, C, D = "# Work", "load = 1", "plot = 1", "last = 1"
B2 = "load = 2"


def save(document: Document) -> None:
    document.save(document.content())


@pytest.mark.parametrize(
    ("theirs", "ours", "together"),
    [
        (edit, lambda d: d.write("new = 1", "code"), [A, B2, C, D, "new = 1"]),
        (add, lambda d: d.write("mine", "code", after="load"), [A, B, "theirs = 1", "mine", C, D]),
        (remove, lambda d: d.write("last = 2", "code", "last"), [A, B, "last = 2"]),
        (edit, lambda d: d.delete("plot"), [A, B2, D]),
        (edit, lambda d: d.move("last", "head"), [A, D, B2, C]),
        (swap, lambda d: d.write("mine", "code", after="last"), [A, C, B, D, "mine"]),
        (edit, lambda d: d.write("load = 2", "code", "load"), [A, B2, C, D]),
        (describe, lambda d: d.write("mine", "code"), [A, B, C, D, "mine"]),
    ],
)
@pytest.mark.parametrize("saved_before", [True, False])
def test_changes_of_different_cells_are_merged_and_it_is_said(
    notebook: Path, theirs: Any, ours: Any, together: list[str], saved_before: bool
) -> None:
    document = Document(notebook, notebook)
    if saved_before:
        save(document)
    changed(notebook, theirs)
    ours(document)
    save(document)
    assert document.path == notebook
    assert sources(notebook) == together == [cell.source for cell in document.cells]
    assert document.notes == [
        f"{notebook} was changed by another program meanwhile: both its changes and the run's are in it."
    ]
    if theirs is describe:
        assert nbformat.read(notebook, 4).metadata["title"] == "Theirs"
    save(document)
    assert sources(notebook) == together


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (edit, lambda d: d.write("load = 3", "code", "load")),
        (edit, lambda d: d.delete("load")),
        (remove, lambda d: d.write("plot = 3", "code", "plot")),
        (swap, lambda d: d.move("last", "head")),
        (edit, lambda d: setattr(d, "busy", "load")),
        (lambda node: node.metadata.update(kernelspec={"name": "ir", "display_name": "R"}), lambda d: None),
        (lambda node: node.update(cells=[new_code_cell("another notebook")]), lambda d: None),
        (lambda node: node.update(nbformat_minor=4, cells=[]), lambda d: None),
    ],
)
def test_changes_of_the_same_cells_are_kept_beside_each_other(notebook: Path, theirs: Any, ours: Any) -> None:
    document = Document(notebook, notebook)
    document.node.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    changed(notebook, theirs)
    before = notebook.read_bytes()
    ours(document)
    save(document)
    assert notebook.read_bytes() == before
    assert document.path.name == "work-codeact.ipynb"
    assert sources(document.path) == [cell.source for cell in document.cells]
    [note] = document.notes
    assert f"left as it is: the result is in {document.path}" in note


def test_two_runs_with_one_output_have_both_their_cells_in_it(notebook: Path, tmp_path: Path) -> None:
    first, second = (Document(notebook, tmp_path / "out.ipynb") for _ in range(2))
    for turn in range(3):
        for number, document in enumerate((first, second)):
            document.write(f"run_{number} = {turn}", "code")
            save(document)
    assert sorted(sources(tmp_path / "out.ipynb")) == sorted(
        [
            "# Work",
            *(f"{name} = 1" for name in IDS[1:]),
            *(f"run_{n} = {t}" for n in range(2) for t in range(3)),
        ]
    )
    assert first.path == second.path == tmp_path / "out.ipynb"


def test_an_output_that_became_something_else_is_left_alone(notebook: Path) -> None:
    document = Document(notebook, notebook)
    save(document)
    notebook.unlink()
    os.mkfifo(notebook)
    save(document)
    assert notebook.is_fifo()
    assert document.path.name == "work-codeact.ipynb"


async def test_two_notebooks_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    places = [HeadlessNotebook(output=tmp_path / "out.ipynb") for _ in range(2)]

    async def work(number: int) -> None:
        for turn in range(12):
            await places[number].write_cell(f"n{number} = {turn}")
            await places[number].save()

    await asyncio.gather(work(0), work(1))
    assert sorted(sources(tmp_path / "out.ipynb")) == sorted(
        f"n{n} = {t}" for n in range(2) for t in range(12)
    )
