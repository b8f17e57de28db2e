"""Attachments of a task, prepared for the model: files are read here, on the server."""

from __future__ import annotations

import asyncio
import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from jupyter_core.utils import ensure_async
from tornado.web import HTTPError

from ..agent.context.marks import quoted
from ..agent.contracts import CodeActError
from ..agent.events import Attachment
from ..agent.observations.images import fitted
from ..notebooks.previews import preview

EXCERPT = 8_000
"""Bytes of a file that are shown to the model; it can read the rest in the kernel."""
MAX_TEXT = 20_000
"""Characters of a cell or a selection."""
MAX_IMAGE = 7_000_000
"""Characters of a picture's data URI: about five megabytes."""
MAX_ATTACHMENTS = 20
"""Attachments of one task."""

_IMAGE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]+", re.ASCII)


class AttachmentError(CodeActError):
    """An attachment cannot be used; the message says which one and why."""


class Attachments:
    """Prepares attachments, for one server's folder.

    Parameters
    ----------
    contents
        The server's contents manager, which knows what may be seen.
    """

    def __init__(self, contents: Any) -> None:
        self._contents = contents

    async def prepare(self, attachments: Sequence[Attachment], notebook: str) -> list[Attachment]:
        """Return attachments as the agent takes them: files with an excerpt, nothing too large.

        Raises
        ------
        AttachmentError
            With a sentence for the user.
        """
        if len(attachments) > MAX_ATTACHMENTS:
            raise AttachmentError(f"Attach at most {MAX_ATTACHMENTS} things to a task.")
        return [await self._prepare(attachment, notebook) for attachment in attachments]

    async def _prepare(self, attachment: Attachment, notebook: str) -> Attachment:
        if attachment.kind == "file":
            return await self._file(attachment, notebook)
        if attachment.kind == "image":
            if not attachment.image or not _IMAGE.fullmatch(attachment.image):
                raise AttachmentError(
                    f"“{attachment.name}” is not a picture. Attach a PNG, JPEG, GIF or WebP."
                )
            if len(attachment.image) > MAX_IMAGE:
                raise AttachmentError(
                    f"The picture “{attachment.name}” is larger than 5 MB. Attach a smaller one."
                )
            image = await asyncio.to_thread(fitted, attachment.image)
            # a picture from the clipboard is no file
            path = _relative(notebook, (await self._find(attachment))[0]) if attachment.path else None
            return attachment.model_copy(update={"text": "", "path": path, "image": image})
        text = attachment.text
        if len(text) > MAX_TEXT:
            text = f"{text[:MAX_TEXT]}\n… {len(text) - MAX_TEXT:,} characters left out …"
        return attachment.model_copy(update={"text": text, "path": None, "image": None})

    async def _file(self, attachment: Attachment, notebook: str) -> Attachment:
        path, size = await self._find(attachment)
        relative = _relative(notebook, path)
        text = await self._read(path, relative, size, _not_served(attachment))
        return Attachment(kind="file", name=attachment.name, path=relative, text=text)

    async def _find(self, attachment: Attachment) -> tuple[str, int]:
        """Return the path and the size of a file that may be seen."""
        path, refusal = (attachment.path or "").strip("/"), _not_served(attachment)
        if not path or ".." in PurePosixPath(path).parts:
            raise refusal
        try:
            if not self._contents.allow_hidden and await ensure_async(self._contents.is_hidden(path)):
                raise refusal
            model = await ensure_async(self._contents.get(path, content=False))
        except HTTPError:
            raise refusal from None
        except (OSError, ValueError, RuntimeError) as error:  # a name too long, a link to itself
            raise AttachmentError(_cannot_read(path, error)) from error
        if model["type"] == "directory":
            raise AttachmentError(f"“{attachment.name}” is a folder. Attach the files in it that matter.")
        return path, model.get("size") or 0

    async def _read(self, path: str, relative: str, size: int, refusal: AttachmentError) -> str:
        """Return what to show of a file; nothing where files are not on this machine."""
        to_os_path = getattr(self._contents, "_get_os_path", None)
        if to_os_path is None:
            return ""

        def read() -> str:
            file, root = Path(to_os_path(path)).resolve(), Path(self._contents.root_dir).resolve()
            if not file.is_relative_to(root):  # a link that leads out of the folder
                raise refusal
            # without waiting: nobody may ever write to a pipe
            with open(os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as opened:
                if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                    raise AttachmentError(f"{quoted(path)} is no regular file. Attach one that is.")
                return preview(file, relative) or describe(opened.read(EXCERPT), size)

        try:
            return await asyncio.to_thread(read)
        except (OSError, ValueError, RuntimeError) as error:
            raise AttachmentError(_cannot_read(path, error)) from error


def _cannot_read(path: str, error: Exception) -> str:
    reason = (error.strerror if isinstance(error, OSError) else "") or "it cannot be read"
    return f"The file {quoted(path)} cannot be read: {reason}."


def describe(excerpt: bytes, size: int) -> str:
    """Return what to show of a file: an excerpt if it is text, else its kind and size."""
    if excerpt.startswith(b"%PDF-"):
        return f"[a PDF document of {size:,} bytes]"
    if b"\0" in excerpt:
        return f"[a binary file of {size:,} bytes]"
    try:
        text = excerpt.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(excerpt) - 3:  # more than a character cut in two
            return f"[a file of {size:,} bytes that is not text in UTF-8]"
        text = excerpt[: error.start].decode("utf-8")
    if size > len(excerpt):
        text = f"{text}\n… the first {len(excerpt):,} of {size:,} bytes …"
    return text


def _not_served(attachment: Attachment) -> AttachmentError:
    return AttachmentError(f"The file “{attachment.name}” is not in the folder that Jupyter serves.")


def _relative(notebook: str, path: str) -> str:
    """Return a file's path relative to the notebook's folder, where the kernel runs."""
    return PurePosixPath(os.path.relpath(f"/{path}", f"/{PurePosixPath(notebook).parent}")).as_posix()
