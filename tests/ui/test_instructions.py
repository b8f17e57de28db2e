"""The panel shows which instructions and skills the model is told."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.scripted import ScriptedModel
from tests.ui.conftest import Open
from tests.ui.lab import Lab

SKILL = "---\nname: plots\ndescription: How we draw.\n---\nBars are teal.\n"


def test_what_is_in_force_is_shown_told_and_opened(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    for name, text in {"AGENTS.md": "Amounts are in euros.", ".agents/skills/plots/SKILL.md": SKILL}.items():
        file = lab.root / "told" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    lab.write("told/told.ipynb", "'mine'")
    served.script(["Fine."])
    page = open_notebook("told/told.ipynb")
    page.open_panel()
    panel = page.page.get_by_role("region", name="CodeAct")
    in_force = panel.get_by_role("button", name="AGENTS.md · 1 skill")
    expect(in_force).to_be_visible()
    page.ask("Say fine.")
    expect(page.conversation).to_contain_text("Fine.")
    told = served.requests[-1]["messages"][1]["content"]
    assert "Amounts are in euros." in told
    assert "- plots: How we draw." in told
    in_force.click()
    sheet = panel.get_by_role("region", name="Instructions")
    expect(sheet).to_contain_text("Amounts are in euros.")
    expect(sheet).to_contain_text("plots How we draw.")
    sheet.get_by_role("button", name="AGENTS.md").click()
    expect(page.page.get_by_role("tab", name="AGENTS.md")).to_be_visible()
    panel.get_by_role("button", name="Back to the conversation").click()
    expect(in_force).to_be_visible()


def test_a_skill_that_cannot_be_read_is_named(lab: Lab, open_notebook: Open) -> None:
    file = lab.root / "unread" / ".agents" / "skills" / "plots" / "SKILL.md"
    file.parent.mkdir(parents=True)
    file.write_text("---\nname: plots\ndescription: [\n---\n")
    lab.write("unread/unread.ipynb", "'mine'")
    page = open_notebook("unread/unread.ipynb")
    page.open_panel()
    panel = page.page.get_by_role("region", name="CodeAct")
    panel.get_by_role("button", name="1 skill left out").click()
    sheet = panel.get_by_role("region", name="Instructions")
    expect(sheet).to_contain_text("Left out")
    expect(sheet).to_contain_text(".agents/skills/plots/SKILL.md")
    page.page.get_by_role("button", name="Ask CodeAct to work in this notebook").click()
    expect(page.task).to_be_focused()
