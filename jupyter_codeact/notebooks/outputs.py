"""From a kernel's messages to the outputs of cells."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete
from nbclient.output_widget import OutputWidget
from nbformat import NotebookNode, ValidationError

from ..agent.unicode import valid
from .widgets import update_texts

STREAM_LIMIT = 10_000_000
"""Characters kept of what one run prints; an endless loop prints more than any file should hold."""
MOST_OUTPUTS = 5_000
"""Outputs kept of one run; more would be no use to anybody, and take the server seconds to read."""
NO_EXIT = "This would end the session that CodeAct works in, so it did nothing."
"""What ``exit()`` in a cell says instead of ending the kernel."""
_CLASS = re.compile(r"^<class '([\w.]+)'>$")


class OutputCollector(NotebookClient):
    """Collects outputs from kernel messages; nbclient sees to display updates, cleared outputs and widgets.

    The notebook nbclient sees is not the user's: it has one cell for each run, in the order of the runs, so
    that nothing shifts when the user's cells do. The two share the list of outputs.
    """

    def __init__(self) -> None:
        super().__init__(NotebookNode(cells=[], metadata=NotebookNode()), record_timing=False)
        self._runs: dict[str, int] = {}
        self._printed: dict[int, int] = {}
        self._dropped: dict[int, int] = {}

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
            update_texts(record.outputs, self.widget_state)
            cell.execution_count = record.execution_count
            dropped = self._printed.get(index, 0) - STREAM_LIMIT
            if dropped > 0:
                self.add_note(message, f"[{dropped:,} more characters were printed; they are not kept.]")
            if outputs := self._dropped.get(index):
                self.add_note(message, f"[There were {outputs:,} more outputs; they are not kept.]")

    def add_note(self, message: str, text: str) -> None:
        """Add a line of CodeAct's own to the outputs of the execute request ``message``."""
        self._add(message, "stream", name="stderr", text=f"{text}\n")

    def add_reply(self, message: str, reply: dict[str, Any]) -> None:
        """Add what only the kernel's reply to the execute request ``message`` tells.

        That is the text of help (``len?``), as JupyterLab shows it, and an error that is no output.
        """
        reply = valid(reply)
        for part in reply.get("payload", ()):
            if part.get("source") == "page":
                self._add(message, "display_data", data=part.get("data", {}))
        if reply["status"] == "error" and not self.nb.cells[self._runs[message]].outputs:
            fields = {"ename": "Error", "evalue": "", "traceback": []}
            self._add(message, "error", **{name: reply.get(name, fields[name]) for name in fields})

    def _add(self, message: str, kind: str, **fields: Any) -> None:
        self.nb.cells[self._runs[message]].outputs.append(nbformat.v4.new_output(kind, **fields))

    def process(self, message: dict[str, Any]) -> bool:
        """Process a message of the kernel; tell whether it says that a run is complete.

        Whatever a thread shows after its cell has ended still goes to that cell.
        """
        index = self._runs.get(message["parent_header"].get("msg_id"))
        if index is None:
            return False
        cell = self.nb.cells[index]
        message["content"] = content = valid(message["content"])
        if message["msg_type"] == "error":  # xeus-python says <class 'ValueError'>
            content["ename"] = _CLASS.sub(r"\1", str(content.get("ename", "Error")))
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
        is_more = len(outs) >= MOST_OUTPUTS and not self.clear_before_next_output
        if is_more and msg["msg_type"] in ("stream", "display_data"):
            self._dropped[cell_index] = self._dropped.get(cell_index, 0) + 1
            return None
        return super().output(outs, msg, display_id, cell_index)

    def on_comm_open_jupyter_widget(self, msg: dict[str, Any]) -> Any:
        """Follow an `Output` widget, which takes outputs away from the cell."""
        widget = super().on_comm_open_jupyter_widget(msg)
        if isinstance(widget, OutputWidget) and self.kc is None:
            return _FollowedOutput(widget.comm_id, widget.state, widget.kernel_client, self)
        return widget

    @property
    def widgets(self) -> dict[str, Any]:
        """State of the widgets that were shown, as notebook metadata spells it."""
        self.set_widgets_metadata()
        widgets: dict[str, Any] = self.nb.metadata.get("widgets", {})
        return widgets


class _FollowedOutput(OutputWidget):
    """An `Output` widget of a cell that a page runs: the page tells the kernel what it captured."""

    def sync_state(self) -> None:
        """Tell the kernel nothing."""


def _valid(kind: str, value: Any) -> Any:
    """Return display data as a notebook may hold it: what is neither text nor of a JSON type, as text."""
    lines = value if isinstance(value, list) else [value]
    if kind.endswith(("/json", "+json")) or all(isinstance(line, str) for line in lines):
        return value
    return json.dumps(value)
