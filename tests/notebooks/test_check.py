"""A check tells cell by cell whether a notebook reproduces, with real kernels."""

from __future__ import annotations

import asyncio
import base64
import os
import struct
from pathlib import Path

import psutil
import pytest

from jupyter_codeact.agent.contracts import Cell, CellCheck, NotebookError, Output
from jupyter_codeact.agent.events import new_id
from jupyter_codeact.notebooks.check import PROTECTED, check, reproduces, summary
from jupyter_codeact.notebooks.compare import difference
from tests.waiting import until


def cell(
    source: str, *outputs: Output, count: int | None = None, protected: bool = False, kind: str = "code"
) -> Cell:
    fields = {"cell_type": kind, "source": source, "outputs": outputs, "execution_count": count}
    return Cell.model_validate({"id": new_id(), "protected": protected, **fields})


def printed(text: str, name: str = "stdout") -> Output:
    return {"output_type": "stream", "name": name, "text": text}


def result(text: str, **data: object) -> Output:
    data = {"text/plain": text, **data}
    return {"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": 9}


def picture(width: int, height: int, more: bytes = b"") -> Output:
    png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", width, height) + more
    data = {"image/png": base64.b64encode(png).decode(), "text/plain": "<Figure>"}
    return {"output_type": "display_data", "data": data, "metadata": {}}


def told(checks: list[CellCheck]) -> list[tuple[str, str]]:
    return [(one.state, one.message) for one in checks]


async def test_every_cell_is_told_of_and_the_rest_is_not_run_after_a_failure(tmp_path: Path) -> None:
    (tmp_path / "data.txt").write_text("from the folder")
    cells = [
        cell("# Words", kind="markdown"),
        cell("import sys\nprint(object())", printed("<object object at 0x7f0000000000>\n"), count=3),
        cell("open('data.txt').read()", result("'from elsewhere'"), count=1),
        cell("2 + 2", result("5"), count=4),
        cell("'never run before'"),
        cell("danger()", protected=True),
        cell(""),
        cell("total + 1", result("3"), count=5),
        cell("total = 2", count=2),
    ]
    steps: list[list[CellCheck]] = []
    checks = await check(cells, kernel="python3", folder=tmp_path, on_progress=steps.append)
    assert [one.cell_id for one in checks] == [one.id for one in cells[1:]]
    disorder = "In the notebook it was run before a cell above it ([1] below [3])."
    assert told(checks) == [
        ("same", ""),
        ("different", f"It shows “'from the folder'” instead of “'from elsewhere'”. {disorder}"),
        ("different", "It shows “4” instead of “5”."),
        ("same", "It had not been run before, so there was nothing to compare with."),
        ("not_run", "It is protected, so it was not run. Cells below may miss what it does."),
        ("same", ""),
        ("failed", "NameError: name 'total' is not defined. It is defined only in a cell further down."),
        ("not_run", "A cell above it failed, so it was not run."),
    ]  # fmt: skip
    assert not reproduces(checks)
    assert summary(checks) == (
        "The notebook does not reproduce: 2 cells showed something else, 1 cell failed, 2 cells did not "
        "run, 3 cells showed the same."
    )
    assert {one.state for one in steps[0]} == {"waiting"}
    assert [[one.state for one in step].count("running") for step in steps].count(1) == 6
    assert steps[-1] == checks
    assert os.listdir(tmp_path) == ["data.txt"]


async def test_a_cell_that_asks_codeact_does_not_ask_again(tmp_path: Path) -> None:
    cells = [
        cell("%%codeact\nWhat is 6 times 7?", result("It is **42**."), count=1),
        cell("6 * 7", result("42"), count=2),
        cell("n = %codeact --quiet How many cells?", count=3),
        cell("'''\n%codeact in a text\n'''; 1", result("1"), count=4),
    ]
    checks = await check(cells, kernel="python3", folder=tmp_path)
    asks = ("not_run", "It asks CodeAct, so it was not run. Cells below may miss what it gives.")
    assert told(checks) == [asks, ("same", ""), asks, ("same", "")]
    assert reproduces(checks)
    assert summary(checks) == (
        "The notebook reproduces: in a fresh kernel 2 cells showed the same. "
        "2 cells that ask CodeAct did not run."
    )
    checks = [one.model_copy(update={"message": PROTECTED}) if one is checks[0] else one for one in checks]
    assert summary(checks).endswith(" 1 cell protected by you and 1 cell that asks CodeAct did not run.")


