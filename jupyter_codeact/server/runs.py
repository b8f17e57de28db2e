"""The runs of the server: an agent for each, in the session of its notebook."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

from .. import protocol as p
from ..agent.contracts import CodeActError, ModelSettings
from ..agent.events import Attachment, RunEnded, new_id
from ..agent.gate.gate import ApprovalGate
from ..options import RunOptions, build_agent
from .page_notebook import PageNotebook
from .pages import Page
from .read_ahead import ReadAhead
from .servers import SessionServers
from .session import NotebookSession
from .setup import Setup
from .tasks import TaskSet

log = logging.getLogger(__name__)


class Runs:
    """Starts runs, and ends them all when the server ends.

    Parameters
    ----------
    setup
        What runs are set up with.
    at_work
        Tells whether a run in any notebook goes on by itself, and waits for nobody.
    """

    def __init__(self, setup: Setup, at_work: Callable[[], bool]) -> None:
        self._setup = setup
        self._tasks = TaskSet()
        self.read_ahead = ReadAhead(setup, at_work)
        self.servers = SessionServers(setup)

    def start(
        self,
        session: NotebookSession,
        page: Page,
        ask: p.Ask,
        attachments: Sequence[Attachment],
        asked_by: str | None = None,
    ) -> None:
        """Start the run that a page, or another agent, asks for.

        Raises
        ------
        CodeActError
            If there is no such model.
        """
        setup, options = self._setup, self._setup.options
        model = setup.models.for_run(ask.model)
        kernel = setup.kernel(lambda: session.kernel_id)
        agent = build_agent(
            model,
            PageNotebook(session, kernel, folder=setup.folder, author=lambda: {"model": model.info.name}),
            setup.journal,
            options=replace(
                options,
                max_turns=ask.max_turns or options.max_turns,
                settings=_settings(ask, options),
                guidance=ask.guidance or options.guidance,
                instructions=ask.instructions,
            ),
            gate=ApprovalGate(
                session.approvals.current, session.approvals.ask, setup.folder(session.notebook)
            ),
            servers=self.servers.of(session),
            watch=session.broadcast,
            ask_user=session.questions.ask,
            project=lambda: setup.read_project(session.notebook),
        )
        conversation = session.conversation

        async def work() -> None:
            try:
                await agent.run(
                    conversation,
                    ask.task.strip(),
                    title=setup.key(session.notebook),
                    attachments=attachments,
                    replaces=ask.replaces,
                    below=ask.below,
                    asked_in=ask.asked_in,
                    target=ask.target,
                    asked_by=asked_by,
                    nonce=session.nonce,
                    ready=lambda: self.read_ahead.finish(session),
                )
            except CodeActError as error:  # from the journal: not even the run's end could be recorded
                log.error("A CodeAct run in %s failed: %s", session.notebook, error)
                place = {"conversation": conversation, "run": session.run or new_id(), "turn": session.turn}
                session.broadcast(RunEnded(**place, ending="failed", message=str(error)))
            except Exception:
                log.exception("A CodeAct run in %s failed", session.notebook)
            finally:
                kernel.close()
                session.end()
                if session.approvals.end():
                    session.tell_approval()

        if session.approvals.begin(ask.approval, ask.model):
            session.tell_approval()
        session.begin(page, agent)
        session.task = self._tasks.start(work())

    async def close(self) -> None:
        """End every run."""
        await self.read_ahead.close()
        await self._tasks.close()
        await self.servers.close()


def _settings(ask: p.Ask, options: RunOptions) -> ModelSettings | None:
    """Return how the model is asked: as the run wants it, then as the server is configured."""
    if ask.settings is None or options.settings is None:
        return ask.settings or options.settings
    return ask.settings.over(options.settings)
