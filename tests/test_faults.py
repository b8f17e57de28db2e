"""The fault matrix is complete, its tests exist, and readers see it as it is."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.fault_matrix import FRONTENDS, MATRIX, PAGE, Held, document

TESTS = Path(__file__).parent


def names_in(path: Path) -> set[str]:
    """Return the names of a file's tests, those of classes after the class's."""
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        inner = node.body if isinstance(node, ast.ClassDef) else [node]
        prefix = f"{node.name}::" if isinstance(node, ast.ClassDef) else ""
        found |= {
            prefix + one.name for one in inner if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
        }
    return found


@pytest.mark.parametrize("fault", MATRIX)
def test_every_frontend_has_tests_that_exist_or_a_reason(fault: str) -> None:
    assert tuple(MATRIX[fault]) == FRONTENDS
    for cell in MATRIX[fault].values():
        if not isinstance(cell, Held):
            assert cell.why.endswith(".")
            continue
        assert cell.what.endswith(".")
        assert cell.tests
        for test in cell.tests:
            file, _, name = test.partition("::")
            assert name.rpartition("::")[2].startswith("test_")
            assert name in names_in(TESTS / file), f"There is no {test}."


def test_readers_see_the_matrix_as_it_is() -> None:
    assert PAGE.read_text(encoding="utf-8") == document(), "Run python -m tests.fault_matrix."
