"""The message that opens a run: the notebook as it is, attachments, and the task."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from .. import prompts
from ..contracts import NotebookState, Variable
from ..events import Attachment
from ..observations.observe import cut
from ..project import Project
from ..run_limits import Guidance
from ..secrets import hide
from ..unicode import valid_text
from .cells import short_ids
from .marks import in_one_line, marked, plain_or_quoted, quoted
from .notebook import AMPLE_WINDOW, describe_notebook, room_for_cells
from .project import describe_project

VARIABLES = 2500
TOOLS = 4000
SERVERS = 6000
ATTACHMENT = 6000
"""Most characters of one attachment; a longer one is cut in the middle."""
PREVIEW = 2000
"""Most characters that are shown of a data file that the task names."""
FILES: dict[Guidance, int] = {"small": 12, "capable": 40}
"""Most names of files that a model is told; those that the task speaks of come first."""
SUMMARY = 500
"""Most characters of a variable's summary."""
TOOL_TYPES = ("tool", "server")
"""Types of variables that are for the model to call: functions, and MCP servers with functions."""
_WORD = re.compile(r"\w+")
TOOL = 100
"""Most characters of the name of a function that a notebook proposes."""
INSTRUCTIONS = 4000
"""Most characters of the user's instructions for every task."""


def opening_message(
    task: str | None,
    state: NotebookState,
    attachments: Sequence[Attachment] = (),
    below: str | None = None,
    *,
    target: str | None = None,
    failed: Sequence[str] = (),
    nonce: str = "",
    window: int | None = None,
    guidance: Guidance = "small",
    supports_images: bool = False,
    earlier: str = "",
    instructions: str = "",
    project: Project | None = None,
    advice: str = "",
    secrets: Mapping[str, str] | None = None,
) -> str:
    """Return the user message that opens a run: project, cells, functions, variables, attachments, the task.

    Parameters
    ----------
    task : str, optional
        The user's request; without one, the message ends where it would stand.
    state : NotebookState
        The notebook.
    attachments : sequence of Attachment
        What the user attached; images are sent beside this text.
    below : str, optional
        The cell below which the run works, if not the active one.
    target : str, optional
        The cell that the run is to rewrite.
    failed : sequence of str
        The cells that failed when the notebook's own cells ran before this.
    nonce : str
        The run's random word, which marks the fences around data.
    window : int, optional
        The model's context window in characters, if known; a small one shortens the message.
    guidance : {"small", "capable"}
        A small model is shown less, unless its window is large.
    supports_images : bool
        Whether attached images are sent along.
    earlier : str
        The text of the conversation so far; cells and tools in it are not repeated in full.
    instructions : str
        What the user wants the model to heed in every task; left out where the conversation has it already.
    project : Project, optional
        The instructions and skills that hold where the notebook lies; they come first, as they change least.
    advice : str
        What the hooks add to the task.
    secrets : Mapping of str to str, optional
        Values to mask, by their names.
    """
    secrets = secrets or {}
    share = 1.0 if window is None else min(1.0, window / AMPLE_WINDOW)
    parts = describe_project(
        project or Project(), nonce, secrets, small=guidance == "small", room=share, earlier=earlier
    )
    shown = describe_notebook(
        state,
        below or state.active_cell,
        room_for_cells(window, guidance),
        earlier=earlier,
        secrets=secrets,
    )
    folder = _describe_folder(state, task or "", FILES[guidance])
    about = folder if (shown.text or state.files) and folder not in earlier else ""
    if inside := "\n".join(filter(None, [about, shown.text])):
        parts.append(marked("The notebook so far", "notebook", inside, nonce, secrets))
    if shown.hidden:
        parts[-1] += "\n" + prompts.more_cells(shown.hidden)
    names = short_ids([cell.id for cell in state.cells])
    if gone := [names[cell] for cell in failed if cell in names]:
        parts.append(prompts.failed_cells(gone))
    if imports := _as_imports(state.tools):
        parts.append(marked(prompts.PROPOSED_TOOLS, "proposed", "\n".join(imports), nonce, secrets))
    if state.variables is None:
        busy = state.kernel is not None and state.kernel.status == "busy"
        parts.append(prompts.BUSY_KERNEL if busy else prompts.UNKNOWN_VARIABLES)
    elif variables := describe_variables(state.variables, nonce, secrets, room=share, earlier=earlier):
        parts.append(variables)
    elif shown.text:
        parts.append(prompts.FRESH_KERNEL)
    attached = {attachment.path for attachment in attachments}
    for name, preview in state.previews.items():
        if name not in attached and preview not in earlier:
            text = cut(preview, round(PREVIEW * share))
            parts.append(marked(prompts.NAMED_FILE.format(name=quoted(name)), "file", text, nonce, secrets))
    for attachment in attachments:
        parts.append(_describe_attachment(attachment, names, nonce, round(ATTACHMENT * share), secrets))
        if attachment.image and not supports_images:
            parts[-1] += " " + prompts.NO_IMAGES
    wishes = valid_text(instructions).strip()[:INSTRUCTIONS]
    if wishes and (heed := prompts.INSTRUCTIONS.format(instructions=wishes)) not in earlier:
        parts.append(heed)
    if task is not None:
        parts.append(prompts.TASK.format(task=task))
        if target in names:
            parts[-1] += "\n" + prompts.TARGET.format(cell=names[target])
    if advice:
        parts.append(advice)
    return "\n\n".join(parts)


