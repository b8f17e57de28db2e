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
CORRECT = "CORRECT"
PATIENCE = 20
"""How many times longer than on the authors' machine code may take, which has one second mostly."""


class Checkout:
    """The sessions of a checkout, each of several problems that follow one another."""

    def __init__(self, source: Path) -> None:
        if not (source / "dseval" / "validator.py").is_file() or not (source / FOLDER).is_dir():
            raise FileNotFoundError(f"{source} has no dseval/validator.py or no {FOLDER}")
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
            benchmark = _load(problem.Benchmark.frompath, folder)
            for session in benchmark:
                self._sessions[f"{folder.name}/{session.name}"] = session
                self._families[f"{folder.name}/{session.name}"] = benchmark.name

    def problems(self) -> dict[str, Any]:
        """Return the problems by name and family, and the sessions whose input files are missing."""
        missing = {
            name: lacking for name, session in self._sessions.items() if (lacking := _missing_inputs(session))
        }
        problems = [
            {"name": name, "family": self._families[session]}
            for session in self._sessions
            for name in self._names(session)
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
        if judged["verdict"] != CORRECT:
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
            return self._verdict(problem, environment, playground, code)

    def test(self, session: str) -> dict[str, list[str]]:
        """Submit the reference solution of each problem of a session, and nothing.

        Returns the names of the problems whose reference fails or is not accepted, and of those that accept
        an empty submission.
        """
        failed, empty, names = [], [], iter(self._names(session))
        with _inputs(self._sessions[session]):
            environment = self._simulation.Environment()
            for problem in self._sessions[session]:
                name = next(names) if problem.is_complete else ""
                playgrounds = environment.fork(), environment.fork()
                try:
                    environment.execute(problem.reference_code, **_limits(problem), raise_error=True)
                except Exception as error:
                    failed += [f"{each} ({type(error).__name__}: {error})" for each in (name, *names) if each]
                    break
                codes = (problem.reference_code, "") if name else ()
                for playground, code in zip(playgrounds, codes, strict=False):
                    verdict = self._verdict(problem, environment, playground, code)
                    if code and verdict["verdict"] != CORRECT:
                        failed.append(f"{name} ({verdict['reason']})")
                    elif not code and verdict["verdict"] == CORRECT:
                        empty.append(name)
        return {"failed": failed, "empty": empty}

    def _verdict(self, problem: Any, environment: Any, playground: Any, code: str) -> dict[str, Any]:
        """Run code in a playground, and compare with the reference's last cell."""
        playground.execute(code, **_limits(problem))
        comments = problem.validator.validate(environment.last_cell.output, playground.last_cell.output)
        verdict, subverdict, reason = self._validator.validator_comments_to_verdict(comments)
        return {"verdict": verdict.value, "subverdict": subverdict.value, "reason": str(reason)[:2000]}

    def _names(self, session: str) -> list[str]:
        return [f"{session}/{number:02d}" for number in range(1, self._sessions[session].num_complete + 1)]

    def _find(self, name: str) -> tuple[Any, Any, list[Any]]:
        prefix, _, number = name.rpartition("/")
        session = self._sessions[prefix]
        before: list[Any] = []
        for each in session:
            if each.is_complete and sum(one.is_complete for one in before) == int(number) - 1:
                return session, each, before
            before.append(each)
        raise KeyError(name)


def _load(frompath: Callable[[Path], Any], folder: Path) -> Any:
    """Load the problems of a folder, whose validators are made and checked at once.

    Raises
    ------
    ValueError
        If a test case contradicts its validator, as with pandas 3 and its other type of texts.
    """
    try:
        return frompath(folder)
    except ValueError as error:
        version = importlib.import_module("pandas").__version__
        raise ValueError(
            f"the problems in {folder} do not accept their own test cases with pandas {version}: install "
            f'jupyter-codeact and "pandas<3" in an environment of its own, and call it there'
        ) from error


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
    return {name: getattr(checkout, name) for name in ("problems", "problem", "judge", "test")}


if __name__ == "__main__":
    serve(prepare)
