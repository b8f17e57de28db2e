"""Handing a task to the JupyterLab page that executed the cell, whose server's agent then works on it.

Only a live page starts a run: the kernel offers the task over a comm, the page that executed the cell
accepts, and only then is it told what to do. Nothing is ever started from an output or from what a notebook
file holds. A page's answer can arrive while the cell still runs where messages of comms have a subshell
(ipykernel 7 and JupyterLab 4.4, or later); elsewhere it comes after the cell, and an offer is made only if a
page has said before that it is there.
"""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass, field
from typing import Any

TARGET = "jupyter-codeact"
"""The name of the comms in both directions: the kernel opens one for an offer, each page one to answer."""

MIME = "application/vnd.jupyter.codeact+json"

TIMEOUTS = {None: 3.0, True: 10.0, False: 0.3}
"""Seconds to wait for a page: the first time, if one answered the last time, and if none did."""

FOREIGN = ("__vsc_ipynb_file__",)
"""Names in the namespace by which a frontend is known that cannot be such a page."""

ACCEPTED = "handed"
"""The state of a task that a page has accepted; pages and saved notebooks know it by this word."""


@dataclass(repr=False)
class Handoff:
    """A task that was offered to the page, and what the page said of it since.

    It is what ``%codeact`` returns then: displayed, it shows the run and keeps up with it.

    Attributes
    ----------
    task : str
        The task.
    answer, message : str
        The answer, and what else is to be said of the run's end; empty until the page tells.
    ok : bool
        Whether the run came to an answer.
    deferred : bool
        Whether the page can answer only when the cell is done.
    shown_in : int, optional
        The execution whose output shows the run already.
    """

    task: str
    options: dict[str, Any]
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    comm: Any = None
    state: str = "offered"
    answer: str = ""
    message: str = ""
    ok: bool = False
    deferred: bool = False
    shown_in: int | None = None
    shell: Any = None
    accepted: threading.Event = field(default_factory=threading.Event)

    @property
    def under_way(self) -> bool:
        """Whether a run may be under way."""
        return self.state in (ACCEPTED, "running", "waiting")

    @property
    def outcome(self) -> str:
        """What came of it, in a sentence."""
        here = "It is under way." if self.under_way else "It was not taken up."
        return self.answer or self.message or here

    def __repr__(self) -> str:
        return self.answer or self.message or "CodeAct works on this in the page."

    def _ipython_display_(self) -> None:
        """Show the run, unless the present cell does already."""
        if self.shown_in != self.shell.execution_count:
            self.show()

    def show(self) -> None:
        """Show data for the page to draw and keep up to date, and text for others."""
        data: dict[str, Any] = {"version": 1, "id": self.id, "task": self.task, "state": ACCEPTED}
        if self.answer or self.message:
            data |= {"state": self.state, "answered": self.ok}
            data |= {"answer": self.answer, "message": self.message}
        self.shown_in = self.shell.execution_count
        self.shell.display_pub.publish({MIME: data, "text/plain": repr(self)}, {})

    def begin(self) -> None:
        """Tell the page, which has accepted, to begin."""
        self.state = ACCEPTED
        self.comm.send({"go": self.id, "task": self.task, **self.options})

    def send(self, command: str) -> None:
        """Ask the page to ``stop`` or ``undo`` the run."""
        self.comm.send({command: self.id})

    def update(self, data: dict[str, Any]) -> None:
        """Take what the page says of the run."""
        self.state = str(data.get("state", self.state))
        self.answer = str(data.get("answer", ""))
        self.message = str(data.get("message", ""))
        self.ok = data.get("answered") is True


class Pages:
    """What a kernel knows of the pages that are connected to it.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        A kernel's shell.
    """

    def __init__(self, shell: Any) -> None:
        from comm import get_comm_manager

        self._shell = shell
        self._known: bool | None = None
        self.handoffs: list[Handoff] = []
        get_comm_manager().register_target(TARGET, self._on_open)
        self._hello = self._open_comm({"hello": True})

    def offer(self, task: str, options: dict[str, Any]) -> Handoff | None:
        """Offer a task to the page that executed this cell; ``None`` if none accepts it."""
        cell = self._cell()
        if cell is None:
            return None
        immediate = bool(getattr(self._shell.kernel, "_supports_kernel_subshells", False))
        if not immediate and not self._known:
            return None
        handoff = Handoff(task, options, deferred=not immediate, shell=self._shell)
        self.handoffs.append(handoff)
        handoff.comm = self._open_comm({"offer": handoff.id, "cell": cell})
        if handoff.deferred:
            return handoff
        if handoff.accepted.wait(TIMEOUTS[self._known]):
            self._known = True
            return handoff
        self._known = False
        self.handoffs.remove(handoff)  # a page that comes to it yet is told that it is too late
        handoff.comm.close()
        return None

    def _cell(self) -> str | None:
        """Return the id of the cell that is executed, if a frontend executes it that may be such a page."""
        if any(name in self._shell.user_ns for name in FOREIGN):
            return None
        cell: str | None = self._shell.kernel.get_parent().get("metadata", {}).get("cellId")
        return cell

    def _open_comm(self, data: dict[str, Any]) -> Any:
        from comm import create_comm

        return create_comm(target_name=TARGET, data=data)

    def _on_open(self, comm: Any, message: dict[str, Any]) -> None:
        """Take a page's answer; may come in another thread."""
        data = message["content"]["data"]
        if data.get("hello"):
            self._known = True
            return
        handoff = next((one for one in self.handoffs if one.id == data.get("accept")), None)
        if handoff is None or handoff.accepted.is_set():
            comm.close()
            return
        comm.on_msg(lambda message: handoff.update(message["content"]["data"]))
        handoff.accepted.set()
        if handoff.deferred:
            handoff.begin()
