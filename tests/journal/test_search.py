"""Conversations are found by what was asked and answered, in the notebooks of one server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_codeact.agent.events import Observation, RunEnded, RunStarted
from jupyter_codeact.journal import SqliteJournal


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    journal = SqliteJournal(tmp_path / "journal.sqlite")
    yield journal
    journal.close()


def talk(journal: SqliteJournal, notebook: str, task: str, answer: str) -> str:
    conversation = journal.begin(notebook)
    place = {"conversation": conversation, "run": conversation}
    journal.append(RunStarted(**place, task=task, notebook=notebook, model="m", system="s"))
    journal.append(Observation(**place, turn=1, text="the output says zebra"))
    journal.append(RunEnded(**place, turn=1, ending="answered", answer=answer))
    return conversation


def test_all_words_are_looked_for_in_tasks_and_answers_and_the_latest_comes_first(
    journal: SqliteJournal,
) -> None:
    first = talk(journal, "/home/a.ipynb", "Fit a model", "The slope is 0.5 ± 0.1 for Ärger.")
    second = talk(journal, "/home/sub/b.ipynb", "Plot the 100% share", "Drawn.")
    talk(journal, "/elsewhere/c.ipynb", "Fit a model", "The slope is 2.")
    assert [each.id for each in journal.search("", "/home")] == [second, first]
    [found] = journal.search("SLOPE fit ärger", "/home")
    assert (found.id, found.notebook, found.title) == (first, "a.ipynb", "Fit a model")
    assert found.excerpt.endswith("The slope is 0.5 ± 0.1 for Ärger.")
    assert [each.id for each in journal.search("100%", "/home/")] == [second]
    assert journal.search("100%", "/home")[0].excerpt == ""  # the title shows it
    assert [each.id for each in journal.search("sub/b", "/home")] == [second]
    for nothing in ("zebra", "slope 7", "_", "/elsewhere"):  # outputs are not looked through
        assert journal.search(nothing, "/home") == []


def test_what_an_earlier_release_recorded_is_found(tmp_path: Path) -> None:
    file = tmp_path / "journal.sqlite"
    file.write_bytes((Path(__file__).parent / "first-release.sqlite").read_bytes())
    journal = SqliteJournal(file)
    everything = journal.search("", "/") or journal.search("", "")
    assert everything
    assert journal.search(everything[0].title.split()[0], "/")
    journal.close()
