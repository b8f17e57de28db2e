"""The file behind a headless notebook: what is read, where it is written, and what is refused."""

import errno
import json
import os
import random
import resource
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from jupyter_codeact.agent.contracts import NotebookError
from jupyter_codeact.notebooks.document import Document, cell_of


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def notebook(folder):
    path = folder / "work.ipynb"
    nbformat.write(new_notebook(cells=[new_markdown_cell("# Work"), new_code_cell("x = 1")]), path)
    return path


def read(path: Path) -> nbformat.NotebookNode:
    node = nbformat.read(path, as_version=4)
    nbformat.validate(node)
    return node


def tree(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_an_empty_notebook_goes_to_the_first_free_name_here(folder):
    assert Document().path == folder / "codeact.ipynb"
    Document().path.touch()
    assert Document().path == folder / "codeact-2.ipynb"
    Document().path.touch()
    assert Document().path == folder / "codeact-3.ipynb"


def test_a_copy_goes_beside_its_notebook_whatever_the_current_folder(folder, notebook, monkeypatch):
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    assert Document(notebook).path == folder / "work-codeact.ipynb"
    (folder / "work-codeact.ipynb").touch()
    assert Document(notebook).path == folder / "work-codeact-2.ipynb"


def test_a_copy_of_a_copy_is_the_next_copy(folder, notebook):
    copy = notebook.rename(folder / "work-codeact-2.ipynb")
    assert Document(copy).path == folder / "work-codeact.ipynb"


def test_nothing_is_on_the_disk_before_the_first_save(folder, notebook):
    before = tree(folder)
    document = Document(notebook)
    document.write("y = 2", "code")
    assert tree(folder) == before


def test_saving_writes_a_valid_copy_and_leaves_the_notebook_alone(folder, notebook):
    before = notebook.read_bytes()
    document = Document(notebook)
    document.write("y = 2", "code")
    document.save(document.content())
    assert notebook.read_bytes() == before
    assert [cell.source for cell in read(document.path).cells] == ["# Work", "x = 1", "y = 2"]
    assert sorted(path.name for path in folder.iterdir()) == ["work-codeact.ipynb", "work.ipynb"]


def test_the_notebook_is_overwritten_when_it_is_named_as_the_output(notebook):
    document = Document(notebook, notebook)
    document.write("y = 2", "code")
    document.save(document.content())
    assert [cell.source for cell in read(notebook).cells] == ["# Work", "x = 1", "y = 2"]


def test_a_name_that_another_run_takes_meanwhile_is_left_to_it(folder):
    document = Document()
    document.path.write_text("theirs")
    document.save(document.content())
    assert (folder / "codeact.ipynb").read_text() == "theirs"
    assert document.path == folder / "codeact-2.ipynb"
    document.save(document.content())
    assert document.path == folder / "codeact-2.ipynb"


@pytest.mark.parametrize("existed", [True, False])
def test_a_change_on_the_disk_that_was_not_seen_is_never_overwritten(folder, notebook, existed):
    output = notebook if existed else folder / "out.ipynb"
    document = Document(notebook, output)
    document.save(document.content())
    document.save(document.content())
    output.write_text("theirs")
    for _ in range(2):
        document.save(document.content())
    assert output.read_text() == "theirs"
    assert document.path == folder / f"{output.stem}-codeact.ipynb"
    read(document.path)
    [note] = document.notes
    assert note == (
        f"{output} was changed by another program meanwhile, so it was left as it is: the result is in "
        f"{document.path}."
    )


def test_an_output_that_was_deleted_meanwhile_is_written_again(folder):
    document = Document(output=folder / "out.ipynb")
    document.save(document.content())
    document.path.unlink()
    document.save(document.content())
    read(folder / "out.ipynb")


def test_while_a_file_is_being_written_its_folder_shows_nothing_of_it(folder, monkeypatch):
    document = Document(output=folder / "out.ipynb")
    document.save(document.content())
    seen = []
    sync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: (seen.append(os.listdir(folder)), sync(file)))
    document.save(document.content())
    assert [set(names) <= {"out.ipynb", "work.ipynb"} for names in seen] == [True]


