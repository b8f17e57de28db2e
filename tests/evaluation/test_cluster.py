"""Playing episodes on a Ray cluster."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from jupyter_codeact.cli import main
from jupyter_codeact.evaluation.records import Episode, load
from tests.evaluation import upstream
from tests.ports import free_port
from tests.scripted import ScriptedModel, ScriptedReply


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedModel]:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    with ScriptedModel() as model:
        monkeypatch.setenv("JUPYTER_CODEACT_API_KEY", model.api_key)
        yield model


def played(served: ScriptedModel, source: Path, output: Path, *options: str) -> list[Episode]:
    arguments = ["eval", "run", "--suite", "m3tooleval", "--source", str(source), "--endpoint", served.url]
    arguments += ["--protocol", "paper", "--output", str(output), *options]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    return sorted(load([output]), key=lambda episode: episode.case.name)


def alike(messages: list[dict]) -> ScriptedReply:
    """Answer the first task correctly and the other wrongly, in whatever order they come."""
    return "Answer: 42" if "2 and 40" in str(messages[0]["content"]) else "Answer: nothing"


def test_a_cluster_gives_the_same_results_as_one_machine(served: ScriptedModel, tmp_path: Path) -> None:
    source = upstream.code_act(tmp_path)
    served.script([alike] * 4)
    here = played(served, source, tmp_path / "here.jsonl", "--strict")
    again = played(served, source, tmp_path / "here.jsonl", "--strict")
    assert (again, len(served.requests)) == (here, 2)  # nothing is played twice
    spread = played(served, source, tmp_path / "ray.jsonl", "--strict", "--engine", "ray", "--parallel", "2")
    assert [episode.played for episode in spread] == [episode.played for episode in here]
    assert [episode.key for episode in spread] == [episode.key for episode in here]
    assert {episode.played.strict for episode in here} == {True, False}
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"


def test_an_unreachable_cluster_is_an_error_that_names_it(
    served: ScriptedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"127.0.0.1:{free_port()}"
    monkeypatch.setenv("RAY_ADDRESS", address)
    arguments = [
        "eval",
        "run",
        "--suite",
        "notebook",
        "--n",
        "1",
        "--endpoint",
        served.url,
        "--engine",
        "ray",
    ]
    result = CliRunner().invoke(main, [*arguments, "--output", str(tmp_path / "r.jsonl")])
    assert (result.exit_code, list(tmp_path.iterdir())) == (1, [])
    assert f"The Ray cluster at {address} cannot be reached" in result.output


def test_a_lost_player_costs_one_episode_that_can_be_played_again(
    served: ScriptedModel, tmp_path: Path
) -> None:
    def kill(messages: list[dict]) -> ScriptedReply:
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                name = (folder / "cmdline").read_bytes()
            except OSError:  # it has ended meanwhile
                continue
            if name.startswith(b"ray::_Player"):
                os.kill(int(folder.name), signal.SIGKILL)
        return "Answer: never read"

    served.script([kill, alike])
    source = upstream.code_act(tmp_path)
    episodes = played(served, source, tmp_path / "r.jsonl", "--engine", "ray", "--strict")
    endings = {episode.played.ending: episode.played.message for episode in episodes}
    assert endings.keys() == {"crashed", "answered"}
    assert "process that played this episode was lost" in endings["crashed"]
    served.script([alike])
    replayed = played(served, source, tmp_path / "r.jsonl", "--again", "--strict")
    assert [episode.played.ending for episode in replayed] == ["answered"] * 2
