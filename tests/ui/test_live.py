"""The agent in the page: asked in the sidebar, at work in the user's notebook and kernel."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.scripted import ScriptedModel
from tests.ui.conftest import Open
from tests.ui.lab import Lab
from tests.waiting import wait_until

SUM = "I will add them.\n\n```python\ntotal = sum(price)\nprint('total', total)\n```"
WRONG = "Adding them up.\n\n```python\ntotal = sum(prices)\nprint('total', total)\n```"
ENDLESS = "Counting.\n\n```python\nprint('begun', flush=True)\nwhile True:\n    pass\n```"

FLOOD = """```python
shown = 0
while True:
    display({'text/plain': 'x'}, raw=True)
    shown += 1
    if shown == 5_100:
        open('enough', 'w').close()
```"""
"""More outputs than a cell keeps, and on and on."""


def test_a_failed_cell_is_corrected_in_the_users_kernel_and_the_answer_follows(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    lab.write("correct.ipynb", "price = [2, 3, 37]", "'the last cell'")
    served.script([WRONG, SUM, "The prices add up to **42**."])
    page = open_notebook("correct.ipynb")
    page.run_cell(0)

    page.ask("Add up the prices.")

    expect(page.conversation).to_contain_text("The prices add up to 42.")
    expect(page.cells).to_have_count(3)
    assert page.sources[1] == "total = sum(price)\nprint('total', total)"
    expect(page.cells.nth(1)).to_contain_text("total 42")
    expect(page.cells.nth(1).locator(".jp-OutputArea-output")).to_have_count(1)
    expect(page.cards).to_have_count(2)
    expect(page.cards.nth(0)).to_have_attribute("data-state", "failed")
    expect(page.cards.nth(1)).to_have_attribute("data-state", "done")
    page.cards.nth(0).get_by_title("Show the code").click()
    expect(page.cards.nth(0)).to_contain_text("NameError")

    told = [message["content"] for message in served.requests[-1]["messages"]]
    assert "price: list = [2, 3, 37]" in told[1]
    assert "price = [2, 3, 37]" in told[1]
    assert "NameError: name 'prices' is not defined" in told[3]
    assert "total 42" in told[5]

    page.edit(2)
    page.page.keyboard.press("Control+A")
    page.page.keyboard.type("total + 1")
    page.run_cell(2)
    expect(page.cells.nth(2)).to_contain_text("43")


def test_stop_interrupts_an_endless_cell_and_what_it_printed_stays(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    lab.write("endless.ipynb", "x = 1")
    served.script([ENDLESS])
    page = open_notebook("endless.ipynb")
    page.ask("Count.")
    expect(page.cells.nth(1)).to_contain_text("begun")

    page.stop.click()

    expect(page.cells.nth(1)).to_contain_text("KeyboardInterrupt")
    expect(page.stop).to_be_hidden()
    expect(page.conversation).to_contain_text("Stopped")
    expect(page.cells.nth(1)).to_contain_text("begun")
    page.run_cell(0)  # the kernel is free again


def test_a_cell_that_shows_more_than_it_can_keep_is_stopped_and_page_and_server_go_on(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    lab.write("flood.ipynb", "x = 1")
    served.script([FLOOD])
    page = open_notebook("flood.ipynb")
    page.ask("Show all of them.")
    wait_until((lab.root / "enough").exists, seconds=240)

    page.stop.click()

    expect(page.conversation).to_contain_text("Stopped")
    expect(page.stop).to_be_hidden()
    served.script(["Here I am."])
    page.ask("And now?")
    expect(page.conversation).to_contain_text("Here I am.")
    page.run_cell(0)


def test_stop_in_the_middle_of_a_reply_cancels_the_request(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    lab.write("reply.ipynb", "x = 1")
    held = served.held("This will take a while. ")
    served.script([held])
    page = open_notebook("reply.ipynb")
    page.ask("Think.")
    expect(page.conversation).to_contain_text("This will take a while.")

    page.stop.click()

    expect(page.conversation).to_contain_text("Stopped")
    assert held.disconnected.wait(60)
    expect(page.cells).to_have_count(1)
    served.script(["Here I am."])
    page.ask("And now?")
    expect(page.conversation).to_contain_text("Here I am.")


def test_what_the_user_makes_of_a_failed_cell_stays_and_the_correction_goes_below(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    lab.write("edited.ipynb", "price = [2, 3, 37]")
    held = served.held("Let me see.", "\n\n```python\ntotal = sum(price)\nprint('total', total)\n```\n")
    served.script([WRONG, held, "It is 42."])
    page = open_notebook("edited.ipynb")
    page.run_cell(0)
    page.ask("Add up the prices.")
    expect(page.conversation).to_contain_text("Let me see.")

    page.edit(1)
    page.page.keyboard.press("Control+A")
    page.page.keyboard.type("my own way")
    held.released.set()

    expect(page.conversation).to_contain_text("It is 42.")
    assert page.sources[1:] == ["my own way", "total = sum(price)\nprint('total', total)"]
