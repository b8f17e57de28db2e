"""Completion of code: what the default model writes into twenty cells, and whether typing stays as fast.

    python benchmarks/completion.py quality [--model NAME]
    python benchmarks/completion.py typing [--rounds 6] [--model NAME]

``quality`` prints each completion for a person to judge, the share that makes the cell valid Python, and the
seconds. ``typing`` types the same text into a cell of JupyterLab in Chromium, with completion and without, in
turns; it pauses now and then, so that the model is at work when the next key comes. It measures the time from
a key to the drawn letter, and compares the two for each place in the text. Without a model it uses a scripted
one, which costs no computing.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from playwright.sync_api import expect, sync_playwright

from jupyter_codeact.agent.contracts import Variable
from jupyter_codeact.completion.context import Cursor, gap_at
from jupyter_codeact.completion.ending import Ending
from jupyter_codeact.models.open import open_local
from tests.scripted import Said, ScriptedModel
from tests.ui.conftest import CHROMIUM, scripted_lab
from tests.ui.lab import Lab, NotebookPage

PANDAS = ("import pandas as pd\nimport matplotlib.pyplot as plt", "penguins = pd.read_csv('penguins.csv')")
NUMPY = ("import numpy as np",)
LEARN = (*PANDAS, "from sklearn.linear_model import LinearRegression")
COLUMNS = (
    "344 rows x 5 columns: species object, island object, bill_length_mm float64 (2 missing), "
    "flipper_length_mm float64 (2 missing), body_mass_g float64 (2 missing)"
)
PENGUINS = (Variable(name="penguins", type="DataFrame", summary=COLUMNS),)
ORDERS = (
    Variable(name="orders", type="list", summary="length 3, begins with {'item': 'tea', 'price': 4.5}"),
)

CELLS: list[tuple[tuple[str, ...], tuple[Variable, ...], str]] = [
    (PANDAS, PENGUINS, "heaviest = penguins.groupby('species')|"),
    (PANDAS, PENGUINS, "penguins = penguins.dropna(|)"),
    (PANDAS, PENGUINS, "# mean body mass of each island\n|"),
    (PANDAS, PENGUINS, "# flipper length against body mass|"),
    (PANDAS, PENGUINS, "penguins['body_mass_kg'] = |"),
    (PANDAS, PENGUINS, "adelie = penguins[penguins|"),
    (PANDAS, PENGUINS, "for species, group in |:\n    print(species, len(group))"),
    (PANDAS, PENGUINS, "fig, ax = plt.subplots(|)\nax.hist(penguins['body_mass_g'])"),
    (PANDAS, PENGUINS, "penguins.sort_values('body_mass_g', |).head()"),
    (
        LEARN,
        PENGUINS,
        "complete = penguins.dropna()\nmodel = LinearRegression().fit(complete[['flipper_length_mm']], |)",
    ),
    (LEARN, PENGUINS, "X = penguins[['flipper_length_mm', 'bill_length_mm']]\ny = |"),
    (NUMPY, (), "rng = np.random.default_rng(|)"),
    (NUMPY, (), "x = np.linspace(0, 2 * np.pi, 100)\ny = |"),
    (NUMPY, (), "def standardise(values):\n    |"),
    (NUMPY, (), "def rmse(predicted, actual):|"),
    ((), ORDERS, "total = sum(|)"),
    ((), ORDERS, "prices = [order|"),
    (
        ("import json", "from pathlib import Path"),
        (),
        "def load(path):\n    with open(path) as file:\n        return |",
    ),
    (("from pathlib import Path",), (), "for path in Path('data').|:\n    print(path.name)"),
    ((), (), "def fibonacci(n):\n    if n < 2:\n        |\n    return fibonacci(n - 1) + fibonacci(n - 2)"),
]
"""Cells above, variables, and the cell with its cursor."""

TYPED = "total = sum(penguins) / len(penguins) if penguins else None"
PAUSE, GAP = 0.7, 0.06
"""Seconds of a pause, after every seventh key, and between other keys."""
KEY = """() => new Promise(done => {
    document.addEventListener('keydown', () => {
        const begun = performance.now();
        requestAnimationFrame(() => setTimeout(() => done(performance.now() - begun)));
    }, { capture: true, once: true });
})"""


async def judge(name: str | None) -> None:
    """Complete all cells, and print what came of it."""
    model = open_local(name)
    await model.start()
    whole, seconds = 0, list[float]()
    for cells, variables, marked in CELLS:
        before, _, after = marked.partition("|")
        ending, begun = Ending(before, after), time.perf_counter()
        gap = gap_at(Cursor(before=before, after=after, cells=cells), variables)
        filling = await model.complete(gap, ending.is_whole)
        seconds.append(time.perf_counter() - begun)
        text = ending.cut(filling.text, is_complete=filling.is_complete) if filling else ""
        valid = bool(text) and is_python(before + text + after)
        whole += valid
        print(f"{'whole' if valid else 'BROKEN' if text else 'nothing'}, {seconds[-1]:.1f} s")
        print("    " + f"{before}⟦{text}⟧{after}".replace("\n", "\n    "))
    await model.close()
    print(f"{whole} of {len(CELLS)} make the cell valid Python; median {statistics.median(seconds):.1f} s")


def is_python(source: str) -> bool:
    """Tell whether a cell is valid Python."""
    try:
        compile(source, "cell", "exec")
    except SyntaxError:
        return False
    return True


def measure(lab: Lab, rounds: int, model: ScriptedModel | None) -> None:
    """Type with completion and without, in turns, and compare."""
    lab.write("typing.ipynb", *PANDAS, "")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        page = NotebookPage(browser, lab, "typing.ipynb")
        if model is None:
            page.ask("Only say hello.")  # which loads the model
            expect(page.stop).to_be_visible()
            expect(page.stop).to_be_hidden(timeout=300_000)
            page.command("application:toggle-right-area")
        took: dict[bool, list[list[float]]] = {False: [], True: []}
        on = False
        for number in range(2 * rounds + 2):
            if (number % 2 == 1) != on:
                page.command("codeact:toggle-completion")
                on = not on
                state = (
                    f"() => jupyterapp.commands.isToggled('codeact:toggle-completion') === {str(on).lower()}"
                )
                page.page.wait_for_function(state)
            if model is not None:
                model.script([Said(" + 1", delay=0.5) for _ in TYPED])
            samples = type_once(page)
            if number > 1:  # the first of each warm up
                took[on].append(samples)
        asked = page.page.evaluate(
            "() => performance.getEntriesByType('resource').filter(e => e.name.includes('complete')).length"
        )
        print(f"{asked} requests for completions")
        browser.close()
    without, with_ = took[False], took[True]
    for label, rows in (("without", without), ("with", with_)):
        flat = sorted(sample for row in rows for sample in row)
        middle, late = statistics.median(flat), flat[int(0.95 * len(flat))]
        print(f"{label:10}{middle:7.1f} ms median, {late:7.1f} ms at the 95th percentile")
    pairs = [
        other - one
        for row, other_row in zip(without, with_, strict=True)
        for one, other in zip(row, other_row, strict=True)
    ]
    low, middle, high = statistics.quantiles(pairs, n=4)
    print(f"with minus without, {len(pairs)} pairs: {middle:+.1f} ms ({low:+.1f} to {high:+.1f})")


def type_once(page: NotebookPage) -> list[float]:
    """Type the text into the last cell; return the milliseconds from each key to its letter."""
    page.edit(2)
    page.page.keyboard.press("Control+a")
    page.page.keyboard.press("Delete")
    samples = []
    for number, letter in enumerate(TYPED):
        time.sleep(PAUSE if number % 7 == 6 else GAP)
        page.page.evaluate(f"() => {{ window.key_ = ({KEY})(); }}")
        page.page.keyboard.type(letter)
        samples.append(float(page.page.evaluate("() => window.key_")))
    expect(page.cells.nth(2)).to_contain_text(TYPED[:20])
    return samples


def main() -> None:
    """Run one of the two."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", choices=["quality", "typing"])
    parser.add_argument("--model")
    parser.add_argument("--rounds", type=int, default=6)
    arguments = parser.parse_args()
    if arguments.what == "quality":
        asyncio.run(judge(arguments.model))
        return
    with tempfile.TemporaryDirectory() as folder, ScriptedModel() as scripted:
        if arguments.model:
            with Lab(Path(folder), f"--CodeActExtension.model={arguments.model}") as lab:
                measure(lab, arguments.rounds, None)
        else:
            with scripted_lab(Path(folder), scripted) as lab:
                measure(lab, arguments.rounds, scripted)


if __name__ == "__main__":
    main()
