"""Notebook files made up at random: each is read, repaired with a sentence or refused in one, and quickly."""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.fuzz_borders import damaged_notebook, notebooks, read_notebook

WHOLE = notebooks()
MOST = 1.5
"""Seconds of work on a small file, on a slow machine."""
steady = settings(
    derandomize=True, deadline=None, max_examples=120, suppress_health_check=[HealthCheck.too_slow]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def outcome(content: bytes) -> str:
    """Read a file of such content, write what was read, and read that."""
    with tempfile.TemporaryDirectory() as folder:
        source, output = Path(folder, "in.ipynb"), Path(folder, "out.ipynb")
        source.write_bytes(content)
        began = time.process_time()
        found = read_notebook(source, output)
        assert time.process_time() - began < MOST
        return found


def test_damaged_notebooks_of_all_formats_are_read_or_refused_in_a_sentence() -> None:
    chance = random.Random("notebooks")
    seen = Counter(outcome(damaged_notebook(chance, WHOLE)) for _ in range(200))
    assert min(seen["read"], seen["repaired"], seen["refused"]) > 10, seen


@steady
@given(
    st.binary(max_size=64), st.sampled_from([b"", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b'{"cells": '])
)
def test_a_file_that_is_no_text_is_refused(content: bytes, before: bytes) -> None:
    assert outcome(before + content) == "refused"


@steady
@given(
    whole=st.sampled_from(WHOLE),
    version=st.none() | st.sampled_from([2, 3, 4, 5]) | JSON,
    minor=st.none() | st.integers(-1, 12) | JSON,
    cells=st.lists(st.fixed_dictionaries({}, optional={
        "cell_type": st.sampled_from(["code", "markdown", "raw", "heading", "query"]) | JSON,
        "id": st.sampled_from(["a", "a b", "", "é", "x" * 70]) | JSON,
        "source": JSON,
        "metadata": JSON,
        "outputs": JSON,
        "execution_count": JSON,
    }), max_size=4),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "latin-1"]),
)  # fmt: skip
def test_cells_versions_and_encodings_of_any_kind_are_read_or_refused(
    whole: dict[str, object], version: object, minor: object, cells: list[object], encoding: str
) -> None:
    held = {"worksheets": [{"cells": cells}]} if "worksheets" in whole else {"cells": cells}
    changed = {**whole, **held, "nbformat": version, "nbformat_minor": minor}
    text = json.dumps({key: value for key, value in changed.items() if value is not None}, ensure_ascii=False)
    assert outcome(text.encode(encoding, "replace" if encoding == "latin-1" else "surrogatepass"))
