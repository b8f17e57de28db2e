"""The speed of the chat panel with a thousand messages, and with a run of 60 turns with plots.

JupyterLab runs in Chromium. It opens a short conversation, a long one, whose runs are copies of the short
one's, and one with a single long run, whose turns are copies; a scripted model then writes a reply into each.
It measures the time from opening the panel to its last message, the time between frames while the reply
streams and the user types, and the time from a key press to the drawn letter. Run with
``python benchmarks/panel.py``.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from playwright.sync_api import Browser, expect, sync_playwright

from jupyter_codeact.agent.events import new_id
from jupyter_codeact.journal import SqliteJournal
from tests.scripted import Said, ScriptedModel
from tests.ui.conftest import CHROMIUM, scripted_lab
from tests.ui.lab import Lab, NotebookPage

LONG, ROUNDS = 1000, 5
"""Messages in the long conversation, and how often the panel is opened."""
TURNS = 60
"""Turns of the single run."""
PLOT = """Plotting.

```python
import matplotlib.pyplot as plt
for shift in range(2):
    plt.plot([(x * 7 + shift) % 13 for x in range(200)])
    plt.show()
```"""
TEXT = "The *mean* of `x` is $\\bar x = 2$:\n\n" + "\n".join(f"- value {n}: **{n * n}**" for n in range(8))
WRITTEN = "Here it comes. " + "It goes on and on, with **words** and `code`. " * 40 + "End."
FRAMES = """() => {
    window.frames_ = [];
    let last = performance.now();
    const step = now => {
        window.frames_.push(now - last);
        last = now;
        window.on_ && requestAnimationFrame(step);
    };
    window.on_ = true;
    requestAnimationFrame(step);
}"""
KEY = """field => new Promise(done => {
    field.addEventListener('keydown', () => {
        const begun = performance.now();
        requestAnimationFrame(() => setTimeout(() => done(performance.now() - begun)));
    }, { once: true });
})"""


def lengthen(lab: Lab, name: str) -> None:
    """Repeat a notebook's conversation in the journal until it is long."""
    [file] = lab.data.rglob("*.sqlite")
    journal = SqliteJournal(file)
    conversation = journal.latest(str(lab.root / name)) or journal.latest(name)
    assert conversation
    events = list(journal.events(conversation))
    messages = 2
    while messages < LONG:
        run = new_id()
        for event in events:
            journal.append(event.model_copy(update={"run": run}))
        messages += 2
    journal.close()


def stretch(lab: Lab, name: str) -> None:
    """Tell the notebook's run again in a new conversation, with its first turn many times."""
    [file] = lab.data.rglob("*.sqlite")
    journal = SqliteJournal(file)
    told = str(lab.root / name) if journal.latest(str(lab.root / name)) else name
    events = list(journal.events(str(journal.latest(told))))
    conversation, run = journal.begin(told), new_id()
    first = [event for event in events if event.turn == 1]
    opening = [event for event in events if event.turn == 0]
    rest = [event for event in events if event.turn > 1]
    again = [(event, turn) for turn in range(1, TURNS + 1) for event in first]
    for event, turn in [*((one, 0) for one in opening), *again, *((one, TURNS + 1) for one in rest)]:
        update = {"conversation": conversation, "run": run, "turn": turn}
        if hasattr(event, "cell_id"):
            update["cell_id"] = f"{event.cell_id}{turn}"
        journal.append(event.model_copy(update=update))
    journal.close()


def opened(browser: Browser, lab: Lab, name: str) -> tuple[NotebookPage, float]:
    """Open a notebook and its panel; return the page and the milliseconds to the last message."""
    page = NotebookPage(browser, lab, name)
    started = time.perf_counter()
    page.open_panel()
    expect(page.conversation.get_by_text("value 7").last).to_be_visible()
    return page, 1000 * (time.perf_counter() - started)


def print_percentiles(label: str, samples: list[float]) -> None:
    """Print the median and the 95th percentile."""
    cuts = statistics.quantiles(samples, n=20)
    print(f"{label:40}{statistics.median(samples):7.1f} ms median, {cuts[-1]:7.1f} ms at the 95th percentile")


def measure(browser: Browser, lab: Lab, model: ScriptedModel, name: str) -> None:
    """Measure one conversation."""
    took = []
    for _ in range(ROUNDS):
        page, seconds = opened(browser, lab, name)
        took.append(seconds)
        page.page.context.close()
    page, _ = opened(browser, lab, name)
    model.script([Said(WRITTEN, pause=0.01)])
    page.ask("Once more.")
    expect(page.conversation).to_contain_text("Here it comes.")
    page.page.evaluate(FRAMES)
    keys = []
    field = page.task.element_handle()
    for letter in "the next question":
        waiting = page.page.evaluate_handle(f"field => {{ window.key_ = ({KEY})(field); }}", field)
        page.task.press(letter if letter != " " else "Space")
        keys.append(float(page.page.evaluate("() => window.key_")))
        waiting.dispose()
    expect(page.conversation).to_contain_text("End.", timeout=120_000)
    frames = page.page.evaluate("() => { window.on_ = false; return window.frames_; }")
    print_percentiles(f"{name}: panel opened", took)
    print_percentiles(f"{name}: between frames", frames)
    print_percentiles(f"{name}: key to letter", keys)
    page.page.context.close()


def main() -> None:
    """Measure and print."""
    with (
        tempfile.TemporaryDirectory() as folder,
        ScriptedModel() as model,
        scripted_lab(Path(folder), model) as lab,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        for name in ("short.ipynb", "long.ipynb"):
            lab.write(name, "x = 1")
            model.script([TEXT, TEXT])  # a hook may reject what no cell has shown
            page = NotebookPage(browser, lab, name)
            page.ask("What is the mean?")
            expect(page.conversation).to_contain_text("value 7")
            page.page.context.close()
        lab.write("plots.ipynb", "x = 1")
        model.script([PLOT, TEXT, TEXT])
        page = NotebookPage(browser, lab, "plots.ipynb")
        page.ask("Plot it.")
        expect(page.conversation).to_contain_text("value 7", timeout=120_000)
        page.page.context.close()
        lab.stop()
        lengthen(lab, "long.ipynb")
        stretch(lab, "plots.ipynb")
        lab.start()
        for name in ("short.ipynb", "long.ipynb", "plots.ipynb"):
            measure(browser, lab, model, name)
        browser.close()


if __name__ == "__main__":
    main()
