"""Finds what is risky about a cell, in the notebook in which it is to run.

This is a seat belt, not a sandbox: it shows an honest mistake of the model before it happens, and the usual
ways to hide one. Code that means to deceive can.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from ..contracts import Cell, NotebookState
from ..tool_servers import ToolServer
from .findings import KernelState
from .interpreter import Interpreter
from .markdown import risks_of_markup
from .paths import Places

_KEPT = 16


class RiskReader:
    """Reads the cells of a notebook, and what a cell would do among them.

    Parameters
    ----------
    folder : Path or str, optional
        The kernel's working folder, where files may be written. Without it, relative paths count as inside
        and absolute ones as outside.
    """

    _lock: ClassVar[threading.Lock] = threading.Lock()
    _read_before: ClassVar[OrderedDict[str, KernelState]] = OrderedDict()
    """What notebooks left in their kernels that were read before, by their cells: they are read once."""

    def __init__(self, folder: Path | str | None = None) -> None:
        self._places, self._folder = Places(folder), str(folder or "")
        self._state = KernelState()
        self._seen: set[str] = set()
        self._is_new = True
        self._judged: tuple[str, set[str], frozenset[str]] | None = None
        self._servers: dict[str, frozenset[str]] = {}
        self.tools = frozenset[str]()
        """The destructive functions of servers in the cell that was recorded last."""

    def know_servers(self, servers: Sequence[ToolServer]) -> None:
        """Learn which names in the kernel have functions of servers, and which of them are destructive."""
        self._servers = {server.module: frozenset(server.destructive) for server in servers if server.module}

    def read(self, source: str, notebook: NotebookState | None = None) -> list[str]:
        """Return what is risky about a code cell, as phrases; none if it looks harmless.

        ``notebook`` is the notebook without that cell. The names of a cell that was read are remembered, even
        if it does not run: part of it may have.
        """
        if notebook is not None:
            self._read_notebook(notebook)
        interpreter = self._interpreter()
        interpreter.cell(source)
        self._judged = _digest(source), interpreter.targets, frozenset(interpreter.tools)
        return list(interpreter.reasons)

    def read_markdown(self, source: str) -> list[str]:
        """Return what is risky about a text cell."""
        return [f"{reason} ({subject})" if subject else reason for reason, subject in risks_of_markup(source)]

    def record(self, source: str) -> None:
        """Remember that a code cell runs, and the files that it makes."""
        digest = _digest(source)
        if self._judged is None or self._judged[0] != digest:  # the user has changed it
            self.read(source)
        assert self._judged is not None
        self._state.files.made |= self._judged[1]
        self._seen.add(digest)
        self.tools = self._judged[2]
        self._is_new, self._judged = False, None

    def _read_notebook(self, notebook: NotebookState) -> None:
        """Read the cells that have not been read: those that ran in their order, after those that did not."""
        cells = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
        cells.sort(key=lambda cell: cell.execution_count or 0)
        if self._is_new:
            self._is_new = False
            self._read_whole(cells)
        for cell in cells:
            self._read_cell(cell)
        files = self._state.files  # what is kept of the cells for other readers has none of these
        files.notebook = notebook.name
        files.found |= {name for name in notebook.files if name not in files.made}

    def _read_whole(self, cells: Sequence[Cell]) -> None:
        """Go on from what was read of the same notebook before."""
        prefixes, digest = [], self._folder
        for cell in cells:
            digest = _digest(f"{digest} {_digest(cell.source)} {cell.execution_count is not None}")
            prefixes.append(digest)
        with self._lock:
            known = next((at for at in range(len(cells), 0, -1) if prefixes[at - 1] in self._read_before), 0)
            if known:
                self._read_before.move_to_end(prefixes[known - 1])
                before = self._read_before[prefixes[known - 1]].copy()
                before.files.found |= self._state.files.found
                self._state = before
                self._seen |= {_digest(cell.source) for cell in cells[:known]}
        for cell in cells[known:]:
            self._read_cell(cell)
        with self._lock:
            if prefixes:
                self._read_before[prefixes[-1]] = self._state.copy()
            while len(self._read_before) > _KEPT:
                self._read_before.popitem(last=False)

    def _interpreter(self, *, muted: bool = False) -> Interpreter:
        self._state.servers = self._servers
        return Interpreter(self._state, self._places, muted=muted)

    def _read_cell(self, cell: Cell) -> None:
        if (digest := _digest(cell.source)) in self._seen:
            return
        self._seen.add(digest)
        interpreter = self._interpreter(muted=True)
        interpreter.cell(cell.source)
        if cell.execution_count is not None:  # then its files are there
            self._state.files.found |= interpreter.targets - self._state.files.made


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
