"""With approval ``always`` nothing runs unapproved, and an approval is bound to exactly what the user saw."""

from __future__ import annotations

import pytest
import pytest_asyncio

from jupyter_codeact.agent.gate.gate import digest
from tests.scripted import ScriptedModel
from tests.server.page import Connect, ScriptedPage

NOT_WAITING = "This cell is not waiting for your approval any more."


def cell(source: str) -> str:
    return f"```python\n{source}\n```"


@pytest_asyncio.fixture
async def page(connect: Connect) -> ScriptedPage:
    """Return a page that shows ``a.ipynb`` and does as if it ran cells."""
    page = await connect()
    await page.open("a.ipynb")
    return page


async def set_approval(page: ScriptedPage, approval: str = "always") -> None:
    """Choose which cells of the notebook wait for approval."""
    before = len(page.heard)
    await page.request("set_approval", approval=approval)
    await page.hears("approval_changed", after=before, approval=approval)


async def test_a_cell_waits_until_it_is_approved(page: ScriptedPage, model: ScriptedModel) -> None:
    await set_approval(page)
    model.script([cell("x = 1"), "Done."])
    await page.ask()
    asked = await page.hears("approval_requested")
    assert (await page.hears("action"))["source"] == "x = 1"
    assert asked["sha256"] == digest("x = 1")
    assert "run_cell" not in page.commands
    await page.resolve(asked, "x = 1")
    resolved = await page.hears("approval_resolved")
    assert (resolved["allowed"], resolved["sha256"], resolved["edited"]) == (True, asked["sha256"], None)
    assert (await page.end())["answer"] == "Done."
    assert (await page.hears("run_cell"))["source"] == "x = 1"


async def test_what_the_user_made_of_the_cell_is_what_runs(page: ScriptedPage, model: ScriptedModel) -> None:
    await set_approval(page)
    model.script([cell("x = 1"), "Done."])
    await page.ask()
    asked = await page.hears("approval_requested")
    page.sources[asked["cell_id"]] = "x = 2"
    await page.resolve(asked, "x = 2")
    resolved = await page.hears("approval_resolved")
    assert (resolved["edited"], resolved["sha256"]) == ("x = 2", digest("x = 2"))
    await page.end()
    assert list(page.sources.values()) == ["x = 2"]
    assert (await page.hears("run_cell"))["source"] == "x = 2"


async def test_a_skipped_cell_does_not_run_and_the_model_is_told(
    page: ScriptedPage, model: ScriptedModel
) -> None:
    await set_approval(page)
    model.script([cell("x = 1"), "Then not."])
    await page.ask()
    await page.resolve(await page.hears("approval_requested"), "something else", approved=False)
    assert (await page.end())["answer"] == "Then not."
    resolved = await page.hears("approval_resolved")
    assert (resolved["allowed"], resolved["edited"], resolved["sha256"]) == (False, None, digest("x = 1"))
    assert "run_cell" not in page.commands
    assert "did not let this cell run" in model.requests[-1]["messages"][-1]["content"]


async def test_the_rest_of_the_run_can_be_approved_and_the_next_run_asks_again(
    page: ScriptedPage, model: ScriptedModel
) -> None:
    await set_approval(page)
    model.script([cell("x = 1"), cell("y = x + 1"), "Done.", cell("z = 1")])
    await page.ask()
    await page.resolve(await page.hears("approval_requested"), "x = 1", rest=True)
    assert (await page.end())["answer"] == "Done."
    assert page.events.count("approval_requested") == 1

    def changed() -> list[tuple[str, bool]]:
        messages = [message for message in page.heard if message["type"] == "approval_changed"]
        return [(message["approval"], message["for_run"]) for message in messages]

    await page.until(lambda: len(changed()) == 3)
    assert changed() == [("always", False), ("never", True), ("always", False)]
    before = len(page.heard)
    await page.ask()
    assert (await page.hears("approval_requested", after=before))["sha256"] == digest("z = 1")


@pytest.mark.parametrize("wrong", [{"run": "another"}, {"sha256": digest("y = 1")}])
async def test_an_answer_about_something_else_is_refused(
    page: ScriptedPage, model: ScriptedModel, wrong: dict[str, str]
) -> None:
    await set_approval(page)
    model.script([cell("x = 1"), "Done."])
    await page.ask()
    asked = await page.hears("approval_requested")
    wrongly = await page.resolve(asked, "x = 1", **wrong)
    assert (await page.hears("refused", id=wrongly))["message"] == NOT_WAITING
    assert "approval_resolved" not in page.events
    await page.resolve(asked, "x = 1")
    await page.end()
    again = await page.resolve(asked, "x = 1")
    assert (await page.hears("refused", id=again))["message"] == NOT_WAITING


