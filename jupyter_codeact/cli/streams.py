"""Standard output and error as they are: in any encoding, closed, or on a full disk."""

from __future__ import annotations

import codecs
import os
import sys
from contextlib import suppress

_PLAIN = {ord(one): "-" for one in "\N{EN DASH}\N{EM DASH}·─━│"} | str.maketrans(
    {
        "→": "->", "…": "...", "×": "x", "›": ">", "•": "*", "“": '"', "”": '"',
        "\N{LEFT SINGLE QUOTATION MARK}": "'", "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "\N{NO-BREAK SPACE}": " ",
    }
)  # fmt: skip
"""What stands in where an encoding lacks one of the characters that we use."""
_NAME = "jupyter-codeact"


def take_any_character() -> None:
    """Let the standard streams replace what their encoding has no character for, instead of failing."""
    codecs.register_error(_NAME, _plain)
    for stream in (sys.stdout, sys.stderr):
        # a stream that somebody put in their place may have no encoding
        with suppress(AttributeError, ValueError):
            if codecs.lookup(stream.encoding).name != "utf-8":
                stream.reconfigure(errors=_NAME)  # type: ignore[union-attr]


def let_go() -> None:
    """Let go of standard output, which nobody can write any more; Python would complain again at its end."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    plain = error.object[error.start : error.end].translate(_PLAIN)
    return "".join(one if one.isascii() else "?" for one in plain), error.end
