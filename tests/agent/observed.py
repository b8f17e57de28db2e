"""Helpers for the tests of observations: made-up executions, and the text shown for them."""

import base64
import io
import re
from collections.abc import Callable

from PIL import Image

from jupyter_codeact.agent.contracts import Execution
from jupyter_codeact.agent.observations.observe import observe

NONCE = "7f3a9c21"

Run = Callable[[str], Execution]
"""Runs a cell in the kernel shared by the tests."""


def shown(execution: Execution, **options) -> str:
    """Return the text between the fences."""
    text = observe(execution, nonce=NONCE, **options).text
    found = re.fullmatch(rf".*\n<output {NONCE}>\n(.*)\n</output {NONCE}>", text, re.DOTALL)
    assert found, text
    return found[1]


def printed(*texts: str, name: str = "stdout") -> Execution:
    return Execution(
        status="ok", outputs=[{"output_type": "stream", "name": name, "text": text} for text in texts]
    )


def displayed(data: dict, metadata: dict | None = None) -> Execution:
    output = {"output_type": "display_data", "data": data, "metadata": metadata or {}}
    return Execution(status="ok", outputs=[output])


def png(width: int, height: int) -> str:
    written = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(written, "PNG")
    return base64.b64encode(written.getvalue()).decode()
