"""The loop: reply, action, gate, notebook, observation, and again, until there is an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from . import prompts, turn
from .context import opening as context
from .context.snapshot import NotebookSnapshot
from .contracts import ChatModel, CodeActError, Journal, Notebook
from .events import Attachment, Event, Observation, RunEnded, RunStarted
from .gate.gate import AllowAllGate, Gate
from .replies.actions import ActionFormat, MarkdownFormat
from .run import Budget, Ended, Run, StopSign


class Agent:
    """Works on tasks in one notebook with one model, one task at a time.

    Parameters
    ----------
    model, notebook, journal
        The three contracts it works with.
    gate
        Decides what may run.
    action_format
        How the model writes actions.
    budget
        What each run may spend.
    watch
        Called with each event after it is recorded, and with the pieces of replies as they stream.
    tools
        Functions (``"module:function"``) that the user's configuration has the kernel load for the model.
    """

    def __init__(
        self,
        model: ChatModel,
        notebook: Notebook,
        journal: Journal,
        *,
        gate: Gate | None = None,
        action_format: ActionFormat | None = None,
        budget: Budget | None = None,
        watch: Callable[[Event], None] = lambda _event: None,
        tools: Sequence[str] = (),
    ) -> None:
        self.model, self.notebook, self.journal = model, notebook, journal
        self.gate, self.action_format = gate or AllowAllGate(), action_format or MarkdownFormat()
        self.budget, self.watch, self.tools = budget or Budget(), watch, tools
        self._stop = StopSign()

    def stop(self, why: str = "Stopped.") -> None:
        """End the run under way: cancel the model's reply, interrupt the agent's cell."""
        self._stop.set(why)

    async def run(
        self,
        conversation: str,
        task: str,
        *,
        title: str,
        attachments: Sequence[Attachment] = (),
        replaces: str | None = None,
        below: str | None = None,
    ) -> RunEnded:
        """Work on ``task`` until it is answered, stopped, failed or out of budget.

        ``title`` names the notebook in the record; ``replaces`` is the run that is asked anew; cells are
        written ``below`` one, else below the active one.
        """
        run = Run(conversation, task, self.journal, self.budget, self._stop, self.watch)
        system = prompts.system(self.action_format)
        given = {"attachments": list(attachments), "replaces": replaces}
        run.emit(RunStarted, task=task, notebook=title, model=self.model.name, system=system, **given)
        try:
            end = await self._work(run, task, attachments, below)
        except Ended as ended:
            end = ended
        except CodeActError as error:
            end = Ended("failed", message=str(error))
        except asyncio.CancelledError:
            run.end(Ended("stopped", message="Stopped, because the program was shutting down."))
            raise
        except Exception as error:
            run.end(Ended("failed", message=f"CodeAct itself failed: {error!r}. Please report this."))
            raise
        finally:
            self._stop = StopSign()
        return run.end(end)

    async def _work(self, run: Run, task: str, attachments: Sequence[Attachment], below: str | None) -> Ended:
        sees = bool(getattr(self.model, "sees_images", False))
        run.window.tokens = getattr(self.model, "context", None)
        if self.tools:
            await run.unless_stopped(self.notebook.load_tools(self.tools))
        state = await run.unless_stopped(self.notebook.state())
        images = [one.image for one in attachments if sees and one.image]
        told = context.opening(
            *(task, state, attachments, below),
            nonce=run.nonce,
            window=run.window.characters,
            sees_images=sees,
            said=context.said(run.events),
        )
        run.emit(Observation, text=told, images=images)
        given = {tool.name for tool in context.tools(state.variables)} - context.words(task)
        spot = turn.TurnState(
            below or state.active_cell, NotebookSnapshot(state), given=given, sees_images=sees
        )
        while True:
            run.next_turn()
            reply = await turn.ask(run, self.model, self.action_format, spot.given)
            if reply.prose and not reply.actions and not reply.incomplete:
                if not turn.accepts(run, spot, reply.prose):
                    continue
                return Ended("answered", answer=reply.prose)
            news = await turn.news(run, self.notebook, spot, self.tools)
            outcome = await turn.carry_out(run, self.notebook, self.gate, reply, spot)
            words = [run.advise(outcome.text, *outcome.marks), *news]
            if not outcome.end:
                words += await turn.news(run, self.notebook, spot, self.tools)
            run.emit(Observation, text="\n".join(words), images=outcome.images)
            if outcome.end:
                return outcome.end
