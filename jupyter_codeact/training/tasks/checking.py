"""Functions for the checks of the tasks, which run in the kernel and judge results, not the way there."""

from __future__ import annotations

import contextlib
import io
import math
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ...evaluation.notebook.checking import bars, drawn, numbers, says, scattered, watch_figures

__all__ = [
    "approx",
    "as_mapping",
    "bars",
    "drawn",
    "numbers",
    "one_axes",
    "reference",
    "same_mapping",
    "same_table",
    "same_values",
    "says",
    "scattered",
    "states",
    "texts_of",
    "watch_figures",
]

_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven")
_MONTHS = [date(2000, month, 1).strftime("%B") for month in range(1, 13)]


def fill_in(answer: str, namespace: dict[str, Any]) -> str:
    """Return an answer with what stands in braces evaluated, as in an f-string."""
    return str(eval(f"f'''{answer}'''", namespace))  # noqa: S307


def verdict(check: str, answer: str, namespace: dict[str, Any]) -> str:
    """Return what is wrong by a check, in a sentence; empty if nothing is."""
    scope = {**namespace, **{name: globals()[name] for name in __all__}, "answer": answer}
    try:
        exec(check, scope)  # noqa: S102
    except NameError as error:
        return f"There is no variable called {error.name}."
    except AssertionError as error:
        return str(error) or "The check fails."
    except Exception as error:
        return f"The check cannot read the result: {type(error).__name__}: {error}"
    return ""


def reference(files: Mapping[str, bytes], sources: Sequence[str]) -> SimpleNamespace:
    """Run the reference in a folder and a namespace of its own, and return its variables."""
    scope: dict[str, Any] = {"__name__": "reference"}
    before = Path.cwd()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for path, content in files.items():
            (file := Path(folder, path)).parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        os.chdir(folder)
        try:
            for source in sources:
                with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception):
                    exec(source, scope)  # noqa: S102  (a cell may fail, as it does in the notebook)
        finally:
            os.chdir(before)
    return SimpleNamespace(**{name: value for name, value in scope.items() if not name.startswith("__")})


def approx(actual: Any, expected: Any, tolerance: float = 1e-6) -> bool:
    """Tell whether two single values are the same: numbers within a tolerance, missing ones of any kind."""
    if _missing(actual) or _missing(expected):
        return _missing(actual) and _missing(expected)
    if isinstance(expected, str) or isinstance(actual, str):
        return _text(actual) == _text(expected)
    try:
        difference = abs(float(actual) - float(expected))
    except (TypeError, ValueError):
        return bool(actual == expected) or str(actual) == str(expected)
    return difference <= tolerance * max(1.0, abs(float(expected)))


def same_values(actual: Any, expected: Any, *, ordered: bool = True, tolerance: float = 1e-6) -> None:
    """Require the same values as expected, in the same order unless told otherwise."""
    got, want = list(_flat(actual)), list(_flat(expected))
    assert len(got) == len(want), f"There should be {len(want)} values, not {len(got)}."
    if not ordered:
        got, want = sorted(got, key=_key), sorted(want, key=_key)
    for number, (one, other) in enumerate(zip(got, want, strict=True)):
        assert approx(one, other, tolerance), f"Value {number} should be {other!r}, not {one!r}."


def as_mapping(result: Any) -> dict[str, Any]:
    """Return a dictionary, a Series, or a table with one column of values as a mapping from text to value."""
    if hasattr(result, "columns"):
        if len(result.columns) >= 2 and result.index.names == [None]:
            result = result.set_index(list(result.columns[:-1]))
        assert len(result.columns) == 1, f"There should be one column of values, not {len(result.columns)}."
        result = result.iloc[:, 0]
    assert hasattr(result, "items"), f"A {type(result).__name__} has no labels for its values."
    return {_label(key): value for key, value in result.items()}


def same_mapping(actual: Any, expected: Any, tolerance: float = 1e-6) -> None:
    """Require the same values under the same labels, in a dictionary, a Series or a table."""
    got, want = as_mapping(actual), as_mapping(expected)
    assert set(got) == set(want), f"The labels should be {sorted(want)}, not {sorted(got)}."
    for label, value in want.items():
        assert approx(got[label], value, tolerance), f"{label} should be {value!r}, not {got[label]!r}."


