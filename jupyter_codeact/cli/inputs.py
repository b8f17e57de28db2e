"""What a run begins with: the task from a file, images, variables, an earlier conversation."""

from __future__ import annotations

import ast
import base64
import keyword
import math
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..agent.unicode import valid_text

if TYPE_CHECKING:
    from ..agent.events import Attachment
    from ..journal import SqliteJournal
    from ..notebooks.headless import HeadlessNotebook

IMAGES = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".gif": "gif", ".webp": "webp"}
TAG = "injected-parameters"
"""The tag of a cell with values from outside, as papermill has it."""
DEFAULTS_TAG = "parameters"
"""The tag of the cell with a notebook's own values for them, below which papermill puts that cell."""
_NOT_A_LITERAL = re.compile(r"[+-]?(?:nan|inf)", re.IGNORECASE)
"""Numbers that Python has no literal for."""
_FIELD = re.compile(r"\{([A-Za-z_]\w*)\}")


def read_task(_ctx: click.Context, _parameter: click.Parameter, value: str) -> str:
    """Return the task: the text itself, the content of ``@FILE``, or standard input for ``-``."""
    if value == "-":
        # what Python cannot decode it may refuse, so it gets the bytes
        return valid_text(sys.stdin.buffer.read().decode("utf-8", "surrogateescape"))
    if not value.startswith("@"):
        return valid_text(value)
    path = Path(value[1:])
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise click.BadParameter(f"{path} is not a text file in UTF-8.") from None
    except OSError as error:
        raise click.BadParameter(f"The task cannot be read from {path}: {error.strerror}.") from None


def read_kernel(_ctx: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """Return the name of a kernel that is installed and for Python."""
    from ..agent.contracts import NotebookError
    from ..notebooks.kernelspecs import kernelspec

    try:
        return value and kernelspec(value, only_python=True)["name"]
    except NotebookError as error:
        raise click.BadParameter(str(error)) from error


def read_variables(
    _ctx: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> dict[str, Any]:
    """Return the variables of ``NAME=VALUE``: a Python literal where the value is one, else a string."""
    variables = {}
    for value in values:
        name, equals, text = valid_text(value).partition("=")
        if not equals or not name.isidentifier() or keyword.iskeyword(name):
            raise click.BadParameter(f"“{value}” is not NAME=VALUE with a valid Python name.")
        try:
            variables[name] = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            variables[name] = float(text) if _NOT_A_LITERAL.fullmatch(text.strip()) else text
    return variables


def read_servers(_ctx: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, Any]:
    """Return the MCP servers that files name, in the form of ``.mcp.json``."""
    from ..mcp.client.configuration import McpError, parse

    servers: dict[str, Any] = {}
    for value in values:
        try:
            found = parse(Path(value).read_bytes(), value)
        except OSError as error:
            raise click.BadParameter(f"{value} cannot be read: {error.strerror}.") from None
        except McpError as error:
            raise click.BadParameter(str(error)) from None
        servers |= {name: server.model_dump(by_alias=True) for name, server in found.items()}
    return servers


def read_images(
    _ctx: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> list[Attachment]:
    """Return the images in files, as attachments."""
    from ..agent.events import Attachment
    from ..agent.observations.images import picture

    images = []
    for path in map(Path, values):
        kind = IMAGES.get(path.suffix.lower())
        try:
            content = path.read_bytes()
        except OSError as error:
            raise click.BadParameter(f"{path} cannot be read: {error.strerror}.") from None
        uri = picture(f"image/{kind}", base64.b64encode(content).decode()).data_uri() if kind else None
        if uri is None:
            raise click.BadParameter(f"{path} is not a PNG, JPEG, GIF or WebP image that a model can take.")
        images.append(Attachment(kind="image", name=path.name, image=uri))
    return images


def filled(task: str, variables: dict[str, Any]) -> str:
    """Return a task with each ``{name}`` of a variable replaced by its value; other braces stay."""
    return _FIELD.sub(lambda found: str(variables.get(found[1], found[0])), task).strip()


async def define(notebook: HeadlessNotebook, variables: dict[str, Any], *, run: bool = True) -> None:
    """Put the variables into a cell as papermill does, and ``run`` it.

    It comes in place of an earlier one, else below the notebook's own values for them, else at the top.

    Raises
    ------
    CodeActError
        If it does not run.
    """
    from nbformat.v4 import new_code_cell

    from ..agent.contracts import NotebookError

    if not variables:
        return
    source = "\n".join(["# Parameters", *(f"{name} = {_python(value)}" for name, value in variables.items())])
    before, defaults = _tagged(notebook, TAG), _tagged(notebook, DEFAULTS_TAG)
    cell = new_code_cell(source, metadata={"tags": [TAG]}, **({"id": before} if before else {}))
    await notebook.restore_cell(cell, after=defaults)
    if run and (await notebook.run_cell(cell.id, source=source)).status != "ok":
        raise NotebookError("The variables of --var could not be set in the kernel.")


def _tagged(notebook: HeadlessNotebook, tag: str) -> str | None:
    """Return the id of the first cell with a tag."""
    return next((str(one.id) for one in notebook.cells if tag in one.metadata.get("tags", ())), None)


def _python(value: Any) -> str:
    """Return a value as Python: unlike ``repr``, with infinite numbers and nan."""
    match value:
        case float() if not math.isfinite(value):
            return f"float('{value}')"
        case dict():
            return "{" + ", ".join(f"{_python(key)}: {_python(one)}" for key, one in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_python, value)) + "]"
        case tuple():
            return "(" + "".join(f"{_python(one)}, " for one in value).strip() + ")"
    return repr(value)


@dataclass(frozen=True)
class Resumed:
    """A conversation to continue, and its notebook."""

    conversation: str
    notebook: Path


def resume(name: str) -> Resumed:
    """Find the conversation that ``name`` is: its id, or the notebook it worked in.

    Raises
    ------
    CodeActError
        If there is none, or its notebook is not there any more.
    """
    from ..journal import SqliteJournal, default_path

    journal = SqliteJournal(default_path())
    try:
        return _resume(journal, name)
    finally:
        journal.close()


def _resume(journal: SqliteJournal, name: str) -> Resumed:
    from ..agent.contracts import CodeActError

    path = Path(name)
    if name.endswith(".ipynb") or path.is_file():
        path = path.resolve()
        conversation = journal.latest(str(path))
        if conversation is None:
            raise CodeActError(f"CodeAct has not worked in {path} yet, so there is nothing to continue.")
    else:
        conversation = journal.find(name).id
        path = _on_disk(Path(journal.notebook(conversation)))
    if not path.is_file():
        where = f"The notebook {path} of this conversation" if path.name else "This conversation's notebook"
        raise CodeActError(f"{where} is not there any more.")
    journal.close_unfinished(conversation)
    return Resumed(conversation, path)


def _on_disk(path: Path) -> Path:
    """Return the path of a file whose name may not be valid Unicode, from the name that the journal has."""
    found = Path(path.anchor)
    for part in path.parts[1:] if path.anchor else path.parts:
        try:
            like = [name for name in os.listdir(found) if valid_text(name) == part and name != part]
        except OSError:
            like = []
        found = found / (like[0] if like and not (found / part).exists() else part)
    return found