def test_a_file_system_without_links_will_do(folder, monkeypatch):
    def link(_source, _target, **_more):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    document = Document()
    (folder / "codeact.ipynb").write_text("theirs")
    document.save(document.content())
    assert (folder / "codeact.ipynb").read_text() == "theirs"
    assert document.path == folder / "codeact-2.ipynb"
    read(document.path)


def test_metadata_that_the_format_forbids_is_dropped(folder):
    metadata = {"kernelspec": {}, "title": "kept"}
    (folder / "odd.ipynb").write_text(json.dumps(V4_2 | {"metadata": metadata}))
    assert Document(folder / "odd.ipynb").node.metadata == {"title": "kept", "orig_nbformat_minor": 2}


def test_a_link_to_the_output_stays_a_link(folder):
    (folder / "real.ipynb").touch()
    (folder / "link.ipynb").symlink_to("real.ipynb")
    document = Document(output=folder / "link.ipynb")
    document.save(document.content())
    assert (folder / "link.ipynb").is_symlink()
    read(folder / "real.ipynb")


def test_the_output_keeps_its_permissions_and_a_new_one_gets_the_usual_ones(folder):
    old, new = folder / "old.ipynb", folder / "new.ipynb"
    old.touch()
    old.chmod(0o640)
    mask = os.umask(0o027)
    try:
        for path in (old, new):
            document = Document(output=path)
            document.save(document.content())
    finally:
        os.umask(mask)
    assert old.stat().st_mode & 0o777 == 0o640
    assert new.stat().st_mode & 0o777 == 0o640


def test_cells_are_inserted_rewritten_and_removed(notebook):
    document = Document(notebook)
    first = document.cells[0].id
    added = document.write("y = 2", "code", after=first)
    assert [cell.source for cell in document.cells] == ["# Work", "y = 2", "x = 1"]
    document.cells[1].outputs = [nbformat.v4.new_output("stream", text="old")]
    document.cells[1].metadata["tags"] = ["kept"]
    assert document.write("y = 3", "code", cell_id=added) == added
    assert document.cells[1].source == "y = 3"
    assert document.cells[1].outputs == []
    assert document.cells[1].metadata == {"tags": ["kept"]}
    document.write("text now", "markdown", cell_id=added)
    document.delete(first)
    document.save(document.content())
    assert [(cell.cell_type, cell.source) for cell in read(document.path).cells] == [
        ("markdown", "text now"),
        ("code", "x = 1"),
    ]


def test_a_cell_that_is_not_there_is_named(notebook):
    with pytest.raises(NotebookError, match="no cell “gone”"):
        Document(notebook).delete("gone")


def test_half_a_character_is_refused_before_it_is_in_the_notebook(notebook):
    document = Document(notebook)
    with pytest.raises(NotebookError, match="no file can hold"):
        document.write("print('\ud83d')", "code")
    assert len(document.cells) == 2


def test_when_the_disk_is_full_the_file_stays_as_it_was_and_nothing_is_left_behind(folder):
    document = Document(output=folder / "out.ipynb")
    document.save(document.content())
    before = tree(folder)
    document.write("x = 1\n" * 5000, "code")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(NotebookError, match=r"could not be saved to .*out\.ipynb: file too large"):
            document.save(document.content())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert tree(folder) == before


V3 = {
    "nbformat": 3,
    "nbformat_minor": 0,
    "metadata": {"name": ""},
    "worksheets": [
        {
            "metadata": {},
            "cells": [
                {"cell_type": "heading", "level": 2, "metadata": {}, "source": ["Old"]},
                {
                    "cell_type": "code",
                    "collapsed": False,
                    "input": ["1 + 1"],
                    "language": "python",
                    "metadata": {},
                    "outputs": [{"output_type": "pyout", "prompt_number": 1, "text": ["2"], "metadata": {}}],
                    "prompt_number": 1,
                },
            ],
        }
    ],
}
CELL = {"cell_type": "code", "metadata": {}, "source": ["x\n", "y"], "outputs": [], "execution_count": None}
V4_2 = {"nbformat": 4, "nbformat_minor": 2, "metadata": {}, "cells": [CELL, CELL]}
WITHOUT_IDS = V4_2 | {"nbformat_minor": 5}
SAME_IDS = V4_2 | {"nbformat_minor": 5, "cells": [CELL | {"id": "a"}, CELL | {"id": "a"}]}


