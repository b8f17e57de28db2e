"""The default model answers a question in words, and a question about data with a cell."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_codeact.agent.agent import Agent
from jupyter_codeact.agent.events import Executed, RunEnded
from jupyter_codeact.agent.run import Budget
from jupyter_codeact.journal import SqliteJournal
from jupyter_codeact.models.open import LocalModel
from jupyter_codeact.notebooks.headless import HeadlessNotebook

pytestmark = [pytest.mark.model, pytest.mark.asyncio(loop_scope="session")]

FARES = "city,fare\nRome,11.5\nOslo,20.25\nRome,7.75\n"


@pytest.fixture(autouse=True)
def beside_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fares.csv").write_text(FARES)
    monkeypatch.chdir(tmp_path)


async def answer(model: LocalModel, folder: Path, task: str) -> tuple[RunEnded, int]:
    """Return the end of a run, and how many cells it ran."""
    journal = SqliteJournal(folder / "journal.sqlite")
    conversation = journal.begin("conversation")
    async with HeadlessNotebook() as notebook:
        agent = Agent(model, notebook, journal, budget=Budget(turns=6, seconds=300))
        end = await agent.run(conversation, task, title="out.ipynb")
    ran = sum(isinstance(event, Executed) for event in journal.events(conversation))
    journal.close()
    return end, ran


async def test_advice_is_given_without_a_cell(model: LocalModel, tmp_path: Path) -> None:
    end, ran = await answer(model, tmp_path, "Should I use the mean or the median for skewed prices?")
    assert (end.ending, ran) == ("answered", 0)


async def test_a_number_from_a_file_is_found_with_a_cell(model: LocalModel, tmp_path: Path) -> None:
    task = "What is the mean fare in fares.csv, to two decimals? Answer as @mean_fare[value]."
    end, ran = await answer(model, tmp_path, task)
    assert end.ending == "answered"
    assert ran >= 1
    assert "13.17" in end.answer
