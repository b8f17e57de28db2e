"""Finds what is risky about an IPython magic or shell command."""

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
"""What a shell command does besides running a program."""


@dataclass
class Command:
    """A parsed magic: its risks, each with its subject, and the Python in it, which is to be read too."""

    reasons: list[tuple[str, str]] = field(default_factory=list)
    python: str = ""


def read(text: str, outside: Callable[[str], str]) -> Command:
    """Parse a magic; ``outside`` returns a path if it leads out of the working folder, else nothing."""
    if python := _PYTHON.match(text):
        rest = _OPTIONS.sub("", python["rest"], count=1)
        is_code = not text.startswith("%%capture") and syntax_tree(rest) is not None
        return Command(python=rest if is_code else "")
    command = _COMMAND.fullmatch(text)
    if command is None:
        return Command()
    name, rest = command["name"].lstrip("%"), command["rest"]
    first = text.split("\n")[0]
    if name[0] == "!" or name in d.MAGICS[d.SHELL]:
        risks = [(reason, rest.strip()) for reason, pattern in SHELL_COMMANDS.items() if pattern.search(rest)]
        return Command([*risks, (d.SHELL, rest.strip().split("\n")[0] if name[0] == "!" else first)])
    if name in ("writefile", "file"):
        target = outside((rest.split("\n")[0].split() or [""])[-1])
        return Command([(d.OUTSIDE, target)] if target else [])
    if name == "env" and rest.strip().replace("=", " ").count(" "):
        return Command()  # it sets a variable
    reason = next((reason for reason, names in d.MAGICS.items() if name in names), None)
    if reason is None and name not in d.KNOWN_MAGICS:
        reason = d.UNKNOWN_MAGIC
    return Command([(reason, first)] if reason else [])
