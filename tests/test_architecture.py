"""Imports point one way, without cycles, and files stay small."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "jupyter_codeact"
FILES = sorted(PACKAGE.rglob("*.py"))

CORE = {"agent", "models", "notebooks", "journal"}
SHARED = {"options", "approval", "transcript", "terminal", "interrupts", "result", "tools", "headless"}
SHARED |= {"traits", "markdown_page", "costs", "lab_settings"}
MAY_IMPORT = {
    "agent": {"agent"},
    "models": {"models", "agent"},
    "notebooks": {"notebooks", "agent"},
    "journal": {"journal", "agent"},
    "protocol": {"protocol", "agent"},
    "completion": {"completion", "models", "agent"},
    "tools": set(),
    "interrupts": set(),
    "mcp/client": {"mcp", "models", "agent", "lab_settings"},
    "lab_settings": {"agent"},
    "options": {"agent", "models"},
    "traits": {"agent", "mcp"},
    "approval": {"agent"},
    "costs": {"agent"},
    "transcript": {"agent", "models", "costs"},
    "markdown_page": {"agent", "transcript"},
    "terminal": {"agent", "models", "transcript"},
    "result": {"agent", "notebooks", "costs"},
    "headless": CORE | {"options", "approval", "result", "mcp"},
    "mcp": CORE | SHARED | {"mcp"},
    "shell": CORE | SHARED | {"shell", "mcp"},
    "server": CORE | SHARED | {"server", "protocol", "completion", "mcp"},
    "cli": CORE | SHARED | {"cli", "mcp"},
    "cli/evaluate": CORE | SHARED | {"cli", "evaluation"},  # the command line of evaluation
    "cli/evaluate_setting": CORE | SHARED | {"cli", "evaluation"},
    "cli/evaluate_report": CORE | SHARED | {"cli", "evaluation"},
    "cli/data": CORE | SHARED | {"cli", "training"},  # the command lines of training
    "cli/data_files": {"cli", "training"},
    "cli/train": CORE | SHARED | {"cli", "training"},
    "cli/train_results": CORE | SHARED | {"cli", "training", "evaluation"},
    "evaluation": CORE | {"evaluation", "tools"},
    "training": CORE | {"training", "evaluation", "tools"},  # it plays as evaluation does, reads its results
    "__init__": {"shell", "server", "agent", "tools", "result"},  # when their names are first used
}
"""What each package and top-level file may import from this project; each has a line."""


def module_of(file: Path) -> str:
    return file.relative_to(PACKAGE).with_suffix("").as_posix().removesuffix("/__init__")


@cache
def modules() -> dict[str, Path]:
    return {module_of(file): file for file in FILES}


@cache
def imports(file: Path) -> frozenset[str]:
    """Return the modules of this package that a file imports, at its top or anywhere else."""
    return frozenset(_imports(file))


def _imports(file: Path) -> Iterator[str]:
    parts = file.relative_to(PACKAGE).with_suffix("").parts
    for node in ast.walk(ast.parse(file.read_text())):
        if not isinstance(node, ast.ImportFrom):
            continue
        if node.level:
            base = [*parts[: len(parts) - node.level], *(node.module.split(".") if node.module else [])]
        elif (node.module or "").startswith("jupyter_codeact"):
            base = (node.module or "").split(".")[1:]
        else:
            continue
        for alias in node.names:
            inside = "/".join([*base, alias.name])
            yield inside if inside in modules() else "/".join(base) or "__init__"


def package_of(file: Path) -> str:
    parts = module_of(file).split("/")
    names = ["/".join(parts[:n]) for n in range(len(parts), 0, -1)]
    return next((name for name in names if name in MAY_IMPORT), parts[0])


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_a_file_imports_only_what_its_package_may(file: Path) -> None:
    assert {module.split("/")[0] for module in imports(file)} <= MAY_IMPORT[package_of(file)]


def test_there_are_no_import_cycles() -> None:
    cycles: set[tuple[str, ...]] = set()
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        if module in path:
            cycles.add(path[path.index(module) :])
        elif module not in done:
            for other in sorted(imports(modules()[module]) if module in modules() else ()):
                visit(other, (*path, module))
            done.add(module)

    for module in modules():
        if module != "__init__":  # it imports its names only when they are first used
            visit(module, ())
    assert cycles == set()


@pytest.mark.parametrize(
    "file",
    sorted([*PACKAGE.rglob("*.py"), *(ROOT / "src").rglob("*.ts*"), *(ROOT / "tests").rglob("*.py")]),
    ids=lambda file: str(file.relative_to(ROOT)),
)
def test_a_file_stays_below_400_lines(file: Path) -> None:
    if file.name != "protocol.ts":
        assert len(file.read_text().splitlines()) < 400


def test_the_agent_imports_no_jupyter_http_or_file_libraries() -> None:
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


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("jupyter_codeact", {"torch", "openai", "tornado", "pydantic"}),
        ("jupyter_codeact.server.extension", {"torch", "openai", "transformers", "xllamacpp", "pydantic"}),
        (
            "jupyter_codeact.headless",
            {"torch", "openai", "transformers", "jupyter_server", "huggingface_hub"},
        ),
    ],
)
def test_what_a_user_waits_for_imports_nothing_heavy(module: str, heavy: set[str]) -> None:
    probe = f"import sys, {module}; print(sorted({heavy} & set(sys.modules)))"
    shown = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert shown.stdout.strip() == "[]"
