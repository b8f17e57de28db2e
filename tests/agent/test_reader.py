"""A reply is read as it streams: what frontends draw of it ends as what it is when it is whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_codeact.agent.contracts import Delta
from jupyter_codeact.agent.replies.formats import FORMATS
from jupyter_codeact.agent.replies.reader import ReplyReader
from jupyter_codeact.agent.replies.reply import Preview

REAL = [
    (case["format"], case["reply"])
    for path in sorted((Path(__file__).parent / "replies").glob("*.json"))
    for case in json.loads(path.read_text())
]


def drawn(reader: ReplyReader, deltas: list[Delta]) -> tuple[Preview, int]:
    """Return what a frontend has drawn after these pieces, and how often it began anew."""
    shown, restarts = Preview(), 0
    for delta in deltas:
        piece = reader.feed(delta)
        if piece is None:
            continue
        restarts += piece.restart
        before = Preview() if piece.restart else shown
        shown = Preview(
            before.thinking + piece.thinking, before.prose + piece.prose, before.action + piece.action
        )
    return shown, restarts


def pieces(text: str, size: int = 3) -> list[Delta]:
    return [Delta(text=text[start : start + size]) for start in range(0, len(text), size)]


@pytest.mark.parametrize(("name", "reply"), REAL)
def test_what_is_drawn_of_a_real_reply_is_what_it_is(name: str, reply: str) -> None:
    shown, _ = drawn(ReplyReader(FORMATS[name]), pieces(reply))
    assert shown == FORMATS[name].preview(reply)


@given(st.sampled_from(sorted(FORMATS)), st.text(alphabet="ab `~<>/thinkexecu\n", max_size=60))
def test_any_text_in_any_pieces_is_drawn_as_it_is_when_it_comes_at_once(name: str, text: str) -> None:
    shown, _ = drawn(ReplyReader(FORMATS[name]), pieces(text, 1))
    assert shown == FORMATS[name].preview(text)


@pytest.mark.parametrize(
    ("name", "reply"),
    [
        ("markdown", "I will add.\n\n```python\nx = 1\nprint(x)\n```"),
        ("execute", "I will add.\n\n<execute>\nx = 1\nprint(x)\n</execute>"),
        (
            "tools",
            'I will add.\n\n<tool_call>\n{"name": "python", "arguments": {"code": "x = 1\\nprint(x)"}}',
        ),
    ],
)
def test_a_usual_reply_is_drawn_piece_by_piece_without_beginning_anew(name: str, reply: str) -> None:
    shown, restarts = drawn(ReplyReader(FORMATS[name]), pieces(f"<think>Plus?</think>{reply}", 1))
    assert (shown.thinking, shown.prose, shown.action.strip()) == ("Plus?", "I will add.", "x = 1\nprint(x)")
    assert restarts == 0


def test_prose_that_quotes_a_tag_stays_prose() -> None:
    reply = "Models write `<execute>` around code, and then stop."
    assert drawn(ReplyReader(FORMATS["markdown"]), pieces(reply))[0] == Preview(prose=reply)


def test_thinking_that_the_endpoint_sets_apart_comes_with_that_between_tags() -> None:
    reader = ReplyReader(FORMATS["markdown"])
    deltas = [Delta(thinking="First "), Delta(thinking="this."), *pieces("<think>Then that.</think>\nFour.")]
    shown, _ = drawn(reader, deltas)
    assert shown == Preview(thinking="First this.\n\nThen that.", prose="Four.")
    parsed = reader.parsed()
    assert (parsed.thinking, parsed.prose, parsed.text) == (shown.thinking, "Four.", "Four.")


def test_a_lost_connection_begins_the_reply_anew() -> None:
    reader = ReplyReader(FORMATS["markdown"])
    shown, restarts = drawn(
        reader, [Delta(text="It is 4"), Delta(text="It is", restart=True), Delta(text=" 5.")]
    )
    assert (shown.prose, restarts, reader.parsed().text) == ("It is 5.", 1, "It is 5.")
