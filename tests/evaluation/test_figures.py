"""Every figure in the documentation is one that the repository's episodes give."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_tables_of_the_page_are_counted_from_the_episodes() -> None:
    checked = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "figures.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_episode_names_the_agent_that_played_it() -> None:
    from jupyter_codeact.evaluation.records import load

    results = ROOT / "benchmarks" / "results"
    files = [*results.glob("*.jsonl"), *(results / "h100").glob("*.jsonl")]
    assert all(episode.versions.get("commit") for episode in load(files))
