"""Trajectories are kept beside the figures: masked, limited, and found again."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from jupyter_codeact.agent.contracts import Message
from jupyter_codeact.cli import main
from jupyter_codeact.evaluation import trajectories
from jupyter_codeact.evaluation.notebook import TASKS
from jupyter_codeact.evaluation.notebook.suite import NotebookSuite
from jupyter_codeact.evaluation.records import Case, Episode, Played, RanCell, Setting, append, load, repaired
from jupyter_codeact.evaluation.runner import play_all
from jupyter_codeact.models.open import EndpointModel
from tests.scripted import ScriptedModel

SECRET = "sk-something-nobody-may-read"
PICTURE = "data:image/png;base64,iVBORw0KGgo="


def episode(name: str = "a", *texts: str, sample: int = 0) -> Episode:
    messages: list[Message] = [{"role": "user", "content": text} for text in texts]
    cells = [RanCell(turn=1, source="x = 1", status="ok")] if texts else []
    played = Played(
        strict=True, success=True, ending="answered", turns=1, messages=messages, cells=cells, answer="1"
    )
    case = Case(name=name, family="sums")
    return Episode(
        suite="s",
        case=case,
        sample=sample,
        model="m",
        setting=Setting(),
        played=played,
        seconds=1.0,
        began=1.0,
    )


def kept(results: Path) -> list[dict[str, object]]:
    lines = gzip.decompress(trajectories.path_of(results).read_bytes()).splitlines()
    return [json.loads(line) for line in lines]


def test_figures_and_trajectories_are_apart_and_come_back_together(tmp_path: Path) -> None:
    results = tmp_path / "r.jsonl"
    append(results, episode("a", "Hello.", "Well?"))
    append(results, episode("b", "Bye."))
    assert "Hello." not in results.read_text()
    assert [line["case"] for line in kept(results)] == [{"name": n, "family": "sums"} for n in "ab"]
    first, second = load([results])
    assert [message["content"] for message in first.played.messages] == ["Hello.", "Well?"]
    assert first.played.cells == [RanCell(turn=1, source="x = 1", status="ok")]
    assert (first.trajectory, second.played.messages[0]["content"]) == ("kept", "Bye.")


def test_equal_episodes_are_equal_bytes(tmp_path: Path) -> None:
    for name in ("one.jsonl", "other.jsonl"):
        append(tmp_path / name, episode("a", "Hello."))
    one, other = (trajectories.path_of(tmp_path / name) for name in ("one.jsonl", "other.jsonl"))
    assert one.read_bytes() == other.read_bytes()


def test_a_member_cut_off_when_the_run_was_killed_is_removed(tmp_path: Path) -> None:
    results = tmp_path / "r.jsonl"
    append(results, episode("a", "Hello."))
    whole = trajectories.path_of(results).read_bytes()
    append(results, episode("b", "Bye."))
    trajectories.path_of(results).write_bytes(trajectories.path_of(results).read_bytes()[:-5])
    assert [bool(one.played.messages) for one in load([results])] == [True, False]
    repaired(results)
    assert trajectories.path_of(results).read_bytes() == whole


def test_secrets_images_and_folders_are_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_API_KEY", SECRET)
    content = [{"type": "text", "text": f"{SECRET} {Path.home()}/data"}]
    image = {"type": "image_url", "image_url": {"url": PICTURE}}
    told = episode("a", "Look.")
    played = told.played.model_copy(update={"messages": [{"role": "user", "content": [*content, image]}]})
    append(tmp_path / "r.jsonl", told.model_copy(update={"played": played}))
    text = json.dumps(kept(tmp_path / "r.jsonl"))
    assert SECRET not in text
    assert "~/data" in text
    assert "base64" not in text
    assert f"(an image of {len(PICTURE)} characters, left out)" in text


def test_what_is_too_long_is_cut_with_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results = tmp_path / "r.jsonl"
    append(results, episode("long", "x" * 30_000))
    append(results, episode("many", *["y" * 10_000] * 200))
    monkeypatch.setattr(trajectories, "FILE", trajectories.path_of(results).stat().st_size)
    append(results, episode("late", "Hello."))
    long, many, late = load([results])
    assert (long.trajectory, many.trajectory, late.trajectory) == ("shortened", "shortened", "left out")
    assert "characters cut out" in long.played.messages[0]["content"]
    assert len(gzip.decompress(trajectories.path_of(results).read_bytes())) < 400_000
    assert late.played.messages == []


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    append(tmp_path / "r.jsonl", episode("a", "Hello."))
    trajectories.path_of(tmp_path / "r.jsonl").write_bytes(b"no gzip")
    with pytest.raises(trajectories.TrajectoryError, match="is damaged"):
        list(load([tmp_path / "r.jsonl"]))


def test_an_episode_is_read_on_the_command_line(tmp_path: Path) -> None:
    results = tmp_path / "r.jsonl"
    append(results, episode("add-up", "How much is it?"))
    append(results, episode("add-more", "And now?"))
    shown = CliRunner().invoke(main, ["eval", "show", str(results), "add-up"])
    assert shown.exit_code == 0
    for words in ("# s: sums/add-up", "How much is it?", "## What ran", "x = 1", "Answer: 1"):
        assert words in shown.output
    several = CliRunner().invoke(main, ["eval", "show", str(results), "add"])
    assert (several.exit_code, "may be add-more, add-up" in several.output) == (2, True)
    none = CliRunner().invoke(main, ["eval", "show", str(results), "subtract"])
    assert (none.exit_code, "no task like" in none.output) == (2, True)


async def test_what_the_agent_saw_and_what_ran_is_kept_with_its_commit(
    served: ScriptedModel, model: EndpointModel, tmp_path: Path
) -> None:
    suite = NotebookSuite(TASKS[:1])
    served.script(["```python\nprint(1 + 1)\n```", "Two."])
    await play_all(suite, Setting(goes_on=False), model, tmp_path / "r.jsonl")
    [played] = load([tmp_path / "r.jsonl"])
    roles = [message["role"] for message in played.played.messages]
    assert roles == ["system", "user", "assistant", "user", "assistant"]
    assert [(cell.turn, cell.source, cell.status) for cell in played.played.cells] == [
        (1, "print(1 + 1)", "ok")
    ]
    assert played.versions["jupyter-codeact"]
    # the same prompt each time, so that a prefix cache serves the next setting
    first = served.requests[0]["messages"]
    served.script(["Two."])
    await play_all(suite, Setting(goes_on=False, turns=5), model, tmp_path / "r.jsonl")
    assert served.requests[0]["messages"] == first
