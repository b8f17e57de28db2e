"""From a kernel's messages to the outputs of cells."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete
from nbformat import NotebookNode, ValidationError

STREAM_LIMIT = 10_000_000
"""Characters kept of what one run prints; an endless loop prints more than any file should hold."""


class OutputCollector(NotebookClient):
    """Collects outputs from kernel messages; nbclient sees to display updates, cleared outputs and widgets.

    The notebook nbclient sees is not the user's: it has one cell for each run, in the order of the runs, so
    that nothing shifts when the user's cells do. The two share the list of outputs.
    """

    def __init__(self) -> None:
        super().__init__(NotebookNode(cells=[], metadata=NotebookNode()), record_timing=False)
        self._runs: dict[str, int] = {}
        self._printed: dict[int, int] = {}

    @contextmanager
    def collect(self, message: str, cell: NotebookNode) -> Iterator[None]:
        """Let outputs of the execute request ``message`` appear in ``cell``."""
        cell.outputs = []
        cell.execution_count = None
        record = NotebookNode(outputs=cell.outputs, execution_count=None)
        index = len(self.nb.cells)
        self.nb.cells.append(record)
        self._runs[message] = index
        self.clear_before_next_output = False
        try:
            yield
        finally:
            cell.execution_count = record.execution_count
            dropped = self._printed.get(index, 0) - STREAM_LIMIT
            if dropped > 0:
                self.add_note(message, f"[{dropped:,} more characters were printed; they are not kept.]")

    def add_note(self, message: str, text: str) -> None:
        """Add a line of CodeAct's own to the outputs of the execute request ``message``."""
        shown = self.nb.cells[self._runs[message]].outputs
        shown.append(nbformat.v4.new_output("stream", name="stderr", text=f"{text}\n"))

    def process(self, message: dict[str, Any]) -> bool:
        """Process a message of the kernel; tell whether it says that a run is complete.

        Whatever a thread shows after its cell has ended still goes to that cell.
        """
        index = self._runs.get(message["parent_header"].get("msg_id"))
        if index is None:
            return False
        cell = self.nb.cells[index]
        try:
            try:
                self.process_message(message, cell, index)
            except ValidationError:
                data = message["content"]["data"]
                message["content"]["data"] = {kind: _valid(kind, value) for kind, value in data.items()}
                self.process_message(message, cell, index)
        except CellExecutionComplete:
            return True
        return False

    def output(
        self, outs: list[NotebookNode], msg: dict[str, Any], display_id: str | None, cell_index: int
    ) -> NotebookNode | None:
        """Add an output; consecutive messages of one stream make one output."""
        if msg["msg_type"] == "stream":
            content = msg["content"]
            printed = self._printed.get(cell_index, 0)
            self._printed[cell_index] = printed + len(content["text"])
            content["text"] = content["text"][: max(0, STREAM_LIMIT - printed)]
            redirected = self.output_hook_stack[msg["parent_header"].get("msg_id")]
            if outs and not redirected and not self.clear_before_next_output:
                last = outs[-1]
                if last.output_type == "stream" and last.name == content["name"]:
                    last.text += content["text"]
                    return last
        return super().output(outs, msg, display_id, cell_index)

    @property
    def widgets(self) -> dict[str, Any]:
        """State of the widgets that were shown, as notebook metadata spells it."""
        self.set_widgets_metadata()
        widgets: dict[str, Any] = self.nb.metadata.get("widgets", {})
        return widgets


def _valid(kind: str, value: Any) -> Any:
    """Return display data as a notebook may hold it: what is neither text nor of a JSON type, as text."""
    lines = value if isinstance(value, list) else [value]
    if kind.endswith(("/json", "+json")) or all(isinstance(line, str) for line in lines):
        return value
    return json.dumps(value)
