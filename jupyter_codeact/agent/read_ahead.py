"""Lets a model read what the next task's prompt will begin with, while the user still thinks about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import aclosing

from . import prompts
from .context import history
from .context.opening import opening_message
from .contracts import ChatModel, Message, NotebookState
from .events import Event, ModelDescribed, Observation
from .project import Project
from .replies.reply import ActionFormat
from .run_limits import Guidance


def beginning(
    model: ChatModel,
    state: NotebookState,
    events: Sequence[Event],
    action_format: ActionFormat,
    *,
    nonce: str,
    guidance: Guidance | None = None,
    instructions: str = "",
    project: Project | None = None,
    below: str | None = None,
    secrets: Mapping[str, str],
) -> list[Message]:
    """Return the messages of a conversation's next run as far as they do not depend on its task.

    Parameters
    ----------
    model : ChatModel
        The model, which has been described.
    state : NotebookState
        The notebook.
    events : sequence of Event
        The conversation so far.
    action_format : ActionFormat
        How the model writes actions.
    nonce : str
        The random word of the fences around data; the run has to have the same.
    guidance : {"small", "capable"}, optional
        How much help the model gets; by default what suits it.
    instructions : str
        What the user wants the model to heed in every task.
    project : Project, optional
        The instructions and skills that hold where the notebook lies.
    below : str, optional
        The cell below which the run will work, if not the active one.
    secrets : mapping
        The secrets to mask, by their names.
    """
    info, guidance = model.info, guidance or model.info.guidance
    window = history.Window(info.context_window)
    text = opening_message(
        None,
        state,
        below=below,
        instructions=instructions,
        project=project,
        nonce=nonce,
        guidance=guidance,
        window=window.characters,
        earlier=history.as_text(events),
        secrets=secrets,
    )
    place = {"conversation": "", "run": "next", "turn": 0}
    system = prompts.system(action_format, guidance)
    described = ModelDescribed(**place, name=info.name, guidance=guidance, system=system)
    opening = [Observation(**place, text=text)] if text else []
    return history.messages([*events, described, *opening], action_format)


async def read(model: ChatModel, messages: Sequence[Message], action_format: ActionFormat) -> None:
    """Have the model read messages; what it would reply is thrown away after a token.

    Raises
    ------
    ModelError
        If the model cannot be reached.
    """
    stream = model.stream(messages, max_tokens=1, temperature=0.0, tools=action_format.tools)
    async with aclosing(stream) as deltas:
        async for _ in deltas:
            pass
