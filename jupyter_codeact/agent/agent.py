"""The loop: reply, action, gate, notebook, observation, and again, until there is an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from . import prompts
from .aside import aside
from .ask import ask
from .claims import claims_in
from .context import history
from .context.opening import names_in, opening_message, servers_in, tools_in
from .context.snapshot import NotebookSnapshot
from .contracts import ChatModel, CodeActError, ModelSettings, Notebook
from .ending import Ended
from .events import Attachment, Event, Journal, ModelDescribed, Observation, RunEnded, RunStarted
from .gate.gate import AllowAllGate, Gate
from .hooks import HOOKS, suited_to
from .hooks.hook import Hook, Opening
from .hooks.running import Hooks
from .kernel_tools import KernelTools
from .project import ReadProject, no_project
from .questions import AskUser, nobody
from .replies.markdown import MarkdownFormat
from .replies.reply import ActionFormat
from .run import Budget, Run, StopSignal
from .run_limits import Guidance
from .tool_servers import ToolServer, ToolServers
from .turn import Turns
from .turn_state import TurnState
from .unicode import valid, valid_text


class Agent:
    """Works on tasks in one notebook with one model, one task at a time.

    Parameters
    ----------
    model, notebook, journal
        The model, the notebook and the journal to work with.
    gate
        Decides which actions may run.
    action_format
        How the model writes actions.
    budget
        The limits of each run.
    watch
        Called with each event after it is recorded, and with the parts of replies as they stream.
    tools
        Functions (``"module:function"``) from the user's configuration, loaded into the kernel for the model.
    servers
        Programs from there whose tools are functions in the kernel, too.
    hooks
        What may help the model, by priority.
    guidance
        Selects the hooks that are used; by default those that suit the model.
    settings
        How the model is asked, before its own settings.
    ask_user
        Waits for the user's answer to a question of the model.
    instructions
        What the user wants the model to heed in every task.
    project
        Reads the instructions and skills that hold where the notebook lies, as a run begins.
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
        servers: ToolServers | None = None,
        hooks: Sequence[type[Hook]] = HOOKS,
        guidance: Guidance | None = None,
        settings: ModelSettings | None = None,
        ask_user: AskUser = nobody,
        instructions: str = "",
        project: ReadProject = no_project,
    ) -> None:
        self.model, self.notebook, self.journal = model, notebook, journal
        self.gate, self.action_format = gate or AllowAllGate(), action_format or MarkdownFormat()
        self.budget, self.watch = budget or Budget(), watch
        self.tools = KernelTools(tools, servers)
        self.hooks, self.guidance, self.settings = hooks, guidance, settings or ModelSettings()
        self.ask_user, self.instructions, self.project = ask_user, instructions, project
        self._stop = StopSignal()

    def stop(self, why: str = "Stopped.") -> None:
        """End the current run: cancel the model's reply, interrupt the agent's cell."""
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
        asked_in: str | None = None,
        nonce: str | None = None,
        ready: Callable[[], Coroutine[Any, Any, Sequence[str] | None]] | None = None,
        target: str | None = None,
        executes: bool = False,
        asked_by: str | None = None,
    ) -> RunEnded:
        """Work on ``task`` until it is answered, stopped, failed or out of budget.

        ``title`` names the notebook in the record; ``replaces`` is an earlier run that this one repeats;
        cells are written below the cell ``below``, by default the active one, and the first one into it if it
        is empty. ``target`` is the cell that the task is about: actions rewrite it, unless they name another.
        ``asked_in`` is the cell whose ``%codeact`` asks, ``asked_by`` another agent that does. ``nonce`` is
        the random word of the fences around data, if the model has read some ahead. ``ready`` is awaited
        before the notebook is read: until the model has done so or, if the run ``executes`` the notebook's
        own cells, until they have run; it returns the ids of those that failed.
        """
        task, title = valid_text(task), valid_text(title)
        attachments = [Attachment.model_validate(valid(one.model_dump())) for one in attachments]
        events = await asyncio.to_thread(lambda: list(self.journal.events(conversation)))
        run = Run(
            *(conversation, task, self.journal, events, self.budget, self._stop, self.watch),
            kernel_secrets=self.notebook.secrets,
            nonce=nonce,
        )
        run.emit(
            RunStarted,
            task=task,
            notebook=title,
            model=self.model.info.name,
            attachments=attachments,
            replaces=replaces,
            asked_in=asked_in,
            target=target,
            executes=executes,
            asked_by=asked_by,
        )
        try:
            servers = await self.tools.load(run, self.notebook, self.gate)  # own cells may call them
            failed = await run.unless_stopped(ready()) if ready is not None else None
            if failed:  # one of them may have ended the kernel
                servers = await self.tools.load(run, self.notebook, self.gate)
            end = await self._loop(run, attachments, below, target, failed or (), servers)
        except Ended as ended:
            end = ended
        except CodeActError as error:
            end = Ended("failed", message=str(error))
        except asyncio.CancelledError:
            await run.end(Ended("stopped", message="Stopped, because the program was shutting down."))
            raise
        except Exception as error:
            await run.end(Ended("failed", message=f"CodeAct itself failed: {error!r}. Please report this."))
            raise
        finally:
            self._stop = StopSignal()
        claims = await aside(None, claims_in, end.answer, run.events, run.id) if end.answer else []
        return await run.end(end, claims)

    async def _loop(
        self,
        run: Run,
        attachments: Sequence[Attachment],
        below: str | None,
        target: str | None,
        failed: Sequence[str],
        servers: Sequence[ToolServer],
    ) -> Ended:
        turns = await self._begin(run, attachments, below, target, failed, servers)
        while True:
            run.next_turn()
            reply = await ask(run, self.model, self.action_format, turns.hooks)
            turns.record(reply, self.model.info)
            if not reply.is_answer:
                if end := await turns.carry_out(reply):
                    return end
            elif not await turns.rejects(reply):
                return Ended("answered", answer=reply.prose)

    async def _begin(
        self,
        run: Run,
        attachments: Sequence[Attachment],
        below: str | None,
        target: str | None,
        failed: Sequence[str],
        servers: Sequence[ToolServer],
    ) -> Turns:
        """Read the notebook, and give the model the task."""
        info = await run.unless_stopped(self.model.describe())
        run.begin(info, self.guidance, self.settings)
        system = prompts.system(self.action_format, run.guidance)
        run.emit(
            ModelDescribed,
            name=info.name,
            guidance=run.guidance,
            system=system,
            context_window=info.context_window,
        )
        self.tools.record(run, servers)
        state = await run.unless_stopped(self.notebook.state(task=run.task))
        variables = state.variables or []
        tools = tools_in(variables)
        run.tools = frozenset(tool.name for tool in tools) - names_in(run.task)
        run.servers = frozenset(server.name for server in servers_in(variables))
        hooks = Hooks(suited_to(run.guidance, self.hooks), run)
        text = opening_message(
            *(run.task, state, attachments, target or below),
            target=target,
            failed=failed,
            nonce=run.nonce,
            guidance=run.guidance,
            window=run.window.characters,
            supports_images=info.supports_images,
            earlier=history.as_text(run.events),
            instructions=self.instructions,
            project=await run.unless_stopped(self.project()),
            advice=hooks.on_prompt(Opening(run.task, variables, tools, state.files)),
            secrets=run.secrets,
        )
        images = [attachment.image for attachment in attachments if info.supports_images and attachment.image]
        run.emit(Observation, text=text, images=images)
        position = TurnState.at(
            target or below or state.active_cell,
            NotebookSnapshot(state),
            target=target,
            supports_images=info.supports_images,
        )
        turns = Turns(
            *(run, self.notebook, self.gate, hooks, self.tools, self.action_format), position, self.ask_user
        )
        turns.record_hooks()
        return turns
