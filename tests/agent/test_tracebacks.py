"""Errors, as they are shown to the model."""

import re

import pytest

from jupyter_codeact.agent.contracts import Execution
from jupyter_codeact.agent.observations.observe import observe
from jupyter_codeact.agent.observations.tracebacks import explain
from tests.agent.observed import NONCE, shown


def test_an_error_shows_the_failing_line_and_its_message(run):
    execution = run("a = 1\nb = 0\na / b\nprint('never')")
    assert observe(execution, nonce=NONCE).text.startswith("The cell failed (status: error). Its output")
    count = execution.execution_count
    assert (
        shown(execution)
        == f"[error]\nCell In[{count}], line 3\n    a / b\nZeroDivisionError: division by zero"
    )


def test_library_frames_are_folded(run):
    execution = run("df = pd.DataFrame({'a': [1]})\nprint('start')\ndf['mass'].mean()")
    text = shown(execution)
    assert re.fullmatch(
        rf"start\n\[error\]\nCell In\[{execution.execution_count}\], line 3\n    df\['mass'\]\.mean\(\)\n"
        r"… \d+ library frames …\nKeyError: 'mass'",
        text,
    )


def test_frames_of_the_users_own_modules_are_kept(run):
    text = shown(run("import helpers\nhelpers.half(3)"))
    assert re.search(
        r"line 2\n    helpers\.half\(3\)\nFile .*helpers\.py:3, in half\(x\)\n    return x / rest\n", text
    )


def test_frames_of_other_cells_are_kept(run):
    before = run("def middle(values):\n    total = sum(values)\n    return total / len(values)")
    after = run("middle([])")
    assert shown(after) == (
        f"[error]\nCell In[{after.execution_count}], line 1\n    middle([])\n"
        f"Cell In[{before.execution_count}], line 3, in middle(values)\n    return total / len(values)\n"
        "ZeroDivisionError: division by zero"
    )


def test_a_multi_line_statement_is_shown_completely(run):
    source = "len(\n    [1,\n     2],\n    3,\n)\nprint('never')"
    text = shown(run(source), source=source)
    assert "line 1\n    len(\n        [1,\n         2],\n        3,\n    )\nTypeError" in text


def test_a_syntax_error_points_at_its_position(run):
    execution = run("x = 1\ny = = 2")
    assert shown(execution) == (
        f"[error]\n  Cell In[{execution.execution_count}], line 2\n    y = = 2\n        ^\n"
        "SyntaxError: invalid syntax"
    )


def test_a_syntax_error_in_a_module_names_the_module(run):
    text = shown(run("import broken"))
    assert re.search(r"line 1\n    import broken\n.*broken\.py:1\n.*def f\(:", text, re.DOTALL)
    assert text.endswith("SyntaxError: invalid syntax")


@pytest.mark.parametrize(
    ("cause", "link"),
    [
        (" from error", "The above exception was the direct cause of the following exception:"),
        ("", "During handling of the above exception, another exception occurred:"),
    ],
)
def test_both_exceptions_of_a_chain_are_shown(run, cause, link):
    text = shown(
        run(
            f"""
            try:
                int("x")
            except ValueError as error:
                raise RuntimeError("no luck"){cause}
            """
        )
    )
    first, second = text.split(f"\n{link}\n")
    assert first.endswith("ValueError: invalid literal for int() with base 10: 'x'")
    assert re.search(r'line 4\n    raise RuntimeError\("no luck"\).*\nRuntimeError: no luck$', second)


def test_a_deep_recursion_is_folded(run):
    run("import sys\nlimit = sys.getrecursionlimit()\nsys.setrecursionlimit(300)")
    text = shown(run("def down(n):\n    return down(n + 1)\ndown(0)"))
    assert re.search(
        r"line 2, in down\(n\)\n    return down\(n \+ 1\)\n… the same \d{3} more times …\n", text
    )
    assert text.endswith("RecursionError: maximum recursion depth exceeded")
    mutual = shown(run("def a(): b()\ndef b(): a()\na()"))
    assert re.search(r"\n… \d{3} more like these …\n", mutual)
    assert mutual.count("\n") < 30
    run("sys.setrecursionlimit(limit)")


def test_without_a_line_of_the_users_the_last_frame_is_kept():
    error = {
        "output_type": "error",
        "ename": "ValueError",
        "evalue": "bad",
        "traceback": [
            "ValueError   Traceback (most recent call last)",
            "File /usr/lib/python3.11/json/decoder.py:337, in decode(s)\n--> 337 obj = 1\n",
            "File /usr/lib/python3.11/json/decoder.py:355, in scan(s)\n--> 355 raise ValueError('bad')\n",
            "ValueError: bad",
        ],
    }
    assert shown(Execution(status="error", outputs=[error])) == (
        "[error]\n… 1 library frame …\nFile /usr/lib/python3.11/json/decoder.py:355, in scan(s)\n"
        "    raise ValueError('bad')\nValueError: bad"
    )


def test_a_line_that_the_traceback_only_names_is_quoted_from_the_source():
    error = {
        "output_type": "error",
        "ename": "E",
        "evalue": "m",
        "traceback": ["Cell In[7], line 2\n", "E: m"],
    }
    execution = Execution(status="error", outputs=[error], execution_count=7)
    assert shown(execution, source="a\nb()\nc") == "[error]\nCell In[7], line 2\n    b()\nE: m"


@pytest.mark.parametrize(
    ("error", "seen"),
    [
        ({"ename": "E", "evalue": "m", "traceback": []}, "[error] E: m"),
        ({"ename": "E", "evalue": "", "traceback": []}, "[error] E"),
        ({"ename": "E", "evalue": "m"}, "[error] E: m"),
        ({}, "[error] Error"),
        ({"ename": "E", "evalue": "m", "traceback": "E in f(): m\n"}, "[error] E in f(): m"),
        ({"ename": "E", "evalue": "m", "traceback": ["somewhere else"]}, "[error]\nsomewhere else\nE: m"),
    ],
)
def test_errors_of_other_kernels_are_shown_unchanged(error, seen):
    execution = Execution(status="error", outputs=[{"output_type": "error", **error}])
    assert shown(execution) == seen


def test_notes_of_an_exception_are_kept(run):
    text = shown(run("error = ValueError('bad')\nerror.add_note('try again')\nraise error"))
    assert text.endswith("ValueError: bad\ntry again")


def test_a_made_up_number_of_repetitions_is_not_counted_out():
    fold = "[... skipping similar frames: " + ", ".join(["a at line 1 (99999 times)"] * 500) + "]"
    lines = ["Cell In[1], line 1\n----> 1 a()", *[fold] * 500, "ValueError: no"]
    error = {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": lines}
    assert explain(error).endswith("ValueError: no")
