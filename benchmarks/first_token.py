"""The wait for the first word of a first question, in JupyterLab in Chromium, with the default model.

    python benchmarks/first_token.py [--rounds 3] [--ahead 90]

Each round opens a new notebook with about 1,500 tokens of context in a Lab with a loaded model, runs its
cells, leaves the panel open for so many seconds, and asks; then it edits the last cell, waits for 30 seconds
and asks in a new conversation. It does so with what is read ahead and without. The seconds are those from the
run's begin to the first token, as the journal has them.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from playwright.sync_api import Browser, expect, sync_playwright

from jupyter_codeact.agent.events import Reply, RunStarted
from jupyter_codeact.journal import SqliteJournal
from tests.ui.conftest import CHROMIUM
from tests.ui.lab import Lab, NotebookPage

MODEL = "qwen2.5-coder-1.5b"
CELL = """import pandas as pd
frame_{n} = pd.DataFrame({{"a": range({n}, 20), "b": [i ** 2 + {round} for i in range({n}, 20)]}})
print(frame_{n}.describe().to_string())"""
CELLS, AFTER_EDIT = 6, 30
TIMEOUT = 600_000


def answered(page: NotebookPage, question: str) -> None:
    """Ask, and wait for the end of the run."""
    ends = page.conversation.locator("[data-ending]")
    page.ask(question)
    expect(ends).to_have_count(1, timeout=TIMEOUT)


def play(browser: Browser, lab: Lab, number: int, ahead: int) -> None:
    """Play a round: a first question, and one in a new conversation after an edit."""
    name = f"round-{number}.ipynb"
    lab.write(name, *(CELL.format(n=n, round=number) for n in range(CELLS)))
    page = NotebookPage(browser, lab, name)
    page.open_panel()
    for index in range(CELLS):
        page.run_cell(index)
    time.sleep(ahead)
    answered(page, "What is the mean of column b of frame_3?")
    page.command("codeact:new-conversation")
    last = page.cells.nth(CELLS - 1)
    last.locator(".cm-content").click()
    page.page.keyboard.press("Control+End")
    page.page.keyboard.type("  # the last frame")
    time.sleep(AFTER_EDIT)
    answered(page, "What is the largest value in column b of frame_2?")
    page.page.context.close()


def waits(lab: Lab) -> list[tuple[float, int, int]]:
    """Return the seconds to each run's first token, its prompt's tokens, and those from the cache."""
    [file] = lab.data.rglob("*.sqlite")
    journal = SqliteJournal(file)
    found = []
    for name in sorted(path.name for path in lab.root.glob("*.ipynb")):
        for conversation in reversed(journal.conversations(f"{lab.root}/{name}")):
            events = list(journal.events(conversation.id))
            started = next((event for event in events if isinstance(event, RunStarted)), None)
            reply = next((event for event in events if isinstance(event, Reply)), None)
            if started and reply and reply.first_token_seconds is not None:
                first = reply.time - reply.seconds + reply.first_token_seconds - started.time
                found.append((first, reply.usage.prompt_tokens, reply.usage.cached_tokens))
    journal.close()
    return found


def measure(browser: Browser, arguments: argparse.Namespace, *options: str) -> None:
    """Measure in a Lab of its own, and print."""
    with tempfile.TemporaryDirectory() as folder:
        with Lab(Path(folder), f"--CodeActExtension.model={MODEL}", *options) as lab:
            lab.write("warm.ipynb", "1")
            page = NotebookPage(browser, lab, "warm.ipynb")
            answered(page, "Say hello.")  # which loads the model
            page.page.context.close()
            (lab.root / "warm.ipynb").unlink()
            for number in range(arguments.rounds):
                play(browser, lab, number, arguments.ahead)
        found = waits(lab)
    for label, ones in (("first question", found[::2]), ("after an edit in the last cell", found[1::2])):
        seconds = sorted(first for first, _, _ in ones)
        shown = ", ".join(f"{one:.1f}" for one in seconds)
        tokens, cached = ones[0][1:]
        print(
            f"{' '.join(options) or 'read ahead':42} {label:32} {statistics.median(seconds):6.1f} s "
            f"({shown}); {tokens:,} tokens, {cached:,} of them from the cache",
            flush=True,
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ahead", type=int, default=90, help="seconds from the last cell to the question")
    arguments = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        measure(browser, arguments)
        measure(browser, arguments, "--CodeActExtension.read_ahead=False")
        browser.close()


if __name__ == "__main__":
    main()
