"""What a client reads: the notebook, a cell, what it searches for, the variables."""

from __future__ import annotations

from ...agent import prompts
from ...agent.context.cells import short_ids
from ...agent.context.marks import marked
from ...agent.context.notebook import describe_notebook
from ...agent.context.opening import describe_variables
from ...agent.notebook_calls.parse import CellName
from ...agent.notebook_calls.reading import Reading, find_cell, read_cell, read_outline, search
from ...agent.run import new_nonce
from ...agent.secrets import all_secrets
from .notebooks import OpenNotebook
from .run import AgentRun

WHOLE, OUTLINE, CELL = 30_000, 20_000, 30_000
"""Most characters of a notebook, of an outline and of a cell that a client is shown at once.

Clients cut long results in the middle, without knowing what is there; what we leave out is named.
"""


async def notebook_text(opened: OpenNotebook, run: AgentRun | None, *, outline: bool) -> str:
    """Return a notebook's cells with their outputs, as far as there is room, or its outline."""
    state = await opened.state()
    secrets = all_secrets(opened.secrets())
    if outline:
        reading = read_outline(state.cells, room=OUTLINE, secrets=secrets, call="search_notebook")
        return _shown(opened, run, "The notebook's outline", reading)
    shown = describe_notebook(state, None, WHOLE, secrets=secrets)
    text = shown.text or "The notebook is empty."
    reading = Reading(text, "Read the notebook.")
    text = _shown(opened, run, "The notebook", reading)
    if shown.hidden:
        text += f"\n{shown.hidden:,} cells are not shown in full; read_cell and search_notebook show more."
    return text


async def cell_text(
    opened: OpenNotebook, run: AgentRun | None, cell: CellName, first_line: int
) -> tuple[str, tuple[str, ...]]:
    """Return a cell in full, and its images."""
    state = await opened.state(brief=True)
    found = find_cell(cell, state.cells)
    reading = read_cell(
        found,
        await opened.read_cell(found.id),
        short_ids([one.id for one in state.cells])[found.id],
        room=CELL,
        secrets=all_secrets(opened.secrets()),
        first_line=first_line,
        supports_images=True,
        call="read_cell",
    )
    return _shown(opened, run, "The cell", reading), reading.images


async def search_text(opened: OpenNotebook, run: AgentRun | None, text: str) -> str:
    """Return the cells in which a text occurs."""
    state = await opened.state()
    reading = search(text, state.cells, room=OUTLINE, secrets=all_secrets(opened.secrets()))
    return _shown(opened, run, "The search found", reading)


async def variables_text(opened: OpenNotebook) -> str:
    """Return what is defined in the kernel."""
    variables = (await opened.state()).variables
    if variables is None:
        return prompts.BUSY_KERNEL
    secrets = all_secrets(opened.secrets())
    return describe_variables(variables, new_nonce(), secrets) or "Nothing is defined in the kernel yet."


def _shown(opened: OpenNotebook, run: AgentRun | None, heading: str, reading: Reading) -> str:
    """Return a text between data marks; a run that is under way has it in its record."""
    if run is not None:
        run.note(reading.message)
    return marked(heading, "notebook", reading.text, new_nonce(), all_secrets(opened.secrets()))
