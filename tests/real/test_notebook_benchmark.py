"""Two tasks of the notebook benchmark, played by the default model as `jupyter codeact eval` plays them."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_codeact.evaluation.notebook.suite import NotebookSuite
from jupyter_codeact.evaluation.records import Setting
from jupyter_codeact.evaluation.runner import Choice, play_all
from jupyter_codeact.models.open import LocalModel

pytestmark = [pytest.mark.model, pytest.mark.asyncio(loop_scope="session")]

TASKS = ("histogram-with-bins", "goes-on-from-a-model")


async def test_two_tasks_are_solved(model: LocalModel, tmp_path: Path) -> None:
    choice = Choice(only=f"/({'|'.join(TASKS)})$")
    episodes = await play_all(NotebookSuite(), Setting(), model, tmp_path / "played.jsonl", choice=choice)
    played = {episode.case.name: (episode.played.ending, episode.played.strict) for episode in episodes}
    assert played == dict.fromkeys(TASKS, ("answered", True)), [one.played.messages for one in episodes]
