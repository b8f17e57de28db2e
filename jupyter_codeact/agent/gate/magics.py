"""What is risky about a magic or a shell command of IPython."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from ..source import syntax_tree
from . import dangers as d

_PYTHON = re.compile(r"%{1,2}(?:time|timeit|prun|memit|mprun|lprun|capture)\b(?P<rest>[^\n]*)")
_OPTIONS = re.compile(r"\s*(?:-\w+(?:\s+\d+)?\s+)*")
_COMMAND = re.compile(r"(?:[\w.,\[\]'\" \t]*=[ \t]*)?(?P<name>%{1,2}\w+|!{1,2})(?P<rest>.*)", re.DOTALL)
SHELL_COMMANDS = {
    d.INSTALLS: re.compile(
        r"\b(?:pip3?|conda|mamba|uv|apt(?:-get)?|yum|brew|npm|poetry|pipx)\b.*\b(?:install|add)\b"
    ),
    d.DELETES: re.compile(r"(?:^|[\s;&|])(?:rm|rmdir|unlink|shred)\s"),
    d.NETWORK: re.compile(r"\b(?:curl|wget|ssh|scp|rsync|nc|ftp|git\s+(?:clone|push|pull|fetch))\b"),
}
"""What else a shell command does, beside running a program."""


@dataclass
class Command:
    """A magic, read: its reasons with what they are about, and Python in it that is to be read, too."""

    reasons: list[tuple[str, str]] = field(default_factory=list)
    python: str = ""


def read(text: str, outside: Callable[[str], str]) -> Command:
    """Read a magic with all that belongs to it; ``outside`` tells whether a path leads out of the folder."""
    if python := _PYTHON.match(text):
        rest = _OPTIONS.sub("", python["rest"], count=1)
        is_code = not text.startswith("%%capture") and syntax_tree(rest) is not None
        return Command(python=rest if is_code else "")
    found = _COMMAND.fullmatch(text)
    if found is None:
        return Command()
    name, rest = found["name"].lstrip("%"), found["rest"]
    first = text.split("\n")[0]
    if name[0] == "!" or name in d.MAGICS[d.SHELL]:
        told = [(reason, rest.strip()) for reason, words in SHELL_COMMANDS.items() if words.search(rest)]
        return Command([*told, (d.SHELL, rest.strip().split("\n")[0] if name[0] == "!" else first)])
    if name in ("writefile", "file"):
        target = outside((rest.split("\n")[0].split() or [""])[-1])
        return Command([(d.OUTSIDE, target)] if target else [])
    if name == "env" and rest.strip().replace("=", " ").count(" "):
        return Command()  # it sets a variable
    reason = next((reason for reason, names in d.MAGICS.items() if name in names), None)
    if reason is None and name not in d.KNOWN_MAGICS:
        reason = d.UNKNOWN_MAGIC
    return Command([(reason, first)] if reason else [])
