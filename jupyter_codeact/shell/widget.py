"""The agent as a widget, for any frontend that shows ipywidgets."""

from __future__ import annotations

import asyncio
import html
import time
from dataclasses import replace
from typing import Any

try:
    import ipywidgets as w
except ImportError as error:
    raise ImportError(
        'CodeAct() needs ipywidgets, which is not installed here: pip install "jupyter-codeact[widgets]"'
    ) from error
from IPython.core.getipython import get_ipython

from .. import transcript as t
from ..agent import events
from ..agent.contracts import CodeActError
from ..agent.gate.gate import Decision, decision
from ..agent.gate.setting import Approval
from ..agent.run_limits import TURNS, Guidance
from ..approval import skipped
from ..models.catalog import store
from ..models.catalog.catalog import CATALOG
from ..models.endpoints.registry import user_endpoints
from ..models.status import EngineStatus
from ..options import RunOptions
from ..result import Result
from .api import named_approval
from .session import Frontend, Session
from .threads import LoopThread
from .waiting import WIDE, WaitingCell, WaitingQuestion

WIDGET_CLASS, TASK_CLASS, ASK_CLASS = "jp-CodeAct-widget", "jp-CodeAct-widgetTask", "jp-CodeAct-widgetAsk"
"""Marks for a page with the extension, which lets Enter send the task."""
PROGRESS = {"width": "8em", "visibility": "hidden"}
UPDATE_INTERVAL = 0.2
"""Seconds between two updates of what is under way."""
CHOICES: list[tuple[str, Approval]] = [
    ("Ask about risky cells", "risky"),
    ("Ask about every cell", "always"),
    ("Ask about none", "never"),
]


class CodeAct(w.VBox):  # type: ignore[misc]
    """Ask the agent, watch it work in this notebook's kernel, approve its cells, stop it.

    The agent works in the namespace of the notebook, between the cells that the user runs. Its cells are
    shown in the widget, below the line for the task, the last run first; ``result.to_notebook`` writes them
    into a notebook.

    Parameters
    ----------
    model : str, optional
        A model of this machine, or one of the endpoint's.
    endpoint : str, optional
        An OpenAI-compatible server, by its address or its saved name.
    approval : {"risky", "always", "never"}
        Which cells wait for approval: those that may do harm, all, or none.
    max_turns : int, optional
        Replies that a run may take.
    approve : str, optional
        The earlier name of ``approval``.

    Attributes
    ----------
    result : Result or None
        What came of the last run.
    waiting_cell : WaitingCell
        Where the user approves cells.
    waiting_question : WaitingQuestion
        Where the user answers a question of the model.
    """

    def __init__(
        self,
        *,
        model: str | None = None,
        endpoint: str | None = None,
        approval: Approval | None = None,
        max_turns: int | None = None,
        approve: str | None = None,
    ) -> None:
        shell = get_ipython()
        if shell is None or not hasattr(shell, "kernel"):
            raise CodeActError("CodeAct() is for notebooks. In a terminal, use %codeact or `run`.")
        chosen = named_approval(approval, approve) or "risky"
        self._options = RunOptions(model=model, endpoint=endpoint, max_turns=max_turns)
        self._endpoints = () if endpoint else tuple(one.name for one in user_endpoints().all())
        self._session = Session.of(shell)
        self._loop = asyncio.get_running_loop()
        self.result: Result | None = None
        # Its text arrives as a whole, with Enter or when it loses the focus: never after the button's click.
        self._task = w.Textarea(
            placeholder="What would you like done?",
            rows=2,
            layout={"flex": "1 1 auto"},
            continuous_update=False,
        ).add_class(TASK_CLASS)
        self._ask = w.Button(
            description="Ask", button_style="primary", tooltip="Let the agent begin"
        ).add_class(ASK_CLASS)
        self._stop = w.Button(description="Stop", disabled=True, tooltip="Stop the agent")
        self._choice = w.Dropdown(
            options=CHOICES, value=chosen, layout=WIDE, tooltip="Which cells wait for your approval"
        )
        self._model = w.Combobox(
            value=model or "",
            options=() if endpoint else (*_models_here(), *self._endpoints),
            placeholder="Usual model",
            tooltip="The model, by its name; empty for the usual one",
            layout={"width": "16em"},
        )
        self._progress = w.IntProgress(
            min=0, max=self._options.budget.turns or TURNS["small"], layout=PROGRESS
        )
        self._state = w.HTML()
        self._log = w.VBox()
        self.waiting_cell, self.waiting_question = WaitingCell(), WaitingQuestion()
        self._ask.on_click(lambda _button: self._begin())
        self._stop.on_click(lambda _button: self._session.stop())
        super().__init__(
            [
                w.HBox([self._task, w.VBox([self._ask, self._stop])]),
                w.HBox(
                    [self._choice, self._model, self._progress, self._state],
                    layout={"flex_flow": "row wrap"},
                ),
                self.waiting_cell,
                self.waiting_question,
                self._log,
            ]
        )
        self.add_class(WIDGET_CLASS)

    def ask(self, task: str) -> None:
        """Give the agent a task, as the button does; returns at once."""
        self._task.value = task
        self._begin()

    def stop(self) -> None:
        """Stop the agent, as the button does."""
        self._session.stop()

    def _begin(self) -> None:
        """May be called in another thread than the kernel's main one."""
        frontend = WidgetFrontend(self, LoopThread(self._loop))
        try:
            started = self._session.start(self._task.value, self._chosen(), frontend, shows_outputs=False)
        except CodeActError as error:
            self.say(html.escape(str(error)))
            return
        self._log.children = (w.VBox(), *self._log.children)
        self._task.value, self._ask.disabled, self._stop.disabled = "", True, False
        self._progress.value, self._progress.layout.visibility = 0, "visible"
        started.add_done_callback(lambda run: self._loop.call_soon_threadsafe(self._end, run))

    def _chosen(self) -> RunOptions:
        """Return the options with the model that is chosen now: one by its name, or an endpoint's own."""
        name = self._model.value.strip() or None
        if name in self._endpoints:
            return replace(self._options, model=None, endpoint=name)
        return replace(self._options, model=name)

    def _end(self, run: Any) -> None:
        self._ask.disabled, self._stop.disabled = False, True
        self._progress.layout.visibility = "hidden"
        self.waiting_cell.hide()
        self.waiting_question.hide()
        if run.cancelled() or run.exception() is not None:
            self.say("" if run.cancelled() else html.escape(str(run.exception())))
            return
        self.result = run.result()
        self.say(html.escape(self.result.cost))

    def say(self, markup: str) -> None:
        """Show what is under way."""
        self._state.value = markup

    def turn(self, number: int) -> None:
        """Show how much of what it may take the run has taken."""
        self._progress.value = number

    def limit(self, guidance: Guidance) -> None:
        """Take the limit of turns, which depends on the model."""
        self._progress.max = self._options.budget.turns or TURNS[guidance]

    def add(self, *outputs: dict[str, Any]) -> None:
        """Add outputs, as nbformat spells them, to the transcript of the last run."""
        entry, run = w.Output(outputs=tuple(outputs), layout=WIDE), self._log.children[0]
        run.children = (*run.children, entry)

    def write(self, markdown: str) -> None:
        """Add Markdown to the transcript."""
        data = {"text/markdown": markdown, "text/plain": markdown}
        if markdown:
            self.add({"output_type": "display_data", "data": data, "metadata": {}})

    @property
    def approval(self) -> Approval:
        """Which cells wait for approval now."""
        chosen: Approval = self._choice.value
        return chosen

    @approval.setter
    def approval(self, approval: Approval) -> None:
        self._choice.value = approval


