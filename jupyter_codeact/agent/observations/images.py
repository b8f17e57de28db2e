"""Prepares images for models that support them, and finds facts about images for those that do not."""

from __future__ import annotations

import base64
import binascii
import io
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from .tags import pieces

MAX_SIDE = 1568
MAX_SENT_PIXELS = 1_150_000
"""Greatest width and height, and most pixels, of an image that is sent; larger ones are scaled down. Models
see no more of them, and hosted ones scale them down themselves."""

PIXELS_PER_TOKEN = 750
"""How many pixels of an image take up a token of the context window, as hosted models count."""

MAX_PIXELS = 50_000_000
"""Larger images are not decoded."""

_HEAD_CHARACTERS = 100_000
"""Characters of a data URI that have its image's size; a photo's may come late."""
_SENT_AS = ("image/png", "image/jpeg", "image/gif", "image/webp")
_SVG_TEXTS = ("text", "title", "desc")
_SVG_READ = 2_000_000
"""Most bytes of an SVG that are searched for text."""
_SVG_ROOT = 20_000
"""Bytes of an SVG in which its first tag ends."""
_SVG_SIDE = {
    side: re.compile(rf'\s{side}="(\d+\.?\d*)(?:px|(pt))?"'.encode()) for side in ("width", "height")
}


@dataclass(frozen=True, slots=True)
class Picture:
    """An image of an output. ``size`` is its width and height in pixels, if the file says."""

    mime: str
    content: bytes
    size: tuple[int, int] | None

    @property
    def labels(self) -> str:
        """The text in the image, if its format keeps it."""
        if self.mime != "image/svg+xml":
            return ""
        return ", ".join(dict.fromkeys(filter(None, map(str.strip, self._texts()))))

    def _texts(self) -> Iterator[str]:
        """Yield the texts of an SVG; some libraries draw them, and have them in comments."""
        inside: list[str] | None = None
        for piece in pieces(self.content[:_SVG_READ].decode("utf-8", "replace")):
            if piece.kind == "comment" and inside is None and piece.text.startswith(" "):
                yield piece.text
            elif piece.kind == "start" and piece.text in _SVG_TEXTS and inside is None:
                inside = []
            elif piece.kind == "text" and inside is not None:
                inside.append(piece.text)
            elif piece.kind == "end" and piece.text in _SVG_TEXTS and inside is not None:
                yield "".join(inside)
                inside = None

    def data_uri(self) -> str | None:
        """Return the image to send to a model, scaled down to what models take.

        ``None`` if its format is not accepted by models, or if it is damaged or larger than `MAX_PIXELS`.
        """
        if self.mime not in _SENT_AS or self.size is None or self.size[0] * self.size[1] > MAX_PIXELS:
            return None
        mime, content = self.mime, self.content
        if (fitting := _fitting(self.size)) != self.size:
            mime = "image/jpeg" if mime == "image/jpeg" else "image/png"
            smaller = _smaller(content, fitting, mime)
            if smaller is None:
                return None
            content = smaller
        return f"data:{mime};base64,{base64.b64encode(content).decode()}"


def picture(mime: str, data: str) -> Picture:
    """Return an output's image; ``data`` is base64, or text for SVG."""
    if mime == "image/svg+xml":
        content = data.encode("utf-8", "replace")
    else:
        try:
            content = base64.b64decode("".join(data.split()), validate=True)
        except (binascii.Error, ValueError):
            content = b""
    size = _size(mime, content)
    return Picture(mime, content, size if size and all(size) else None)


def fitted(uri: str) -> str:
    """Return an image's data URI, scaled down to what models take if that is possible."""
    head, _, data = uri.partition(",")
    mime = head.removeprefix("data:").removesuffix(";base64")
    if mime not in _SENT_AS:
        return uri
    return picture(mime, data).data_uri() or uri


def tokens_of(uri: str) -> int | None:
    """Return about how many tokens an image takes up; ``None`` if its data URI does not tell its size."""
    head, _, data = uri.partition(",")
    start = data[:_HEAD_CHARACTERS]
    try:
        content = base64.b64decode(start[: len(start) // 4 * 4])
    except (binascii.Error, ValueError):
        return None
    size = _size(head.removeprefix("data:").removesuffix(";base64"), content)
    return None if not size or not all(size) else max(1, round(size[0] * size[1] / PIXELS_PER_TOKEN))


def _fitting(size: tuple[int, int]) -> tuple[int, int]:
    width, height = size
    scale = min(1.0, MAX_SIDE / max(size), (MAX_SENT_PIXELS / (width * height)) ** 0.5)
    return size if scale == 1 else (max(1, int(width * scale)), max(1, int(height * scale)))


def _smaller(content: bytes, size: tuple[int, int], mime: str) -> bytes | None:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content)) as image:
            has_alpha = image.mode in ("P", "PA", "LA", "RGBA") and mime == "image/png"
            small = image.convert("RGBA" if has_alpha else "RGB")
            small.thumbnail(size)
            written = io.BytesIO()
            small.save(written, mime.removeprefix("image/").upper(), quality=90)
            return written.getvalue()
    except (
        OSError,
        ValueError,
        SyntaxError,
        Image.DecompressionBombError,
    ):  # damaged files
        return None


def _size(mime: str, content: bytes) -> tuple[int, int] | None:
    """Read width and height from the file's header."""
    try:
        if mime == "image/png" and content.startswith(b"\x89PNG"):
            return struct.unpack(">II", content[16:24])
        if mime == "image/gif" and content.startswith(b"GIF8"):
            return struct.unpack("<HH", content[6:10])
        if mime == "image/jpeg":
            return _jpeg_size(content)
        if mime == "image/webp" and content[8:12] == b"WEBP":
            return _webp_size(content)
    except struct.error:
        return None
    if mime == "image/svg+xml" and (root := re.search(rb"<svg\b[^>]*>", content[:_SVG_ROOT])):
        sides = [_SVG_SIDE[side].search(root[0]) for side in ("width", "height")]
        width, height = (round(float(side[1]) * (4 / 3 if side[2] else 1)) if side else 0 for side in sides)
        return (width, height) if width and height else None
    return None


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    position = 2
    while position < len(content) and content[position] == 0xFF:
        marker = content[position + 1]
        length = struct.unpack(">H", content[position + 2 : position + 4])[0]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):  # a frame header, whatever its coding
            height, width = struct.unpack(">HH", content[position + 5 : position + 9])
            return width, height
        position += 2 + length
    return None


def _webp_size(content: bytes) -> tuple[int, int] | None:
    if content[12:16] == b"VP8X":
        width, height = (int.from_bytes(content[at : at + 3], "little") for at in (24, 27))
        return width + 1, height + 1
    if content[12:16] == b"VP8L":
        bits = int.from_bytes(content[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack("<HH", content[26:30])
    return width & 0x3FFF, height & 0x3FFF
