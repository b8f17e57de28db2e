"""Every kind of task: what solves it passes, what is wrong fails, and nothing depends on the machine."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from jupyter_codeact.training.tasks import SPLITS, Task, all_kinds, draw, get_kind, split_of
from jupyter_codeact.training.tasks.checking import __all__ as helpers

ROOT = Path(__file__).parent.parent.parent
FAMILIES = sorted({kind.family for kind in all_kinds()})
SEEDS = (11, 12)


def run(program: str, *arguments: str, **environment: str) -> str:
    return subprocess.run(
        [sys.executable, program, *arguments] if program.endswith(".py") else [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "agg", **environment},
    ).stdout


@pytest.fixture(scope="module")
def problems(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Play all kinds in one process, for what they import takes long."""
    names = " ".join(kind.name for kind in all_kinds())
    script, folder = str(Path(__file__).with_name("play_kinds.py")), str(tmp_path_factory.mktemp("ipython"))
    shown = run(script, names, *map(str, SEEDS), IPYTHONDIR=folder, PYTHONWARNINGS="ignore")
    return json.loads(shown[shown.rindex("\n{") if "\n{" in shown else 0 :])


@pytest.mark.parametrize("family", FAMILIES)
def test_solutions_pass_and_mistakes_fail_until_they_are_corrected(
    family: str, problems: dict[str, list[str]]
) -> None:
    found = {
        task: said for task, said in problems.items() if get_kind(task.partition("/")[0]).family == family
    }
    assert found == {}


def fingerprint(task: Task) -> str:
    parts = [task.name, *task.files, *task.files.values(), *task.cells]
    parts += [repr((step.task, step.solutions, step.mistakes, step.check)) for step in task.steps]
    joined = b"\0".join(part if isinstance(part, bytes) else part.encode() for part in parts)
    return hashlib.sha256(joined).hexdigest()


def test_a_seed_gives_the_same_bytes_in_every_process() -> None:
    here = Path(__file__).parent
    program = f"""
import sys
sys.path.insert(0, {str(here)!r})
from test_tasks_kinds import all_kinds, fingerprint
print(*[fingerprint(kind.make(seed)) for kind in all_kinds() for seed in range(5)])
"""
    first, second = (run(program, PYTHONHASHSEED=seed) for seed in ("1", "2"))
    assert first == second
    assert len(set(first.split())) == 5 * len(all_kinds())


def test_there_are_many_kinds_of_every_family_a_data_scientist_expects() -> None:
    assert len(all_kinds()) >= 60
    expected = {"wrangling", "joins", "dates", "text", "statistics", "plots", "models", "sql", "files"}
    assert set(FAMILIES) >= expected | {"functions", "debugging", "turns"}
    assert min(Counter(kind.family for kind in all_kinds()).values()) >= 4


@pytest.mark.parametrize("kind", all_kinds(), ids=lambda kind: kind.name)
def test_a_kind_has_wordings_solutions_and_mistakes(kind) -> None:
    task = kind.make(1)
    assert len(task.steps) == len(kind.wordings)
    for step, wordings in zip(task.steps, kind.wordings, strict=True):
        assert len(set(wordings)) >= 4
        assert len({solution.actions for solution in step.solutions}) >= 2
        assert step.mistakes
        assert re.search(r"\{\w+\}", step.task) is None
    assert len({kind.make(seed).steps[0].task for seed in range(20)}) >= 5
    assert sum(map(len, task.files.values())) < 20_000


def test_no_name_that_a_task_asks_for_hides_one_of_the_checks() -> None:
    for kind in all_kinds():
        for step in kind.make(3).steps:
            for action in step.solutions[0].actions:
                assert not [name for name in helpers if f"\n{name} = " in f"\n{action}"], kind.name


def test_the_split_is_pinned() -> None:
    held_out = {kind.name for kind in all_kinds() if split_of(kind.name, 0) == "held-out-kinds"}
    assert {"carry-forward", "walk-a-tree", "windows-in-sql", "share-of-total"} <= held_out
    assert {"runner-up", "two-variants", "gc-content", "import-with-a-key"} & held_out == set()
    assert [seed for seed in range(12) if split_of("gc-content", seed) != "train"] == [6, 9]
    assert split_of("two-variants", 11) == "held-out-parameters"
    assert split_of("walk-a-tree", 11) == "held-out-kinds"
    assert 0.1 < len(held_out) / len(all_kinds()) < 0.3
    assert {get_kind(name).family for name in held_out} == set(FAMILIES)
    seeds = Counter(split_of("runner-up", seed) for seed in range(5000))
    assert 0.08 < seeds["held-out-parameters"] / 5000 < 0.12


def test_tasks_are_drawn_from_their_split_evenly_and_once() -> None:
    for split in SPLITS:
        tasks = list(draw(200, split=split, seed=4))
        assert {split_of(task.kind, task.seed) for task in tasks} == {split}
        assert len({task.name for task in tasks}) == 200
        counts = Counter(task.kind for task in tasks)
        assert max(counts.values()) - min(counts.values()) <= 1
    first = [task.name for task in draw(10, seed=4)]
    assert [task.name for task in draw(30, seed=4)][:10] == first
    assert {task.kind for task in draw(5, kinds=["runner-up"])} == {"runner-up"}


def test_an_impossible_draw_says_why() -> None:
    with pytest.raises(ValueError, match="no kind of task called 'nonsense'"):
        draw(1, kinds=["nonsense"])
    with pytest.raises(ValueError, match="held-out-kinds"):
        draw(1, split="held-out-kinds", kinds=["runner-up"])
    assert get_kind("runner-up").family == "wrangling"
