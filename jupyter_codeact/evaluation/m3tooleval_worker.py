"""M3ToolEval as its own repository has it, for `upstream.Upstream`.

The repository is the user's checkout of ``xingyaoww/code-act`` (MIT); nothing of it is copied here.
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
    """The tasks of a checkout, each fresh when it is asked for."""

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
        """Return a task as if it had never been played; by itself it would keep the browser's state."""
        task = self.tasks[index]
        if self._fresh_tools is not None and _family(task) == "web_browsing":
            task.tools = self._fresh_tools
        task.reset()
        return task

    def list(self) -> list[dict[str, str]]:
        """Name the tasks and their families."""
        return [
            {"name": f"{index:02d}-{task.name.partition('/')[2] or task.name}", "family": _family(task)}
            for index, task in enumerate(self.tasks)
        ]

    def reset(self, index: int) -> None:
        """Begin an episode."""
        self.fresh(index)

    def prompt(self, index: int, action_format: str) -> str:
        """Return what the paper's harness tells the model."""
        return str(self.tasks[index].get_prompt(self._mode(f"{action_format}_as_action")))

    def instruction(self, index: int) -> str:
        """Return the task in words."""
        return str(self.tasks[index].instruction)

    def step(self, index: int, action_format: str, reply: str) -> dict[str, Any]:
        """Take a reply the way the paper's harness does: parse it, and execute or judge what it holds."""
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
        """Tell whether an answer is right, in the benchmark's own opinion."""
        return bool(self.tasks[index].check_answer(answer))

    def expected(self, index: int) -> str:
        """Return the right answer, as text."""
        return str(self.tasks[index].expected_output)


def _family(task: Any) -> str:
    return str(task.name).partition("/")[0]


def prepare(source: Path) -> Mapping[str, Callable[..., Any]]:
    """Load a checkout and return what can be called."""
    checkout = Checkout(source)
    names = ("list", "reset", "prompt", "instruction", "step", "judge", "expected")
    return {name: getattr(checkout, name) for name in names}


def define(source: str, index: int, namespace: dict[str, Any]) -> None:
    """Put a task's tools into a kernel's namespace, as functions marked for the agent."""
    from ..tools import tool

    for each in Checkout(Path(source)).fresh(index).tools.values():
        namespace[each.name] = tool(_as_function(each))


def _as_function(each: Any) -> Callable[..., Any]:
    """Return a plain function with the name, signature and description that a tool declares."""

    def function(*arguments: Any, **named: Any) -> Any:
        return each.function(*arguments, **named)

    function.__name__ = function.__qualname__ = each.name
    function.__doc__ = each.description
    try:
        tree = ast.parse(f"def {each.fn_signature.strip().removeprefix('def ').rstrip(':')}: ...")
        head = next(node for node in tree.body if isinstance(node, ast.FunctionDef))
        declared: list[tuple[ast.arg, Any]] = [
            (one, inspect.Parameter.POSITIONAL_OR_KEYWORD) for one in head.args.args
        ]
        if head.args.vararg:
            declared.append((head.args.vararg, inspect.Parameter.VAR_POSITIONAL))
        parameters = [
            inspect.Parameter(
                one.arg,
                kind,
                annotation=_Words(ast.unparse(one.annotation)) if one.annotation else inspect.Parameter.empty,
            )
            for one, kind in declared
        ]
        returns = _Words(ast.unparse(head.returns)) if head.returns else inspect.Signature.empty
        function.__signature__ = inspect.Signature(parameters, return_annotation=returns)  # type: ignore[attr-defined]
    except (SyntaxError, StopIteration, ValueError):
        pass  # then it is shown as it is
    return function


class _Words(str):
    """An annotation that is shown as it was written, without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


if __name__ == "__main__":
    serve(prepare)
