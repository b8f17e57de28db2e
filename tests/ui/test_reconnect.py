"""Pages that come and go in the middle of a run, and what the kernel does meanwhile."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.scripted import ScriptedModel
from tests.ui.conftest import Open
from tests.ui.lab import Lab

OUTPUT = ".jp-OutputArea"
LATE = """On it.

```python
import threading, time
def work():
    time.sleep(0.2)
    print('from the thread')
threading.Thread(target=work).start()
print('from the cell')
```"""
PROGRESS = """On it.

```python
import ipywidgets, time
from IPython.display import display
bar = ipywidgets.IntProgress(max=3, description='Reading')
display(bar)
for step in range(3):
    bar.value += 1
    print(f'{step + 1} of 3', end='\\r')
```"""


def waits_for(file: Path) -> str:
    """Return a reply whose cell says that it has begun, and ends when there is a file."""
    return f"""On it.

```python
import pathlib, time
runs = globals().get('runs', 0) + 1
print('begun', flush=True)
while not pathlib.Path({str(file)!r}).exists():
    time.sleep(0.02)
print('run', runs, 'time')
```"""


def test_a_page_reloaded_in_mid_cell_picks_up_the_cell_and_its_result(
    lab: Lab, served: ScriptedModel, open_notebook: Open, tmp_path: Path
) -> None:
    path = lab.write("reload.ipynb", "x = 1")
    before = path.read_bytes()
    served.script(["First.\n\n```python\ny = 2\nprint('two')\n```", waits_for(tmp_path / "go"), "Here I am."])
    page = open_notebook("reload.ipynb", fresh=True)
    page.ask("Wait.")
    expect(page.cells.nth(2).locator(OUTPUT)).to_contain_text("begun")
    assert path.read_bytes() == before  # neither cell is saved

    page.page.reload()

    page.wait_for_kernel()
    expect(page.cells).to_have_count(3)
    expect(page.cells.nth(1)).to_contain_text("two")
    expect(page.cells.nth(2).locator(OUTPUT)).to_contain_text("begun")
    page.open_panel()
    expect(page.stop).to_be_visible()
    (tmp_path / "go").touch()
    expect(page.cells.nth(2).locator(OUTPUT)).to_contain_text("run 1 time")
    expect(page.conversation).to_contain_text("Here I am.")
    expect(page.cards.last).to_have_attribute("data-state", "done")
    assert "run 1 time" in served.requests[-1]["messages"][-1]["content"]
    page.run_cell(0)


def test_a_result_that_came_while_the_page_was_closed_is_there_when_it_is_opened(
    lab: Lab, served: ScriptedModel, open_notebook: Open, tmp_path: Path
) -> None:
    lab.write("closed.ipynb", "x = 1")
    served.script([waits_for(tmp_path / "go"), "Here I am."])
    page = open_notebook("closed.ipynb", fresh=True)
    page.ask("Wait.")
    expect(page.cells.nth(1).locator(OUTPUT)).to_contain_text("begun")
    page.page.goto("about:blank")
    (tmp_path / "go").touch()

    page = open_notebook("closed.ipynb")

    expect(page.cells.nth(1).locator(OUTPUT)).to_contain_text("run 1 time")
    page.open_panel()
    expect(page.conversation).to_contain_text("Here I am.")


def test_two_pages_on_one_notebook_run_a_cell_once_and_one_takes_over_from_the_other(
    lab: Lab, served: ScriptedModel, open_notebook: Open, tmp_path: Path
) -> None:
    lab.write("twice.ipynb", "x = 1")
    served.script([waits_for(tmp_path / "go"), "Then.\n\n```python\nprint('runs', runs)\n```", "All done."])
    first, second = open_notebook("twice.ipynb", fresh=True), open_notebook("twice.ipynb")
    second.open_panel()
    first.ask("Wait.")
    expect(first.cells.nth(1).locator(OUTPUT)).to_contain_text("begun")
    expect(second.cells).to_have_count(1)

    first.page.goto("about:blank")

    expect(second.cells.nth(1).locator(OUTPUT)).to_contain_text("begun")
    (tmp_path / "go").touch()
    expect(second.conversation).to_contain_text("All done.")
    expect(second.cells).to_have_count(3)
    expect(second.cells.nth(2)).to_contain_text("runs 1")


def test_a_kernel_restarted_in_mid_run_is_told_to_the_model(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    lab.write("restart.ipynb", "x = 1")
    held = served.held("", "Then.\n\n```python\nprint('y' in globals())\n```")
    served.script(["First.\n\n```python\ny = 2\nprint('two')\n```", held, "It is gone."])
    page = open_notebook("restart.ipynb")
    page.ask("Two steps.")
    assert held.reached.wait(60)

    page.command("kernelmenu:restart")
    page.page.get_by_role("button", name="Confirm Kernel Restart").click()
    page.wait_until_idle()
    held.released.set()

    expect(page.conversation).to_contain_text("It is gone.")
    told = str(served.requests[-1]["messages"][-1]["content"])
    assert "False" in told
    assert "restarted" in told


def test_what_a_thread_shows_after_its_cell_is_part_of_the_observation(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    lab.write("late.ipynb", "x = 1")
    served.script([LATE, "Both."])
    page = open_notebook("late.ipynb")
    page.ask("Start a thread.")
    expect(page.conversation).to_contain_text("Both.")
    expect(page.cells.nth(1)).to_contain_text("from the thread")
    told = str(served.requests[-1]["messages"][-1]["content"])
    assert "from the cell\nfrom the thread" in told


def test_widgets_and_progress_render_where_the_agent_works(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    lab.write("widgets.ipynb", "x = 1")
    served.script([PROGRESS, "Read."])
    page = open_notebook("widgets.ipynb")
    page.ask("Read it.")
    expect(page.conversation).to_contain_text("Read.")
    expect(page.cells.nth(1).locator(".widget-hprogress")).to_be_visible()
    expect(page.cells.nth(1)).to_contain_text("3 of 3")
