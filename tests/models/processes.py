"""Python processes beside the one of the tests."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from typing import Any


def python(code: str, **options: Any) -> subprocess.Popen[str]:
    """Start a Python process that runs ``code``, with pipes to talk to it."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        **options,
    )


PULL = """
    import sys
    from jupyter_codeact.agent.contracts import ModelError
    from jupyter_codeact.models.catalog import store
    from jupyter_codeact.models.catalog.model import Entry
    entry = Entry.model_validate_json(sys.argv[1] if len(sys.argv) > 1 else sys.stdin.readline())
"""