@pytest.mark.parametrize("content", [V3, V4_2, WITHOUT_IDS, SAME_IDS])
def test_an_older_or_careless_notebook_becomes_one_with_cell_ids(folder, content):
    (folder / "old.ipynb").write_text(json.dumps(content))
    document = Document(folder / "old.ipynb")
    document.save(document.content())
    node = read(document.path)
    assert (node.nbformat, node.nbformat_minor) == (4, 5)
    assert len({cell.id for cell in node.cells}) == 2
    assert [cell.source for cell in node.cells] in (["## Old", "1 + 1"], ["x\ny", "x\ny"])


V2 = {
    "nbformat": 2,
    "metadata": {"name": "old"},
    "worksheets": [
        {
            "cells": [
                {"cell_type": "code", "input": "x", "language": "python", "outputs": [], "collapsed": False},
                {"cell_type": "html", "source": "<b>y</b>"},
            ]
        }
    ],
}
QUERY = {"cell_type": "query", "id": "q", "metadata": {"db": "a"}, "source": "select 1", "engine": "x"}


@pytest.mark.parametrize(
    ("content", "sources", "note"),
    [
        (V2, ["x", "<b>y</b>"], "is in notebook format 2; CodeAct reads and writes it as format 4."),
        (V3, ["## Old", "1 + 1"], "is in notebook format 3;"),
        ({name: V4_2[name] for name in ("nbformat", "metadata", "cells")}, ["x\ny"] * 2, "minor version"),
        (WITHOUT_IDS, ["x\ny"] * 2, "a cell without an id of its own, which has a new one (2 times)"),
        (SAME_IDS, ["x\ny"] * 2, "a cell without an id of its own, which has a new one."),
        (V4_2 | {"cells": [{"cell_type": "code"}]}, [""], "a cell's source that was missing"),
        (V4_2 | {"cells": [CELL | {"outputs": [{"output_type": "oops"}]}]}, ["x\ny"], "an unknown type"),
        (V4_2 | {"cells": [CELL | {"lang": "R"}], "more": 1}, ["x\ny"], "does not have (2 times)"),
        (V4_2 | {"metadata": None, "cells": [CELL | {"metadata": 5}]}, ["x\ny"], "a cell's metadata"),
        (V4_2 | {"nbformat_minor": 5, "cells": [QUERY]}, ["select 1"], "cells of an unknown type (query)"),
        (V4_2 | {"nbformat_minor": 9, "cells": [QUERY, {**QUERY, "id": "r"}]}, ["select 1"] * 2, ""),
        (V4_2 | {"cells": [CELL | {"source": ["s = '\ud83d'"]}]}, ["s = '\ufffd'"], "not valid Unicode"),
    ],
)
def test_old_and_odd_notebooks_are_read_whole_with_a_sentence(folder, content, sources, note):
    (folder / "odd.ipynb").write_text(json.dumps(content))
    document = Document(folder / "odd.ipynb")
    assert [cell_of(cell).source for cell in document.cells] == sources
    assert note in "".join(document.notes)
    assert bool(note) == bool(document.notes)
    document.save(document.content())
    kept = read(document.path)
    assert kept.metadata.get("widgets") is None
    if QUERY in content.get("cells", ()):
        assert QUERY in ([cell.metadata.get("original") for cell in kept.cells] + kept.cells)


