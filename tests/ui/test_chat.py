"""The chat panel as its user meets it: what is said, asked again, taken along and taken over."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.scripted import ScriptedModel
from tests.ui.conftest import Open, scripted_lab
from tests.ui.lab import Lab, NotebookPage

SUM = "Adding, with $x^2$.\n\n```python\nprint('total', 40 + 2)\n```"
MATHS = "It is **42**, as $e^{i\\pi}$ says."
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
GIVE_PICTURE = """([kind, data]) => {
    const bytes = Uint8Array.from(atob(data), c => c.charCodeAt(0));
    const files = new DataTransfer();
    files.items.add(new File([bytes], `${kind}.png`, { type: 'image/png' }));
    const box = document.querySelector('.jp-CodeAct-composer textarea');
    box.dispatchEvent(kind === 'paste'
        ? new ClipboardEvent(kind, { bubbles: true, cancelable: true, clipboardData: files })
        : new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: files }));
}"""


@pytest.fixture(scope="module")
def restarted(tmp_path_factory: pytest.TempPathFactory, serving: ScriptedModel) -> Iterator[Lab]:
    """Return a Lab of this module's own: it is stopped, and its models are changed."""
    with scripted_lab(tmp_path_factory.mktemp("chat"), serving) as lab:
        yield lab


def button(page: NotebookPage, name: str) -> Locator:
    return page.page.get_by_role("region", name="CodeAct").get_by_role("button", name=name, exact=True)


def said(served: ScriptedModel) -> str:
    """Return all that the model was told last."""
    return str(served.requests[-1]["messages"])


