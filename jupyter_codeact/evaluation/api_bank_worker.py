"""Runs API-Bank from its own repository, for `upstream.Upstream`.

The checkout is ``AlibabaResearch/DAMO-ConvAI`` or the copy in ``xingyaoww/code-act`` (this part is Apache-2.0
in both); nothing is copied from it. Two of its tools import packages that need models and services. These
packages are replaced by empty ones, because their tools cannot work offline anyway.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import importlib
import importlib.machinery
import json
import os
import re
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from .upstream import serve

FOLDERS = (Path("scripts") / "eval" / "api-bank", Path("api-bank"), Path())
SAMPLES = Path("lv1-lv2-samples") / "level-1-given-desc"
OFFLINE = ("sentence_transformers", "googletrans")


class Checkout:
    """The scored items of a checkout: each is a dialogue up to the next call of an API."""

    def __init__(self, source: Path) -> None:
        folder = next(
            (source / subfolder for subfolder in FOLDERS if (source / subfolder / SAMPLES).is_dir()), None
        )
        if folder is None:
            raise FileNotFoundError(f"{source} has no {SAMPLES}")
        os.chdir(folder)
        sys.path.insert(0, str(folder))
        for name in OFFLINE:
            sys.modules[name] = _Empty(name)
        self._manager = importlib.import_module("tool_manager").ToolManager
        self._manager()  # imports all tools now: a missing package would later look like a wrong answer
        self._extraction = importlib.import_module("api_call_extraction")
        self.items = [item for path in sorted(SAMPLES.glob("*.jsonl")) for item in _items(path)]

    def list(self) -> list[dict[str, str]]:
        """Return the names of the items; the family is the API to call."""
        return [{"name": name, "family": truth["api_name"]} for name, _, _, truth in self.items]

    def item(self, index: int) -> dict[str, Any]:
        """Return the dialogue up to the call, and the descriptions of its APIs as JSON."""
        _, history, names, _ = self.items[index]
        manager = self._manager()
        return {"history": history, "apis": [manager.get_api_description(name) for name in names]}

    def truth(self, index: int) -> dict[str, Any]:
        """Return the right call."""
        _, _, _, truth = self.items[index]
        return {"name": truth["api_name"], "arguments": truth["param_dict"]}

    def score(self, index: int, action_format: str, reply: str) -> dict[str, Any]:
        """Judge a reply, parsed by the reference's parser and by a fair one that treats all formats alike."""
        return {
            "reference": self._correct(index, lambda: self._reference(action_format, reply)),
            "fair": self._correct(index, lambda: read_call(action_format, reply)),
        }

    def _reference(self, action_format: str, reply: str) -> tuple[str, dict[str, Any]]:
        name, arguments = self._extraction.parse_api_call(reply, f"{action_format}_as_action")
        return name, arguments

    def _correct(self, index: int, read: Callable[[], tuple[str, dict[str, Any]]]) -> bool:
        _, _, _, truth = self.items[index]
        try:
            name, arguments = read()
            if name != truth["api_name"]:
                return False
            manager = self._manager()
            result = manager.api_call(name, **arguments)
            api = manager.init_tool(name)
            return bool(api.check_api_call_correctness(result, copy.deepcopy(truth["result"])))
        except Exception:  # an unreadable reply or a failing call is not correct
            return False


def _items(path: Path) -> Iterator[tuple[str, list[dict[str, Any]], list[str], dict[str, Any]]]:
    """Yield a dialogue's items as the reference counts them.

    The reference scores every API turn and, again, an API turn right after another one: such a call counts
    twice.
    """
    turns = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
    names = sorted({turn["api_name"] for turn in turns if turn["role"] == "API"})
    for position, turn in enumerate(turns):
        if turn["role"] != "API":
            continue
        yield f"{path.stem}-{position}", turns[:position], names, turn
        after = turns[position + 1] if position + 1 < len(turns) else None
        if after is not None and after["role"] == "API":
            yield f"{path.stem}-{position + 1}-again", turns[: position + 1], names, after


def read_call(action_format: str, reply: str) -> tuple[str, dict[str, Any]]:
    """Parse a call in any of the three formats, including lists, anywhere in the reply.

    Raises
    ------
    ValueError
        If there is none.
    """
    text = reply.replace("\n", " ")
    if action_format == "json":
        for start in (match.start() for match in re.finditer(r"\{", text)):
            with contextlib.suppress(ValueError, KeyError):
                call, _ = json.JSONDecoder().raw_decode(text, start)
                return call.pop("action"), call
    elif action_format == "code":
        for start in (match.start() for match in re.finditer(r"\b[A-Z]\w*\(", text)):
            with contextlib.suppress(SyntaxError, ValueError, StopIteration):
                tree = next(_expressions(text, start))
                return ast.unparse(tree.func), {
                    str(keyword.arg): ast.literal_eval(keyword.value) for keyword in tree.keywords
                }
    else:
        found = re.search(r"Action:\s*(\w+)\s*,?\s*(.*?)\]?\s*$", text)
        if found:
            return found[1], _text_arguments(found[2])
    raise ValueError("There is no call in the reply.")


def _expressions(text: str, start: int) -> Iterator[ast.Call]:
    """Yield the calls that begin at ``start``, the shortest first."""
    for end in (match.end() for match in re.finditer(r"\)", text[start:])):
        with contextlib.suppress(SyntaxError):
            tree = ast.parse(text[start : start + end], mode="eval").body
            if isinstance(tree, ast.Call):
                yield tree


def _text_arguments(text: str) -> dict[str, Any]:
    """Parse ``key: value, key: value``, where values may contain commas, colons and lists."""
    parts = re.split(r"(?:^|,)\s*([A-Za-z_]\w*)\s*:\s+", text)
    arguments: dict[str, Any] = {}
    for name, value in zip(parts[1::2], parts[2::2], strict=False):
        plain = value.strip().strip("\"'")
        try:
            read = ast.literal_eval(value.strip())
        except (ValueError, SyntaxError):
            read = plain
        arguments[name] = read if isinstance(read, list) else plain
    return arguments


class _Empty(types.ModuleType):
    """A module in which every name exists and nothing works."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__spec__ = importlib.machinery.ModuleSpec(name, None)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Nothing


class _Nothing:
    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("This tool needs the network.")


def prepare(source: Path) -> Mapping[str, Callable[..., Any]]:
    """Load a checkout and return the functions that can be called."""
    checkout = Checkout(source)
    return {name: getattr(checkout, name) for name in ("list", "item", "truth", "score")}


if __name__ == "__main__":
    serve(prepare)