def same_table(
    actual: Any,
    expected: Any,
    columns: Sequence[str] | None = None,
    *,
    ordered: bool = False,
    tolerance: float = 1e-6,
) -> None:
    """Require a DataFrame with the same rows in these columns, or in all of the expected ones.

    What is in the index counts as a column. More columns than asked for do no harm.
    """
    assert hasattr(actual, "columns"), f"This should be a DataFrame, not a {type(actual).__name__}."
    expected = _columns_of(expected)
    names = list(columns or expected.columns)
    actual = _columns_of(actual)
    lacking = [name for name in names if name not in actual.columns]
    assert not lacking, f"The columns {lacking} are not there, but {list(actual.columns)}."
    got, want = actual[names].values.tolist(), expected[names].values.tolist()
    assert len(got) == len(want), f"There should be {len(want)} rows, not {len(got)}."
    if not ordered:
        got, want = (sorted(rows, key=lambda row: [_key(cell) for cell in row]) for rows in (got, want))
    for number, (row, other) in enumerate(zip(got, want, strict=True)):
        for name, one, should in zip(names, row, other, strict=True):
            assert approx(one, should, tolerance), (
                f"{name} of row {number} should be {should!r}, not {one!r}."
            )


def states(answer: str, *values: Any, tolerance: float = 0.006) -> None:
    """Require an answer to state each value: a text, a date, a whole number, or a number, perhaps rounded."""
    for value in values:
        assert _states(answer, value, tolerance), f"The answer does not state {value}."


def _states(answer: str, value: Any, tolerance: float) -> bool:
    if isinstance(value, str):
        return re.search(rf"(?<!\w){re.escape(value.lower())}", answer.lower()) is not None
    if isinstance(value, (date, datetime)):
        month = _MONTHS[value.month - 1]
        spelled = (
            rf"\b0?{value.day}(st|nd|rd|th)?( of)? {month[:3]}[a-z]*|{month[:3]}[a-z]*\.? 0?{value.day}\b"
        )
        figures = (f"{value:%Y-%m-%d}", f"{value:%d.%m.%Y}", f"{value:%d/%m/%Y}", f"{value:%m/%d/%Y}")
        return any(one in answer for one in figures) or re.search(spelled, answer, re.I) is not None
    value = float(value)
    if value.is_integer() and abs(value) < 1e9:
        found = {abs(one) for one in numbers(answer)}
        small = value in range(len(_WORDS)) and re.search(rf"\b{_WORDS[int(value)]}\b", answer, re.I)
        none = value == 0 and re.search(r"\b(no|none|nothing)\b", answer, re.I)
        return abs(value) in found or bool(small) or bool(none)
    return says(answer, value, tolerance) or says(answer, abs(value), tolerance)


def one_axes(what: str, wanted: Any) -> Any:
    """Return the last axes drawn for which a condition holds; require that there are some."""
    found = [axes for axes in drawn() if wanted(axes)]
    assert found, f"No plot shows {what}."
    return found[-1]


def texts_of(axes: Any) -> str:
    """Return all texts of some axes: title, labels, tick labels, legend and annotations, a line each."""
    axes.figure.canvas.draw()
    texts = [axes.get_title(), axes.get_xlabel(), axes.get_ylabel(), axes.figure.get_suptitle()]
    texts += [label.get_text() for label in (*axes.get_xticklabels(), *axes.get_yticklabels(), *axes.texts)]
    if axes.get_legend():
        texts += [text.get_text() for text in axes.get_legend().get_texts()]
        texts.append(axes.get_legend().get_title().get_text())
    return "\n".join(text for text in texts if text)


def _columns_of(table: Any) -> Any:
    names = [name for name in table.index.names if name is not None and name not in table.columns]
    return table.reset_index(level=names) if names else table


def _missing(value: Any) -> bool:
    if value is None or value.__class__.__name__ in ("NAType", "NaTType"):
        return True
    try:
        return bool(math.isnan(value))
    except (TypeError, ValueError):
        return False


def _flat(values: Any) -> Any:
    values = values.values if hasattr(values, "columns") else values
    if hasattr(values, "tolist"):
        values = values.ravel().tolist() if hasattr(values, "ravel") and values.ndim > 1 else list(values)
    assert hasattr(values, "__iter__"), "This should be a list of values."
    assert not isinstance(values, str), "This should be a list of values, not a text."
    return values


def _text(value: Any) -> str:
    return str(value).strip()


def _label(key: Any) -> str:
    if isinstance(key, tuple):
        return " / ".join(_label(part) for part in key)
    if isinstance(key, (date, datetime)):
        return f"{key:%Y-%m-%d}"
    if isinstance(key, float) and key.is_integer():
        return str(int(key))
    return str(key)


def _key(value: Any) -> tuple[int, float, str]:
    if _missing(value):
        return (2, 0.0, "")
    if isinstance(value, (int, float)) or hasattr(value, "dtype"):
        with contextlib.suppress(TypeError, ValueError):
            return (0, float(f"{float(value):.6g}"), "")
    return (1, 0.0, _text(value))
