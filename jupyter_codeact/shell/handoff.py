"""Handing a task over to the JupyterLab page that executed the cell, where its server's agent takes it up.

Only a live page starts a run: the kernel offers the task over a comm, the page that executed the cell
accepts, and only then it is told what to do. Nothing is ever started from an output or from what a notebook
file holds. A page's answer can arrive while the cell still runs where messages of comms have a subshell
(ipykernel 7 and JupyterLab 4.4, or later); elsewhere it comes after the cell, and whether a page is there is
known from before.
"""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass, field
from typing import Any

TARGET = "jupyter-codeact"
"""The name of the comms in both directions: the kernel speaks on its own, each page on one that it opens."""

MIME = "application/vnd.jupyter.codeact+json"

FIRST_PATIENCE, PATIENCE, IMPATIENCE = 3.0, 10.0, 0.3
"""Seconds to wait for a page that may be there, that is known to be there, and that did not answer before."""

FOREIGN = ("__vsc_ipynb_file__",)
"""Names that frontends which cannot be such a page leave in the namespace."""


@dataclass
class Handed:
    """A task that was offered to the page, and what the page said of it since."""

    task: str
    wish: dict[str, Any]
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    comm: Any = None
    state: str = "offered"
    answer: str = ""
    message: str = ""
    late: bool = False
    accepted: threading.Event = field(default_factory=threading.Event)

    @property
    def going(self) -> bool:
        """Whether a run may be under way."""
        return self.state in ("handed", "running")

    def output(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what the cell shows: for the page to draw and to keep up to date, with words for others."""
        data = {"version": 1, "id": self.id, "task": self.task, "state": "handed"}
        return {MIME: data, "text/plain": "CodeAct works on this in the page."}, {}

    def go(self) -> None:
        """Tell the page, which has accepted, to begin."""
        self.state = "handed"
        self.comm.send({"go": self.id, "task": self.task, **self.wish})


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
        self.handed: list[Handed] = []
        get_comm_manager().register_target(TARGET, self._on_open)
        self._hello = self._say({"hello": True})

    def offer(self, task: str, wish: dict[str, Any]) -> Handed | None:
        """Offer a task to the page that executed this cell; ``None`` if none takes it."""
        cell = self._cell()
        if cell is None:
            return None
        immediate = bool(getattr(self._shell.kernel, "_supports_kernel_subshells", False))
        if not immediate and not self._known:
            return None
        handed = Handed(task, wish, late=not immediate)
        self.handed.append(handed)
        handed.comm = self._say({"offer": handed.id, "cell": cell})
        if handed.late:
            return handed
        waits = {True: PATIENCE, None: FIRST_PATIENCE, False: IMPATIENCE}
        if handed.accepted.wait(waits[self._known]):
            self._known = True
            return handed
        self._known = False
        self.handed.remove(handed)  # should the page come to it yet, it is told that it is too late
        handed.comm.close()
        return None

    def tell(self, handed: Handed, what: str) -> None:
        """Ask the page to ``stop`` or ``undo`` a run."""
        handed.comm.send({what: handed.id})

    def _cell(self) -> str | None:
        """Return the id of the cell that is executed, if a frontend executes it that may be such a page."""
        if any(name in self._shell.user_ns for name in FOREIGN):
            return None
        cell: str | None = self._shell.kernel.get_parent().get("metadata", {}).get("cellId")
        return cell

    def _say(self, data: dict[str, Any]) -> Any:
        from comm import create_comm

        return create_comm(target_name=TARGET, data=data)

    def _on_open(self, comm: Any, message: dict[str, Any]) -> None:
        """Take a page's answer; may come in another thread."""
        data = message["content"]["data"]
        if data.get("hello"):
            self._known = True
            return
        handed = next((one for one in self.handed if one.id == data.get("accept")), None)
        if handed is None or handed.accepted.is_set():
            comm.close()
            return

        def on_message(news: dict[str, Any]) -> None:
            said = news["content"]["data"]
            handed.state = str(said.get("state", handed.state))
            handed.answer = str(said.get("answer", ""))
            handed.message = str(said.get("message", ""))

        comm.on_msg(on_message)
        handed.accepted.set()
        if handed.late:
            handed.go()
