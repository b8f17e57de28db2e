"""A question of the model to the user: an action that only calls ``ask_user`` is not run in the kernel."""

from __future__ import annotations

import ast
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from .contracts import RESERVED_NAMES
from .events import QuestionAsked
from .source import syntax_tree
from .unicode import valid, valid_text

_, FUNCTION = RESERVED_NAMES

AskUser = Callable[[QuestionAsked], Coroutine[Any, Any, str | None]]
"""Waits for the user's answer to a question; ``None`` if nobody can be asked."""


@dataclass(frozen=True)
class Question:
    """A question, and the answers that the model proposes."""

    text: str
    options: tuple[str, ...] = ()


async def nobody(_asked: QuestionAsked) -> None:
    """Answer nothing: nobody can be asked."""


def read_question(source: str) -> Question | None:
    """Return the question that an action asks; ``None`` if it is other code.

    The action is one call with literal arguments, ``ask_user("question", options=["a", "b"])``; its result
    may be assigned or printed.
    """
    tree = syntax_tree(source) if FUNCTION in source else None
    if tree is None or len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr | ast.Assign):
        return None
    call = tree.body[0].value
    if isinstance(call, ast.Call) and _name(call) == "print" and len(call.args) == 1:
        call = call.args[0]
    if not isinstance(call, ast.Call) or _name(call) != FUNCTION:
        return None
    try:
        values = [valid(ast.literal_eval(argument)) for argument in call.args]
        values += [valid(ast.literal_eval(keyword.value)) for keyword in call.keywords]
    except ValueError:
        return None
    if not values or not isinstance(values[0], str) or not values[0].strip():
        return None
    options = values[1] if len(values) > 1 and isinstance(values[1], list | tuple) else ()
    return Question(values[0].strip(), tuple(valid_text(str(option)) for option in options))


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""
