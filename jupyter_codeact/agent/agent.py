"""The loop: reply, action, gate, notebook, observation, and again, until there is an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from . import prompts
from .ask import ask
from .context import history
from .context import opening as context
from .context.snapshot import NotebookSnapshot
from .contracts import ChatModel, CodeActError, Guidance, Notebook, NotebookState
from .ending import Ended
from .events import Attachment, Event, Journal, Observation, RunEnded, RunStarted
from .gate.gate import AllowAllGate, Gate
from .hooks import HOOKS, suited_to
from .hooks.hook import Hook, Opening
from .hooks.running import Hooks
from .replies.markdown import MarkdownFormat
from .replies.reply import ActionFormat
from .run import Budget, Run, StopSign
from .turn import Turns, TurnState


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
    hooks
        What may help the model, in the order of priority.
    guidance
        Which of the hooks it gets; by default those that suit it.
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
        hooks: Sequence[type[Hook]] = HOOKS,
        guidance: Guidance | None = None,
    ) -> None:
        self.model, self.notebook, self.journal = model, notebook, journal
        self.gate, self.action_format = gate or AllowAllGate(), action_format or MarkdownFormat()
        self.budget, self.watch, self.tools = budget or Budget(), watch, tools
        self.hooks, self.guidance = hooks, guidance
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
        run.emit(RunStarted, task=task, notebook=title, model=self.model.info.name, system=system, **given)
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
        info = await run.unless_stopped(self.model.describe())
        run.window.tokens = info.context_window
        if self.tools:
            await run.unless_stopped(self.notebook.load_tools(self.tools))
        state = await run.unless_stopped(self.notebook.state())
        run.tools = frozenset(tool.name for tool in context.tools(state.variables)) - context.words(task)
        hooks = Hooks(suited_to(self.guidance or info.guidance, self.hooks), run)
        at = TurnState(below or state.active_cell, NotebookSnapshot(state), info.supports_images)
        turns = Turns(run, self.notebook, self.gate, hooks, self.tools, at)
        self._open(run, state, hooks, attachments, below)
        turns.record_hooks()
        while True:
            run.next_turn()
            reply = await ask(run, self.model, self.action_format, hooks)
            turns.record_hooks()
            if not reply.is_answer:
                if end := await turns.carry_out(reply):
                    return end
            elif not turns.rejects(reply.prose):
                return Ended("answered", answer=reply.prose)

    def _open(
        self,
        run: Run,
        state: NotebookState,
        hooks: Hooks,
        attachments: Sequence[Attachment],
        below: str | None,
    ) -> None:
        """Tell the model the task, with the notebook around it."""
        sees = self.model.info.supports_images
        text = context.opening(
            *(run.task, state, attachments, below),
            nonce=run.nonce,
            window=run.window.characters,
            sees_images=sees,
            said=history.said(run.events),
            advice=hooks.on_prompt(Opening(run.task, context.tools(state.variables))),
        )
        images = [one.image for one in attachments if sees and one.image]
        run.emit(Observation, text=text, images=images)
