"""Where the agent writes: into an empty cell, then below what it wrote last, unless the user has moved."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.scripted import ScriptedModel
from tests.ui.conftest import Open
from tests.ui.lab import Lab, NotebookPage


def block(source: str) -> str:
    return f"Here.\n\n```python\n{source}\n```"


def test_tasks_one_after_the_other_leave_a_notebook_that_reads_in_their_order_and_passes_check(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    lab.write("order.ipynb", "", "'last'")
    served.script(
        [
            *(block("base = 10\nbase"), "It is 10."),
            *(block("twice = 2 * base\ntwice"), block("twice + 1"), "It is 21."),
            *(block("base + twice"), "It is 30."),
            *(block("base - 1"), "It is 9."),
            *(block("'between'"), "Done."),
        ]
    )
    page = open_notebook("order.ipynb")
    place = page.page.get_by_label("Where CodeAct writes")
    page.open_panel()
    assert place_of(page) == "in cell 1"
    for task, answer, below in (
        ("Define base.", "It is 10.", "below cell [1]"),
        ("Use base.", "It is 21.", "below cell [3]"),
        ("Use both.", "It is 30.", "below cell [4]"),
        ("Use base once more.", "It is 9.", "below cell [5]"),
    ):
        page.ask(task)
        expect(page.conversation).to_contain_text(answer)
        expect(place.locator("option").first).to_have_text(below)
    assert page.sources == [
        "base = 10\nbase", "twice = 2 * base\ntwice", "twice + 1", "base + twice", "base - 1", "'last'",
    ]  # fmt: skip
    page.command("codeact:check")
    expect(page.above).to_contain_text("Reproduces", ignore_case=True)
    expect(page.mark(5, "same")).to_be_visible()
    page.above.get_by_role("button", name="Clear").click()

    page.edit(2)  # a cell of the second task: what follows goes below all of that task's cells
    expect(place.locator("option").first).to_have_text("below cell [3]")
    page.edit(1)
    expect(place.locator("option").first).to_have_text("below cell [3]")
    place.select_option(label="below cell [2]")
    page.ask("Between.")
    expect(page.conversation).to_contain_text("Done.")
    assert page.sources[2] == "'between'"


def place_of(page: NotebookPage) -> str:
    """Return where the next task's cells go, as the composer says."""
    return page.page.get_by_label("Where CodeAct writes").locator("option:checked").inner_text()
