"""With approval ``always`` nothing runs without the user's word, and their word is on exactly what they were shown."""

from __future__ import annotations

import pytest
import pytest_asyncio

from jupyter_codeact.agent.gate.gate import digest
from tests.scripted import ScriptedModel
from tests.server.page import Connect, ScriptedPage

NOT_ASKED = "This cell is not waiting for your approval any more."


def cell(source: str) -> str:
    return f"```python\n{source}\n```"


@pytest_asyncio.fixture
async def page(connect: Connect) -> ScriptedPage:
    """Return a page that shows ``a.ipynb`` and does as if it ran cells."""
    page = await connect()
    await page.open("a.ipynb")
    return page


async def asks(page: ScriptedPage, approval: str = "always") -> None:
    """Choose a mode for the notebook."""
    before = len(page.heard)
    await page.say({"type": "set_approval", "notebook": "a.ipynb", "approval": approval})
    await page.hears("approval_changed", after=before, approval=approval)


async def test_a_cell_waits_until_it_is_approved(page: ScriptedPage, model: ScriptedModel) -> None:
    await asks(page)
    model.script([cell("x = 1"), "Done."])
    await page.ask()
    asked = await page.hears("approval_requested")
    assert (asked["source"], asked["sha256"]) == ("x = 1", digest("x = 1"))
    assert "run_cell" not in page.commands
    await page.decide(asked)
    decided = await page.hears("approval_resolved")
    assert (decided["allowed"], decided["sha256"]) == (True, asked["sha256"])
    assert (await page.end())["answer"] == "Done."
    assert (await page.hears("run_cell"))["source"] == "x = 1"


async def test_what_the_user_made_of_the_cell_is_what_runs(page: ScriptedPage, model: ScriptedModel) -> None:
    await asks(page)
    model.script([cell("x = 1"), "Done."])
    await page.ask()
    asked = await page.hears("approval_requested")
    page.sources[asked["cell_id"]] = "x = 2"
    await page.decide(asked, source="x = 2")
    decided = await page.hears("approval_resolved")
    assert (decided["source"], decided["sha256"]) == ("x = 2", digest("x = 2"))
    await page.end()
    assert list(page.sources.values()) == ["x = 2"]
    assert (await page.hears("run_cell"))["source"] == "x = 2"


async def test_a_skipped_cell_does_not_run_and_the_model_is_told(
    page: ScriptedPage, model: ScriptedModel
) -> None:
    await asks(page)
    model.script([cell("x = 1"), "Then not."])
    await page.ask()
    await page.decide(await page.hears("approval_requested"), approved=False, source="something else")
    assert (await page.end())["answer"] == "Then not."
    decided = await page.hears("approval_resolved")
    assert (decided["allowed"], decided["source"]) == (False, "x = 1")
    assert "run_cell" not in page.commands
    assert "did not let this cell run" in model.requests[-1]["messages"][-1]["content"]


async def test_the_rest_of_the_run_can_be_approved_and_the_next_run_asks_again(
    page: ScriptedPage, model: ScriptedModel
) -> None:
    await asks(page)
    model.script([cell("x = 1"), cell("y = x + 1"), "Done.", cell("z = 1")])
    await page.ask()
    await page.decide(await page.hears("approval_requested"), rest=True)
    assert (await page.end())["answer"] == "Done."
    assert page.events.count("approval_requested") == 1
    before = len(page.heard)
    await page.ask()
    assert (await page.hears("approval_requested", after=before))["source"] == "z = 1"


@pytest.mark.parametrize("wrong", [{"run": "another"}, {"sha256": digest("y = 1")}])
async def test_a_word_on_something_else_is_refused(
    page: ScriptedPage, model: ScriptedModel, wrong: dict[str, str]
) -> None:
    await asks(page)
    model.script([cell("x = 1"), "Done."])
    await page.ask()
    asked = await page.hears("approval_requested")
    await page.decide(asked, **wrong)
    assert (await page.hears("refused"))["message"] == NOT_ASKED
    assert "approval_resolved" not in page.events
    await page.decide(asked)
    await page.end()
    before = len(page.heard)
    await page.decide(asked)
    assert (await page.hears("refused", after=before))["message"] == NOT_ASKED


async def test_a_page_that_does_not_show_the_notebook_has_no_say(
    page: ScriptedPage, connect: Connect, model: ScriptedModel
) -> None:
    await asks(page)
    model.script([cell("x = 1"), "Done."])
    await page.ask()
    stranger = await connect()
    await stranger.decide(await page.hears("approval_requested"))
    assert "not open here" in (await stranger.hears("refused"))["message"]
    assert "approval_resolved" not in page.events


async def test_stop_ends_a_run_that_waits(page: ScriptedPage, model: ScriptedModel) -> None:
    await asks(page)
    model.script([cell("x = 1")])
    await page.ask()
    asked = await page.hears("approval_requested")
    await page.say({"type": "stop", "notebook": "a.ipynb"})
    assert (await page.end())["ending"] == "stopped"
    await page.decide(asked)
    assert (await page.hears("refused"))["message"] == NOT_ASKED
    assert "run_cell" not in page.commands


async def test_a_question_is_there_after_a_reload_and_is_answered_there(
    page: ScriptedPage, connect: Connect, model: ScriptedModel
) -> None:
    await asks(page)
    model.script([cell("x = 1"), "Done."])
    await page.ask()
    asked = await page.hears("approval_requested")
    await page.leave()
    again = await connect()
    history = await again.open("a.ipynb")
    assert (history["events"][-1], history["approval"]) == (asked, "always")
    await again.hears("restore_cell")
    await again.decide(asked)
    assert (await again.end())["answer"] == "Done."
    assert again.sources == {asked["cell_id"]: "x = 1"}
    assert (await again.hears("run_cell"))["source"] == "x = 1"


async def test_the_approval_changed_the_notebooks_told_to_all_its_pages_and_kept(
    page: ScriptedPage, connect: Connect
) -> None:
    other = await connect()
    assert (await other.open("a.ipynb"))["approval"] == "risky"
    await asks(page)
    await other.hears("approval_changed", approval="always", notebook="a.ipynb")
    assert (await (await connect()).open("a.ipynb"))["approval"] == "always"
    assert (await other.open("b.ipynb"))["approval"] == "risky"


async def test_a_run_may_have_a_mode_of_its_own(page: ScriptedPage, model: ScriptedModel) -> None:
    await asks(page)
    model.script([cell("x = 1"), "Done."])
    await page.ask(approval="never")
    assert (await page.end())["answer"] == "Done."
    assert "approval_requested" not in page.events
