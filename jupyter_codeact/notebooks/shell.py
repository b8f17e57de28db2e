"""A notebook inside an IPython shell: the user's namespace, and cells that are in no file.

The cells are the user's inputs of this session, which nobody changes, and those that the agent writes. The
agent's cells run as if the user had typed them, but stay out of the shell's history: ``In``, the prompt's
number and what the arrow keys bring back do not change. ``_`` is the last result, as ever.
"""

from __future__ import annotations

import asyncio
import contextvars
import re
import signal
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

from ..agent.contracts import (
    Execution,
    ExecutionStatus,
    Kernel,
    NotebookCell,
    NotebookError,
    NotebookState,
    Variable,
)
from ..agent.source import runs_shell_commands
from ..agent.unicode import valid_text
from . import servers, tools, user_expressions, variables
from .capture import captured
from .document import Cells, cell_of, plain_copy
from .files import files_beside
from .outputs import OutputCollector

T = TypeVar("T")

INPUTS = 30
"""How many of the user's last inputs the notebook has."""
CODEACT_LINE = re.compile(
    r"(?:[^%#\n]*=)?[ \t]*(?:%time[ \t]+)?%codeact\b|[ \t]*%(?:re)?load_ext[ \t]+jupyter_codeact\b"
)
"""How lines begin that are for CodeAct and no part of the notebook."""


class MainThread(Protocol):
    """The way into the thread that the user's code runs in."""

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """Have ``job`` called there, in its turn."""
        ...


