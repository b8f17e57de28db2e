"""The loop: reply, action, gate, notebook, observation, and again, until there is an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from . import context, prompts, turn
from .actions import ActionFormat, MarkdownFormat
from .contracts import ChatModel, CodeActError, Journal, Notebook
from .events import Event, Observation, RunEnded, RunStarted
from .gate import AutoGate, Gate
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
    ) -> None:
        self.model, self.notebook, self.journal = model, notebook, journal
        self.gate, self.action_format = gate or AutoGate(), action_format or MarkdownFormat()
        self.budget, self.watch = budget or Budget(), watch
        self._stop = StopSign()

    def stop(self, why: str = "Stopped.") -> None:
        """End the run under way: cancel the model's reply, interrupt the agent's cell."""
        self._stop.set(why)

    async def run(self, conversation: str, task: str, *, title: str) -> RunEnded:
        """Work on ``task`` until it is answered, stopped, failed or out of budget.

        ``title`` names the notebook in the record.
        """
        run = Run(conversation, self.journal, self.budget, self._stop, self.watch)
        try:
            end = await self._work(run, task, title)
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

    async def _work(self, run: Run, task: str, title: str) -> Ended:
        system = prompts.system(self.action_format)
        run.emit(RunStarted, task=task, notebook=title, model=self.model.name, system=system)
        state = await run.unless_stopped(self.notebook.state())
        run.emit(Observation, text=context.opening(task, state))
        spot = turn.Spot(after=state.active_cell, known={cell.id for cell in state.cells})
        while True:
            run.next_turn()
            reply = await turn.ask(run, self.model, self.action_format)
            if reply.prose and not reply.actions and not reply.incomplete:
                return Ended("answered", answer=reply.prose)
            nothing = prompts.CUT_OFF if reply.incomplete else prompts.EMPTY
            outcome = turn.Outcome(nothing, marks=[nothing])
            for action in reply.actions:
                outcome = await turn.act(run, self.notebook, self.gate, action, spot)
            told = run.advise(outcome.text, *outcome.marks)
            run.emit(Observation, text=told, images=outcome.images)
            if outcome.end:
                return outcome.end