def describe_variables(
    variables: Sequence[Variable],
    nonce: str,
    secrets: Mapping[str, str],
    *,
    room: float = 1.0,
    earlier: str = "",
) -> str:
    """Describe what is defined in the kernel: tools and servers with their signatures, then the variables.

    Tools in the ``earlier`` text are only named. The ``secrets`` are masked.
    """
    tool_variables = tools_in(variables)
    servers = servers_in(variables)
    others = [variable for variable in variables if variable.type not in TOOL_TYPES]
    parts = []
    if tool_variables:
        signatures = {plain_or_quoted(tool.name): _signature(tool) for tool in tool_variables}
        new = [signature for signature in signatures.values() if signature not in earlier]
        old = [name for name, signature in signatures.items() if signature in earlier]
        lines = [f"(as above: {', '.join(old)})"] if old else []
        lines += _last_that_fit(new, round(TOOLS * room))
        # the user wants them called, so they are not announced as mere data
        parts.append(marked(prompts.TOOLS, "tools", "\n".join(lines), nonce, secrets, kind=""))
    if servers:
        functions = {plain_or_quoted(server.name): _functions(server) for server in servers}
        new = [text for text in functions.values() if text not in earlier]
        old = [name for name, text in functions.items() if text in earlier]
        lines = [f"(as above: {', '.join(old)})"] if old else []
        lines += _last_that_fit(new, round(SERVERS * room))
        parts.append(marked(prompts.SERVERS, "functions", "\n".join(lines), nonce, secrets, kind=""))
    if others:
        lines = _last_that_fit([_in_one_line(variable) for variable in others], round(VARIABLES * room))
        parts.append(marked(prompts.VARIABLES, "variables", "\n".join(lines), nonce, secrets))
    return "\n\n".join(parts)


def tools_in(variables: Sequence[Variable]) -> list[Variable]:
    """Return the tools among the variables."""
    return [variable for variable in variables if variable.type == "tool"]


def servers_in(variables: Sequence[Variable]) -> list[Variable]:
    """Return the MCP servers among the variables."""
    return [variable for variable in variables if variable.type == "server"]


def mentioned_variables(variables: Sequence[Variable], source: str) -> list[Variable]:
    """Return the variables that ``source`` mentions, without the tools."""
    names = names_in(source)
    return [variable for variable in variables if variable.name in names and variable.type not in TOOL_TYPES]


