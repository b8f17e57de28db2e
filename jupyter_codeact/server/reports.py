"""What a page wants to know of a notebook: its variables, and a conversation as a file."""

from __future__ import annotations

from pathlib import PurePosixPath

from .. import protocol as p
from ..agent.secrets import all_secrets, environment_secrets, hide
from ..journal import SqliteJournal
from ..markdown_page import page as as_page
from .session import NotebookSession
from .setup import Setup


def conversation_file(
    journal: SqliteJournal, session: NotebookSession, conversation: str
) -> p.ConversationFile:
    """Return a conversation as a Markdown file. Blocks."""
    info = journal.find(conversation)
    name = PurePosixPath(session.notebook)
    text = as_page(info, name.name, journal.events(conversation), secrets=environment_secrets())
    return p.ConversationFile(
        notebook=session.notebook, conversation=info.id, name=f"{name.stem}-{info.id}.md", text=text
    )


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
