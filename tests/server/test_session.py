"""What a page may ask for besides a run: earlier conversations, undo and checks; and a task's attachments."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.scripted import ScriptedModel
from tests.server.page import Connect, Message, ScriptedPage

UNDER_WAY = "Stop the run first, then {what}."


def cell(source: str) -> str:
    return f"```python\n{source}\n```"


@pytest_asyncio.fixture
async def bare(connect: Connect) -> ScriptedPage:
    """Return a page that shows ``a.ipynb`` and does as if it ran cells."""
    page = await connect()
    await page.open("a.ipynb")
    return page


async def request(page: ScriptedPage, kind: str, **fields: Any) -> int:
    """Send a request about the notebook; return how many messages had come before."""
    before = len(page.heard)
    await page.request(kind, **fields)
    return before


async def answered(page: ScriptedPage, model: ScriptedModel, task: str, *replies: str) -> Message:
    """Let a task be worked on, and return the end of its run."""
    model.script(replies)
    before = len(page.heard)
    await page.ask(task)
    return await page.end(after=before)


async def listed(page: ScriptedPage) -> list[Message]:
    before = await request(page, "list_conversations")
    found: list[Message] = (await page.hears("conversation_list", after=before))["conversations"]
    return found


async def test_earlier_conversations_are_listed_opened_renamed_and_deleted(
    bare: ScriptedPage, connect: Connect, model: ScriptedModel
) -> None:
    other = await connect()
    await other.open("a.ipynb")
    await answered(bare, model, "Which month?", "July.")
    before = await request(bare, "new_conversation")
    await bare.hears("history", after=before)
    await answered(bare, model, "Which year?", "1953.")
    second, first = await listed(bare)
    assert (first["title"], second["title"]) == ("Which month?", "Which year?")

    after = len(other.heard)
    before = await request(bare, "open_conversation", conversation=first["id"])
    for one, since in ((bare, before), (other, after)):
        history = await one.hears("history", after=since)
        assert history["conversation"] == first["id"]
        assert history["events"][-1]["answer"] == "July."
    await answered(bare, model, "And the day?", "The 4th.")
    assert "July." in str(model.requests[-1]["messages"])
    assert "1953" not in str(model.requests[-1]["messages"])

    before = await request(bare, "rename_conversation", conversation=second["id"], title="The year")
    assert "The year" in [
        one["title"] for one in (await bare.hears("conversation_list", after=before))["conversations"]
    ]
    before = await request(bare, "delete_conversation", conversation=first["id"])
    assert (await bare.hears("history", after=before))["events"] == []
    assert [one["id"] for one in await listed(bare)] == [second["id"]]


async def test_a_conversation_of_another_notebook_stays_closed(
    bare: ScriptedPage, connect: Connect, model: ScriptedModel
) -> None:
    await answered(bare, model, "Which month?", "July.")
    [mine] = await listed(bare)
    other = await connect()
    await other.open("b.ipynb")
    for kind in ("open_conversation", "delete_conversation", "rename_conversation"):
        more = {"title": "x"} if kind.startswith("rename") else {}
        refusal = await other.refused(kind, "b.ipynb", conversation=mine["id"], **more)
        assert refusal.startswith("This conversation is not one of this notebook's.")
    assert "no conversation" in await bare.refused("open_conversation", conversation="nonesuch")


async def test_what_must_not_meet_a_run_is_refused_while_one_is_under_way(
    bare: ScriptedPage, model: ScriptedModel
) -> None:
    held = model.held("It is ", "2.")
    model.script([held])
    await bare.ask()
    await bare.hears("reply_delta")
    [mine] = await listed(bare)
    for kind, what in {
        "undo": "undo it",
        "check": "check the notebook",
        "open_conversation": "open another conversation",
        "delete_conversation": "delete its conversation",
    }.items():
        more = {"conversation": mine["id"]} if "conversation" in kind else {}
        assert await bare.refused(kind, **more) == UNDER_WAY.format(what=what)
    held.released.set()
    assert (await bare.end())["answer"] == "It is 2."


async def test_a_run_is_undone_on_the_page_and_all_pages_are_told(
    bare: ScriptedPage, connect: Connect, model: ScriptedModel
) -> None:
    bare.sources["mine"] = "x = 1"
    other = await connect()
    await other.open("a.ipynb")
    end = await answered(bare, model, "Count.", cell("y = 2"), "Done.")
    assert list(bare.sources.values()) == ["x = 1", "y = 2"]

    await bare.request("undo")

    for one in (bare, other):
        undone = await one.hears("run_undone")
        assert (undone["run"], undone["left"]) == (end["run"], [])
    assert bare.sources == {"mine": "x = 1"}
    assert "no run in this conversation" in await bare.refused("undo")


async def test_what_the_user_changed_since_is_left_when_a_run_is_undone(
    bare: ScriptedPage, model: ScriptedModel
) -> None:
    end = await answered(bare, model, "Count.", cell("y = 2"), "Done.")
    [written] = bare.sources
    bare.sources[written] = "y = 3"
    await bare.request("undo", run=end["run"])
    assert (await bare.hears("run_undone"))["left"] == [written]
    assert bare.sources == {written: "y = 3"}


async def test_a_check_reports_every_cell_and_whether_the_notebook_reproduces(
    page: ScriptedPage, connect: Connect, kernel: str
) -> None:
    page.sources |= {"a": "print('one')", "b": "print(hidden)"}
    page.shown = {
        "a": {"outputs": [{"output_type": "stream", "name": "stdout", "text": "one\n"}], "execution_count": 1}
    }
    await page.execute("hidden = 1")
    other = await connect()
    await other.open("a.ipynb", kernel)
    await page.request("check")
    assert await page.refused("check") == "This notebook is being checked already."
    for one in (page, other):
        done = await one.hears("checking", reproduces=False)
        assert [check["state"] for check in done["cells"]] == ["same", "failed"]
        assert "does not reproduce" in done["message"]
    assert (await page.execute("assert hidden == 1"))["status"] == "ok"


async def test_a_check_can_be_stopped(page: ScriptedPage) -> None:
    page.sources["a"] = "import time\ntime.sleep(600)"
    await page.request("check")
    await page.until(
        lambda: any(one["type"] == "checking" and one["cells"][0]["state"] == "running" for one in page.heard)
    )
    await page.request("stop_check")
    done = await page.hears("checking", reproduces=False)
    assert done["message"] == "The check was stopped."
    assert done["cells"][0]["state"] == "not_run"


async def test_a_file_is_given_by_its_path_and_its_beginning_is_read_on_the_server(
    bare: ScriptedPage, model: ScriptedModel, jp_root_dir: Path
) -> None:
    folder = jp_root_dir / "data"
    folder.mkdir()
    (folder / "sales.csv").write_text("month,sum\nJuly,41\n")
    (folder / "long.txt").write_text("ä" * 10_000)
    (folder / "photo.bin").write_bytes(b"\0" * 20)
    (folder / "paper.pdf").write_bytes(b"%PDF-1.7\n")
    model.script(["I see."])
    await bare.ask(
        attachments=[
            {"kind": "file", "name": name, "path": f"data/{name}", "text": "not what is in it"}
            for name in ("sales.csv", "long.txt", "photo.bin", "paper.pdf")
        ]
    )
    await bare.end()
    table, text, photo, paper = (await bare.hears("run_started"))["attachments"]
    assert table["path"] == "data/sales.csv"
    assert table["text"].splitlines() == [
        "A table: 1 rows, 2 columns. pd.read_csv('data/sales.csv') reads it.",
        *("month,sum", "July,41"),
    ]
    assert text["text"].startswith("ää")
    assert text["text"].endswith("… the first 8,000 of 20,000 bytes …")
    assert photo["text"] == "[a binary file of 20 bytes]"
    assert paper["text"] == "[a PDF document of 9 bytes]"
    assert "July,41" in str(model.requests[-1]["messages"])


@pytest.mark.parametrize("attached", [False, True])
async def test_a_table_that_the_task_names_is_shown_once(
    bare: ScriptedPage, model: ScriptedModel, jp_root_dir: Path, attached: bool
) -> None:
    (jp_root_dir / "data").mkdir()
    (jp_root_dir / "data" / "sales.csv").write_text("month,sum\nJuly,41\n")
    model.script(["I see.", "I see."])
    file = {"kind": "file", "name": "sales.csv", "path": "data/sales.csv"}
    await bare.ask("Sum data/sales.csv.", attachments=[file] * attached)
    await bare.end()
    assert str(model.requests[0]["messages"]).count("July,41") == 1


@pytest.mark.parametrize("path", ["../secret.txt", "/etc/passwd", "link.txt", ".env", "missing.txt", ""])
async def test_a_file_that_jupyter_does_not_serve_is_refused(
    bare: ScriptedPage, model: ScriptedModel, jp_root_dir: Path, path: str
) -> None:
    (jp_root_dir.parent / "secret.txt").write_text("secret")
    (jp_root_dir / "link.txt").symlink_to(jp_root_dir.parent / "secret.txt")
    (jp_root_dir / ".env").write_text("secret")
    await bare.ask(attachments=[{"kind": "file", "name": "it", "path": path}])
    refused = await bare.hears("refused")
    assert refused["message"] == "The file “it” is not in the folder that Jupyter serves."
    assert model.requests == []
    assert "secret" not in str(bare.heard)
    assert (await answered(bare, model, "Then without.", "Good."))["answer"] == "Good."


@pytest.mark.parametrize(
    ("image", "sentence"),
    [
        ("data:image/svg+xml;base64,AAAA", "is not a picture"),
        ("https://example.org/a.png", "is not a picture"),
        ("data:image/png;base64," + "A" * 8_000_000, "is larger than 5 MB"),
    ],
)
async def test_what_is_no_picture_or_too_large_a_one_is_refused(
    bare: ScriptedPage, image: str, sentence: str
) -> None:
    await bare.ask(attachments=[{"kind": "image", "name": "it", "image": image}])
    assert sentence in (await bare.hears("refused"))["message"]


async def test_a_picture_goes_along_with_its_path_if_it_is_a_file(
    bare: ScriptedPage, model: ScriptedModel, jp_root_dir: Path
) -> None:
    image = "data:image/png;base64," + base64.b64encode(b"\x89PNG").decode()
    (jp_root_dir / "plot.png").write_bytes(b"\x89PNG")
    model.script(["I see."])
    await bare.ask(
        attachments=[
            {"kind": "image", "name": "plot.png", "image": image, "path": path} for path in (None, "plot.png")
        ]
    )
    await bare.end()
    given = (await bare.hears("run_started"))["attachments"]
    assert [(one["image"], one["path"]) for one in given] == [(image, None), (image, "plot.png")]
    assert "the image 'plot.png'; your code can open it by this path" in str(model.requests[-1]["messages"])


async def test_a_task_asked_anew_takes_the_place_of_the_earlier_one(
    bare: ScriptedPage, model: ScriptedModel
) -> None:
    end = await answered(bare, model, "Which month?", "July.")
    model.script(["August."])
    before = len(bare.heard)
    await bare.ask("Which month, really?", replaces=end["run"])
    assert (await bare.end(after=before))["answer"] == "August."
    assert "July." not in str(model.requests[-1]["messages"])
    assert (await bare.hears("run_started", after=before))["replaces"] == end["run"]


async def test_a_task_can_be_worked_on_below_a_cell(bare: ScriptedPage, model: ScriptedModel) -> None:
    bare.sources |= {"first": "1", "second": "2"}
    model.script([cell("3"), "Done."])
    await bare.ask(below="first")
    await bare.end()
    assert (await bare.hears("write_cell"))["after"] == "first"