async def test_input_time_out_and_death_of_the_kernel_are_failures(tmp_path: Path) -> None:
    async def last(source: str, **options: float) -> CellCheck:
        return (await check([cell(source, count=1)], kernel="python3", folder=tmp_path, **options))[-1]

    asked, endless, dead = await asyncio.gather(
        last("input('Name?')"),
        last("while True: pass", timeout=0.5),
        last("import os\nos._exit(1)"),
    )
    assert (asked.state, asked.message[:22]) == ("failed", "StdinNotImplementedErr")
    assert (endless.state, endless.message) == ("failed", "It took longer than 0.5 seconds.")
    assert (dead.state, dead.message) == ("failed", "The kernel died while it ran.")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("%nosuchmagic", "UsageError: Line magic function `%nosuchmagic` not found."),
        ("raise ExceptionGroup('two of them', [ValueError(1)])", "ExceptionGroup: two of them"),
        ("print(1)\nexit()", "It ended the kernel with exit()."),
    ],
)
async def test_a_failure_without_an_error_among_the_outputs_is_told_too(
    tmp_path: Path, source: str, message: str
) -> None:
    [(state, said)] = told(await check([cell(source)], kernel="python3", folder=tmp_path))
    assert (state, said.startswith(message)) == ("failed", True), said


async def test_an_error_that_the_notebook_expects_is_no_failure(tmp_path: Path) -> None:
    error = {"output_type": "error", "ename": "ZeroDivisionError", "evalue": "division by zero"}
    failing = cell("1 / 0", error, count=1)
    more = cell("undefined_name", count=2)
    checks = await check([failing, more], kernel="python3", folder=tmp_path, may_fail={failing.id})
    assert told(checks) == [
        ("same", ""),
        ("failed", "NameError: name 'undefined_name' is not defined. No cell of the notebook defines it."),
    ]


@pytest.mark.parametrize(
    ("above", "name"),
    [
        ("def f():\n    local = 1\n    return local", "local"),
        ("print([item for item in range(3)])", "item"),
        ("files = !echo words\ny = 2", "words"),
    ],
)
async def test_a_name_that_no_cell_defines_at_its_top_is_said_to_be_defined_nowhere(
    tmp_path: Path, above: str, name: str
) -> None:
    checks = await check([cell(above), cell(name)], kernel="python3", folder=tmp_path)
    assert checks[-1].message == (
        f"NameError: name '{name}' is not defined. No cell of the notebook defines it."
    )


async def test_what_a_magic_assigns_further_down_is_found(tmp_path: Path) -> None:
    checks = await check([cell("files"), cell("files = !ls\ny = 2")], kernel="python3", folder=tmp_path)
    assert checks[0].message == (
        "NameError: name 'files' is not defined. It is defined only in a cell further down."
    )


async def test_a_check_that_is_cancelled_ends_its_kernel(tmp_path: Path) -> None:
    begun = asyncio.Event()
    alive = tmp_path / "alive"
    source = f"import os\nopen({str(alive)!r}, 'w').write(str(os.getpid()))\nwhile True: pass"

    def progress(checks: list[CellCheck]) -> None:
        if checks[0].state == "running":
            begun.set()

    work = asyncio.create_task(check([cell(source)], kernel="python3", folder=tmp_path, on_progress=progress))
    await begun.wait()
    await until(lambda: alive.exists() and alive.read_text())
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert not psutil.pid_exists(int(alive.read_text()))


async def test_a_kernel_that_is_not_installed_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotebookError, match="There is no kernel “cobol”"):
        await check([cell("1")], kernel="cobol", folder=tmp_path)