async def test_a_page_that_does_not_show_the_notebook_cannot_approve(
    page: ScriptedPage, connect: Connect, model: ScriptedModel
) -> None:
    await set_approval(page)
    model.script([cell("x = 1"), "Done."])
    await page.ask()
    stranger = await connect()
    answer = await stranger.resolve(await page.hears("approval_requested"), "x = 1")
    assert "not open here" in (await stranger.hears("refused", id=answer))["message"]
    assert "approval_resolved" not in page.events


async def test_stop_ends_a_run_that_waits(page: ScriptedPage, model: ScriptedModel) -> None:
    await set_approval(page)
    model.script([cell("x = 1")])
    await page.ask()
    asked = await page.hears("approval_requested")
    await page.request("stop")
    assert (await page.end())["ending"] == "stopped"
    late = await page.resolve(asked, "x = 1")
    assert (await page.hears("refused", id=late))["message"] == NOT_WAITING
    assert "run_cell" not in page.commands


async def test_a_question_is_there_after_a_reload_and_is_answered_there(
    page: ScriptedPage, connect: Connect, model: ScriptedModel
) -> None:
    await set_approval(page)
    model.script([cell("x = 1"), "Done."])
    await page.ask()
    asked = await page.hears("approval_requested")
    await page.leave()
    again = await connect()
    history = await again.open("a.ipynb")
    assert (history["events"][-1], history["approval"]) == (asked, "always")
    await again.hears("restore_cell")
    await again.resolve(asked, "x = 1")
    assert (await again.end())["answer"] == "Done."
    assert again.sources == {asked["cell_id"]: "x = 1"}
    assert (await again.hears("run_cell"))["source"] == "x = 1"


async def test_the_approval_setting_is_the_notebooks_and_is_shown_on_all_its_pages_and_kept(
    page: ScriptedPage, connect: Connect
) -> None:
    other = await connect()
    assert (await other.open("a.ipynb"))["approval"] == "risky"
    await set_approval(page)
    await other.hears("approval_changed", approval="always", notebook="a.ipynb")
    assert (await (await connect()).open("a.ipynb"))["approval"] == "always"
    assert (await other.open("b.ipynb"))["approval"] == "risky"


async def test_a_run_may_have_an_approval_setting_of_its_own(
    page: ScriptedPage, model: ScriptedModel
) -> None:
    await set_approval(page)
    model.script([cell("x = 1"), "Done."])
    await page.ask(approval="never")
    assert await page.hears("approval_changed", approval="never", for_run=True)
    assert (await page.end())["answer"] == "Done."
    assert "approval_requested" not in page.events


async def test_the_setting_of_the_chosen_endpoint_holds_where_the_user_has_chosen_none(
    page: ScriptedPage, connect: Connect, model: ScriptedModel
) -> None:
    await page.request(
        "save_endpoint", None, name="work", url=model.url, api_key=model.api_key, approval="always"
    )
    await page.hears("model_list")
    await page.request("choose_model", None, choice="work")
    await page.hears("approval_changed", approval="always", notebook="a.ipynb")
    model.script([cell("x = 1"), "Done.", cell("x = 1"), "Done."])
    await page.ask()
    await page.resolve(await page.hears("approval_requested"), "x = 1")
    assert (await page.end())["answer"] == "Done."
    await set_approval(page, "never")
    before = len(page.heard)
    await page.ask()
    assert (await page.end(after=before))["answer"] == "Done."
    assert page.events.count("approval_requested") == 1


async def test_why_a_cell_is_skipped_is_what_the_model_reads_next(
    page: ScriptedPage, model: ScriptedModel
) -> None:
    await set_approval(page)
    model.script([cell("x = 1"), "Then with two."])
    await page.ask()
    asked = await page.hears("approval_requested")
    await page.resolve(asked, "x = 1", approved=False, comment="  Call it y, and \ud800 make it 2. ")
    assert (await page.end())["answer"] == "Then with two."
    resolved = await page.hears("approval_resolved")
    assert (resolved["allowed"], resolved["reasons"]) == (False, ["the user skipped it"])
    assert resolved["comment"] == "Call it y, and � make it 2."
    assert "says: Call it y, and � make it 2." in model.requests[-1]["messages"][-1]["content"]
    assert "run_cell" not in page.commands


async def test_a_default_approval_holds_until_the_user_chooses_in_the_notebook(
    connect: Connect, model: ScriptedModel
) -> None:
    page = await connect()
    await page.request("open", "b.ipynb", approval="never")
    assert (await page.hears("history"))["approval"] == "never"
    await page.request("set_approval", "b.ipynb", approval="always")
    await page.hears("approval_changed")
    await page.request("close", "b.ipynb")
    again = await connect()
    await again.request("open", "b.ipynb", approval="never")
    assert (await again.hears("history"))["approval"] == "always"
