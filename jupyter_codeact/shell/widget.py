"""The agent as a widget, for any frontend that shows ipywidgets."""

from __future__ import annotations

import asyncio
import html
import time
from typing import Any

try:
    import ipywidgets as w
except ImportError as error:
    raise ImportError(
        'CodeAct() needs ipywidgets, which is not installed here: pip install "jupyter-codeact[widgets]"'
    ) from error
from IPython.core.getipython import get_ipython

from ..agent import events
from ..agent.contracts import CodeActError
from ..agent.gate.gate import Decision, decision
from ..cli.approve import MODES
from ..cli.display import cost, outcome, prose
from ..models.status import EngineStatus
from .session import Door, Options, Session
from .threads import Looping

WIDE = {"width": "auto"}
ASKS = {"risky": "Ask about risky cells", "ask": "Ask about every cell", "auto": "Ask nothing"}
OFTEN = 0.2
"""Seconds between two updates of what is under way."""


class CodeAct(w.VBox):  # type: ignore[misc]
    """Ask the agent, watch it work in this notebook's kernel, approve its cells, stop it.

    The agent works in the namespace of the notebook, between the cells that the user runs. Its cells are
    shown in the widget; ``result.to_notebook`` writes them into a notebook.

    Parameters
    ----------
    model : str, optional
        A model of this machine, or one of the endpoint's.
    endpoint : str, optional
        An OpenAI-compatible server, by its address or the name it was given.
    approve : {"risky", "ask", "auto"}
        Which cells wait for approval: those that may do harm, all, or none.
    max_turns : int, optional
        Replies that a run may take.

    Attributes
    ----------
    result : Result or None
        What came of the last run.
    """

    def __init__(
        self,
        *,
        model: str | None = None,
        endpoint: str | None = None,
        approve: str = "risky",
        max_turns: int | None = None,
    ) -> None:
        shell = get_ipython()
        if shell is None or not hasattr(shell, "kernel"):
            raise CodeActError("CodeAct() is for notebooks. In a terminal, use %codeact or `run`.")
        if approve not in MODES:
            raise ValueError(f"approve is one of {', '.join(map(repr, MODES))}, not {approve!r}.")
        self._options = Options(model=model, endpoint=endpoint, max_turns=max_turns)
        self._session = Session.of(shell)
        self._loop = asyncio.get_running_loop()
        self.result: Any = None
        self._task = w.Textarea(placeholder="What would you like done?", rows=2, layout={"flex": "1 1 auto"})
        self._ask = w.Button(description="Ask", button_style="primary", tooltip="Let the agent begin")
        self._stop = w.Button(description="Stop", disabled=True, tooltip="Stop the agent")
        self._mode = w.Dropdown(
            options=[
                ("Ask about risky cells", "risky"),
                ("Ask about every cell", "ask"),
                ("Ask nothing", "auto"),
            ],
            value=approve,
            layout={"width": "auto"},
        )
        self._progress = w.IntProgress(
            min=0, max=self._options.budget.turns, layout={"width": "8em", "visibility": "hidden"}
        )
        self._state = w.HTML()
        self._log = w.VBox()
        self._approval = _Approval()
        self._ask.on_click(lambda _button: self._begin())
        self._stop.on_click(lambda _button: self._session.stop())
        super().__init__(
            [
                self._log,
                self._approval,
                w.HBox([self._progress, self._state]),
                w.HBox([self._task, w.VBox([self._ask, self._stop]), self._mode]),
            ]
        )

    def ask(self, task: str) -> None:
        """Give the agent a task, as the button does; returns at once."""
        self._task.value = task
        self._begin()

    def stop(self) -> None:
        """Stop the agent, as the button does."""
        self._session.stop()

    def _begin(self) -> None:
        """May be called in another thread than the kernel's main one."""
        door = _Door(self, Looping(self._loop))
        try:
            started = self._session.start(self._task.value, self._options, door, shows=False)
        except CodeActError as error:
            self.say(str(error))
            return
        self._task.value, self._ask.disabled, self._stop.disabled = "", True, False
        self._progress.value, self._progress.layout.visibility = 0, "visible"
        started.add_done_callback(lambda run: self._loop.call_soon_threadsafe(self._end, run))

    def _end(self, run: Any) -> None:
        self._ask.disabled, self._stop.disabled = False, True
        self._progress.layout.visibility = "hidden"
        self._approval.hide()
        if run.cancelled() or run.exception() is not None:
            self.say("" if run.cancelled() else str(run.exception()))
            return
        self.result = run.result()
        self.say(html.escape(self.result.cost))

    def say(self, words: str) -> None:
        """Show what is under way."""
        self._state.value = words

    def turn(self, number: int) -> None:
        """Show how much of what it may take the run has taken."""
        self._progress.value = number

    def add(self, *outputs: dict[str, Any]) -> None:
        """Add outputs, as nbformat spells them, to the transcript."""
        entry = w.Output(outputs=tuple(outputs), layout=WIDE)
        self._log.children = (*self._log.children, entry)

    def tell(self, markdown: str) -> None:
        """Add words to the transcript."""
        data = {"text/markdown": markdown, "text/plain": markdown}
        if markdown:
            self.add({"output_type": "display_data", "data": data, "metadata": {}})

    @property
    def mode(self) -> str:
        """Which cells wait for approval now."""
        return str(self._mode.value)

    @mode.setter
    def mode(self, mode: str) -> None:
        self._mode.value = mode

    @property
    def approval(self) -> _Approval:
        """Where the user approves cells."""
        return self._approval