def test_an_answer_that_no_output_shows_is_followed_by_why_it_was_not_taken(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    lab.write("doubted.ipynb", "'mine'")
    served.script(["```python\nx = 6 * 111\n```", "It is 4711.", "```python\nprint(x)\n```", "It is 666."])
    page = open_notebook("doubted.ipynb")
    page.ask("What is 6 times 111?")
    why = page.conversation.get_by_text("No output shows 4711, so the model looks again.")
    expect(why).to_be_visible()
    expect(page.conversation).to_contain_text("It is 666.")


def test_a_reply_is_drawn_asked_again_and_replaced_by_another_task(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    lab.write("asked.ipynb", "'mine'")
    half = served.held("Adding, with **mu", "ch** care.\n\n```python\nprint('total', 40 + 2)\n```")
    served.script([half, MATHS, MATHS, "Quite another answer."])
    page = open_notebook("asked.ipynb")
    page.ask("Add.")
    expect(page.conversation).to_contain_text("Adding, with")
    half.released.set()
    expect(page.conversation.locator("strong", has_text="42")).to_be_visible()
    expect(page.conversation.locator("mjx-container, .MathJax")).to_be_visible()
    expect(page.cards).to_contain_text("total 42")
    figures = page.conversation.locator(".jp-CodeAct-figures")
    figures.locator("summary").click()
    expect(figures.get_by_role("row")).to_have_count(4)  # the heads, two turns, and both

    page.cards.get_by_title("Show the code").click()
    code = page.cards.get_by_role("toolbar", name="Code")
    code.get_by_role("button", name="Insert below the active cell").click()
    expect(page.cells).to_have_count(3)
    assert page.sources.count("print('total', 40 + 2)") == 2
    page.edit(0)
    code.get_by_role("button", name="Replace the active cell").click()
    expect(page.cells.nth(0)).not_to_contain_text("mine")
    assert page.sources.count("print('total', 40 + 2)") == 3

    button(page, "Try again").click()
    expect(page.cards).to_have_count(0)
    expect(page.conversation.locator("strong", has_text="42")).to_be_visible()
    button(page, "Edit and ask again").click()
    expect(page.task).to_have_value("Add.")
    expect(page.task).to_be_focused()
    page.task.fill("Something else.")
    page.task.press("Enter")
    expect(page.conversation).to_contain_text("Quite another answer.")
    expect(page.conversation).not_to_contain_text("Add.")
    assert "'Add.'" not in said(served)


def test_conversations_are_kept_over_a_restart_opened_renamed_and_deleted(
    restarted: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    restarted.write("kept.ipynb", "'x'")
    served.script(["The first answer.", "The second answer."])
    page = open_notebook("kept.ipynb", on=restarted)
    page.ask("First task.")
    expect(page.conversation).to_contain_text("The first answer.")
    page.task.fill("/new")
    page.task.press("Enter")
    expect(page.conversation).not_to_contain_text("The first answer.")
    page.ask("Second task.")
    expect(page.conversation).to_contain_text("The second answer.")
    restarted.stop()
    restarted.start()
    page.page.reload()
    page.wait_until_idle()
    page.open_panel()
    expect(page.conversation).to_contain_text("The second answer.")
    button(page, "Conversations").click()
    page.page.get_by_role("button", name=re.compile("^First task")).click()
    expect(page.conversation).to_contain_text("The first answer.")
    button(page, "Conversations").click()
    button(page, "Rename First task.").click()
    page.page.get_by_role("dialog").get_by_role("textbox").fill("Renamed")
    page.page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    expect(button(page, "Delete Renamed")).to_be_visible()
    button(page, "Delete Second task.").click()
    page.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(button(page, "Delete Second task.")).to_have_count(0)
    expect(page.page.get_by_role("button", name=re.compile("^Renamed"))).to_be_focused()
    # from another notebook, it is found by what was answered
    restarted.write("other.ipynb", "'y'")
    page.command("docmanager:open", path="other.ipynb")
    expect(page.page.get_by_role("region", name="CodeAct")).to_contain_text("other.ipynb")
    button(page, "Conversations").click()
    sheet = page.page.get_by_role("region", name="Conversations")
    sheet.locator("input[type=search]").fill("FIRST answer")
    sheet.get_by_role("list", name="In all notebooks").get_by_role("button", name="Renamed").first.click()
    expect(page.conversation).to_contain_text("The first answer.")
    expect(page.page.get_by_role("region", name="CodeAct")).to_contain_text("kept.ipynb")


def test_cells_files_and_pictures_go_along(lab: Lab, served: ScriptedModel, open_notebook: Open) -> None:
    lab.write("along.ipynb", "secret_of_the_cell = 7")
    (lab.root / "facts.txt").write_text("fact of the file")
    served.script(["Seen."])
    page = open_notebook("along.ipynb")
    page.open_panel()
    attached = (
        page.page.get_by_role("form")
        .or_(page.page.locator(".jp-CodeAct-composer"))
        .get_by_role("list", name="Attached")
    )
    page.task.click()
    page.page.keyboard.type("See @")
    page.page.get_by_role("option", name=re.compile("active")).click()
    expect(attached.get_by_role("listitem")).to_have_count(1)
    page.page.keyboard.type("and @fac")
    expect(page.page.get_by_role("option", name="facts.txt")).to_be_visible()
    page.page.keyboard.press("Enter")
    expect(attached.get_by_role("listitem")).to_have_count(2)
    for number, kind in enumerate(["paste", "drop"], 3):
        page.page.evaluate(GIVE_PICTURE, [kind, PIXEL])
        expect(attached.get_by_role("listitem")).to_have_count(number)
    button(page, "Remove drop.png").click()
    expect(attached.get_by_role("listitem")).to_have_count(3)

    page.task.press("Enter")
    expect(page.conversation).to_contain_text("Seen.")
    assert "secret_of_the_cell" in said(served)
    assert "facts.txt" in said(served)
    assert PIXEL in said(served) or "paste.png" in said(served)
    expect(attached.get_by_role("listitem")).to_have_count(0)


def test_slash_commands_help_undo_and_check(lab: Lab, served: ScriptedModel, open_notebook: Open) -> None:
    lab.write("slash.ipynb", "1 + 1")
    served.script([SUM, "It is 42."])
    page = open_notebook("slash.ipynb")
    page.run_cell(0)
    page.ask("/help")
    expect(page.notice).to_contain_text("/undo")
    page.ask("Add.")
    expect(page.conversation).to_contain_text("It is 42.")
    page.ask("/check")
    check = page.page.get_by_role("region", name="Check", exact=True)
    expect(check).to_have_attribute("data-reproduces", "true", timeout=60_000)
    check.get_by_role("button", name="Dismiss").click()
    page.ask("/undo")
    expect(page.conversation).to_contain_text("The run was undone.")
    expect(page.cells).to_have_count(1)


def test_a_cell_is_approved_in_its_card(lab: Lab, served: ScriptedModel, open_notebook: Open) -> None:
    lab.write("card.ipynb", "'x'")
    served.script([SUM, "It is 42."])
    page = open_notebook("card.ipynb")
    page.open_panel()
    page.page.get_by_label("Before running a cell").select_option("always")
    expect(page.approval_setting).to_have_attribute("data-approval", "always")
    page.ask("Add.")
    expect(page.cards).to_have_attribute("data-state", "asking")
    expect(page.obstacle).to_contain_text("CodeAct waits for you")
    page.conversation.get_by_role("group", name="Run this cell?").get_by_role(
        "button", name="Run", exact=True
    ).click()
    expect(page.conversation).to_contain_text("It is 42.")
    expect(page.cards).to_have_attribute("data-state", "done")


def test_an_endpoint_is_added_and_chosen_and_its_key_never_comes_back(
    restarted: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    restarted.write("endpoint.ipynb", "'x'")
    page = open_notebook("endpoint.ipynb", on=restarted)
    frames: list[str] = []
    page.page.on("websocket", lambda socket: socket.on("framereceived", lambda f: frames.append(str(f))))
    page.page.reload()
    page.wait_until_idle()
    served.script(["From the new endpoint."])
    page.ask("/model")
    button(page, "Add an Endpoint…").click()
    page.page.get_by_label("Name", exact=True).fill("Mine")
    page.page.get_by_label("Address").fill(served.url)
    page.page.get_by_label("Key").fill("not-this-one")
    page.page.get_by_text("Model settings").click()
    page.page.get_by_label("Temperature").fill("0.6")
    page.page.get_by_label("Reasoning").select_option("low")
    page.page.get_by_label("Price of prompts").fill("1000")
    button(page, "Save").click()
    expect(page.page.get_by_role("alert")).to_be_in_viewport(ratio=0.9)  # below all the settings
    expect(page.page.get_by_role("alert")).to_contain_text("refused the API key")
    button(page, "Save Anyway").click()
    button(page, "Edit Mine").click()
    expect(page.page.get_by_label("Key", exact=True)).to_have_value("")
    page.page.get_by_text("Model settings").click()
    expect(page.page.get_by_label("Temperature")).to_have_value("0.6")
    button(page, "Cancel").click()
    page.page.get_by_role("button", name=re.compile("^Mine")).click()
    expect(page.model_button).to_have_attribute("title", re.compile(re.escape(served.url)))
    page.ask("Hello?")
    button(page, "Change the Key…").click()
    key = page.page.get_by_label("Key", exact=True)
    expect(key).to_be_focused()
    key.fill(served.api_key)
    key.press("Enter")
    expect(page.task).to_be_focused()
    button(page, "Try again").click()
    expect(page.conversation).to_contain_text("From the new endpoint.")
    expect(page.conversation).to_contain_text(re.compile(r"1 turn · .* · \$0\.[1-9]"))
    expect(page.conversation.locator("[data-sender=user]")).to_have_count(1)
    assert (served.requests[-1]["temperature"], served.requests[-1]["reasoning_effort"]) == (0.6, "low")
    assert any("model_list" in frame for frame in frames)
    assert not any(served.api_key in frame for frame in frames)
    assert served.api_key not in page.page.content()
