"""A task of the notebook benchmark, played by the default model as `jupyter codeact eval` plays them."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_codeact.evaluation.notebook.suite import NotebookSuite
from jupyter_codeact.evaluation.records import Setting
from jupyter_codeact.evaluation.runner import Choice, play_all
from jupyter_codeact.models.open import LocalModel

pytestmark = [pytest.mark.model, pytest.mark.asyncio(loop_scope="session")]

TASK = "histogram-with-bins"


async def test_a_task_is_solved(model: LocalModel, tmp_path: Path) -> None:
    choice = Choice(only=f"/{TASK}$")
    episodes = await play_all(NotebookSuite(), Setting(), model, tmp_path / "played.jsonl", choice=choice)
    [(ending, solved)] = [(one.played.ending, one.played.strict) for one in episodes]
    assert (ending, solved) == ("answered", True), [one.played.messages for one in episodes]
