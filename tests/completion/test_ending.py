"""How much of what a model writes is taken as a completion."""

from __future__ import annotations

import pytest

from jupyter_codeact.completion.ending import MOST_LINES, Ending

CASES = {
    "a line ends with the line": ("df = pd.read_", "", "csv('a.csv')\ndf.head()\n", "csv('a.csv')"),
    "a call goes on until its brackets are closed": (
        "plt.plot(",
        "",
        "\n    x,\n    y,\n)\nplt.show()",
        "\n    x,\n    y,\n)",
    ),
    "a block ends where its indentation does": (
        "for name in ",
        "",
        "names:\n    print(name)\n    n += 1\nprint(n)\n",
        "names:\n    print(name)\n    n += 1",
    ),
    "a function's body follows its first line": (
        "def mean(values):",
        "",
        "\n    return sum(values) / len(values)\n\nmean([1])",
        "\n    return sum(values) / len(values)",
    ),
    "in a function it ends with the function": (
        "def mean(values):\n    ",
        "",
        "total = sum(values)\n    return total / len(values)\nmean([1])\n",
        "total = sum(values)\n    return total / len(values)",
    ),
    "what a comment announces ends with a blank line": (
        "# plot it\n",
        "",
        "plt.plot(x)\nplt.show()\n\nx = 2\n",
        "plt.plot(x)\nplt.show()",
    ),
    "and so does what follows at the end of a comment": (
        "# plot it",
        "",
        "\nplt.plot(x)\nplt.show()\n\nx = 2\n",
        "\nplt.plot(x)\nplt.show()",
    ),
    "a statement that is whole is not followed by another one": ("import os", "", "\nimport sys\n", ""),
    "what stands behind the cursor is not repeated": ("print(", ")", "x)\n", "x"),
    "nor are brackets that belong to the call": ("print(len(", "))", "x))\n", "x"),
    "nor is the next line": ("x = 1\n", "\nprint(x)", "y = 2\nprint(x)\nz = 3", "y = 2"),
    "nor is the line that is already there": ("total = ", "", "total = sum(price)\n", "sum(price)"),
    "before other text only this line is completed": ("for x in ", ":\n    pass", "y:\n    q\n", "y"),
    "a string of several lines is whole": (
        "def f():",
        "",
        '\n    """Say it.\n\n    At length.\n    """\n    return 1\n\nf()',
        '\n    """Say it.\n\n    At length.\n    """\n    return 1',
    ),
    "one that is not closed is left out": ("x = 1\n", "", 'y = 2\nz = """It goes\non and on', "y = 2"),
    "fences are left out": ("x = ", "", "```python\nx = 1 + 1\n```\nThis adds.", "1 + 1"),
    "the model's own marks end it": ("x = ", "", "1<|fim_pad|>2", "1"),
    "indentation is not given twice": ("if x:\n    ", "", "    y = 1\n    z = 2\nw", "y = 1\n    z = 2"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_completion_ends_with_the_line_or_block(case: str) -> None:
    before, after, written, taken = CASES[case]
    assert Ending(before, after).cut(written, is_complete=True) == taken


@pytest.mark.parametrize("case", CASES)
def test_what_arrives_in_pieces_ends_at_the_same_place(case: str) -> None:
    before, after, written, taken = CASES[case]
    ending = Ending(before, after)
    read = next((end for end in range(len(written)) if ending.is_whole(written[:end])), len(written))
    assert ending.cut(written[:read], is_complete=read == len(written)) == taken


def test_a_line_that_was_cut_off_is_left_out() -> None:
    assert Ending("# both\n", "").cut("x = 1\ny = some_na", is_complete=False) == "x = 1"
    assert Ending("x = ", "").cut("some_na", is_complete=False) == ""


def test_it_is_never_long() -> None:
    written = "x += 1\n" * 100
    assert Ending("# count\n", "").cut(written, is_complete=True).count("\n") == MOST_LINES - 1
