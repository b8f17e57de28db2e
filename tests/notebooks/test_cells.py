"""Whole cells are read and put back, protected ones are left alone, and a new kernel is known as one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import nbformat
import pytest
import pytest_asyncio
from nbformat.v4 import new_code_cell, new_notebook, new_output

from jupyter_codeact.agent.contracts import NotebookError
from jupyter_codeact.notebooks.headless import HeadlessNotebook
from tests.notebooks.cells import read, run

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def notebook(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HeadlessNotebook]:
    folder = tmp_path_factory.mktemp("cells")
    mine = new_code_cell("drop_everything()", metadata={"codeact": {"protected": True}})
    old = new_code_cell("1", execution_count=7, outputs=[new_output("stream", text="seven\n")])
    nbformat.write(new_notebook(cells=[mine, old]), folder / "in.ipynb")
    async with HeadlessNotebook(folder / "in.ipynb", folder / "out.ipynb") as notebook:
        yield notebook


async def test_a_cell_is_put_back_as_it_was(notebook: HeadlessNotebook) -> None:
    [_, old] = (await notebook.state()).cells
    whole = await notebook.read_cell(old.id)
    await notebook.write_cell("2", cell_id=old.id)
    await notebook.run_cell(old.id, source="2")
    await notebook.restore_cell(whole)
    assert await notebook.read_cell(old.id) == whole
    assert [cell.execution_count for cell in (await notebook.state()).cells] == [
        None,
        None,
    ]  # not of this kernel
    await notebook.delete_cell(old.id)
    await notebook.restore_cell(whole)
    assert next(cell.id for cell in (await notebook.state()).cells) == old.id
    await notebook.delete_cell(old.id)
    await notebook.restore_cell(whole, after=(await notebook.state()).cells[0].id)
    assert [cell.id for cell in (await notebook.state()).cells][1] == old.id
    whole["source"] = "changed by its holder"
    assert (await notebook.read_cell(old.id))["source"] == "1"
    await notebook.save()
    assert read(notebook.path).cells[1].outputs[0].text == "seven\n"


async def test_a_count_of_this_kernel_comes_back_with_its_cell(notebook: HeadlessNotebook) -> None:
    cell = await notebook.write_cell("'mine'")
    count = (await notebook.run_cell(cell, source="'mine'")).execution_count
    whole = await notebook.read_cell(cell)
    await notebook.write_cell("'other'", cell_id=cell)
    await notebook.run_cell(cell, source="'other'")
    await notebook.restore_cell(whole)
    assert (await notebook.state()).cells[-1].execution_count == count
    await notebook.delete_cell(cell)


async def test_a_protected_cell_is_neither_run_nor_changed_nor_deleted(notebook: HeadlessNotebook) -> None:
    mine = (await notebook.state(brief=True)).cells[0]
    assert mine.protected
    for refused in (
        notebook.write_cell("x", cell_id=mine.id),
        notebook.run_cell(mine.id, source=mine.source),
        notebook.delete_cell(mine.id),
    ):
        with pytest.raises(NotebookError, match="is protected by the user"):
            await refused
    assert (await notebook.state(brief=True)).cells[0] == mine


async def test_a_kernel_that_was_started_anew_is_another_session(notebook: HeadlessNotebook) -> None:
    before = (await notebook.state(brief=True)).kernel
    await run(notebook, "1")
    assert (await notebook.state(brief=True)).kernel == before
    assert (await run(notebook, "import os\nos._exit(1)")).status == "dead"
    await run(notebook, "1")
    after = (await notebook.state(brief=True)).kernel
    assert before is not None
    assert after is not None
    assert before.session
    assert after.session not in ("", before.session)
