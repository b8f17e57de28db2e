"""Finds what is risky about an IPython magic or a shell command."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ..secrets import is_secret_name
from . import dangers as d
from . import sql, writers
from .findings import KernelState
from .markdown import risks_of_markup
from .paths import Places

_COMMAND = re.compile(r"(?:[\w.,\[\]'\" \t]*=[ \t]*)?(?P<name>%{1,2}\s*[\w.]+|!{1,2})(?P<rest>.*)", re.DOTALL)
_PYTHON_MAGICS = """
    time timeit prun memit mprun lprun capture heat snakeviz pyinstrument scalene viztracer debug mypy
    notify wait_for skip cache nbdev export exporti hide with_options tryexcept background
"""
_PYTHON = frozenset(_PYTHON_MAGICS.split())
"""Magics that run the Python in their line, and that in the cell below."""
_OPTIONS = re.compile(r"\s*(?:-{1,2}\w[\w-]*(?:[= ]+[\w.]+)?\s+)*")
_SHELL_WORDS = re.compile(r"[;&|<>`$]|\n")
_BY_REASON = {
    d.SHELL: """bash sh script system sx sc cmd perl ruby python2 python3 python pypy powershell pwsh R julia
        kill killbgscripts fortran cpp cuda cu""",
    d.INSTALLS: "pip conda mamba micromamba uv pixi",
    d.DELETES: "rm rmdir",
    d.OUTSIDE: "mv cp ln",
    d.CLEARS: "reset reset_selective",
    d.CREDENTIALS: "dotenv",
    d.PAGE: "javascript js",
    d.HIDDEN: "run load loadpy macro rerun recall rep edit ed cython px autopx pxconfig",
    d.SWITCHES: "codeact",
}
_REASONS = {name: reason for reason, names in _BY_REASON.items() for name in names.split()}
_KNOWN_MAGICS = """
    alias alias_magic autoawait autocall autoindent automagic bookmark cat cd clear colors config
    connect_info debug dhist dirs doctest_mode env file gui hist history html latex ldir less lf lk ll
    load_ext logoff logon logstart logstate logstop ls lsmagic lx magic man markdown matplotlib mkdir
    more notebook page pastebin pdb pdef pdoc pfile pinfo pinfo2 popd pprint precision psearch psource
    pushd pwd pycat pylab qtconsole quickref rehashx reload_ext save set_env sql store subplots svg tb
    unalias unload_ext who who_ls whos writefile xdel xmode autoreload code_wrap watermark lab_black
    nb_black bigquery tensorboard aimport
