"""The kernel of a headless notebook: where it lives, how it dies, and what is kept then."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_notebook

from jupyter_codeact.agent.contracts import NotebookError
from jupyter_codeact.notebooks.headless import HeadlessNotebook
from tests.notebooks.cells import printed, read, run


async def test_a_kernel_that_is_deaf_to_interrupts_is_killed(tmp_path: Path) -> None:
    deaf = "import time\nwhile True:\n  try: time.sleep(60)\n  except KeyboardInterrupt: print('no')"
    async with HeadlessNotebook(output=tmp_path / "out.ipynb", grace=1) as notebook:
        execution = await run(notebook, deaf, timeout=1)
        assert execution.status == "dead"
        assert printed(execution).startswith("no\n")
        assert (await notebook.state()).kernel.status == "dead"
    assert read(notebook.path).cells[0].outputs[0].text.startswith("no\n")


@pytest.mark.parametrize(
    "end",
    [
        "os._exit(1)",
        "os.kill(os.getpid(), 9)",
        "import ctypes; ctypes.string_at(0)",
    ],
)
async def test_when_the_kernel_dies_what_it_printed_is_kept_and_the_next_cell_gets_a_fresh_one(
    tmp_path: Path, end: str
) -> None:
    async with HeadlessNotebook(output=tmp_path / "out.ipynb") as notebook:
        said = f"import os, time\nlost = 1\nprint('last words', flush=True)\ntime.sleep(0.2)\n{end}"
        execution = await asyncio.wait_for(run(notebook, said), 60)
        assert execution.status == "dead"
        assert printed(execution) == "last words\n"
        await notebook.save()
        assert read(notebook.path).cells[0].outputs[0].text == "last words\n"
        execution = await run(notebook, "print('lost' in globals())")
        assert execution.status == "ok"
        assert printed(execution) == "False\n"


async def test_an_interrupt_while_a_fresh_kernel_starts_is_not_lost(tmp_path: Path) -> None:
    async with HeadlessNotebook(output=tmp_path / "out.ipynb") as notebook:
        await run(notebook, "exit()")
        working = asyncio.create_task(run(notebook, "import time\ntime.sleep(60)"))
        await asyncio.sleep(0)
        await notebook.interrupt()
        assert (await asyncio.wait_for(working, 60)).status == "interrupted"


async def test_the_kernel_runs_in_the_notebooks_folder_and_does_not_see_what_is_withheld(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "there").mkdir()
    nbformat.write(new_notebook(), tmp_path / "there" / "in.ipynb")
    monkeypatch.setenv("A_SECRET", "s3cret")
    monkeypatch.setenv("NO_SECRET", "plain")
    out = tmp_path / "out.ipynb"
    async with HeadlessNotebook(tmp_path / "there" / "in.ipynb", out, withhold=["A_SECRET"]) as notebook:
        source = "import os\nprint(os.getcwd(), os.environ.get('A_SECRET'), os.environ['NO_SECRET'])"
        assert printed(await run(notebook, source)) == f"{tmp_path / 'there'} None plain\n"
    metadata = read(out).metadata
    assert metadata.kernelspec.name == "python3"
    assert metadata.language_info.name == "python"


async def test_the_kernel_gets_variables_beside_those_of_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INHERITED", "old")
    more = {"INHERITED": "new", "ADDED": "too"}
    async with HeadlessNotebook(output=tmp_path / "out.ipynb", environment=more) as notebook:
        source = "import os\nprint(os.environ['INHERITED'], os.environ['ADDED'])"
        assert printed(await run(notebook, source)) == "new too\n"


async def test_the_kernel_is_gone_however_the_block_is_left(tmp_path: Path) -> None:
    pids: list[int] = []

    async def work(leave: str) -> None:
        async with HeadlessNotebook(output=tmp_path / "out.ipynb") as notebook:
            pids.append(int(printed(await run(notebook, "import os\nprint(os.getpid())"))))
            os.kill(pids[-1], 0)
            if leave == "raise":
                raise RuntimeError(leave)
            if leave == "cancel":
                asyncio.current_task().cancel()
                await notebook.write_cell("# never")
                await asyncio.sleep(60)

    await work("fall")
    with pytest.raises(RuntimeError, match="raise"):
        await work("raise")
    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(work("cancel"))
    assert len(set(pids)) == 3
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert read(tmp_path / "out.ipynb").cells[-1].source == "# never"


async def test_a_file_that_can_no_longer_be_written_is_told_before_more_is_done(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    async with HeadlessNotebook(output=folder / "out.ipynb") as notebook:
        folder.rmdir()
        cell = await notebook.write_cell("1")
        with pytest.raises(NotebookError, match=r"could not be saved to .*: no such file"):
            await notebook.save()
        with pytest.raises(NotebookError, match="could not be saved"):
            await notebook.run_cell(cell, source="1")
        with pytest.raises(NotebookError, match="could not be saved"):
            await notebook.write_cell("2")
        folder.mkdir()
        await notebook.save()
    assert [c.source for c in read(folder / "out.ipynb").cells] == ["1"]