class ShellNotebook:
    """Implements the agent's `Notebook` contract on an IPython shell.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell.
    main : callable
        Returns the present way into the shell's thread; everything that touches the shell goes there.
    show : callable
        Tells whether outputs are shown while cells run.
    inside : callable
        Tells whether the user's cell that asked for the run is still being executed.
    """

    def __init__(
        self,
        shell: Any,
        main: Callable[[], MainThread],
        *,
        show: Callable[[], bool] = lambda: True,
        inside: Callable[[], bool] = lambda: True,
    ) -> None:
        self._shell, self._main, self._show, self._inside = shell, main, show, inside
        self._cells = Cells()
        self._outputs = OutputCollector()
        self._session = uuid.uuid4().hex
        self._inputs = 0
        self._count = 0
        self._running: int | None = None

    @property
    def cells(self) -> list[Any]:
        """The cells, as nbformat nodes."""
        return self._cells.cells

    async def state(self, *, brief: bool = False, task: str = "") -> NotebookState:
        """Read the session; the last cell is the active one."""
        found, folder = await self._do(lambda: (self._read(brief), Path.cwd()))
        beside = {} if brief else (await files_beside(folder, task=task))._asdict()
        cells = [cell_of(cell, brief=brief) for cell in self.cells]
        return NotebookState(
            cells=cells,
            active_cell=cells[-1].id if cells else None,
            kernel=Kernel(language="python", session=self._session),
            variables=found,
            **beside,
        )

    def secrets(self) -> Mapping[str, str]:
        """Return nothing: the shell's environment is that of this process."""
        return {}

    async def write_cell(
        self,
        source: str,
        *,
        cell_type: Literal["code", "markdown"] = "code",
        cell_id: str | None = None,
        after: str | None = None,
        before: str | None = None,
    ) -> str:
        """Rewrite cell ``cell_id`` in place, or insert one below ``after``, above ``before``, or last."""
        return self._cells.write(source, cell_type, cell_id, after, before)

    async def run_cell(self, cell_id: str, *, source: str, timeout: float | None = None) -> Execution:
        """Run a cell whose source must equal ``source`` in the user's namespace; wait until it is done."""
        cell = self._cells.editable_cell(cell_id)
        if cell.source != source:
            raise NotebookError(f"Cell “{cell_id}” was changed before it could run; it was not run.")
        running = self._main().submit(lambda: self._execute(cell))
        done = asyncio.wrap_future(running)
        waiting: set[asyncio.Future[Any]] = {done}
        try:
            finished, _ = await asyncio.wait(waiting, timeout=timeout)
            while not finished:
                await self.interrupt()
                finished, _ = await asyncio.wait(waiting, timeout=2.0)
        except asyncio.CancelledError:
            if not running.cancel():
                await self.interrupt()
            raise
        return done.result()

    async def read_cell(self, cell_id: str) -> NotebookCell:
        """Return a whole cell."""
        cell: NotebookCell = plain_copy(self.cells[self._cells.index(cell_id)])
        return cell

    async def restore_cell(self, cell: NotebookCell, *, after: str | None = None) -> None:
        """Put a whole cell back: in place if it is there, else below ``after`` (first if ``None``)."""
        self._cells.restore(cell, after)

    async def delete_cell(self, cell_id: str) -> None:
        """Remove a cell."""
        self._cells.delete(cell_id)

    async def move_cell(self, cell_id: str, *, after: str | None) -> None:
        """Move a cell below ``after`` (to the top if ``None``)."""
        self._cells.move(cell_id, after)

    async def interrupt(self, *, hurry: bool = False) -> None:
        """Interrupt the agent's cell, if one runs, as Ctrl-C does; the kernel is the user's, and stays."""
        thread = self._running
        if thread is None:
            return
        if sys.platform == "win32":
            signal.raise_signal(signal.SIGINT)
        else:
            signal.pthread_kill(thread, signal.SIGINT)

    async def load_tools(self, names: Sequence[str]) -> None:
        """Define functions (``"module:function"``) in the user's namespace."""
        expression = tools.expression(names)
        tools.raise_for_reply(await self._do(lambda: self._evaluate(expression)))

    async def define_servers(self, kernel: Mapping[str, Any]) -> Mapping[str, str]:
        """Define the functions of MCP servers in the user's namespace; return the names of the servers."""
        expression = servers.expression(kernel)
        return servers.names_in(await self._do(lambda: self._evaluate(expression)))

    async def _do(self, job: Callable[[], T]) -> T:
        return await asyncio.wrap_future(self._main().submit(job))

    def _evaluate(self, expression: str) -> dict[str, Any]:
        """Return what a kernel would reply to a silent request for an expression."""
        return {
            "content": {"user_expressions": self._shell.user_expressions({user_expressions.NAME: expression})}
        }

    def _read(self, brief: bool) -> list[Variable] | None:
        """Add what the user has run since to the cells; return their variables."""
        shell = self._shell
        inputs = list(enumerate(shell.history_manager.input_hist_raw))
        end = len(inputs) - self._inside()  # the last one is what is being executed
        for count, raw in inputs[max(self._inputs + 1, end - INPUTS) : end]:
            if source := without_codeact(valid_text(raw)):
                cell = self.cells[self._cells.index(self._cells.write(source, "code"))]
                cell.execution_count = count
                cell.metadata["codeact"] = {"protected": True}
        self._inputs = max(self._inputs, end - 1)
        return [] if brief else variables.parse(self._evaluate(variables.EXPRESSION))

    def _execute(self, cell: Any) -> Execution:
        """Run a cell, in the shell's thread."""
        self._count += 1
        message, count, begun = uuid.uuid4().hex, self._count, time.perf_counter()

        def collect(kind: str, content: dict[str, Any]) -> None:
            header = {"msg_id": message, "msg_type": kind}
            self._outputs.process(
                {"header": header, "parent_header": header, "msg_type": kind, "content": content}
            )

        status: ExecutionStatus = "interrupted"
        with suppress(KeyboardInterrupt), self._outputs.collect(message, cell):
            collect("execute_input", {"execution_count": count, "code": cell.source})
            with (
                self._interruptible(),
                captured(self._shell, cell.source, count, collect, show=self._show()),
            ):
                status = self._status(self._run(cell.source))
            self._outputs.widget_state |= _widget_states()
        return Execution(
            status=status,
            outputs=plain_copy(cell.outputs),
            execution_count=count,
            exit_code=self._exit_code(cell.source),
            seconds=time.perf_counter() - begun,
        )

    def _exit_code(self, source: str) -> int | None:
        """Return the exit code of a cell's last shell command, if that failed."""
        code = self._shell.user_ns.get("_exit_code") if runs_shell_commands(source) else None
        return code if isinstance(code, int) and code else None

    def _run(self, source: str) -> Any:
        """Have the shell run a source; code that awaits something gets a loop of its own if ours is taken."""
        shell = self._shell
        try:
            asyncio.get_running_loop()
            transformed = shell.transform_cell(source)
            awaits = shell.should_run_async(source, transformed_cell=transformed)
        except Exception:  # no loop, or nothing that IPython can read: it will say so itself
            awaits = False
        if not awaits:
            return shell.run_cell(source, store_history=False)
        ran: Future[Any] = Future()
        begun: Future[Callable[[], Any]] = Future()

        async def work() -> None:
            task = asyncio.ensure_future(
                shell.run_cell_async(source, store_history=False, transformed_cell=transformed)
            )
            loop = asyncio.get_running_loop()
            begun.set_result(lambda: loop.call_soon_threadsafe(task.cancel))
            ran.set_result(await task)

        context = contextvars.copy_context()
        thread = threading.Thread(target=lambda: context.run(asyncio.run, work()), name="codeact cell")
        thread.start()
        while thread.is_alive():
            try:
                thread.join(0.1)
            except KeyboardInterrupt:
                begun.result()()
        shell.events.trigger("post_execute")
        shell.events.trigger("post_run_cell", ran.result())
        return ran.result()

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        """Let Ctrl-C, and `interrupt`, raise KeyboardInterrupt in the cell."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        self._running = threading.get_ident()
        try:
            yield
        finally:
            self._running = None
            signal.signal(signal.SIGINT, before)

    @staticmethod
    def _status(result: Any) -> ExecutionStatus:
        error = result.error_before_exec or result.error_in_exec
        if isinstance(error, KeyboardInterrupt | asyncio.CancelledError):
            return "interrupted"
        return "error" if error is not None else "ok"


def _widget_states() -> dict[str, Any]:
    """Return the states of this process's widgets, which the shell's frontend alone is sent."""
    if "ipywidgets" not in sys.modules:
        return {}
    states = sys.modules["ipywidgets"].Widget.get_manager_state()["state"]
    return {name: {**one["state"], "_model_name": one["model_name"]} for name, one in states.items()}


def without_codeact(source: str) -> str:
    """Return an input without what is for CodeAct in it."""
    if source.lstrip().startswith("%%codeact"):
        return ""
    return "\n".join(line for line in source.splitlines() if not CODEACT_LINE.match(line)).strip()
