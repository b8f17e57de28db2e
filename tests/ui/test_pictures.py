"""The pictures of the documentation: JupyterLab at work, light and dark, with a scripted model.

They go to test-results/, and to docs/images/ when UPDATE_PICTURES=1 is set.
"""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from palmerpenguins import load_penguins
from PIL import Image
from playwright.sync_api import expect

from tests.scripted import ScriptedModel
from tests.ui.conftest import RESULTS, Open
from tests.ui.lab import Lab, NotebookPage

ROOT = Path(__file__).parents[2]
PLOT = """I'll draw one dot for each penguin, colored by species.

```python
import matplotlib.pyplot as plt

fig, ax = plt.subplots(figsize=(5.6, 2.9))
for species, group in penguins.groupby("species"):
    ax.scatter(group.flipper_length_mm, group.body_mass_g, s=12, label=species)
ax.set(xlabel="Flipper length (mm)", ylabel="Body mass (g)")
ax.legend()
plt.show()

both = penguins[["flipper_length_mm", "body_mass_g"]]
print("correlation", round(both.corr().iloc[0, 1], 2))
print(penguins.groupby("species").body_mass_g.mean().round().to_dict())
```"""


def answer() -> str:
    """Return what is true of the penguins."""
    penguins = load_penguins()
    r = penguins.flipper_length_mm.corr(penguins.body_mass_g)
    mass = penguins.groupby("species").body_mass_g.mean()
    return (
        f"Longer flippers go with heavier penguins (correlation **{r:.2f}**). Gentoos stand apart: "
        f"{mass['Gentoo']:,.0f} g on average, against {mass['Adelie']:,.0f} g for Adelies and "
        f"{mass['Chinstrap']:,.0f} g for Chinstraps."
    )


def picture(page: NotebookPage, name: str) -> Image.Image:
    """Take a picture and keep it, small."""
    taken = Image.open(io.BytesIO(page.page.screenshot())).convert("RGB")
    folders = [RESULTS] + ([ROOT / "docs" / "images"] if os.environ.get("UPDATE_PICTURES") == "1" else [])
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        taken.quantize(128, dither=Image.Dither.NONE).save(folder / f"{name}.png", optimize=True)
    return taken


def brightness(image: Image.Image) -> float:
    """Return the mean brightness, 0 to 255."""
    histogram: Callable[[], list[int]] = image.convert("L").histogram
    counts = histogram()
    return sum(level * count for level, count in enumerate(counts)) / sum(counts)


def test_pictures_of_a_plot_and_its_answer_light_and_dark(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    shutil.copy(ROOT / "binder" / "demos" / "start-here.ipynb", lab.root / "penguins.ipynb")
    served.script([PLOT, answer()])
    page = open_notebook("penguins.ipynb", fresh=True)
    page.page.set_viewport_size({"width": 1280, "height": 800})
    page.command("application:toggle-left-area")
    page.run_cell(1)

    page.ask("Plot flipper length against body mass, one color for each species.")

    expect(page.conversation).to_contain_text("correlation 0.87")
    figure = page.cells.nth(2).locator(".jp-OutputArea img")
    expect(figure).to_be_visible()
    expect(page.cards).to_contain_text("Done")
    expect(page.send).to_be_visible()
    to_end = "cell => cell.scrollIntoView({ block: 'end' })"
    page.cells.nth(2).evaluate(to_end)
    light = picture(page, "lab-light")
    page.command("apputils:change-theme", theme="JupyterLab Dark")
    expect(page.page.locator("body")).to_have_attribute("data-jp-theme-light", "false")
    expect(page.page.locator("#jupyterlab-splash")).to_have_count(0)
    page.cells.nth(2).evaluate(to_end)
    expect(figure).to_be_in_viewport()
    dark = picture(page, "lab-dark")

    assert light.size == dark.size == (1280, 800)
    assert brightness(light) > 200
    assert brightness(dark) < 110
    page.command("apputils:change-theme", theme="JupyterLab Light")  # a setting of the whole Lab
    expect(page.page.locator("body")).to_have_attribute("data-jp-theme-light", "true")
