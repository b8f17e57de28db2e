"""Journals and exports of the first release open, and do all that those of today do.

`first-release.sqlite` was written by commit 03331ee, with a scripted model: a conversation with a cell of
text, thinking, a failure, approvals (one edited, one refused), an answer that was not taken, and an undone
run; one in each of the other formats, with a compacted history; and a run that was cut off.
`first-release.jsonl` is that release's export of it.
"""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_codeact.agent.events import (
    Action,
    AnswerRejected,
    ApprovalResolved,
    Event,
    HistoryCompacted,
    Observation,
    Reply,
    RunEnded,
    RunStarted,
)
from jupyter_codeact.cli.conversations import FORMATS
from jupyter_codeact.journal import SqliteJournal, read_events
from jupyter_codeact.journal.replay import replay
from jupyter_codeact.journal.undo import last_run, undo
from jupyter_codeact.notebooks.compare import difference
from jupyter_codeact.notebooks.headless import HeadlessNotebook

HERE = Path(__file__).parent
OLD = {"asked", "decided", "doubted", "condensed"}


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    path = tmp_path / "journal.sqlite"
    shutil.copy(HERE / "first-release.sqlite", path)
    journal = SqliteJournal(path)
    yield journal
    journal.close()


def conversation(journal: SqliteJournal, name: str) -> str:
    [one] = journal.conversations(f"/home/user/{name}.ipynb")
    return one.id


def events(journal: SqliteJournal, name: str) -> list[Any]:
    return list(journal.events(conversation(journal, name)))


def exported(journal: SqliteJournal, name: str, kind: str) -> str:
    info = journal.find(conversation(journal, name))
    return FORMATS[kind](info, journal.notebook(info.id), list(journal.events(info.id)))


def test_its_conversations_are_listed(journal: SqliteJournal) -> None:
    listed = [(one.title, one.runs, journal.notebook(one.id)) for one in journal.conversations()]
    assert listed == [
        ("Wait.", 1, "/home/user/cut.ipynb"),
        ("Multiply three by three.", 2, "/home/user/calls.ipynb"),
        ("Add one and one.", 1, "/home/user/tags.ipynb"),
        ("Add two and three. Then tell me the sum.", 2, "/home/user/sum.ipynb"),
    ]


def test_what_the_user_chose_for_approvals_still_holds(journal: SqliteJournal) -> None:
    chosen = {name: journal.approval(f"/home/user/{name}.ipynb") for name in ("sum", "calls", "tags", "cut")}
    assert chosen == {"sum": "always", "calls": "risky", "tags": "never", "cut": None}


def test_its_events_have_todays_names_and_nothing_is_lost(journal: SqliteJournal) -> None:
    lines = [json.loads(line) for line in (HERE / "first-release.jsonl").read_text().splitlines()]
    read = [event for one in journal.conversations() for event in journal.events(one.id)]
    assert {line["type"] for line in lines} >= OLD
    assert not {event.type for event in read} & OLD
    assert [(event.run, event.turn, event.time) for event in read] == [
        (line["run"], line["turn"], line["time"]) for line in lines
    ]
    assert [event.message for event in read if isinstance(event, AnswerRejected)] == [
        "No output shows 7.25, so the model looks again."
    ]
    assert [event.room for event in read if isinstance(event, HistoryCompacted)] == [522, 523]


def test_an_approval_says_what_the_user_edited_and_nothing_else(journal: SqliteJournal) -> None:
    found = events(journal, "sum")
    assert [
        (event.allowed, event.edited, event.reasons) for event in found if isinstance(event, ApprovalResolved)
    ] == [
        (True, None, []),
        (True, "total = 2 + 3\nprint('the sum is', total)", []),
        (False, None, ["the user skipped it"]),
        (True, None, []),
    ]
    everywhere = [*events(journal, "tags"), *events(journal, "calls")]
    assert {event.edited for event in everywhere if isinstance(event, ApprovalResolved)} == {None}


def test_replies_in_every_format_are_taken_apart(journal: SqliteJournal) -> None:
    def replies(name: str) -> list[tuple[str, str, str]]:
        found = [event for event in events(journal, name) if isinstance(event, Reply)]
        return [(event.thinking, event.prose, event.text) for event in found]

    first, *_, rejected, answer, _, _ = replies("sum")
    assert first == (
        "Is `two` there? ```python\nnot this\n```",
        "I will add them.",
        "I will add them.\n\n```markdown\n# Sum\n```\n\n```python\ntotal = two + 3\n```",
    )
    assert rejected == ("", "The sum is 7.25.", "The sum is 7.25.")
    assert answer == ("", "It is **5**.", "It is **5**.")
    assert replies("tags") == [
        ("Simple.", "I count.", "I count.\n<execute>\n1 + 1\n</execute>"),
        ("", "It is 2.", "<solution>It is 2.</solution>"),
    ]
    assert [(thinking, prose) for thinking, prose, _ in replies("calls")] == [
        ("", "I multiply."),
        ("", "It is 9."),
        ("", ""),
        ("", "It is 36."),
    ]