@pytest.mark.parametrize(
    ("encoding", "note"),
    [("utf-8-sig", ""), ("utf-16", "UTF-16"), ("utf-16-be", "UTF-16"), ("cp1252", "not valid Unicode")],
)
def test_a_notebook_in_another_encoding_is_read(folder, notebook, encoding, note):
    content = json.loads(notebook.read_bytes())
    content["cells"][0]["source"] = "# Café"
    notebook.write_bytes(json.dumps(content, ensure_ascii=False).encode(encoding))
    document = Document(notebook)
    assert document.cells[0].source == "# Café"
    assert note in "".join(document.notes)
    assert bool(note) == bool(document.notes)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "not valid JSON"),
        ('{"cells": [\n oops', r"not valid JSON \(line 2\)"),
        (b"\xff\xfe\x00", "not valid JSON"),
        (b"\x89PNG\r\n\x1a\n\x00", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ('{"a": 1}', "no notebook format version"),
        ("[]", "no notebook format version"),
        ('{"nbformat": 7, "nbformat_minor": 0, "metadata": {}, "cells": []}', "newer than"),
        ('{"nbformat": 4, "nbformat_minor": 5}', "not a valid notebook"),
        ('{"nbformat": 0, "cells": []}', "not a valid notebook"),
        (json.dumps(V3 | {"worksheets": [5]}), "its parts are not those of format 3"),
        (json.dumps(V4_2 | {"cells": 5}), "not a valid notebook"),
    ],
)
def test_what_is_not_a_notebook_is_refused_in_a_sentence(folder, content, sentence):
    path = folder / "bad.ipynb"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    before = tree(folder)
    with pytest.raises(NotebookError, match=sentence) as caught:
        Document(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert tree(folder) == before


def test_a_missing_notebook_and_a_folder_are_refused_in_a_sentence(folder):
    with pytest.raises(NotebookError, match="There is no notebook at"):
        Document(folder / "none.ipynb")
    with pytest.raises(NotebookError, match="could not be read: is a directory"):
        Document(folder)


def test_an_output_that_cannot_be_written_is_refused_and_leaves_no_trace(folder):
    (folder / "file").touch()
    (folder / "dir").mkdir()
    os.mkfifo(folder / "pipe")
    before = folder.stat().st_mtime_ns
    with pytest.raises(NotebookError, match=r"is a folder. Name a file in it with --output"):
        Document(output=folder / "dir")
    for output in (folder / "pipe", Path("/dev/null")):
        with pytest.raises(
            NotebookError, match=r"is not a regular file, so it is left alone. Choose another"
        ):
            Document(output=output)
        with pytest.raises(NotebookError, match="could not be read: it is not a regular file"):
            Document(output)
    for output in (folder / "none" / "out.ipynb", folder / "file" / "out.ipynb", Path("/proc/out.ipynb")):
        with pytest.raises(NotebookError, match=r"cannot be written: .* Choose another place with --output"):
            Document(output=output)
    assert folder.stat().st_mtime_ns == before


@pytest.mark.parametrize("seed", range(5))
def test_a_file_is_written_as_nbformat_writes_it_whatever_changed(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    words = ["a\nb\n", '"cells": []', "\n ]", "é\u2028\\", "", "],\n"]
    document = Document(output=tmp_path / "out.ipynb")
    for _ in range(60):
        text = chance.choice(words)
        ids = [cell.id for cell in document.cells]
        cell = document.cells[ids.index(chance.choice(ids))] if ids else None
        match chance.randrange(7 if cell else 1):
            case 0 | 1:
                document.write(text, chance.choice(["code", "markdown"]), after=cell.id if cell else None)
            case 2:
                document.write(text, chance.choice(["code", "markdown"]), cell_id=cell.id)
            case 3:
                document.delete(cell.id)
            case 4 if cell.cell_type == "code":
                cell.outputs.append(new_output("display_data", {"text/plain": text, "application/json": {}}))
            case 5 if cell.get("outputs"):  # an update in place
                cell.outputs[-1].data["text/plain"] = text[::-1]
            case _:
                cell.metadata["note"] = {"trusted": [text], "more": text}
                document.node.metadata["note"] = [text]
        assert document.content().decode() == nbformat.v4.writes(document.node) + "\n"