def names_in(source: str) -> set[str]:
    """Return all names and words in a text."""
    return set(re.findall(r"\w+", source))


def _in_one_line(variable: Variable) -> str:
    name, kind = plain_or_quoted(variable.name), plain_or_quoted(variable.type)
    return f"- {name}: {kind} {in_one_line(variable.summary, SUMMARY)}".rstrip()


def _signature(tool: Variable) -> str:
    signature, _, docstring = tool.summary.partition("\n")
    lines = [
        f"- {plain_or_quoted(tool.name)}{in_one_line(signature, SUMMARY)}"
    ]  # not as a definition: small models copy those into their cells
    lines += [f"    {line}".rstrip() for line in docstring.strip().split("\n") if line.strip()]
    return "\n".join(lines)


def _functions(server: Variable) -> str:
    """Describe the functions of a server, a line each."""
    name = plain_or_quoted(server.name)
    lines = [line for line in server.summary.split("\n") if line]
    shown = [f"- {name}.{in_one_line(line, SUMMARY)}" for line in lines if not line.startswith("and ")]
    more = [f"  ({in_one_line(line, SUMMARY)})" for line in lines if line.startswith("and ")]
    return "\n".join([*shown, *more, f"  (help({name}.function) tells more of one)"])


def _last_that_fit(lines: Sequence[str], room: int) -> list[str]:
    """Keep the last lines that fit: what was defined last matters most."""
    kept: list[str] = []
    for line in reversed(lines):
        if len(line) > room and kept:
            return [f"({len(lines) - len(kept):,} more not shown)", *reversed(kept)]
        room -= len(line)
        kept.append(line)
    return kept[::-1]


def _as_imports(tools: Sequence[str]) -> list[str]:
    """Return the tools that a notebook proposes as imports, which pass the gate like any other code."""
    valid = [tool for tool in tools if len(tool) <= TOOL and re.fullmatch(r"[\w.]+:\w+", tool, re.ASCII)]
    parts = [tool.split(":") for tool in valid]
    return [f"from {module} import {name}" for module, name in parts[:20]]


def _describe_folder(state: NotebookState, task: str, most: int) -> str:
    """Return the notebook's name, and those of the files beside it, in a line each."""
    words = set(_WORD.findall(task.casefold()))
    # as sorting keeps the order of those that are alike
    first = sorted(state.files, key=lambda file: words.isdisjoint(_WORD.findall(file.casefold())[:1]))[:most]
    files = [quoted(file) for file in state.files if file in set(first)]
    more = len(state.files) - len(files)
    lines = [f"(file: {quoted(state.name)})"] if state.name else []
    if files:
        lines.append(f"(files beside it: {', '.join(files)}{f', and {more:,} more' if more else ''})")
    return "\n".join(lines)


def _describe_attachment(
    attachment: Attachment, names: dict[str, str], nonce: str, room: int, secrets: Mapping[str, str]
) -> str:
    name = attachment.name
    cell = name if re.fullmatch(r"\[\d{0,9}\]", name) else quoted(name)
    heading = {
        "cell": f"The user points at the cell {cell}",
        "selection": f"The user selected in {cell}",
        "file": f"The user attached the file {quoted(attachment.path or name)}",
        "image": f"The user attached the image {quoted(attachment.path or name)}",
    }[attachment.kind]
    if attachment.cell_id in names:
        heading += f" (cell={names[attachment.cell_id]})"
    if attachment.path and attachment.kind in ("file", "image"):
        heading += "; your code can open it by this path"
        heading += ". It begins" if attachment.kind == "file" else ""
    heading = hide(heading, secrets, nonce)
    text = cut(hide(attachment.text, secrets, nonce), room)
    return marked(heading, "attached", text, nonce, secrets) if text.strip() else f"{heading}."