"""
_KNOWN = frozenset(_KNOWN_MAGICS.split())
NAMES = frozenset(_REASONS) | _KNOWN | _PYTHON
"""All magics that are known here, under which IPython also looks without a ``%``."""
_MARKUP = {"html", "svg", "markdown", "latex"}
_ALIASES = {"cat", "ls", "ll", "lx", "lk", "lf", "ldir", "less", "more", "man", "mkdir"}
"""Magics that IPython passes to a shell."""
_WRITERS = {"writefile", "file", "save", "logstart", "notebook"}
RISKS_OF_SHELL = {
    d.INSTALLS: re.compile(
        r"\b(?:pip3?|conda|mamba|uv|apt(?:-get)?|yum|brew|npm|poetry|pipx)\b.{0,300}?\b(?:install|add)\b"
    ),
    d.DELETES: re.compile(r"(?:^|[\s;&|])(?:rm|rmdir|unlink|shred)\s"),
    d.NETWORK: re.compile(r"\b(?:curl|wget|ssh|scp|rsync|nc|ftp|git\s+(?:clone|push|pull|fetch))\b"),
}


@dataclass
class Magic:
    """What is in a magic: reasons to ask, each with its subject; Python to be read; files that it writes."""

    reasons: list[tuple[str, str]] = field(default_factory=list)
    python: list[str] = field(default_factory=list)
    targets: set[str] = field(default_factory=set)


class MagicReader:
    """Reads magics and shell commands."""

    def __init__(self, state: KernelState, places: Places) -> None:
        self._state, self._places = state, places

    def read(self, text: str) -> Magic:
        """Read a magic or a shell command, with the cell below it if it takes one."""
        command = _COMMAND.fullmatch(text)
        if command is None:
            return Magic()
        name, rest = command["name"].lstrip("%").strip(), command["rest"]
        is_cell = command["name"].startswith("%%")
        line, _, body = rest.partition("\n") if is_cell else (rest, "", "")
        line, first = line.strip(), text.split("\n")[0]
        name = self._state.magics.get(name, name)
        if name.startswith("!"):
            shell = f"{name[1:]} {rest}" if name.strip("!") else rest
            return Magic(_shell(shell, first=shell.strip().split("\n")[0]))
        if name in _PYTHON:
            return self._python(name, line, body, is_cell=is_cell)
        if (reason := _REASONS.get(name)) is not None:
            risks = _shell(rest, first=first)[:-1] if reason == d.SHELL else []
            return Magic([*risks, (reason, first)])
        if name in _MARKUP:
            return Magic(risks_of_markup(body or line))
        return self._known(name, line, body, first)

    def _known(self, name: str, line: str, body: str, first: str) -> Magic:
        words = line.split()
        if name in ("cd", "pushd", "popd", "bookmark"):
            if name != "bookmark":
                self._change_folder(name, line)
            return Magic()
        if name == "env" or name == "set_env":
            return Magic(_environment(line, first, name))
        if name in _ALIASES:
            return Magic(_shell(line, first=first) if _SHELL_WORDS.search(line) else self._reads(line))
        if name in ("alias", "alias_magic"):
            return self._alias(name, words, line, first)
        if name == "sql":
            risks, targets, _ = sql.read(body or line)
            address = writers.ADDRESS.match(line)
            found = [*risks, *([(d.NETWORK, line)] if address else [])]
            return Magic(found, targets=set(targets))
        if name in ("history", "hist") and "-f" in words:
            return self._writes([words[words.index("-f") + 1]] if words[-1] != "-f" else [""], first)
        if name == "store" and ">" in line:
            return self._writes([line.rpartition(">")[2].strip()], first)
        if name == "store" and "-z" in words:
            return Magic([(d.CLEARS, first)])
        if name in _WRITERS:
            paths = [word.strip("'\"") for word in words if not word.startswith("-")]
            target = paths[:1] if name in ("save", "logstart") else paths[-1:]
            written = self._writes(target, first, appends="-a" in words)
            if name in ("writefile", "file") and target and target[0].endswith((".py", ".ipy")):
                written.python.append(body)
            return written
        if name == "pastebin":
            return Magic([(d.NETWORK, first)])
        if name in ("load_ext", "reload_ext"):
            return Magic([(d.CREDENTIALS, first)] if "dotenv" in words else [])
        if name == "bigquery":
            return Magic([(d.NETWORK, first)])
        return Magic(self._reads(line) if name in _KNOWN else [(d.UNKNOWN_MAGIC, first)])

    def _python(self, name: str, line: str, body: str, *, is_cell: bool) -> Magic:
        code = _OPTIONS.sub("", f"{line} ", count=1).strip()
        is_code = bool(code) and not (is_cell and name in ("capture", "debug", "cache", "export"))
        return Magic(python=[*([code] if is_code else []), *([body] if body.strip() else [])])

    def _change_folder(self, name: str, line: str) -> None:
        words = [word for word in line.split() if not word.startswith("-") or word == "-"]
        target = " ".join(words).strip("'\"") or ("~" if name == "cd" else "")
        if name == "popd" or target == "-" or "$" in target or "{" in target:
            target = "\0"
        self._state.files.folders = self._places.moved(self._state.files, [target])

    def _alias(self, name: str, words: list[str], line: str, first: str) -> Magic:
        if name == "alias":
            risks = _shell(line.partition(" ")[2], first=first)
            return Magic(risks if len(words) > 1 else [])
        names = [word for word in words if not word.startswith("-")]
        if len(names) > 1:
            self._state.magics[names[0]] = names[1].lstrip("%")
        return Magic()

    def _writes(self, paths: list[str], first: str, *, appends: bool = False) -> Magic:
        found = Magic()
        for path in paths or [""]:
            text = "\0" if not path or "{" in path or "$" in path else path
            risk = self._places.risk_of_writing(text, self._state.files)
            if risk:
                found.reasons.append((risk[0], risk[1] or first))
            else:
                found.targets.update(self._places.absolute(text, self._state.files))
        return found

    def _reads(self, line: str) -> list[tuple[str, str]]:
        return [(d.CREDENTIALS, word) for word in line.split() if d.SECRET_PLACES.search(word[:300])]


def _environment(line: str, first: str, name: str) -> list[tuple[str, str]]:
    if "=" in line or line.count(" ") or (name == "set_env" and line):
        return []  # it sets a variable
    if not line:
        return [(d.CREDENTIALS, first)]
    return [(d.CREDENTIALS, line)] if is_secret_name(line) else []


def _shell(text: str, *, first: str) -> list[tuple[str, str]]:
    risks = [
        (reason, text.strip().split("\n")[0])
        for reason, pattern in RISKS_OF_SHELL.items()
        if pattern.search(text)
    ]
    return [*risks, (d.SHELL, first)]
