"""Parsing a streaming reply: what frontends have shown at its end is the whole reply."""

from __future__ import annotations

import json
from math import inf
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_codeact.agent.contracts import Delta
from jupyter_codeact.agent.replies.formats import FORMATS
from jupyter_codeact.agent.replies.markdown import MarkdownFormat
from jupyter_codeact.agent.replies.parsing import ReplyParser
from jupyter_codeact.agent.replies.reader import ReplyReader
from jupyter_codeact.agent.replies.reply import Preview

REAL = [
    (case["format"], case["reply"])
    for path in sorted((Path(__file__).parent / "replies").glob("*.json"))
    for case in json.loads(path.read_text())
]


def show(reader: ReplyReader, deltas: list[Delta]) -> tuple[Preview, int]:
    """Return what a frontend shows after these deltas, and how often it had to restart."""
    preview, restarts = Preview(), 0
    for delta in [*deltas, None]:
        update = reader.finish() if delta is None else reader.feed(delta)
        if update is None:
            continue
        restarts += update.restart
        before = Preview() if update.restart else preview
        preview = Preview(
            before.thinking + update.thinking, before.prose + update.prose, before.action + update.action
        )
    return preview, restarts


def chunks(text: str, size: int = 3) -> list[Delta]:
    return [Delta(text=text[start : start + size]) for start in range(0, len(text), size)]


@pytest.mark.parametrize(("name", "reply"), REAL)
def test_a_streamed_real_reply_is_shown_as_the_whole_one_is(name: str, reply: str) -> None:
    preview, _ = show(ReplyReader(FORMATS[name]), chunks(reply))
    assert preview == FORMATS[name].preview(reply)


@given(st.sampled_from(sorted(FORMATS)), st.text(alphabet="ab `~<>/thinkexecu\n", max_size=60))
def test_any_streamed_text_is_shown_as_the_whole_one_is(name: str, text: str) -> None:
    preview, _ = show(ReplyReader(FORMATS[name]), chunks(text, 1))
    assert preview == FORMATS[name].preview(text)


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
def test_an_ordinary_reply_is_shown_without_restarts(name: str, reply: str) -> None:
    preview, restarts = show(ReplyReader(FORMATS[name]), chunks(f"<think>Plus?</think>{reply}", 1))
    assert (preview.thinking, preview.prose, preview.action.strip()) == (
        "Plus?",
        "I will add.",
        "x = 1\nprint(x)",
    )
    assert restarts == 0


def test_prose_that_quotes_a_tag_remains_prose() -> None:
    reply = "Models write `<execute>` around code, and then stop."
    assert show(ReplyReader(FORMATS["markdown"]), chunks(reply))[0] == Preview(prose=reply)


@pytest.mark.parametrize("name", sorted(FORMATS))
@pytest.mark.parametrize(
    "code",
    [
        """print('<tool_call>{"name": "python", "arguments": {"code": "x"}}</tool_call>')""",
        "text = '''\n```python\nx\n```\n'''",
    ],
)
def test_an_action_in_the_string_of_code_that_is_still_being_written_is_not_the_action(
    name: str, code: str
) -> None:
    reader = ReplyReader(FORMATS[name])
    for delta in chunks(f"Let me see: <execute>{code}</execute>", 1):
        assert not reader.is_complete
        reader.feed(delta)
    reader.finish()
    assert [action.source for action in reader.parsed().actions] == [code]


@pytest.mark.parametrize(
    "reply",
    [
        "So <|python_tag|>text = '''\n```python\nx\n```\n'''<|eom_id|>",
        "Let me see: <execute>text = '''\n</think>\n```python\nx\n```\n'''\n</execute>",
        "```python\ntext = '''\n</think>\n<execute>\nx\n</execute>\n'''\n```",
    ],
)
def test_no_action_is_complete_while_what_came_before_may_become_one(reply: str) -> None:
    reader, whole = ReplyReader(FORMATS["markdown"]), ReplyReader(FORMATS["markdown"])
    for delta in chunks(reply, 1):
        if reader.is_complete:
            break
        reader.feed(delta)
    reader.finish()
    whole.feed(Delta(text=reply))
    assert reader.parsed().actions == whole.parsed().actions
    assert "text = " in whole.parsed().actions[0].source


def test_thinking_from_the_endpoint_and_from_tags_is_joined() -> None:
    reader = ReplyReader(FORMATS["markdown"])
    deltas = [Delta(thinking="First "), Delta(thinking="this."), *chunks("<think>Then that.</think>\nFour.")]
    preview, _ = show(reader, deltas)
    assert preview == Preview(thinking="First this.\n\nThen that.", prose="Four.")
    parsed = reader.parsed()
    assert (parsed.thinking, parsed.prose, parsed.text) == (preview.thinking, "Four.", "Four.")


def test_a_lost_connection_restarts_the_reply() -> None:
    reader = ReplyReader(FORMATS["markdown"])
    preview, restarts = show(
        reader, [Delta(text="It is 4"), Delta(text="It is", restart=True), Delta(text=" 5.")]
    )
    assert (preview.prose, restarts, reader.parsed().text) == ("It is 5.", 1, "It is 5.")


@pytest.mark.parametrize("unit", ["Well. ", "```\nx\n```\n", "<think>", "x = 1\n", "<tool_call>\n"])
def test_the_work_on_a_streaming_reply_is_linear_in_its_length(
    unit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    action_format = MarkdownFormat()
    lengths: list[int] = []
    monkeypatch.setattr(action_format, "preview", lambda text: lengths.append(len(text)) or Preview())
    worked = []
    for size in (25_000, 200_000):
        lengths.clear()
        reader = ReplyReader(action_format)
        for delta in chunks("```python\n" + unit * (size // len(unit)), 4):
            reader.feed(delta)
        worked.append(sum(lengths))
    assert worked[1] < 10 * worked[0]


def test_the_endpoints_own_thinking_is_passed_on_without_parsing_anything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    action_format = MarkdownFormat()
    monkeypatch.delattr(ReplyParser, "preview")
    reader = ReplyReader(action_format)
    updates = [reader.feed(Delta(thinking="hm ")) for _ in range(50_000)]
    assert sum(len(update.thinking) for update in updates if update) == 150_000


@pytest.mark.parametrize("thinking", ["", "<think>No.</think>", "No.</think>\n"])
def test_an_action_is_complete_only_after_thinking_if_it_may_be_part_of_it(thinking: str) -> None:
    reader = ReplyReader(FORMATS["markdown"], wait=inf)
    reader.feed(Delta(text=f"{thinking}```python\nf()\n```\n"))
    assert reader.is_complete is bool(thinking)
    reader = ReplyReader(FORMATS["markdown"], wait=inf)
    reader.feed(Delta(thinking="No."))
    reader.feed(Delta(text="```python\nf()\n```\n"))
    assert reader.is_complete