SAME = [
    ([printed("a\n"), printed("b\n")], [printed("a\nb\n")]),
    ([printed("a"), result("1"), printed("b")], [printed("ab"), result("1")]),
    ([result("<Thing at 0x7f1234567890>")], [result("<Thing at 0x55aabbccdd00>")]),
    ([printed("\x1b[31mred\x1b[0m  \n")], [printed("red\n")]),
    ([printed("Wall time: 3 ms\n")], [printed("Wall time: 1.2 s\n")]),
    (
        [printed("1.2 ms ± 3 µs per loop (mean ± std. dev. of 7 runs, 1,000 loops each)")],
        [printed("900 µs ± 1 µs per loop (mean ± std. dev. of 7 runs, 1,000 loops each)")],
    ),
    (
        [printed("\r  0%|   | 0/5 [00:00<?, ?it/s]\r100%|███| 5/5 [00:05<00:00,  1.00s/it]\n", "stderr")],
        [printed("\r100%|███| 5/5 [00:09<00:00,  1.90s/it]\n", "stderr")],
    ),
    (
        [printed("/tmp/ipykernel_12/345.py:1: UserWarning: x\n", "stderr")],
        [printed("/tmp/ipykernel_9/87.py:1: UserWarning: x\n", "stderr")],
    ),
    (
        [result("<b>", **{"text/html": '<i id="T_0a1b2"></i>'})],
        [result("<b>", **{"text/html": '<i id="T_ffee0"></i>'})],
    ),
    ([picture(640, 480, b"one")], [picture(640, 480, b"two")]),
    # what a page sends of a picture, and of long outputs
    ([result("<Figure>", **{"image/png": ""})], [picture(640, 480)]),
    ([printed("a\n… 4 Zeichen ausgelassen …\nc")], [printed("abbbbc")]),
    (
        [result("x", **{"application/json": '{"a":\n… 900 characters left out …\n"}'})],
        [result("x", **{"application/json": {"a": "b" * 900}})],
    ),
    (
        [result("W()", **{"application/vnd.jupyter.widget-view+json": {"model_id": "1"}})],
        [result("W()", **{"application/vnd.jupyter.widget-view+json": {"model_id": "2"}})],
    ),
]
DIFFERENT = [
    ([printed("a\nb\n")], [printed("a\nc\n")], "It shows “c” instead of “b”."),
    ([printed("it took 3 s")], [printed("it took 4 s")], "It shows “it took 4 s” instead of “it took 3 s”."),
    ([result("1")], [], "It no longer shows a result “1”."),
    ([], [printed("1\n2\n")], "It shows more than before: printed text “1”."),
    ([result("1")], [printed("1")], "It shows printed text “1” instead of a result “1”."),
    ([printed("1")], [printed("1", "stderr")], "It shows warnings “1” instead of printed text “1”."),
    ([picture(640, 480)], [picture(64, 48)], "The image is 64×48 pixels instead of 640×480."),
    (
        [result("x", **{"application/json": {"a": 1}})],
        [result("x", **{"application/json": {"a": 2}})],
        "What it shows as application/json is different.",
    ),
    ([result("x", **{"text/html": "<b>x</b>"})], [result("x")], "It no longer shows text/html."),
    (
        [printed("0" * 500 + "1" + "0" * 500)],
        [printed("0" * 500 + "2" + "0" * 500)],
        f"It shows “…{'0' * 30}2{'0' * 28}…” instead of “…{'0' * 30}1{'0' * 28}…”.",
    ),
    (
        [printed("a\n… 4 characters left out …\nc")],
        [printed("abbbbd")],
        "It shows “abbbbd” instead of “a”.",
    ),
    ([printed("0x12")], [printed("0x13")], "It shows “0x13” instead of “0x12”."),
]


@pytest.mark.parametrize(("before", "now"), SAME)
def test_what_differs_by_nature_is_the_same(before: list[Output], now: list[Output]) -> None:
    assert difference(before, now) == ""
    assert difference(now, before) == ""


@pytest.mark.parametrize(("before", "now", "words"), DIFFERENT)
def test_what_is_different_is_said_in_words(before: list[Output], now: list[Output], words: str) -> None:
    assert difference(before, now) == words
