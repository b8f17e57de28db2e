"""Episodes are saved as soon as they end, and an evaluation resumes where it stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from jupyter_codeact.agent.contracts import ChatModel, Usage
from jupyter_codeact.cli import main
from jupyter_codeact.evaluation import report
from jupyter_codeact.evaluation.comparison import compare
from jupyter_codeact.evaluation.records import Case, Episode, Played, ResultsError, SelfTest, Setting, load
from jupyter_codeact.evaluation.runner import Choice, play_all
from jupyter_codeact.evaluation.statistics import (
    mcnemar,
    mcnemar_power,
    paired_difference,
    smallest_gain,
    wilson,
)
from jupyter_codeact.models.open import EndpointModel

SETTING = Setting()


class Coins:
    """A suite that needs no model: the even tasks are solved, and one may crash."""

    name = "coins"
    notes: Sequence[str] = ()
    formats: Mapping[str, Sequence[str]] = {"agent": ("markdown",)}

    def __init__(self, size: int = 6, crash: int | None = None) -> None:
        self.size, self.crash = size, crash
        self.played: list[str] = []
        self.now = self.most = 0

    async def cases(self) -> list[Case]:
        return [Case(name=f"{n}", family="even" if n % 2 == 0 else "odd") for n in range(self.size)]

    async def play(self, case: Case, setting: Setting, model: ChatModel) -> Played:
        self.played.append(case.name)
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0)
        self.now -= 1
        if int(case.name) == self.crash:
            raise RuntimeError("The kernel is gone.")
        even = case.family == "even"
        usage = Usage(prompt_tokens=100, completion_tokens=10)
        return Played(strict=even, success=True, ending="answered", turns=2, usage=usage)

    async def self_test(self) -> SelfTest:
        return SelfTest(count=self.size, summary="")

    async def close(self) -> None:
        pass


@pytest.fixture
def model() -> ChatModel:
    return EndpointModel("http://127.0.0.1:9/v1", model="none")


async def test_an_evaluation_resumes_and_loses_at_most_an_unfinished_line(
    tmp_path: Path, model: ChatModel
) -> None:
    results = tmp_path / "r.jsonl"
    await play_all(Coins(), SETTING, model, results, choice=Choice(first=3))
    whole = results.read_bytes()
    results.write_bytes(whole[:-20])  # killed while it wrote
    again = Coins()
    episodes = await play_all(again, SETTING, model, results)
    assert again.played == ["2", "3", "4", "5"]
    assert len(episodes) == len(list(load([results]))) == 6

    other = Coins()
    await play_all(other, SETTING.model_copy(update={"temperature": 0.7}), model, results)
    assert len(other.played) == 6


async def test_a_crashed_episode_does_not_affect_others(tmp_path: Path, model: ChatModel) -> None:
    episodes = await play_all(Coins(crash=2), SETTING, model, tmp_path / "r.jsonl", parallel=3)
    crashed = [episode for episode in episodes if episode.played.ending == "crashed"]
    assert [episode.case.name for episode in crashed] == ["2"]
    assert crashed[0].played.message == "The kernel is gone."
    assert len(episodes) == 6


async def test_broken_episodes_are_played_again_on_request_and_count_once(
    tmp_path: Path, model: ChatModel
) -> None:
    results = tmp_path / "r.jsonl"
    await play_all(Coins(crash=2), SETTING, model, results)
    left, again = Coins(), Coins()
    await play_all(left, SETTING, model, results)
    assert left.played == []
    episodes = await play_all(again, SETTING, model, results, choice=Choice(again=True))
    assert again.played == ["2"]
    assert {episode.played.ending for episode in episodes} == {"answered"}
    assert len(results.read_bytes().splitlines()) == 7  # nothing is lost
    assert [episode.played.ending for episode in load([results])] == ["answered"] * 6


async def test_the_number_of_parallel_episodes_is_limited(tmp_path: Path, model: ChatModel) -> None:
    suite = Coins(size=12)
    await play_all(suite, SETTING, model, tmp_path / "r.jsonl", parallel=3)
    assert suite.most == 3


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        (Choice(every=2), "024"),
        (Choice(only="odd/"), "135"),
        (Choice(only="odd/", every=2, first=1), "1"),
        (Choice(first=2, samples=2), "0011"),
    ],
)
async def test_tasks_can_be_chosen(tmp_path: Path, model: ChatModel, choice: Choice, names: str) -> None:
    suite = Coins()
    await play_all(suite, SETTING, model, tmp_path / "r.jsonl", choice=choice)
    assert "".join(suite.played) == names


async def test_results_are_reported_and_compared(tmp_path: Path, model: ChatModel) -> None:
    episodes = await play_all(Coins(), SETTING, model, tmp_path / "r.jsonl")
    [everything, even, odd] = report.rows(episodes)
    assert (everything.episodes, everything.strict, everything.success) == (6, 3, 6)
    assert everything.prompt_tokens_per_solved == 200
    assert (even.family, even.strict) == ("even", 3)
    assert (odd.strict, odd.prompt_tokens_per_solved) == (0, None)
    longer = [
        one.model_copy(update={"setting": SETTING.model_copy(update={"turns": 30})}) for one in episodes
    ]
    told = [(row.rest, row.episodes) for row in report.rows(episodes + longer, families=False)]
    assert told == [("turns 10", 6), ("turns 30", 6)]
    text = report.markdown(episodes)
    assert "3 (50.0%)" in text
    assert "18.8% to 81.2%" in text

    worse = [
        episode.model_copy(update={"played": episode.played.model_copy(update={"strict": False})})
        for episode in episodes
    ]
    compared = compare(episodes, worse).sentences()
    assert compared.startswith(
        "Of 6 tasks, both solved 0, only the first 3, only the second 0; McNemar's exact p = 0.25.\n"
        "The first solved 3 (50 %), the second 0 (0 %): a difference of -50 points, 95 % interval "
    )
    assert compare(episodes, []).sentences() == "The two have no task in common."


def test_a_report_needs_episodes(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "other.jsonl").write_text('{"a": 1}\n\n')
    runner = CliRunner()
    empty = runner.invoke(main, ["eval", "report", str(tmp_path / "empty.jsonl")])
    assert (empty.exit_code, "no episode in these files" in empty.output) == (2, True)
    with pytest.raises(ResultsError, match=r"Line 1 of .* is no episode"):
        list(load([tmp_path / "other.jsonl"]))
    wanting = runner.invoke(main, ["eval", "self-test", "--suite", "mint"])
    assert (wanting.exit_code, "needs --source" in wanting.output) == (2, True)


def test_intervals_and_p_values_match_published_formulas() -> None:
    low, high = wilson(1, 21)  # 1 of 21, by Wilson's formula
    assert (round(low, 4), round(high, 4)) == (0.0085, 0.2267)
    assert wilson(0, 0) == (0.0, 1.0)
    assert mcnemar(0, 0) == 1.0
    assert mcnemar(6, 0) == pytest.approx(0.03125)
    assert mcnemar(5, 3) == pytest.approx(0.7265625)


def test_the_interval_of_a_paired_difference_is_newcombes() -> None:
    low, high = paired_difference(36, 2, 12, 0)  # an example of the article: 0.0569 to 0.3404
    assert (round(low, 4), round(high, 4)) == (0.0569, 0.3404)
    low, high = paired_difference(36, 12, 2, 0)
    assert (round(low, 4), round(high, 4)) == (-0.3404, -0.0569)
    assert paired_difference(0, 0, 0, 0) == (-1.0, 1.0)


def test_the_smallest_gain_is_where_the_power_begins_to_suffice() -> None:
    gain = smallest_gain(30)
    assert gain == 0.26
    assert mcnemar_power(30, 0.26, 0.0) >= 0.8 > mcnemar_power(30, 0.25, 0.0)
    assert smallest_gain(5) is None


def test_an_episode_survives_serialization() -> None:
    played = Played(strict=True, success=True, ending="answered", turns=1, detail={"fair": True})
    episode = Episode(
        suite="s",
        case=Case(name="a", family="b"),
        sample=0,
        model="m",
        setting=SETTING,
        played=played,
        seconds=1.5,
    )
    assert Episode.model_validate_json(episode.model_dump_json()) == episode
