"""What a page wants to know of a notebook: its variables, what its project says, a conversation as a file."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import PurePosixPath

from .. import protocol as p
from ..agent.secrets import all_secrets, hide
from ..journal import SqliteJournal
from ..markdown_page import page as as_page
from .session import NotebookSession
from .setup import Setup


def conversation_page(journal: SqliteJournal, notebook: str, conversation: str) -> tuple[str, str]:
    """Return a conversation about a notebook in Markdown, and a name for the file. Blocks."""
    info = journal.find(conversation)
    name = PurePosixPath(notebook)
    text = as_page(info, name.name, journal.events(conversation))
    return f"{name.stem}-{info.id}.md", text


def conversation_file(
    journal: SqliteJournal, session: NotebookSession, conversation: str
) -> p.ConversationFile:
    """Return a conversation as a Markdown file. Blocks."""
    name, text = conversation_page(journal, session.notebook, conversation)
    return p.ConversationFile(notebook=session.notebook, conversation=conversation, name=name, text=text)


async def variable_list(setup: Setup, session: NotebookSession) -> p.VariableList:
    """Return the user's variables; none while the kernel is busy."""
    kernel = setup.kernel(lambda: session.kernel_id)
    try:
        found = await kernel.variables() or []
        secrets = all_secrets(kernel.secrets())
    finally:
        kernel.close()
    shown = [
        one.model_copy(update={"summary": hide(one.summary, secrets)}) for one in found if one.type != "tool"
    ]
    return p.VariableList(notebook=session.notebook, variables=shown)


async def instruction_list(setup: Setup, session: NotebookSession) -> p.InstructionList:
    """Return what the project tells the model."""
    return p.InstructionList(notebook=session.notebook, project=await setup.read_project(session.notebook))


REPORTS: Mapping[type, Callable[[Setup, NotebookSession], Awaitable[p.VariableList | p.InstructionList]]] = {
    p.ListVariables: variable_list,
    p.ListInstructions: instruction_list,
}
"""What answers which request."""
