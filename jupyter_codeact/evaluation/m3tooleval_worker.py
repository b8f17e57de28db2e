"""Runs M3ToolEval from its own repository, for `upstream.Upstream`.

The repository is the user's checkout of ``xingyaoww/code-act`` (MIT); nothing is copied from it.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .upstream import serve

FOLDER = Path("scripts") / "eval" / "m3tooleval"


class Checkout:
    """The tasks of a checkout."""

    def __init__(self, source: Path) -> None:
        folder = source / FOLDER if (source / FOLDER).is_dir() else source
        if not (folder / "tasks").is_dir():
            raise FileNotFoundError(f"{source} has no {FOLDER / 'tasks'}")
        sys.path.insert(0, str(folder))
        os.chdir(folder)
        tasks = importlib.import_module("tasks")
        self._mode = tasks.ActionMode
        self.tasks = list(tasks.get_task_iterator())
        try:
            web = importlib.import_module("tasks.impl.web_browsing")
        except ImportError:  # a smaller layout
            web = None
        self._fresh_tools = getattr(web, "create_tools", None)

    def fresh(self, index: int) -> Any:
        """Return a task in its initial state; the task itself would keep the browser's state."""
        task = self.tasks[index]
        if self._fresh_tools is not None and _family(task) == "web_browsing":
            task.tools = self._fresh_tools
        task.reset()
        return task

    def list(self) -> list[dict[str, str]]:
        """Return the names of the tasks and their families."""
        return [
            {"name": f"{index:02d}-{task.name.partition('/')[2] or task.name}", "family": _family(task)}
            for index, task in enumerate(self.tasks)
        ]

    def reset(self, index: int) -> None:
        """Begin an episode."""
        self.fresh(index)

    def prompt(self, index: int, action_format: str) -> str:
        """Return the prompt of the paper's harness."""
        return str(self.tasks[index].get_prompt(self._mode(f"{action_format}_as_action")))

    def instruction(self, index: int) -> str:
        """Return the task's instruction."""
        return str(self.tasks[index].instruction)

    def step(self, index: int, action_format: str, reply: str) -> dict[str, Any]:
        """Process a reply like the paper's harness: parse it, and execute its action or judge its answer."""
        task = self.tasks[index]
        parsed = task.parse_generation(reply)
        outcome = {"type": parsed["type"], "extra": parsed.get("extra_info") or ""}
        if parsed["type"] == "action":
            mode = self._mode(f"{action_format}_as_action")
            return outcome | {"text": str(task.execute_action(parsed["content"], mode))}
        if parsed["type"] == "answer":
            return outcome | {"text": parsed["content"], "correct": self.judge(index, parsed["content"])}
        return outcome | {"text": parsed["content"]}

    def judge(self, index: int, answer: str) -> bool:
        """Tell whether the benchmark accepts an answer."""
        return bool(self.tasks[index].check_answer(answer))

    def expected(self, index: int) -> str:
        """Return the right answer, as text."""
        return str(self.tasks[index].expected_output)


def _family(task: Any) -> str:
    return str(task.name).partition("/")[0]


def prepare(source: Path) -> Mapping[str, Callable[..., Any]]:
    """Load a checkout and return the functions that can be called."""
    checkout = Checkout(source)
    names = ("list", "reset", "prompt", "instruction", "step", "judge", "expected")
    return {name: getattr(checkout, name) for name in names}


def define(source: str, index: int, namespace: dict[str, Any]) -> None:
    """Define a task's tools in a kernel's namespace, marked for the agent."""
    from ..tools import tool

    for declared in Checkout(Path(source)).fresh(index).tools.values():
        namespace[declared.name] = tool(_as_function(declared))


def _as_function(tool: Any) -> Callable[..., Any]:
    """Return a tool as a function with the tool's name, signature and description."""

    def function(*arguments: Any, **named: Any) -> Any:
        return tool.function(*arguments, **named)

    function.__name__ = function.__qualname__ = tool.name
    function.__doc__ = tool.description
    try:
        tree = ast.parse(f"def {tool.fn_signature.strip().removeprefix('def ').rstrip(':')}: ...")
        head = next(node for node in tree.body if isinstance(node, ast.FunctionDef))
        declared: list[tuple[ast.arg, Any]] = [
            (argument, inspect.Parameter.POSITIONAL_OR_KEYWORD) for argument in head.args.args
        ]
        if head.args.vararg:
            declared.append((head.args.vararg, inspect.Parameter.VAR_POSITIONAL))
        parameters = [
            inspect.Parameter(
                argument.arg,
                kind,
                annotation=_Annotation(ast.unparse(argument.annotation))
                if argument.annotation
                else inspect.Parameter.empty,
            )
            for argument, kind in declared
        ]
        returns = _Annotation(ast.unparse(head.returns)) if head.returns else inspect.Signature.empty
        function.__signature__ = inspect.Signature(parameters, return_annotation=returns)  # type: ignore[attr-defined]
    except (SyntaxError, StopIteration, ValueError):
        pass  # the function keeps its general signature
    return function


class _Annotation(str):
    """An annotation that is shown as written, without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


if __name__ == "__main__":
    serve(prepare)
