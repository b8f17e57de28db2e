"""Two settings are compared on the same tasks, one right after the other, from fresh kernels."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from jupyter_codeact.agent.contracts import ChatModel
from jupyter_codeact.cli import main
from jupyter_codeact.cli.evaluate_setting import closing
from jupyter_codeact.evaluation import report
from jupyter_codeact.evaluation.notebook import TASKS
from jupyter_codeact.evaluation.notebook.suite import NotebookSuite
from jupyter_codeact.evaluation.records import Case, Episode, Played, Setting, load
from jupyter_codeact.evaluation.runner import CARRIED, Choice, Contestant, Progress, play_side_by_side
from jupyter_codeact.evaluation.runs import runs_of
from jupyter_codeact.evaluation.sampling import stratified
from jupyter_codeact.evaluation.workspaces import open_workspace, started_ahead
from jupyter_codeact.models.open import EndpointModel
from tests.evaluation.test_runner import Coins
from tests.scripted import ScriptedModel

A, B = Setting(), Setting(guidance="capable")


@pytest.fixture
def nobody() -> ChatModel:
    return EndpointModel("http://127.0.0.1:9/v1", model="none")


class Hooked(Coins):
    """A suite in which a hook is of use in the odd tasks."""

    async def play(self, case: Case, setting: Setting, model: ChatModel) -> Played:
        played = await super().play(case, setting, model)
        hooks = {"nearest_names": 1} if case.family == "odd" else {"kept_imports": 1}
        return played.model_copy(update={"hooks": hooks})


async def test_both_settings_play_a_task_before_the_next_one_begins(
    tmp_path: Path, nobody: ChatModel
) -> None:
    seen: list[tuple[str, str | None]] = []
    suite = Coins(size=4)
    contestants = [Contestant(A, nobody), Contestant(B, nobody)]
    episodes = await play_side_by_side(
        suite,
        contestants,
        tmp_path / "r.jsonl",
        watch=lambda one, _progress: seen.append((one.case.name, one.setting.guidance)),
    )
    assert [name for name, _ in seen] == list("00112233")
    assert [guidance for _, guidance in seen] == [None, "capable", "capable", None] * 2
    assert len(episodes) == 8
    first, second = runs_of({"r.jsonl": list(load([tmp_path / "r.jsonl"]))[::-1]})
    assert (first.name, second.name) == ("all its hooks", "capable")
    again = await play_side_by_side(suite, contestants, tmp_path / "r.jsonl")
    assert (len(again), len(suite.played)) == (8, 8)


async def test_an_episode_that_could_not_differ_is_not_played_again(
    tmp_path: Path, nobody: ChatModel
) -> None:
    suite = Hooked(size=6)
    without = A.model_copy(update={"without": ("names",)})
    await play_side_by_side(
        suite, [Contestant(A, nobody), Contestant(without, nobody)], tmp_path / "r.jsonl", parallel=2
    )
    assert Counter(suite.played) == {"0": 1, "1": 2, "2": 1, "3": 2, "4": 1, "5": 2}
    carried = [one for one in load([tmp_path / "r.jsonl"]) if one.played.detail.get(CARRIED)]
    assert sorted(one.case.name for one in carried) == ["0", "2", "4"]
    assert {one.setting for one in carried} == {without}
    played = carried[0].played.model_copy(update={"detail": {}})
    anew = carried[0].model_copy(update={"played": played, "seconds": 4.0})
    [both] = report.rows([*carried, anew], families=False)
    assert both.seconds == 4.0  # of the one that was played

    warm = [setting.model_copy(update={"temperature": 0.5}) for setting in (A, without)]
    chance = Hooked(size=6)
    await play_side_by_side(chance, [Contestant(one, nobody) for one in warm], tmp_path / "s.jsonl")
    assert len(chance.played) == 12


async def test_the_time_limit_begins_no_task_that_would_end_too_late(
    tmp_path: Path, nobody: ChatModel
) -> None:
    left: list[Progress] = []
    suite = Coins(size=6)
    none = await play_side_by_side(
        suite,
        [Contestant(A, nobody)],
        tmp_path / "r.jsonl",
        seconds=0.0,
        watch=lambda _one, p: left.append(p),
    )
    assert (none, suite.played) == ([], [])
    await play_side_by_side(
        suite, [Contestant(A, nobody)], tmp_path / "r.jsonl", watch=lambda _one, p: left.append(p)
    )
    assert (left[-1].done, left[-1].count, left[-1].left) == (6, 6, 0.0)


@pytest.mark.parametrize("seed", range(5))
def test_a_sample_has_a_fair_share_of_each_family_and_grows(seed: int) -> None:
    sizes = {"a": 24, "b": 12, "c": 4}
    cases = [Case(name=f"{family}{n}", family=family) for family in sizes for n in range(sizes[family])]
    for count in (10, 20, 30):
        sample = Choice(sample=count, seed=seed).of(cases)
        counts = Counter(case.family for case in sample)
        for family, size in sizes.items():
            assert abs(counts[family] - count * size / 40) <= 1.5
    order = stratified(cases, seed)
    assert sorted(case.name for case in order) == sorted(case.name for case in cases)
    assert order == stratified(cases, seed) != stratified(cases, seed + 1)


async def test_kernels_started_ahead_are_fresh_and_all_end() -> None:
    look = "import os\nprint(os.getpid(), 'x' in globals())\nx = 1"
    seen = []
    async with started_ahead(3):
        for _ in range(3):
            async with open_workspace() as workspace:
                shown = await workspace.run_cell(look)
                seen.append(shown.outputs[0]["text"].split())
                assert [cell.execution_count for cell in workspace.notebook.cells] == [1]
    assert len({pid for pid, _ in seen}) == 3
    assert {defined for _, defined in seen} == {"False"}
    running = await asyncio.to_thread(_running, [int(pid) for pid, _ in seen])
    assert running == []


def _running(pids: list[int]) -> list[int]:
    import psutil

    return [pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie"]


def call(served: ScriptedModel, results: Path, *arguments: str, replies: list[Any]) -> Any:
    served.script(replies)
    given = ["eval", "run", "--endpoint", served.url, "--output", str(results), *arguments]
    return CliRunner().invoke(main, given, env={"JUPYTER_CODEACT_API_KEY": served.api_key})


def test_quick_compares_two_settings_and_says_what_that_shows(served: ScriptedModel, tmp_path: Path) -> None:
    results = tmp_path / "quick.jsonl"
    task = TASKS[0]
    right = [f"```python\n{task.reference.code}\n```"] if task.reference.code else []
    solved = [*right, task.reference.answer]
    done = call(
        served,
        results,
        *("--quick", "--filter", f"/{re.escape(task.name)}$", "--against", "--guidance capable"),
        replies=[*solved, *["I do not know."] * 4],
    )
    assert done.exit_code == 0, done.output
    assert re.search(r"1 of 2  A  solved .*about \d+ s left", done.output)
    assert re.search(r"2 of 2  B  not ", done.output)
    assert "A: all its hooks\nB: capable\n" in done.output
    assert "Of 1 tasks, both solved 0, only A 1, only B 0; McNemar's exact p = 1." in done.output
    assert "95 % interval" in done.output
    assert "Power: with 1 pairs" in done.output
    first, second = load([results])
    assert (first.setting.goes_on, first.setting.seconds) == (False, 180.0)
    assert second.setting == first.setting.model_copy(update={"guidance": "capable"})
    compared = CliRunner().invoke(main, ["eval", "report", "--compare", str(results)])
    assert "only “all its hooks” 1, only “capable” 0" in compared.output


def test_episodes_that_ran_out_of_time_are_told(tmp_path: Path, nobody: ChatModel) -> None:
    played = Played(strict=False, success=False, ending="out_of_time", turns=1)
    case = Case(name="a", family="b")
    one = Episode(suite="s", case=case, sample=0, model="none", setting=A, played=played, seconds=9.0)
    said = "\n".join(closing([Contestant(A, nobody)], [one], tmp_path / "r.jsonl"))
    assert "0 of 1 solved with the first answer" in said
    assert "1 of 1 episodes ran out of time" in said


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "--suite says which tasks to run"),
        (["--quick", "--against", "--without nothing-such"], "nothing-such"),
        (["--quick", "--against", "--no-such"], "No such option"),
        (["--quick", "--against", "'"], "--against"),
        (["--quick", "--against", "--turns 10"], "names the same setting"),
        (["--quick", "--against", "--protocol paper"], "has no paper protocol"),
        (["--quick", "--propagate-errors", "--samples", "2"], "needs --seed"),
    ],
)
def test_what_cannot_be_compared_is_told(
    served: ScriptedModel, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    refused = call(served, tmp_path / "r.jsonl", *arguments, replies=[])
    assert (refused.exit_code, sentence in refused.output) == (2, True), refused.output


async def test_the_notebook_suite_gives_every_episode_its_own_kernel(
    served: ScriptedModel, model: EndpointModel, tmp_path: Path
) -> None:
    leave = "```python\nleft_behind = 1\n```"
    look = "```python\nprint('left_behind' in globals())\n```"
    served.script([leave, "Done.", look, "Done."])
    one = Setting(goes_on=False)
    contestants = [Contestant(one, model), Contestant(one.model_copy(update={"turns": 9}), model)]
    episodes: list[Episode] = await play_side_by_side(
        NotebookSuite(TASKS[:1]), contestants, tmp_path / "r.jsonl"
    )
    assert "False" in episodes[1].played.messages[3]["content"]
