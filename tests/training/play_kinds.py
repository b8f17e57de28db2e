"""Plays all solutions and mistakes of kinds in an IPython shell, and prints what is not as it should be.

Run as ``python play_kinds.py 'NAME NAME' SEED SEED``; in a process of its own, because it changes the folder.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from jupyter_codeact.evaluation.notebook.checking import drawn, numbers, says
from jupyter_codeact.training.tasks import Step, Task, get_kind
from jupyter_codeact.training.tasks.programs import FORGET, PREPARE, answer_program, check_program

shell = InteractiveShell.instance()
shell.history_manager.enabled = False


def run(source: str) -> tuple[str, str]:
    """Run a cell; return what it shows and the name of its exception."""
    with capture_output() as shown:
        ran = shell.run_cell(source)
    error = ran.error_before_exec or ran.error_in_exec
    if "matplotlib.pyplot" in sys.modules:  # as the notebook does after each cell
        sys.modules["matplotlib.pyplot"].close("all")
    return shown.stdout + "".join(map(str, shown.outputs)), type(error).__name__ if error else ""


def prepare(task: Task, folder: Path, before: Sequence[Step]) -> None:
    run(FORGET)
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for name, content in task.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    shell.ex(PREPARE)
    for cell in task.cells:
        run(cell)
    for step in before:
        for action in step.solutions[0].actions:
            run(action)


def solve(step: Step, number: int) -> Iterator[str]:
    """Play a solution in what is there."""
    solution, shown = step.solutions[number], step.task
    for action in solution.actions:
        output, error = run(action)
        shown += "\n" + output
        if error:
            yield f"solution {number} raises {error}: {output[-600:]}\n{action}"
    answer = str(shell.ev(answer_program(solution.answer)))
    figures = len(drawn())
    if wrong := shell.ev(check_program(step.check, answer)):
        yield f"solution {number} fails: {wrong}\n{answer}\n{solution.actions[-1]}"
    if len(drawn()) != figures:
        yield "the check itself draws"
    for one in re.findall(r"\d+(?:\.\d+)?(?:e[-+]\d+)?", answer):
        if not is_shown(one, shown):
            yield f"the answer of solution {number} says {one}, which nothing shows: {answer}\n{shown[-300:]}"
    if step.asks:
        other = re.sub(r"\d+(?:\.\d+)?", changed, answer)
        for bad in (other if other != answer else "It is hard to tell.", "I do not know."):
            if not shell.ev(check_program(step.check, bad)):
                yield f"the wrong answer passes: {bad}"


def changed(number: re.Match[str]) -> str:
    return f"{float(number[0]) * 1.37 + 3.3:.2f}"


def is_shown(number: str, text: str) -> bool:
    """Tell whether a text has a number, perhaps with more digits."""
    digits = len(number.partition(".")[2])
    found = [f"{abs(one):.{digits}f}" for one in numbers(text)]
    return number in found or says(text, float(number))


def play(task: Task, folder: Path) -> Iterator[str]:
    for index, step in enumerate(task.steps):
        before = task.steps[:index]
        prepare(task, folder, before)
        for nothing in ("Done.", "I do not know."):
            if not shell.ev(check_program(step.check, nothing)):
                yield f"step {index}: nothing done, and the check passes"
        for number in range(len(step.solutions)):
            prepare(task, folder, before)
            yield from (f"step {index}, {problem}" for problem in solve(step, number))
        for number, mistake in enumerate(step.mistakes):
            prepare(task, folder, before)
            output, error = run(mistake.action)
            if error != mistake.error:
                what = f"step {index}, mistake {number} raises {error or 'nothing'}"
                yield f"{what}: {output[-400:]}\n{mistake.action}"
            for nothing in ("Done.", "I do not know."):
                if not error and not shell.ev(check_program(step.check, nothing)):
                    yield f"step {index}, mistake {number} passes\n{mistake.action}"
            for problem in solve(step, mistake.solution):
                yield f"step {index}, after mistake {number}: {problem}"


def main() -> None:
    problems: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for name in sys.argv[1].split():
            for seed in map(int, sys.argv[2:]):
                if found := list(play(get_kind(name).make(seed), Path(folder))):
                    problems[f"{name}/{seed}"] = found
        os.chdir("/")
    print(json.dumps(problems, indent=1))


if __name__ == "__main__":
    main()