class _Approval(w.VBox):  # type: ignore[misc]
    """A cell that waits: what is risky about it, its source to edit, and what may become of it."""

    def __init__(self) -> None:
        self._reasons = w.HTML()
        self._source = w.Textarea(layout={"width": "auto"})
        buttons = [
            w.Button(description="Run", button_style="success", tooltip="Run the cell as it stands here"),
            w.Button(description="Skip", tooltip="Do not run it; the agent is told"),
            w.Button(description="Run all", tooltip="Run it, and ask nothing more"),
        ]
        for button in buttons:
            button.on_click(lambda clicked: self._answer(clicked.description))
        self._waiting: tuple[asyncio.AbstractEventLoop, asyncio.Future[tuple[str, str]]] | None = None
        super().__init__([self._reasons, self._source, w.HBox(buttons)])
        self.hide()

    def hide(self) -> None:
        """There is nothing to approve."""
        self._waiting, self.layout.display = None, "none"

    def show(self, asked: events.ApprovalRequested) -> None:
        """Show a cell that waits."""
        why = f"because it {'; '.join(asked.reasons)}" if asked.reasons else ""
        self._reasons.value = html.escape(f"This cell waits for your approval {why}".strip() + ".")
        self._source.value = asked.source
        self._source.rows = min(20, asked.source.count("\n") + 2)
        self.layout.display = ""

    async def answer(self) -> tuple[str, str]:
        """Return which button was pressed, and the source as it then stood."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[tuple[str, str]] = loop.create_future()
        self._waiting = loop, future
        return await future

    def _answer(self, button: str) -> None:
        if self._waiting is not None:
            loop, future = self._waiting
            self.hide()
            loop.call_soon_threadsafe(future.set_result, (button, self._source.value))


class _Door(Door):
    """A run in the widget."""

    def __init__(self, widget: CodeAct, main: Looping) -> None:
        super().__init__(main, mode=MODES[widget.mode], inside=False)
        self._widget = widget
        self._said, self._streamed, self._since = "", "", 0.0

    def show(self, event: events.Event) -> None:
        widget = self._widget
        match event:
            case events.RunStarted():
                widget.tell(f"**{event.task}**")
                widget.say("Thinking …")
            case events.ReplyDelta():
                self._streamed += event.text
                if time.monotonic() - self._since > OFTEN:
                    self._since = time.monotonic()
                    widget.say(f"Writing … <code>{html.escape(self._streamed[-60:])}</code>")
            case events.Reply():
                self._streamed, self._said = "", prose(event)
            case events.Action():
                widget.turn(event.turn)
                self._words()
                fenced = f"```python\n{event.source}\n```"
                widget.tell(fenced if event.cell_type == "code" else event.source)
            case events.ApprovalResolved():
                widget.say("Running …" if event.allowed else "Thinking …")
                if not event.allowed:
                    widget.tell(f"*Not run: {'; '.join(event.reasons)}.*")
            case events.Executed():
                widget.add(*event.outputs)
                widget.say(f"{outcome(event)}. Thinking …")
            case events.AnswerRejected():
                self._words()
                widget.tell(f"*{event.message}*")
            case events.Observation():
                self._words()
            case events.RunEnded():
                widget.tell(event.answer or event.message)
                widget.say(html.escape(cost(event)))

    def status(self, status: EngineStatus) -> None:
        done = "" if status.progress is None else f" {status.progress:.0%}"
        self._widget.say(html.escape(status.message or f"{status.model}: {status.state}") + done)

    async def ask(self, asked: events.ApprovalRequested) -> Decision:
        approval = self._widget.approval
        self.main.submit(lambda: approval.show(asked))
        button, source = await approval.answer()
        if button == "Skip":
            return decision(source, allowed=False, reasons=["the user skipped it"])
        if button == "Run all":
            self.mode = MODES["auto"]
            self.main.submit(lambda: setattr(self._widget, "mode", "auto"))
        return decision(source, allowed=True)

    def _words(self) -> None:
        self._widget.tell(self._said)
        self._said = ""
