"""Messages with pictures."""

from __future__ import annotations

import base64
import io
from typing import Any

from PIL import Image


def picture(colour: str, kind: str = "PNG") -> dict[str, Any]:
    buffer = io.BytesIO()
    Image.new("RGB", (56, 56), colour).save(buffer, kind)
    url = f"data:image/{kind.lower()};base64,{base64.b64encode(buffer.getvalue()).decode()}"
    return {"type": "image_url", "image_url": {"url": url}}


def asking(*parts: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"role": "user", "content": [*parts, {"type": "text", "text": "What is this?"}]}]
