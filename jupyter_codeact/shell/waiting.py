"""Parts of the widget in which a run waits for the user: a cell to approve, and a question to answer."""

from __future__ import annotations

import asyncio
import html
from collections.abc import Sequence
from typing import Generic, TypeVar

import ipywidgets as w

T = TypeVar("T")

WIDE = {"width": "auto"}


class Waiting(w.VBox, Generic[T]):  # type: ignore[misc]
    """A box that is hidden until the run waits for the user."""

    def __init__(self, children: Sequence[w.Widget]) -> None:
        self._waiting: tuple[asyncio.AbstractEventLoop, asyncio.Future[T]] | None = None
        super().__init__(children)
        self.hide()

    def hide(self) -> None:
        """There is nothing to wait for."""
        self._waiting, self.layout.display = None, "none"

    async def answer(self) -> T:
        """Wait for the user; may be called in another thread's event loop."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._waiting = loop, future
        return await future

    def _resolve(self, answer: T) -> None:
        if self._waiting is not None:
            loop, future = self._waiting
            self.hide()
            loop.call_soon_threadsafe(future.set_result, answer)


class WaitingCell(Waiting[tuple[str, str]]):
    """A cell that waits: what is risky about it, its source to edit, and what may become of it.

    Its answer is the button that was pressed, and the source as it then stood.
    """

    def __init__(self) -> None:
        self._reasons = w.HTML()
        self._source = w.Textarea(layout=WIDE)
        buttons = [
            w.Button(description="Run", button_style="success", tooltip="Run the cell as it stands here"),
            w.Button(description="Skip", tooltip="Do not run it; the agent is told"),
            w.Button(description="Run all", tooltip="Run it, and ask nothing more"),
        ]
        for button in buttons:
            button.on_click(lambda clicked: self._resolve((clicked.description, self._source.value)))
        super().__init__([self._reasons, self._source, w.HBox(buttons)])

    def show(self, source: str, reasons: Sequence[str], *, is_call: bool = False) -> None:
        """Show a cell that waits, or a call on the notebook, which cannot be edited."""
        what, why = "call" if is_call else "cell", f"because it {'; '.join(reasons)}" if reasons else ""
        self._reasons.value = html.escape(f"This {what} waits for your approval {why}".strip() + ".")
        self._source.value, self._source.disabled = source, is_call
        self._source.rows = min(20, source.count("\n") + 2)
        self.layout.display = ""


class WaitingQuestion(Waiting[str | None]):
    """A question of the model that waits: the answers that it proposes, and a line for another one."""

    def __init__(self) -> None:
        self._question = w.HTML()
        self._options = w.HBox()
        self._text = w.Text(placeholder="Your answer", layout={"flex": "1 1 auto"}, continuous_update=False)
        send = w.Button(description="Answer", button_style="primary")
        send.on_click(lambda _button: self._resolve(self._text.value.strip() or None))
        decide = w.Button(description="Let it decide", tooltip="The agent decides, and says what it assumed")
        decide.on_click(lambda _button: self._resolve(None))
        super().__init__([self._question, self._options, w.HBox([self._text, send, decide])])

    def show(self, question: str, options: Sequence[str]) -> None:
        """Show a question that waits."""
        self._question.value = html.escape(question)
        self._text.value = ""
        buttons = [w.Button(description=option, tooltip=option) for option in options]
        for button in buttons:
            button.on_click(lambda clicked: self._resolve(clicked.description))
        self._options.children = tuple(buttons)
        self.layout.display = ""
