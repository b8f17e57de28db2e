"""DSEval: problems in notebook sessions, judged by its own validators (Zhang et al., 2024).

A problem is asked in a notebook whose cells solved the problems before it. The cells that the agent leaves
are its submission: the benchmark runs them once more, after the reference solutions of the problems before,
and compares the last value, the variables, or a function's results with the reference's.
"""

from __future__ import annotations

import ast
import asyncio
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..agent.contracts import ChatModel
from . import baselines, playing
from .dseval_worker import CORRECT
from .records import Case, Played, SelfTest, Setting
from .upstream import Upstream, UpstreamError

REQUEST = (
    "{question}\n\n"
    "If there is a result, it is the value of the last expression of the last cell, not printed. "
    "Leave the present variables as they are, except for what the task says."
)
JUDGE_SECONDS = 900.0
"""Limit for a verdict: the solutions before and the submission run in that time."""


class DSEval:
    """The suite, from a checkout of ``MetaCopilot/dseval`` (MIT); nothing is copied from it."""

    name = "dseval"
    formats: Mapping[str, Sequence[str]] = MappingProxyType(
        {"agent": ("markdown", "execute", "tools"), "smolagents": ("code",)}
    )

    def __init__(self, source: Path) -> None:
        self._source = source.resolve()
        self._free: list[Upstream] = []
        self._sessions: dict[tuple[str, str, str], _Session] = {}
        self.notes: Sequence[str] = ()

    async def cases(self) -> list[Case]:
        """Return the problems whose input files are there, session by session."""
        upstream = self._take()
        try:
            listed = await upstream.call("problems", timeout=JUDGE_SECONDS)
        finally:
            self._free.append(upstream)
        if listed["missing"]:
            files = sorted({file for lacking in listed["missing"].values() for file in lacking})
            self.notes = (
                f"The checkout lacks {len(files)} of the input files ({', '.join(files)}): "
                f"{listed['left_out']} problems of {len(listed['missing'])} sessions are left out.",
            )
        return [Case(**each) for each in listed["problems"]]

    async def play(self, case: Case, setting: Setting, model: ChatModel) -> Played:
        """Play a problem; if errors are carried on, after those before it in its session."""
        if not setting.propagate_errors:
            return await self._play(case.name, setting, model, {})
        session, _, number = case.name.rpartition("/")
        key = (model.info.name, setting.model_dump_json(), session)
        played = self._sessions.setdefault(key, _Session())
        async with played.lock:
            while len(played.problems) < int(number):
                name = f"{session}/{len(played.problems) + 1:02d}"
                own = {before: each.detail for before, each in played.problems.items()}
                codes = {before: detail["code"] for before, detail in own.items() if "code" in detail}
                try:
                    played.problems[name] = await self._play(name, setting, model, codes)
                except UpstreamError as error:
                    if name == case.name:
                        raise
                    # one that rejects its own reference; those after it are shown the reference
                    played.problems[name] = Played(
                        strict=False, success=False, ending="crashed", turns=0, message=str(error)
                    )
            return played.problems[case.name]

    async def self_test(self) -> SelfTest:
        """Submit each problem's reference solution, and nothing at all."""
        failed: list[str] = []
        cases = await self.cases()
        notes = list(self.notes)
        upstream = self._take()
        try:
            for session in dict.fromkeys(case.name.rpartition("/")[0] for case in cases):
                tested = await upstream.call("test", session=session, timeout=JUDGE_SECONDS)
                failed += [f"{problem} does not accept its reference." for problem in tested["failed"]]
                notes += [f"{name} accepts an empty submission." for name in tested["empty"]]
        finally:
            self._free.append(upstream)
        passed = f"{len(cases) - len(failed)} of {len(cases)} accept their reference."
        return SelfTest(count=len(cases), summary=passed, failed=failed, notes=notes)

    async def close(self) -> None:
        """End the processes."""
        for upstream in self._free:
            await upstream.close()

    def _take(self) -> Upstream:
        return self._free.pop() if self._free else Upstream("dseval_worker", self._source)

    async def _play(
        self, name: str, setting: Setting, model: ChatModel, earlier: Mapping[str, str]
    ) -> Played:
        """Play a problem in a notebook of its own, and judge what the agent leaves there.

        Parameters
        ----------
        earlier
            The agent's own code for problems before this one, which it is shown instead of the references.
        """
        upstream = self._take()
        try:
            problem = await upstream.call("problem", name=name, timeout=JUDGE_SECONDS)
            async with playing.open_workspace() as workspace:
                if problem["inputs"]:
                    shutil.copytree(problem["inputs"], workspace.notebook.folder / "inputs")
                cells = [
                    (cell["source"], earlier.get(cell["problem"], cell["source"]))
                    for cell in problem["cells"]
                ]
                for reference, shown in cells:
                    await _run_earlier_cell(workspace, reference, shown)
                prepared = {cell["id"] for cell in workspace.notebook.cells}
                request = REQUEST.format(question=problem["question"].strip())
                if setting.protocol == "smolagents":  # it does not see the notebook
                    request = "\n\n".join([*(f"```python\n{shown}\n```" for _, shown in cells), request])
                    played = await baselines.play(workspace, request, setting, model, _judge_later)
                    code = as_cell(played.detail["actions"])
                else:
                    played = await playing.play(workspace, request, setting, model, _judge_later)
                    code = "\n\n".join(
                        cell["source"]
                        for cell in workspace.notebook.cells
                        if cell["cell_type"] == "code" and cell["id"] not in prepared
                    )
            judged = await upstream.call("judge", name=name, code=code, timeout=JUDGE_SECONDS)
        finally:
            self._free.append(upstream)
        correct = judged["verdict"] == CORRECT
        return played.model_copy(
            update={"strict": correct, "success": correct, "detail": {**judged, "code": code}}
        )


class _Session:
    """The problems of a session that an agent has played, by name."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.problems: dict[str, Played] = {}


async def _judge_later(_answer: str) -> bool:
    return False


async def _run_earlier_cell(workspace: playing.Workspace, reference: str, shown: str) -> None:
    """Run a reference solution as the user's cell, and show other code in its place if it differs.

    As in the benchmark, the variables are the reference's also where an agent's mistakes are shown.

    Raises
    ------
    UpstreamError
        If it fails in this kernel.
    """
    execution = await workspace.run_cell(reference)
    if execution.status != "ok":
        raise UpstreamError(f"A solution before this problem fails in the kernel: {reference[:200]}")
    if shown != reference:
        cell = await workspace.notebook.read_cell(workspace.notebook.cells[-1]["id"])
        own: Any = {**cell, "source": shown, "outputs": []}
        await workspace.notebook.restore_cell(own)


def as_cell(actions: Sequence[str]) -> str:
    """Return the actions of a `CodeAgent` as one cell, in which ``final_answer(x)`` is ``x``."""
    return "\n\n".join(_without_final_answer(action) for action in actions)


def _without_final_answer(source: str) -> str:
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return source
    return ast.unparse(_FinalAnswers().visit(tree))


class _FinalAnswers(ast.NodeTransformer):
    """Replaces each call of ``final_answer`` by its argument."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
        if isinstance(node.func, ast.Name) and node.func.id == "final_answer" and len(arguments) == 1:
            return arguments[0]
        return node
