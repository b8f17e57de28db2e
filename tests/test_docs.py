"""The documentation builds, and describes every setting and command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_codeact.cli import COMMANDS
from jupyter_codeact.server.configuration import CodeActConfiguration
from jupyter_codeact.server.extension import CodeActExtension
from jupyter_codeact.traits import ServersTraits, SettingsTraits

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the pages; a warning is an error, as for `make docs`."""
    built = tmp_path_factory.mktemp("docs")
    sphinx = [sys.executable, "-m", "sphinx", "-b", "html", "-W", "--keep-going", "-q", "docs", str(built)]
    result = subprocess.run(sphinx, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return built


def test_every_page_is_in_the_table_of_contents(pages: Path) -> None:
    sources = {
        path.relative_to(ROOT / "docs").with_suffix(".html")
        for path in (ROOT / "docs").rglob("*.md")
        if not path.relative_to(ROOT / "docs").parts[0].startswith("_")
    }
    assert {path for path in sources if not (pages / path).exists()} == set()
    index = (pages / "index.html").read_text()
    assert {str(path) for path in sources if f'href="{path}"' not in index} == {"index.html"}


def test_every_setting_of_the_server_is_described(pages: Path) -> None:
    page = (pages / "reference" / "configuration.html").read_text()
    own = [
        name
        for name, trait in CodeActExtension.class_traits(config=True).items()
        if trait.this_class in (CodeActConfiguration, ServersTraits, SettingsTraits)
    ]
    assert {"model", "mcp_servers", "reasoning_effort"} <= set(own)
    assert {name for name in own if f">{name}<" not in page} == set()


def test_every_command_is_described(pages: Path) -> None:
    page = (pages / "reference" / "command-line.html").read_text()
    assert {name for name in COMMANDS if f'id="jupyter-codeact-{name}"' not in page} == set()
