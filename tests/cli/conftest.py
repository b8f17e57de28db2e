"""A journal with one conversation in it, recorded by `jupyter codeact run` with a scripted model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from jupyter_codeact.cli import main
from tests.scripted import ScriptedModel

SCRIPT = [
    "I will add them.\n\n```python\ntotal = two + 3\n```",
    "Two was missing.\n\n```python\ntotal = 2 + 3\nprint('the sum is', total)\n```",
    "```python\nimport os\nos.environ['SECRET_WORD']\n```",
    "```python\nopen('made.txt', 'a').write('x')\n```",
    "It is **5**.",
]
SECRET = "a-word-for-nobody"


@dataclass
class Recording:
    """Where a conversation was recorded: its data folder and the notebook it made."""

    data: Path
    notebook: Path

    def call(self, *arguments: str, answer: str | None = None) -> Result:
        """Call ``jupyter codeact``; ``answer`` is what the user types."""
        environment = {"JUPYTER_DATA_DIR": str(self.data), "SECRET_WORD": SECRET, "COLUMNS": "120"}
        return CliRunner().invoke(main, arguments, input=answer, env=environment, catch_exceptions=False)


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """Record a conversation once; tests copy it before they change it."""
    folder = tmp_path_factory.mktemp("recording")
    (folder / "work").mkdir()
    recorded = Recording(folder / "data", folder / "work" / "sum.ipynb")
    with ScriptedModel(SCRIPT) as model, pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder / "work")
        patch.setenv("JUPYTER_CODEACT_API_KEY", model.api_key)
        task = "Add two and three.\nThen tell me the sum."
        result = recorded.call("run", task, "--output", "sum.ipynb", "--endpoint", model.url)
    assert result.exit_code == 0, result.output
    return recorded
