"""A question of the model and its plan, as the user meets them in the panel."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.scripted import ScriptedModel
from tests.ui.conftest import Open
from tests.ui.lab import Lab

PLAN = "- [ ] Load the prices\n- [ ] Take the average"
ASK = "```python\nask_user('Mean or median?', options=['mean', 'median'])\n```"


def test_a_run_waits_for_the_users_answer_and_its_plan_is_ticked_off(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    lab.write("question.ipynb", "prices = [1, 2, 9]")
    rest = served.held("- [x] Load the prices\n\n", "```python\nprint(sorted([1, 2, 9])[1])\n```")
    served.script([f"{PLAN}\n\n{ASK}", rest, "The median is 2."])
    page = open_notebook("question.ipynb")
    page.ask("What is the typical price?")
    question = page.conversation.get_by_role("group", name="Question of CodeAct")
    expect(question).to_contain_text("Mean or median?")
    panel = page.page.get_by_role("region", name="CodeAct")
    expect(panel.get_by_text("Plan: 0 of 2 done")).to_be_visible()
    expect(question.get_by_role("button", name="Let It Decide")).to_be_enabled()
    assert len(served.requests) == 1
    question.get_by_role("button", name="median").click()
    expect(question).to_contain_text("median")
    expect(question.get_by_role("button")).to_have_count(0)
    assert "The user answers: median" in str(served.requests[-1]["messages"][-1])
    rest.released.set()
    expect(page.conversation).to_contain_text("The median is 2.")
    expect(panel.get_by_text("Plan:")).to_have_count(0)
    assert page.sources == ["prices = [1, 2, 9]", "print(sorted([1, 2, 9])[1])"]