class WidgetFrontend(Frontend):
    """A run in the widget."""

    def __init__(self, widget: CodeAct, main: LoopThread) -> None:
        super().__init__(main, approval=widget.approval, inline=False)
        self._widget = widget
        self._transcript = t.Transcript()
        self._updated = 0.0

    def show(self, event: events.Event) -> None:
        for block in self._transcript.add(event):
            if isinstance(block, t.Ran):
                self._widget.add(*block.outputs)
            else:
                self._widget.write(t.markdown(block))
        if isinstance(event, events.ModelDescribed):
            self._widget.limit(event.guidance)
        self._widget.turn(event.turn)
        self._say_activity(event)

    def _say_activity(self, event: events.Event) -> None:
        """Show what is under way; a reply that streams, not more often than anybody can read."""
        if isinstance(event, events.ReplyDelta):
            if time.monotonic() - self._updated < UPDATE_INTERVAL:
                return
            self._updated = time.monotonic()
        activity, streamed = self._transcript.activity, self._transcript.streamed
        end = html.escape((streamed.text or streamed.thinking)[-60:])
        tail = f" <code>{end}</code>" if end else ""
        progress = f" {streamed.progress}" if streamed.progress else ""
        self._widget.say(f"{activity} …{progress}{tail}" if activity else "")

    def status(self, status: EngineStatus) -> None:
        if text := t.describe_status(status):
            done = "" if status.progress is None else f" {status.progress:.0%}"
            self._widget.say(html.escape(text) + done)

    def note(self, text: str) -> None:
        self._widget.write(text)

    async def ask(self, requested: events.ApprovalRequested, source: str) -> Decision:
        waiting = self._widget.waiting_cell
        self.main.submit(lambda: waiting.show(source, requested.reasons, is_call=requested.is_call))
        button, source = await waiting.answer()
        if button == "Skip":
            return skipped(source)
        if button == "Run all":
            self.approval = "never"
            self.main.submit(lambda: setattr(self._widget, "approval", "never"))
        return decision(source, allowed=True)

    async def answer_question(self, asked: events.QuestionAsked) -> str | None:
        waiting = self._widget.waiting_question
        self.main.submit(lambda: waiting.show(asked.question, asked.options))
        return await waiting.answer()


def _models_here() -> list[str]:
    """Return the names of the catalogue's models that are on this machine."""
    return [model.name for model in CATALOG if store.is_here(model)]
