"""Faults that are the same whatever the frontend is, for the tests of all three."""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass

from tests.scripted import Broken, Garbage, Refusal, ScriptedReply

HUGE_IMAGE = "from IPython.display import Image\nImage(data=b'\\x89PNG\\r\\n\\x1a\\n' + bytes(8_000_000))"
"""A cell whose output is a picture of eight megabytes."""


DAC_OVERRIDE, CAPBSET_DROP = 1, 24  # linux/capability.h, linux/prctl.h


def obey_permissions() -> None:
    """Let even root obey the permissions of files, in the program that is started next."""
    if os.geteuid() == 0:
        assert ctypes.CDLL(None).prctl(CAPBSET_DROP, DAC_OVERRIDE) == 0


def block(source: str) -> str:
    return f"```python\n{source}\n```"


@dataclass
class EndpointFault:
    """Replies of an endpoint that is not well, and what the user reads then."""

    replies: list[ScriptedReply]
    words: str
    ending: str = "failed"


ENDPOINT_FAULTS = {
    "endpoint 429": EndpointFault([Refusal(429, "Quota used up", {"Retry-After": "3600"})], "Quota used up"),
    "endpoint 500": EndpointFault(
        [Refusal(500, "Out of order", {"retry-after-ms": "1"})] * 5, "Out of order"
    ),
    "endpoint half": EndpointFault([Broken("Half a rep"), "All of it."], "All of it.", "answered"),
    "endpoint garbage": EndpointFault([Garbage(b"<html>It works!</html>")] * 5, "It works!"),
}
