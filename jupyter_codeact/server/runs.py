"""Runs of the live door: an agent for each, at the desk of its notebook."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from .. import protocol as p
from ..agent.agent import Agent
from ..agent.contracts import CodeActError
from ..agent.events import Attachment, RunEnded, new_id
from ..agent.gate.gate import ApprovalGate
from ..agent.replies.formats import FORMATS
from .live import LiveNotebook
from .page_notebook import DeskNotebook
from .pages import Page
from .session import Desk
from .setup import Setup

log = logging.getLogger(__name__)


class Runs:
    """Starts runs, and ends them all when the server does."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, desk: Desk, page: Page, ask: p.Ask, attachments: Sequence[Attachment]) -> None:
        """Start the run that a page asks for."""
        setup, model = self._setup, self._setup.models.for_run(ask.approval)
        kernel = setup.kernel(lambda: desk.kernel)
        hands = DeskNotebook(desk, lambda: _mark(desk, model.name))
        agent = Agent(
            model,
            LiveNotebook(hands, kernel),
            setup.journal,
            gate=ApprovalGate(desk.approvals.current, desk.approvals.ask, setup.folder(desk.notebook)),
            action_format=FORMATS[setup.action_format],
            budget=setup.budget.model_copy(update={"turns": ask.max_turns} if ask.max_turns else {}),
            watch=desk.tell,
            tools=setup.tools,
        )
        conversation = desk.conversation

        async def work() -> None:
            try:
                await agent.run(
                    conversation,
                    ask.task.strip(),
                    title=setup.key(desk.notebook),
                    attachments=attachments,
                    replaces=ask.replaces,
                    below=ask.below,
                )
            except CodeActError as error:  # the journal's: not even the run's end could be recorded
                log.error("A CodeAct run in %s failed: %s", desk.notebook, error)
                place = {"conversation": conversation, "run": desk.run or new_id(), "turn": desk.turn}
                desk.tell(RunEnded(**place, ending="failed", message=str(error)))
            except Exception:
                log.exception("A CodeAct run in %s failed", desk.notebook)
            finally:
                kernel.close()
                desk.over()

        desk.approvals.begin(ask.approval)
        desk.begin(page, agent, hands)
        desk.task = asyncio.ensure_future(work())
        self._tasks.add(desk.task)
        desk.task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """End every run."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _mark(desk: Desk, model: str) -> dict[str, Any]:
    """Return the metadata of a cell written now."""
    return {"codeact": {"run": desk.run, "turn": desk.turn, "model": model}}
