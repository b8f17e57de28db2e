"""A session on Binder, as far as it can be had without Binder."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from playwright.sync_api import expect

from tests.scripted import ScriptedModel
from tests.ui.conftest import Open, scripted_lab

ROOT = Path(__file__).parents[2]


def test_a_session_begins_with_the_panel_open(
    tmp_path: Path, served: ScriptedModel, open_notebook: Open
) -> None:
    (tmp_path / "config").mkdir()  # where this Lab has what a user's ~/.jupyter is
    (tmp_path / ".jupyter").symlink_to(tmp_path / "config")
    lines = (ROOT / "binder" / "postBuild").read_text().splitlines()
    [install] = [line for line in lines if line.startswith("install ")]
    home = os.environ | {"HOME": str(tmp_path)}
    subprocess.run(["bash", "-c", install], cwd=ROOT, env=home, check=True)
    with scripted_lab(tmp_path, served) as lab:
        lab.write("demo.ipynb", "x = 1")
        page = open_notebook("demo.ipynb", on=lab)
        expect(page.task).to_be_visible()
