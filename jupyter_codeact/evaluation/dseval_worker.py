"""Runs DSEval's environments and validators from its own repository, for `upstream.Upstream`.

The repository is the user's checkout of ``MetaCopilot/dseval`` (MIT); nothing is copied from it. Its package
also has agents, which need an old version of LangChain; they are not imported.
"""

from __future__ import annotations

import ast
import importlib
import os
import shutil
import sys
import tempfile
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .upstream import serve

FOLDER = "benchmarks"
EXAMPLES = "examples"
"""The folder of problems that only show how problems are written."""
INPUTS = "inputs"
NEWEST_PANDAS = 2
"""With pandas 3, test cases contradict their own validators, which expect the old type of texts."""
PATIENCE = 20
"""How many times longer than on the authors' machine code may take, which has one second mostly."""


class Checkout:
    """The sessions of a checkout, each of several problems that follow one another."""

    def __init__(self, source: Path) -> None:
        if not (source / "dseval" / "validator.py").is_file() or not (source / FOLDER).is_dir():
            raise FileNotFoundError(f"{source} has no dseval/validator.py or no {FOLDER}")
        pandas = importlib.import_module("pandas")
        if int(pandas.__version__.partition(".")[0]) > NEWEST_PANDAS:
            raise ImportError(
                f"its validators need pandas {NEWEST_PANDAS}, and here is {pandas.__version__}: install "
                f'jupyter-codeact and "pandas<{NEWEST_PANDAS + 1}" in an environment of its own'
            )
        package = types.ModuleType("dseval")
        package.__path__ = [str(source / "dseval")]
        sys.modules["dseval"] = package
        problem = importlib.import_module("dseval.problem")
        self._simulation = importlib.import_module("dseval.simulation")
        self._validator = importlib.import_module("dseval.validator")
        self._sessions: dict[str, Any] = {}
        self._families: dict[str, str] = {}
        for manifest in sorted((source / FOLDER).glob("*/_manifest.yaml")):
            folder = manifest.parent
            if folder.name == EXAMPLES:
                continue
            benchmark = problem.Benchmark.frompath(folder)
            for session in benchmark:
                self._sessions[f"{folder.name}/{session.name}"] = session
                self._families[f"{folder.name}/{session.name}"] = benchmark.name

    def problems(self) -> dict[str, Any]:
        """Return the problems by name and family, and the sessions whose input files are missing."""
        missing = {
            name: lacking for name, session in self._sessions.items() if (lacking := _missing_inputs(session))
        }
        problems = [
            {"name": f"{name}/{number:02d}", "family": self._families[name]}
            for name, session in self._sessions.items()
            for number in range(1, session.num_complete + 1)
        ]
        return {
            "problems": [each for each in problems if each["name"].rpartition("/")[0] not in missing],
            "missing": missing,
            "left_out": sum(self._sessions[name].num_complete for name in missing),
        }

    def problem(self, name: str) -> dict[str, Any]:
        """Return a problem's question, the cells before it, and the folder of the input files.

        A cell of an earlier problem has that problem's name, any other cell none.

        Raises
        ------
        ValueError
            If the problem does not accept its own solution here, most often with other versions of packages.
        """
        session, problem, before = self._find(name)
        judged = self.judge(name, problem.reference_code)
        if judged["verdict"] != "CORRECT":
            raise ValueError(f"{name} does not accept its own solution here: {judged['reason'][:300]}")
        prefix, count = name.rpartition("/")[0], 0
        cells = []
        for each in before:
            count += each.is_complete
            own = f"{prefix}/{count:02d}" if each.is_complete else None
            cells.append({"source": each.reference_code, "problem": own})
        return {
            "question": problem.question,
            "cells": cells,
            "inputs": str(session.data_directory) if session.data_directory else None,
        }

    def judge(self, name: str, code: str) -> dict[str, Any]:
        """Run code after the reference solutions of the problems before, and return the verdict on it."""
        session, problem, before = self._find(name)
        with _inputs(session):
            environment = self._simulation.Environment()
            for each in before:
                environment.execute(each.reference_code, **_limits(each), raise_error=True)
            playground = environment.fork()
            environment.execute(problem.reference_code, **_limits(problem), raise_error=True)
            playground.execute(code, **_limits(problem))
            comments = problem.validator.validate(environment.last_cell.output, playground.last_cell.output)
        verdict, subverdict, reason = self._validator.validator_comments_to_verdict(comments)
        return {"verdict": verdict.value, "subverdict": subverdict.value, "reason": str(reason)[:2000]}

    def _find(self, name: str) -> tuple[Any, Any, list[Any]]:
        prefix, _, number = name.rpartition("/")
        session = self._sessions[prefix]
        before: list[Any] = []
        for each in session:
            if each.is_complete and sum(one.is_complete for one in before) == int(number) - 1:
                return session, each, before
            before.append(each)
        raise KeyError(name)


def _limits(problem: Any) -> dict[str, Any]:
    limits = dict(problem.execution or {})
    return {**limits, "max_time": PATIENCE * limits.get("max_time", 1)}


def _missing_inputs(session: Any) -> list[str]:
    """Return the names of the input files that the session's solutions read and the checkout lacks."""
    names = {
        node.value.removeprefix(f"{INPUTS}/")
        for each in session
        for node in ast.walk(ast.parse(each.reference_code))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.startswith(f"{INPUTS}/")
        and "{" not in node.value  # the beginning of a format
    }
    folder = session.data_directory
    return sorted(name for name in names if folder is None or not (folder / name).exists())


@contextmanager
def _inputs(session: Any) -> Iterator[None]:
    """Work in a fresh folder with a copy of the session's input files."""
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        if session.data_directory:
            shutil.copytree(session.data_directory, Path(folder) / INPUTS)
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(here)


def prepare(source: Path) -> Mapping[str, Callable[..., Any]]:
    """Load a checkout and return the functions that can be called."""
    checkout = Checkout(source)
    return {name: getattr(checkout, name) for name in ("problems", "problem", "judge")}


if __name__ == "__main__":
    serve(prepare)
