"""What the user gives along with a task, made ready for the model: files are read here, on the server."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from jupyter_core.utils import ensure_async
from tornado.web import HTTPError

from ..agent.contracts import CodeActError
from ..agent.events import Attachment

BEGINNING = 8_000
"""Bytes of a file that the model is shown; it can read the rest in the kernel."""
LONGEST_TEXT = 20_000
"""Characters of a cell or a selection."""
LARGEST_IMAGE = 7_000_000
"""Characters of a picture's data URI: about five megabytes."""
MOST = 20
"""Attachments of one task."""

_IMAGE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]+", re.ASCII)


class AttachmentError(CodeActError):
    """An attachment cannot be taken; the message says which and why."""


class Attachments:
    """Makes attachments ready, for one server's folder.

    Parameters
    ----------
    contents
        The server's contents manager, which says what may be seen.
    """

    def __init__(self, contents: Any) -> None:
        self._contents = contents

    async def ready(self, attachments: Sequence[Attachment], notebook: str) -> list[Attachment]:
        """Return attachments as the agent takes them: files with their beginning, nothing too large.

        Raises
        ------
        AttachmentError
            With a sentence for the user.
        """
        if len(attachments) > MOST:
            raise AttachmentError(f"Attach at most {MOST} things to a task.")
        return [await self._ready(attachment, notebook) for attachment in attachments]

    async def _ready(self, given: Attachment, notebook: str) -> Attachment:
        if given.kind == "file":
            return await self._file(given, notebook)
        if given.kind == "image":
            if not given.image or not _IMAGE.fullmatch(given.image):
                raise AttachmentError(f"“{given.name}” is not a picture. Attach a PNG, JPEG, GIF or WebP.")
            if len(given.image) > LARGEST_IMAGE:
                raise AttachmentError(
                    f"The picture “{given.name}” is larger than 5 MB. Attach a smaller one."
                )
            return given.model_copy(update={"text": "", "path": None})
        text = given.text
        if len(text) > LONGEST_TEXT:
            text = f"{text[:LONGEST_TEXT]}\n… {len(text) - LONGEST_TEXT:,} characters left out …"
        return given.model_copy(update={"text": text, "path": None, "image": None})

    async def _file(self, given: Attachment, notebook: str) -> Attachment:
        path = (given.path or "").strip("/")
        trouble = AttachmentError(f"The file “{given.name}” is not in the folder that Jupyter serves.")
        if not path or ".." in PurePosixPath(path).parts:
            raise trouble
        try:
            if not self._contents.allow_hidden and await ensure_async(self._contents.is_hidden(path)):
                raise trouble
            model = await ensure_async(self._contents.get(path, content=False))
        except HTTPError:
            raise trouble from None
        if model["type"] == "directory":
            raise AttachmentError(f"“{given.name}” is a folder. Attach the files in it that matter.")
        size = model.get("size") or 0
        beginning = await self._beginning(path, trouble)
        return Attachment(
            kind="file", name=given.name, path=_from(notebook, path), text=describe(beginning, size)
        )

    async def _beginning(self, path: str, trouble: AttachmentError) -> bytes | None:
        """Return the first bytes of a file; ``None`` where files are not on this machine."""
        where = getattr(self._contents, "_get_os_path", None)
        if where is None:
            return None

        def read() -> bytes:
            file, root = Path(where(path)).resolve(), Path(self._contents.root_dir).resolve()
            if not file.is_relative_to(root):  # a link that leads out of it
                raise trouble
            with file.open("rb") as opened:
                return opened.read(BEGINNING)

        try:
            return await asyncio.to_thread(read)
        except OSError as error:
            reason = error.strerror or "it cannot be read"
            raise AttachmentError(f"The file “{path}” cannot be read: {reason}.") from error


def describe(beginning: bytes | None, size: int) -> str:
    """Return what can be shown of a file: its beginning if it is text, else what it is."""
    if beginning is None:
        return ""
    if b"\0" in beginning:
        return f"[a binary file of {size:,} bytes]"
    try:
        text = beginning.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(beginning) - 3:  # not just a character cut in the middle
            return f"[a file of {size:,} bytes that is not text in UTF-8]"
        text = beginning[: error.start].decode("utf-8")
    if size > len(beginning):
        text = f"{text}\n… the first {len(beginning):,} of {size:,} bytes …"
    return text


def _from(notebook: str, path: str) -> str:
    """Return a file's path as a kernel in the notebook's folder can open it."""
    return PurePosixPath(os.path.relpath(f"/{path}", f"/{PurePosixPath(notebook).parent}")).as_posix()