def test_a_reply_that_quotes_the_tags_of_another_format_is_whole(journal: SqliteJournal) -> None:
    system = next(event.system for event in events(journal, "sum") if isinstance(event, RunStarted))
    old = {"conversation": "c", "run": "r", "turn": 1}
    started = RunStarted(**old, task="t", notebook="n", model="m", system=system)
    said = "Some models write `<execute>` and `</tool_call>`, and then code."
    _, reply = read_events([started.model_dump_json(), json.dumps({**old, "type": "reply", "text": said})])
    assert isinstance(reply, Reply)
    assert (reply.prose, reply.text) == (said, said)


def test_its_export_is_read_as_its_journal_is(journal: SqliteJournal) -> None:
    with (HERE / "first-release.jsonl").open() as file:
        read = list(read_events(file))
    assert read == [event for one in journal.conversations() for event in journal.events(one.id)]


def test_an_export_of_today_reads_back_as_what_was_exported(journal: SqliteJournal) -> None:
    for name in ("sum", "tags", "calls", "cut"):
        text = exported(journal, name, "jsonl")
        assert not {json.loads(line)["type"] for line in text.splitlines()} & OLD
        assert list(read_events(text.splitlines())) == events(journal, name)


def test_a_page_for_people_is_made_of_it(journal: SqliteJournal) -> None:
    page = exported(journal, "sum", "markdown")
    for text in (
        "I will add them.",
        "# Sum",
        "<details><summary>An attempt: NameError</summary>\n\n```python\ntotal = two + 3\n```",
        "```python\ntotal = 2 + 3\nprint('the sum is', total)\n```\n\n```text\nthe sum is 5\n```",
        "<details><summary>An attempt: not allowed to run</summary>",
        "*No output shows 7.25, so the model looks again.*",
        "It is **5**.",
        "*The run was undone.*",
    ):
        assert text in page
    assert "print(total)" not in page
    assert "not this" not in re.sub(r"<details><summary>Thinking.*?</details>", "", page, flags=re.DOTALL)
    for name, answer in (("tags", "It is 2."), ("calls", "It is 36.")):
        page = exported(journal, name, "markdown")
        assert answer in page
        assert "<execute>" not in page
        assert "tool_call" not in page


def test_the_models_messages_are_those_of_then_without_thinking(journal: SqliteJournal) -> None:
    said = json.loads(exported(journal, "sum", "messages"))["conversations"]
    assert [message["role"] for message in said] == ["system", *["user", "assistant"] * 6]
    assert said[2]["content"].startswith("I will add them.\n\n```markdown")
    assert "7.25" not in json.dumps([one for one in said if one["role"] == "assistant"])
    compacted = json.loads(exported(journal, "calls", "messages"))["conversations"]
    assert [message["role"] for message in compacted] == ["system", *["user", "assistant"] * 3]
    assert compacted[1]["content"] == "Task: Multiply three by three."  # and no more of it


async def test_it_is_replayed_and_undone(journal: SqliteJournal, tmp_path: Path) -> None:
    record: list[Event] = events(journal, "sum")
    edited = "total = 2 + 3\nprint('the sum is', total)"
    async with HeadlessNotebook(output=tmp_path / "out.ipynb", folder=tmp_path) as notebook:
        steps = await replay(notebook, record, difference=difference)
        assert [step.kind for step in steps] == ["run", "cell", "cell", "run", "cell", "undo"]
        assert [step.message for step in steps] == [""] * 6
        assert [cell.source for cell in notebook.cells] == [
            "# Sum",
            edited,
            "import os\nos.remove('unused.txt')",
        ]
        run = last_run(record)
        assert run == record[0].run
        assert (await undo(notebook, record, run)).left == []
        assert notebook.cells == []


def test_it_goes_on_and_what_was_stored_stays_as_it_was(journal: SqliteJournal) -> None:
    def stored() -> list[str]:
        assert journal.path is not None
        db = sqlite3.connect(journal.path)
        try:
            return [body for (body,) in db.execute("SELECT body FROM event ORDER BY seq")]
        finally:
            db.close()

    before = stored()
    known = conversation(journal, "sum")
    last = journal.append(Observation(conversation=known, run="new", text="more"))
    action = Action(conversation=known, run="new", source="1")
    journal.append(action)
    assert list(journal.events(known, since=last)) == [action]
    journal.close_unfinished(conversation(journal, "cut"))
    *_, reply, ended = events(journal, "cut")
    assert (reply.prose, ended.type) == ("I wait.", "run_ended")
    assert isinstance(ended, RunEnded)
    assert ended.turn == 1
    assert stored()[: len(before)] == before
