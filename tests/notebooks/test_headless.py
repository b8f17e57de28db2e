"""A headless notebook at work: real cells, one real kernel, a real file."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import nbformat
import pytest
import pytest_asyncio
from nbformat.v4 import new_code_cell, new_notebook

from jupyter_codeact.agent.contracts import NotebookError
from jupyter_codeact.notebooks import outputs
from jupyter_codeact.notebooks.headless import HeadlessNotebook
from tests.notebooks.cells import Knock, knocking, printed, read, run, until

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def notebook(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HeadlessNotebook]:
    """One notebook and one kernel for all tests that leave the kernel alive and do not look at its state."""
    folder = tmp_path_factory.mktemp("shared")
    # a kernel that believes to be under pytest itself does not capture what subprocesses print
    withhold = ["PYTEST_CURRENT_TEST"]
    async with HeadlessNotebook(output=folder / "shared.ipynb", withhold=withhold) as notebook:
        yield notebook


@pytest_asyncio.fixture(loop_scope="module")
async def knock() -> AsyncIterator[Knock]:
    async with knocking() as knock:
        yield knock


async def test_outputs_of_every_kind_come_complete_and_in_order(notebook: HeadlessNotebook) -> None:
    source = "print(1)\ndisplay('shown')\nprint(2)\nprint(3)\n7 * 6"
    execution = await run(notebook, source)
    assert execution.status == "ok"
    assert [output.get("text") or output["data"] for output in execution.outputs] == [
        "1\n",
        {"text/plain": "'shown'"},
        "2\n3\n",
        {"text/plain": "42"},
    ]
    assert execution.execution_count == execution.outputs[-1]["execution_count"]
    assert execution.seconds > 0


async def test_thousands_of_outputs_all_arrive(notebook: HeadlessNotebook) -> None:
    source = "for i in range(2000): display(i)"
    cell = await notebook.write_cell(source)
    execution = await notebook.run_cell(cell, source=source)
    assert [output["data"]["text/plain"] for output in execution.outputs] == [str(i) for i in range(2000)]
    await notebook.delete_cell(cell)


async def test_an_error_is_an_output_and_a_status(notebook: HeadlessNotebook) -> None:
    execution = await run(notebook, "print('before')\n1 / 0")
    assert execution.status == "error"
    assert printed(execution) == "before\n"
    assert execution.outputs[-1]["ename"] == "ZeroDivisionError"
    assert (await run(notebook, "print('and on')")).status == "ok"


async def test_a_display_is_updated_where_it_stands_even_when_cells_move(notebook: HeadlessNotebook) -> None:
    source = "handle = display('first', display_id=True)\nprint('below')"
    cell = await notebook.write_cell(source)
    await notebook.run_cell(cell, source=source)
    await notebook.write_cell(
        "# a cell above", cell_type="markdown", after=(await notebook.state()).cells[0].id
    )
    await run(notebook, "handle.update('second')")
    [shown] = [c.outputs for c in (await notebook.state()).cells if c.id == cell]
    assert [output.get("text") or output["data"]["text/plain"] for output in shown] == ["'second'", "below\n"]


async def test_cleared_outputs_are_gone_at_once_or_when_the_next_one_comes(
    notebook: HeadlessNotebook,
) -> None:
    clear = "from IPython.display import clear_output\nprint('a')\n"
    assert printed(await run(notebook, f"{clear}clear_output()\nprint('b')")) == "b\n"
    assert printed(await run(notebook, f"{clear}clear_output(wait=True)")) == "a\n"
    assert printed(await run(notebook, f"{clear}clear_output(wait=True)\nprint('b')")) == "b\n"
    assert printed(await run(notebook, "print('c')")) == "c\n"


async def test_what_a_thread_prints_after_its_cell_goes_to_that_cell(
    notebook: HeadlessNotebook, knock: Knock, tmp_path: Path
) -> None:
    source = (
        f"import threading\ndef late():\n    {until(tmp_path / 'over')}\n"
        f"    print('late', flush=True)\n    {knock.source}\nthreading.Thread(target=late).start()"
    )
    cell = await notebook.write_cell(source)
    assert (await notebook.run_cell(cell, source=source)).outputs == []
    (tmp_path / "over").touch()
    await asyncio.wait_for(knock.heard.wait(), 60)
    assert printed(await run(notebook, "print('here')")) == "here\n"
    [shown] = [c.outputs for c in (await notebook.state()).cells if c.id == cell]
    assert [output["text"] for output in shown] == ["late\n"]


async def test_display_data_that_no_notebook_can_hold_becomes_text(notebook: HeadlessNotebook) -> None:
    data = {"text/plain": 5, "application/json": {"a": 1}, "text/html": ["<b>", "</b>"]}
    execution = await run(notebook, f"display({data!r}, raw=True)")
    assert execution.outputs[0]["data"] == {**data, "text/plain": "5"}


async def test_widgets_are_saved_with_their_state(notebook: HeadlessNotebook) -> None:
    for name in ("A", "B"):
        await run(
            notebook,
            "from comm import create_comm\n"
            f"comm = create_comm(target_name='jupyter.widget', comm_id='{name}',"
            f" data={{'state': {{'_model_name': '{name}Model', '_model_module': 'm'}}}})",
        )
    await notebook.save()
    widgets = read(notebook.path).metadata.widgets["application/vnd.jupyter.widget-state+json"]
    assert {key: widget.model_name for key, widget in widgets.state.items()} == {"A": "AModel", "B": "BModel"}


async def test_more_than_a_file_should_hold_is_cut_with_a_note(
    notebook: HeadlessNotebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outputs, "STREAM_LIMIT", 1000)
    execution = await run(notebook, "import sys\nfor _ in range(30): print('x' * 99, flush=True)\n42")
    assert [output["output_type"] for output in execution.outputs] == ["stream", "execute_result", "stream"]
    assert len(execution.outputs[0]["text"]) == 1000
    assert execution.outputs[-1]["text"] == "[2,000 more characters were printed; they are not kept.]\n"


async def test_more_outputs_than_anybody_reads_are_cut_with_a_note(
    notebook: HeadlessNotebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outputs, "MOST_OUTPUTS", 10)
    execution = await run(notebook, "for number in range(30): display(number)\n42\n1 / 0")
    kinds = [output["output_type"] for output in execution.outputs]
    assert kinds == ["display_data"] * 10 + ["error", "stream"]
    assert execution.outputs[-1]["text"] == "[There were 20 more outputs; they are not kept.]\n"


async def test_asking_for_input_is_an_error_not_a_wait(notebook: HeadlessNotebook) -> None:
    execution = await run(notebook, "print('who?')\ninput()", timeout=60)
    assert execution.status == "error"
    assert execution.outputs[-1]["ename"] == "StdinNotImplementedError"


async def test_what_the_kernel_process_itself_prints_stays_off_our_output(
    notebook: HeadlessNotebook, capfd: pytest.CaptureFixture[str]
) -> None:
    execution = await run(notebook, "import os, sys\nos.system('echo out; echo err >&2')\nNone")
    assert "out" in printed(execution)
    assert capfd.readouterr() == ("", "")


async def test_what_goes_to_the_descriptors_last_is_seen_every_time(notebook: HeadlessNotebook) -> None:
    source = "import os\nos.write(1, b'x' * 60_000 + b'out')\nos.write(2, b'err')\n1 / 0"
    executions = [await run(notebook, source) for _ in range(100)]  # the kernel's thread is late for some
    shown = [(text.count("x"), "out" in text, "err" in text) for text in map(printed, executions)]
    assert set(shown) == {(60_000, True, True)}


async def test_letters_that_children_print_come_whole(notebook: HeadlessNotebook) -> None:
    parts = ("é" * 50_000).encode(), b"\xf0\x9f", b"\x90\x8d!"
    source = f"import os, time\nfor part in {parts}:\n    os.write(1, part)\n    time.sleep(0.05)"
    assert printed(await run(notebook, source)) == "é" * 50_000 + "\N{SNAKE}!"


async def test_a_cell_that_takes_too_long_is_interrupted_and_keeps_what_it_printed(
    notebook: HeadlessNotebook,
) -> None:
    execution = await run(notebook, "import time\nprint('begun')\ntime.sleep(60)", timeout=2)
    assert execution.status == "interrupted"
    assert printed(execution) == "begun\n"
    assert execution.outputs[-1]["ename"] == "KeyboardInterrupt"
    assert execution.seconds >= 2
    assert (await run(notebook, "print('alive')")).status == "ok"


async def test_a_cell_that_ends_by_itself_when_interrupted_was_still_interrupted(
    notebook: HeadlessNotebook,
) -> None:
    source = "try:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    print('cleaned up')"
    execution = await run(notebook, f"import time\n{source}", timeout=2)
    assert execution.status == "interrupted"
    assert printed(execution) == "cleaned up\n"


@pytest.mark.parametrize("source", ["while True: pass", "import asyncio\nawait asyncio.sleep(60)"])
async def test_an_interrupt_from_another_task_ends_the_cell(
    notebook: HeadlessNotebook, knock: Knock, source: str
) -> None:
    working = asyncio.create_task(run(notebook, f"print('begun')\n{knock.source}\n{source}"))
    await asyncio.wait_for(knock.heard.wait(), 60)
    await notebook.interrupt()
    execution = await asyncio.wait_for(working, 60)
    assert execution.status == "interrupted"
    assert printed(execution) == "begun\n"


async def test_an_interrupt_before_the_kernel_has_begun_is_not_lost(notebook: HeadlessNotebook) -> None:
    working = asyncio.create_task(run(notebook, "import time\ntime.sleep(60)"))
    for _ in range(2):  # the request is under way now, and not answered
        await asyncio.sleep(0)
    await notebook.interrupt()
    assert (await asyncio.wait_for(working, 60)).status == "interrupted"


async def test_an_interrupt_with_nothing_running_harms_nothing(notebook: HeadlessNotebook) -> None:
    await notebook.interrupt()
    assert (await run(notebook, "print('fine')")).status == "ok"


async def test_cancelling_interrupts_the_cell_and_keeps_what_it_printed(
    notebook: HeadlessNotebook, knock: Knock
) -> None:
    source = f"import time\nprint('begun', flush=True)\n{knock.source}\ntime.sleep(60)"
    working = asyncio.create_task(run(notebook, source))
    await asyncio.wait_for(knock.heard.wait(), 60)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    execution = await asyncio.wait_for(run(notebook, "print('next')"), 60)
    assert (execution.status, printed(execution)) == ("ok", "next\n")
    assert "begun" in str((await notebook.state()).cells[-2].outputs)


async def test_cancelling_before_the_kernel_has_begun_interrupts_the_cell_too(
    notebook: HeadlessNotebook,
) -> None:
    working = asyncio.create_task(run(notebook, "import time\ntime.sleep(60)"))
    for _ in range(3):
        await asyncio.sleep(0)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert (await asyncio.wait_for(run(notebook, "print('next')"), 60)).status == "ok"


async def test_only_the_source_that_was_meant_is_run(notebook: HeadlessNotebook) -> None:
    cell = await notebook.write_cell("print('as written')")
    with pytest.raises(NotebookError, match="was changed before it could run"):
        await notebook.run_cell(cell, source="print('as read')")
    with pytest.raises(NotebookError, match="no cell “gone”"):
        await notebook.run_cell("gone", source="")
    text = await notebook.write_cell("some words", cell_type="markdown")
    with pytest.raises(NotebookError, match="is a markdown cell; only code can be run"):
        await notebook.run_cell(text, source="some words")


async def test_rewriting_clears_outputs_and_deleting_removes(notebook: HeadlessNotebook) -> None:
    cell = await notebook.write_cell("1")
    await notebook.run_cell(cell, source="1")
    assert await notebook.write_cell("2", cell_id=cell) == cell
    last = (await notebook.state()).cells[-1]
    assert (last.id, last.source, last.outputs, last.execution_count) == (cell, "2", [], None)
    await notebook.delete_cell(cell)
    assert cell not in [c.id for c in (await notebook.state()).cells]


async def test_the_file_is_valid_at_every_moment(notebook: HeadlessNotebook) -> None:
    await notebook.save()
    done = asyncio.Event()
    seen = 0

    async def look() -> None:
        nonlocal seen
        while not done.is_set():
            await asyncio.to_thread(read, notebook.path)
            seen += 1

    looking = asyncio.create_task(look())
    for number in range(20):
        await run(notebook, f"print({number})\n{number}")
    done.set()
    await looking
    await notebook.save()
    assert seen > 5
    assert read(notebook.path).cells[-1].outputs[-1].data["text/plain"] == "19"


async def test_the_state_tells_the_kernel_and_its_variables(notebook: HeadlessNotebook) -> None:
    await run(notebook, "answer_to_find = 42")
    state = await notebook.state()
    assert state.kernel is not None
    assert (state.kernel.language, state.kernel.status) == ("python", "idle")
    assert "answer_to_find" in [variable.name for variable in state.variables or ()]


async def test_the_state_can_be_read_while_a_cell_runs_and_while_another_begins(
    notebook: HeadlessNotebook, knock: Knock, tmp_path: Path
) -> None:
    working = asyncio.create_task(run(notebook, f"{knock.source}\n{until(tmp_path / 'read')}"))
    await asyncio.wait_for(knock.heard.wait(), 60)
    state = await notebook.state()
    assert state.kernel is not None
    assert (state.kernel.status, state.variables) == ("busy", None)  # unknown, not none
    (tmp_path / "read").touch()
    await working
    states = [asyncio.create_task(notebook.state()) for _ in range(3)]
    assert (await run(notebook, "1")).status == "ok"
    assert len({len((await state).cells) for state in states}) == 1


async def test_counts_of_another_kernel_are_not_told(tmp_path: Path) -> None:
    cells = [new_code_cell("x = 1", execution_count=7), new_code_cell("y = 2", execution_count=8)]
    nbformat.write(new_notebook(cells=cells), tmp_path / "in.ipynb")
    async with HeadlessNotebook(tmp_path / "in.ipynb") as notebook:
        first = (await notebook.state()).cells[0].id
        await notebook.run_cell(first, source="x = 1")
        assert [cell.execution_count for cell in (await notebook.state()).cells] == [1, None]
    assert [cell.execution_count for cell in read(notebook.path).cells] == [1, 8]


async def test_a_thousand_cells_are_read_in_no_time(tmp_path: Path) -> None:
    source = new_notebook(cells=[new_code_cell(f"x{i} = {i}\n" * 5) for i in range(1000)])
    for cell in source.cells:
        cell.outputs = [nbformat.v4.new_output("stream", text="line\n" * 20)]
    nbformat.write(source, tmp_path / "big.ipynb")
    big = HeadlessNotebook(tmp_path / "big.ipynb")
    times = []
    for _ in range(5):
        begun = time.process_time()  # of this process, whatever else the machine is at
        assert len((await big.state()).cells) == 1000
        times.append(time.process_time() - begun)
    assert min(times) < 0.05
