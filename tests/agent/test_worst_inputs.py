"""Nothing that a model or a program writes raises or takes long: made up at random, and the worst by hand."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_codeact.agent.attempt import part_that_ran
from jupyter_codeact.agent.claims import claims_in
from jupyter_codeact.agent.contracts import Delta, Execution
from jupyter_codeact.agent.ending import Ended
from jupyter_codeact.agent.events import Action, Executed, Observation
from jupyter_codeact.agent.gate.risks import RiskReader
from jupyter_codeact.agent.hooks.grounding import ungrounded_values
from jupyter_codeact.agent.hooks.nearest import suggest_lookups
from jupyter_codeact.agent.observations.displays import names_object, shows_nan
from jupyter_codeact.agent.observations.observe import observe
from jupyter_codeact.agent.observations.terminal import strip_terminal_codes
from jupyter_codeact.agent.replies.formats import FORMATS
from jupyter_codeact.agent.replies.reader import MAX_REPLY, ReplyReader
from jupyter_codeact.agent.run import Budget
from jupyter_codeact.agent.source import MAX_SOURCE, looks_like_code, normalized, syntax_tree
from jupyter_codeact.agent.told_secrets import mask_told
from jupyter_codeact.agent.turn import ending_of
from tests.agent import made_up

SIZE = 40_000
MOST = 1.5
"""Seconds of work on so much, on a slow machine; what is not linear takes much longer."""

REPLIES = [
    *(
        "```\n",
        "```python\nx = 1\n",
        "```\nout 1\n```\n",
        "x",
        " ",
        "\n",
        "<think>",
        "</think>\n",
        "<tool_call>\n",
    ),
    *(
        "[",
        '{"name":',
        "<execute>\n",
        "`",
        "- ",
        "| ",
        "<|",
        "<code>x</code> is\n",
        "'''\n```\n",
        "cat <<EOF\n```\n",
    ),
]
OUTPUTS = [
    *(
        "<a b='c",
        "<!--",
        "<a ",
        "</",
        "<a =",
        "<",
        "&",
        "<td>x",
        "<text>",
        "<!-- ",
        "\x1b[31mx\x1b[0m",
        "\x1b[9999Cx",
    ),
    *("x\x1b[1K", "abc\r", "ab\b", "\x1b[9999Gx\n", "x\n\x1b[9999A", "= nan ", "File ", ":1, in "),
]


def took(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_replies_in_random_pieces_are_read_as_the_whole(name: str) -> None:
    chance = random.Random(f"replies {name}")
    for _ in range(250):
        text = made_up.reply(chance)
        reader = ReplyReader(FORMATS[name])
        for piece in made_up.pieces(chance, text):
            reader.feed(Delta(text=piece))
            if reader.is_complete:
                break
        reader.finish()
        at_once = ReplyReader(FORMATS[name])
        at_once.feed(Delta(text=text))
        whole, read = at_once.parsed(), reader.parsed()
        if not reader.is_complete:
            assert read == whole, made_up.described(text)
        elif not whole.unopened:  # a late mark says that all before it was thinking
            assert read.actions == whole.actions, made_up.described(text)


def test_outputs_made_up_at_random_become_observations() -> None:
    chance = random.Random("outputs")
    for _ in range(250):
        outputs = made_up.outputs(chance)
        execution = Execution(status="ok", outputs=outputs)
        observed = observe(execution, nonce="7f3a9c21", supports_images=True, budget=4000)
        observed.text.encode()
        assert len(observed.text) < 5000
        assert observed.text.count("7f3a9c21") in (0, 2)
        names_object(outputs)
        shows_nan(outputs)


@pytest.mark.parametrize("unit", REPLIES)
def test_the_worst_replies_are_read_in_linear_time(unit: str) -> None:
    text = unit * (SIZE // len(unit))
    assert took(lambda: FORMATS["markdown"].parse(text)) < MOST
    assert took(lambda: FORMATS["markdown"].parse("```python\n" + text)) < MOST
    reader = ReplyReader(FORMATS["markdown"])

    def stream() -> None:
        for start in range(0, len(text), 4):
            reader.feed(Delta(text=text[start : start + 4]))
        reader.finish()

    assert took(stream) < 2 * MOST


@pytest.mark.parametrize("unit", OUTPUTS)
def test_the_worst_outputs_are_described_in_linear_time(unit: str) -> None:
    text = unit * (SIZE // len(unit))
    shapes: list[dict[str, Any]] = [
        {"output_type": "stream", "name": "stdout", "text": text},
        {"output_type": "display_data", "data": {"text/html": f"<table><tr><td>{text}", "text/plain": "x"}},
        {"output_type": "display_data", "data": {"image/svg+xml": f"<svg>{text}"}},
        {"output_type": "error", "ename": "E", "evalue": text, "traceback": [text, f"File {text}\n-> 1 a"]},
    ]
    for output in shapes:
        execution = Execution(status="ok", outputs=[output])
        assert took(lambda execution=execution: observe(execution, nonce="n")) < MOST


LONG_LINE = [{"output_type": "stream", "name": "stdout", "text": "x" * 30_000_000}]
QUADRATIC = {
    "quotation marks": lambda: claims_in("“" * SIZE, [], "r"),
    "quotation marks without a cell": lambda: ungrounded_values("“" * SIZE, [], "r"),
    "code in an answer without an end": lambda: ungrounded_values("`" + "A" * SIZE, [], "r"),
    "dots before a name that is not found": lambda: suggest_lookups(
        "open('x')",
        Execution(status="ok", outputs=[{"output_type": "stream", "name": "stdout", "text": "not found"}]),
        [Observation(text="." * SIZE, conversation="c", run="r", turn=1)],
    ),
    "one line of 30 MB": lambda: (names_object(LONG_LINE), shows_nan(LONG_LINE)),
    "an install that is none": lambda: RiskReader().read("%%bash\n" + "uv " * (SIZE // 3)),
    "comments in SQL": lambda: RiskReader().read("%%sql\n" + "/*a" * (SIZE // 3)),
    "copies in SQL": lambda: RiskReader().read("%%sql\n" + "copy " * (SIZE // 5)),
    "passwords without digits": lambda: mask_told(["password=x" * (SIZE // 10)]),
    "passwords that are said": lambda: mask_told(["the password is " * (SIZE // 16)]),
    "a path of a secret": lambda: RiskReader().read("%cat " + "/client_secret" * (SIZE // 14)),
}
"""What takes a regular expression time in proportion to the square of the length, unless it is careful."""


@pytest.mark.parametrize("work", QUADRATIC.values(), ids=list(QUADRATIC))
def test_no_regular_expression_goes_back_again_and_again(work: Callable[[], object]) -> None:
    assert took(work) < 0.5


DEEP = {
    "a sum": "x = " + "1 + " * 1000 + "1",
    "elifs": "if a: pass\n" + "elif a: pass\n" * 400,
    "joined strings": "x = " + "'a' + " * 400 + "'b'",
    "attributes": "x" + ".a" * 3000,
    "calls": "x" + "()" * 900,
    "brackets": "[" * 90 + "]" * 90,
    "signs": "x = " + "-" * 2000 + "1",
    "lambdas": "lambda: " * 900 + "1",
    "long": "x = 1\n" * (MAX_SOURCE // 6 + 1),
}


@pytest.mark.parametrize("source", DEEP.values(), ids=list(DEEP))
def test_no_source_is_too_deep_or_too_long(source: str) -> None:
    place = {"conversation": "c", "run": "r", "turn": 1}
    execution = Execution(
        status="ok", outputs=[{"output_type": "stream", "name": "stdout", "text": "not found"}]
    )
    events = [
        Observation(text="Task", **place),
        Action(source=source, **place),
        Executed(cell_id="a", **execution.model_dump(), **place),
    ]
    RiskReader().read(source)
    normalized(source)
    looks_like_code(source, fenced=True)
    suggest_lookups(source, execution, events)
    assert ungrounded_values("It is 4711.", events, "r") == ["4711"]
    [action] = FORMATS["markdown"].parse(f"```python\n{source}\n```\n").actions
    assert action.source == source.strip()


@pytest.mark.parametrize("end", ["\r", "\r\n", "\n"])
def test_a_carriage_return_ends_a_line_of_code_as_it_does_for_python(end: str) -> None:
    [action] = FORMATS["markdown"].parse(f"```\nprices = [1]{end}print(prices)\n```\n").actions
    assert action.source.splitlines() == ["prices = [1]", "print(prices)"]
    error = {"output_type": "error", "ename": "NameError", "evalue": "", "traceback": ["Cell In[1], line 2"]}
    failed = Execution(status="error", outputs=[error])
    assert part_that_ran(action.source, failed) == "prices = [1]"


def test_source_that_cannot_be_read_is_told_by_the_gate() -> None:
    assert syntax_tree(DEEP["a sum"]) is None
    assert RiskReader().read(DEEP["a sum"])


def test_a_reply_without_end_is_kept_up_to_a_limit() -> None:
    reader = ReplyReader(FORMATS["markdown"])
    reader.feed(Delta(text="x" * 10_000_000))
    assert reader.is_endless
    assert reader.length == MAX_REPLY == len(reader.parsed().text)


@pytest.mark.parametrize(
    ("text", "repeats"),
    [
        ("x = [" + "0, " * 300 + "]", False),
        ("".join(f"| {n} | 0.0 | 0.0 | 0.0 | 0.0 |\n" for n in range(500)), False),
        (f"print('{'=' * 900}')", False),
        ("assert check(5) is None  # as in the task\n" * 7, False),
        ("all" * 400, True),
        ("Now " + "call all the functions again, well. " * 40, True),
        ("Hm.\n" + f"{'Let me think about this once more. ' * 13}\n" * 9, True),
        ("".join(map(str, range(300))) * 5, True),
        ("".join(map(str, range(300))) * 3, False),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 5000])
def test_a_loop_is_told_from_long_data(text: str, repeats: bool, size: int) -> None:
    reader = ReplyReader(FORMATS["markdown"])
    found = False
    for start in range(0, len(text), size):
        reader.feed(Delta(text=text[start : start + size]))
        found |= reader.repeats_itself
    assert found is repeats


def test_of_a_long_text_the_beginning_and_the_end_are_read() -> None:
    shown = strip_terminal_codes(f"first\n{'x' * 10_000_000}\nlast")
    assert len(shown) < 250_000
    assert shown.startswith("first")
    assert shown.endswith("last")
    assert "characters left out" in shown


def test_labels_are_read_from_an_svg_however_broken() -> None:
    data = {"image/svg+xml": "<svg><title>Weights</title><text>a <tspan>b</tspan></text><!-- c --><text>d"}
    execution = Execution(status="ok", outputs=[{"output_type": "display_data", "data": data}])
    assert "labels: Weights, a b, c" in observe(execution, nonce="n").text


@pytest.mark.parametrize(
    ("overrun", "limit", "ending", "begins"),
    [
        (
            Ended("out_of_time", message="No answer within 3 seconds."),
            None,
            "out_of_time",
            "No answer within 3 s",
        ),
        (Ended("stopped", message="Stopped."), None, "stopped", "Stopped. The cell did not end"),
        (None, 1.0, "failed", "The cell did not end when it was interrupted"),
        (None, None, "failed", "The kernel died while it ran the cell"),
    ],
)
def test_a_kernel_that_was_ended_because_a_cell_did_not_stop_has_not_died(
    overrun: Ended | None, limit: float | None, ending: str, begins: str
) -> None:
    run: Any = SimpleNamespace(budget=Budget(cell_seconds=limit), overrun=lambda: overrun)
    ended = ending_of(Execution(status="dead", outputs=[], seconds=2.0), run, "f()")
    assert ended is not None
    assert (ended.ending, ended.message.startswith(begins)) == (ending, True)
