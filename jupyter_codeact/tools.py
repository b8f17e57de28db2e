"""Functions that the agent may call: marked with `tool`, in the notebook itself or in a module."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

MARK = "__codeact_tool__"
"""The attribute of a function that is a tool; set it by hand where this package is not installed."""


def tool(function: F) -> F:
    """Mark a function as a tool of the agent.

    The model is shown its name, signature and docstring, and calls it from its code like any other function
    of the notebook.

    Parameters
    ----------
    function : callable
        The function; its docstring should say what it does and what it returns.

    Returns
    -------
    callable
        The same function; where it cannot carry a mark (it is built in, or an object), one that calls it.

    Examples
    --------
    >>> @tool
    ... def celsius(fahrenheit: float) -> float:
    ...     "Convert degrees."
    ...     return (fahrenheit - 32) / 1.8
    """
    if not callable(function):
        raise TypeError(f"Only a function can be a tool, and this is of type {type(function).__name__}.")
    marked: Any = function
    if not isinstance(function, FunctionType):

        @functools.wraps(function)
        def call(*arguments: Any, **named: Any) -> Any:
            return function(*arguments, **named)

        marked = call
    setattr(marked, MARK, True)
    result: F = marked
    return result
