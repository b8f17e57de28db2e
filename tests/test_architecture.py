"""Imports point one way, the page's half of the protocol is up to date, and files stay small."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "jupyter_codeact"

MAY_IMPORT = {
    "agent": {"agent"},
    "models": {"models", "agent"},
    "notebooks": {"notebooks", "agent"},
    "journal": {"journal", "agent"},
    "protocol": {"protocol", "agent"},
}


def imports(file: Path) -> set[str]:
    """Return the rooms of this package that a file imports."""
    parts = file.relative_to(PACKAGE).with_suffix("").parts
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        names = []
        if isinstance(node, ast.ImportFrom) and node.level:
            base = parts[: len(parts) - node.level]
            module = [*base, *(node.module or "").split(".")] if node.module else [*base]
            names = ["/".join([*module, alias.name]) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("jupyter_codeact."):
            names = [node.module.removeprefix("jupyter_codeact.").replace(".", "/")]
        found |= {name.lstrip("/").split("/")[0] for name in names}
    return found


def room(file: Path) -> str:
    return file.relative_to(PACKAGE).with_suffix("").parts[0]


@pytest.mark.parametrize(
    "file", sorted(PACKAGE.rglob("*.py")), ids=lambda file: str(file.relative_to(PACKAGE))
)
def test_a_room_imports_only_what_it_may(file: Path) -> None:
    allowed = MAY_IMPORT.get(room(file))
    if allowed is not None:
        assert imports(file) <= allowed


@pytest.mark.parametrize(
    "file",
    sorted([*PACKAGE.rglob("*.py"), *(ROOT / "src").rglob("*.ts*"), *(ROOT / "tests").rglob("*.py")]),
    ids=lambda file: str(file.relative_to(ROOT)),
)
def test_a_file_stays_below_400_lines(file: Path) -> None:
    if file.name != "protocol.ts":
        assert len(file.read_text().splitlines()) < 400


def test_the_agent_knows_no_jupyter_no_http_and_no_files() -> None:
    foreign = {"tornado", "jupyter_server", "jupyter_client", "openai", "httpx", "nbformat", "sqlite3"}
    for file in (PACKAGE / "agent").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            assert not {name.split(".")[0] for name in names} & foreign, file


def test_the_pages_protocol_is_generated_from_the_servers() -> None:
    committed = ROOT / "src" / "protocol.ts"
    schema = subprocess.run(
        [sys.executable, "-m", "jupyter_codeact.protocol"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    ).stdout
    banner = committed.read_text().splitlines()[0]
    generated = subprocess.run(
        ["node_modules/.bin/json2ts", "--bannerComment", banner],
        input=schema,
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    ).stdout
    formatted = subprocess.run(
        ["node_modules/.bin/prettier", "--stdin-filepath", "src/protocol.ts"],
        input=generated,
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    ).stdout
    assert formatted == committed.read_text(), "run `make protocol`"


def test_importing_the_package_in_a_kernel_is_light() -> None:
    heavy = {"torch", "openai", "tornado", "pydantic"}
    probe = f"import sys, jupyter_codeact; print(sorted({heavy} & set(sys.modules)))"
    shown = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert shown.stdout.strip() == "[]"
