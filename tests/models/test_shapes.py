"""Whatever a server sends in answer to a request for a reply is read, or said in its own words."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_codeact.agent.contracts import Delta, ModelError, Usage
from jupyter_codeact.agent.replies.tool_calls import ToolsFormat
from jupyter_codeact.models.endpoints.replies.chunks import read_chunks
from jupyter_codeact.models.endpoints.replies.deltas import Deltas
from jupyter_codeact.models.endpoints.replies.sse import Decoder
from jupyter_codeact.models.endpoints.words import ServerError, UnreadableReplyError
from tests.models.outcomes import HELLO, answer_of, outcomes, sse
from tests.models.raw import Answer

END = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
LLAMA = {"prompt_n": 5, "prompt_ms": 1.0, "predicted_n": 3, "predicted_ms": 2.0}


def chunk(**delta: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}


def parts(*content: Any) -> dict[str, Any]:
    return chunk(content=list(content))


HELLO_WORLD = [chunk(content="hello "), chunk(content="world"), END]
MESSAGE = {"role": "assistant", "content": "hello world"}

REPLIES: dict[str, bytes | list[Any]] = {
    "a ping without choices": [{"type": "ping"}, *HELLO_WORLD],
    "null fields": [
        {"choices": None, "usage": None},
        {"choices": [{"index": 0, "delta": None, "finish_reason": None, "logprobs": None}]},
        chunk(role="assistant", content=None, tool_calls=None, reasoning_content=None),
        *HELLO_WORLD,
    ],
    "values that are no objects": [7, "x", [], [None], {}, *HELLO_WORLD],
    "a list of chunks in one event": [HELLO_WORLD],
    "text parts": [parts({"type": "text", "text": "hello "}), parts({"type": "text", "text": "world"}), END],
    "output_text parts": [parts({"type": "output_text", "text": {"value": "hello world"}}), END],
    "strings as parts": [parts("hello ", "world"), END],
    "one part that is no list": [chunk(content={"type": "text", "text": "hello world"}), END],
    "messages in place of deltas": [
        {"choices": [{"message": {"content": "hello "}}]},
        {"choices": [{"message": {"content": "world"}, "finish_reason": "stop"}]},
    ],
    "each message with all before it": [
        {"choices": [{"message": {"content": text}}]} for text in ("hello", "hello wor", "hello world")
    ]
    + [END],
    "the whole message again at the end": [
        *HELLO_WORLD[:2],
        {"choices": [{"delta": {}, "message": MESSAGE, "finish_reason": "stop"}]},
    ],
    "choices as an object": [{"choices": chunk(content="hello world")["choices"][0]}, END],
    "text of the old protocol": [{"choices": [{"text": "hello world", "finish_reason": "stop"}]}],
    "other choices beside the first": [
        {"choices": [{"index": 1, "delta": {"content": "no"}}]},
        {"choices": [{"index": 1, "delta": {"content": "no"}}, *chunk(content="hello world")["choices"]]},
        END,
    ],
    "a finish reason in the delta": [*HELLO_WORLD[:2], chunk(finish_reason="stop")],
    "a finish reason beside the choices": [
        *HELLO_WORLD[:2],
        {"choices": [], "finish_reason": "stop"},
        "[DONE]",
    ],
    "no finish reason, but DONE": [*HELLO_WORLD[:2], "[DONE]"],
    "no finish reason, but a count": [
        *HELLO_WORLD[:2],
        {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 2}},
    ],
    "a finish reason that is the word null": [
        {"choices": [{"delta": {"content": "hello world"}, "finish_reason": "null"}]},
        {"choices": [{"delta": {}, "finish_reason": "end_turn"}]},
    ],
    "a surrogate pair in two pieces": [chunk(content="hello world\ud83d"), chunk(content="\ude00"), END],
    "timings without cache_n": [{**one, "timings": LLAMA} for one in HELLO_WORLD],
    "timings that are no numbers": [{**one, "timings": {"predicted_n": "many"}} for one in HELLO_WORLD],
    "usage as text": [{**one, "usage": "none yet"} for one in HELLO_WORLD],
    "a control character as it is": [
        '{"choices":[{"delta":{"content":"hello world"},"logprobs":"\t"}]}',
        END,
    ],
    "no blank lines": sse(*HELLO_WORLD, "[DONE]", end="\n"),
    "no space after the colon": sse(*HELLO_WORLD, "[DONE]", begin="data:"),
    "carriage returns": sse(*HELLO_WORLD, end="\r\n\r\n"),
    "carriage returns alone": sse(*HELLO_WORLD, end="\r\r"),
    "a byte order mark": b"\xef\xbb\xbf" + sse(*HELLO_WORLD),
    "comments and other fields": b": hi\n\nretry: 5\nid: 1\nevent: message\n"
    + sse(*HELLO_WORLD)
    + b": bye\n\n",
    "JSON over several lines": b"".join(
        "".join(f"data: {line}\n" for line in json.dumps(one, indent=1).splitlines()).encode() + b"\n"
        for one in HELLO_WORLD
    ),
    "the last event without an end": sse(*HELLO_WORLD).rstrip(),
    "lines of JSON": b"".join(
        json.dumps({"message": {"role": "assistant", "content": text}, "done": done}).encode() + b"\n"
        for text, done in (("hello ", False), ("world", False), ("", True))
    ),
    "a reply in one": json.dumps({"choices": [{"message": MESSAGE, "finish_reason": "stop"}]}).encode(),
    "a reply in one, over several lines": json.dumps({"choices": [{"message": MESSAGE}]}, indent=2).encode(),
    "a reply in one, in an event": [{"choices": [{"message": MESSAGE, "finish_reason": "stop"}]}],
    "a reply within a wrapper": json.dumps({"data": {"choices": [{"message": MESSAGE}]}}).encode(),
}


def said(outcome: list[Delta] | ModelError) -> tuple[str, str]:
    """Return the text and the thinking of a reply; an error's sentence as text."""
    if isinstance(outcome, ModelError):
        return str(outcome), ""
    return "".join(delta.text for delta in outcome), "".join(delta.thinking for delta in outcome)


async def test_a_reply_is_read_in_any_shape() -> None:
    got = dict(zip(REPLIES, await outcomes(*map(answer_of, REPLIES.values())), strict=True))
    texts = {shape: said(outcome)[0].removesuffix("😀") for shape, outcome in got.items()}
    assert texts == dict.fromkeys(REPLIES, "hello world")
    assert {deltas[-1].finish_reason for deltas in got.values()} == {"stop"}
    assert all(deltas[-1].usage.completion_tokens > 0 for deltas in got.values())


async def test_a_compressed_reply_is_read() -> None:
    answer = Answer(content=gzip.compress(sse(*HELLO_WORLD)), headers={"Content-Encoding": "gzip"})
    [outcome] = await outcomes(answer)
    assert said(outcome) == ("hello world", "")


async def test_thinking_is_told_apart_in_any_field() -> None:
    answers = [answer_of([chunk(**thought), chunk(content="hello"), END]) for thought in THOUGHTS]
    assert [said(outcome) for outcome in await outcomes(*answers)] == [("hello", "hm")] * len(THOUGHTS)


async def test_a_lone_surrogate_is_replaced() -> None:
    [outcome] = await outcomes(
        answer_of([chunk(content="a\udc00b\ud83d"), chunk(content="c\ud83d", reasoning="\ud83d"), END])
    )
    assert said(outcome) == ("a\ufffdb\ufffdc\ufffd", "\ufffd")


THOUGHTS: list[dict[str, Any]] = [
    {"reasoning_content": "hm"},
    {"reasoning": "hm", "reasoning_details": [{"type": "reasoning.text", "text": "hm"}]},
    {"reasoning_details": [{"type": "reasoning.summary", "summary": "hm"}, {"type": "x", "data": "…"}]},
    {"thinking": "hm"},
    {"reasoning": [{"type": "text", "text": "hm"}]},
    {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]},
    {"content": [{"type": "reasoning", "text": "hm"}]},
    {"content": [{"text": "hm", "thought": True}]},
]


def test_a_stop_string_ends_the_text_where_the_server_ignores_it() -> None:
    deltas = Deltas(HELLO, stops=["</end>", "STOP"])
    texts = ("one <", "/e two </e", "nd> three", " four")
    fed = [deltas.feed(read) for text in texts for read in read_chunks(chunk(content=text))]
    assert "".join(delta.text for delta in fed[:3] if delta) == "one </e two "
    assert fed[2] is not None
    assert fed[2].finish_reason == "stop"
    assert deltas.is_stopped


def test_the_beginning_of_a_stop_string_is_text_if_nothing_follows() -> None:
    deltas = Deltas(HELLO, stops=["</end>"])
    fed = [deltas.feed(read) for value in (chunk(content="one </"), END) for read in read_chunks(value)]
    assert "".join(delta.text for delta in fed if delta) == "one </"


CODE = {"code": "print(1)"}
CALLS: dict[str, list[Any]] = {
    "arguments as an object": [{"index": 0, "function": {"name": "python", "arguments": CODE}}],
    "no index and no id": [
        {"function": {"name": "python", "arguments": '{"code": '}},
        {"function": {"arguments": '"print(1)"}'}},
    ],
    "the index as text": [
        {"index": "0", "function": {"name": "python", "arguments": ""}},
        {"index": "0", "function": {"arguments": json.dumps(CODE)}},
    ],
    "the name with each piece": [
        {"index": 0, "function": {"name": "python", "arguments": '{"code": '}},
        {"index": 0, "function": {"name": "python", "arguments": '"print(1)"}'}},
    ],
    "no function": [{"id": "1", "name": "python", "arguments": CODE}],
}


async def test_a_call_is_read_in_any_shape() -> None:
    answers = [answer_of([*(chunk(tool_calls=[call]) for call in calls), END]) for calls in CALLS.values()]
    for shape, outcome in zip(CALLS, await outcomes(*answers), strict=True):
        text = said(outcome)[0]
        assert [action.source for action in ToolsFormat().parse(text).actions] == ["print(1)"], shape
        assert text.count("<tool_call>") == text.count("</tool_call>") == 1, shape


@pytest.mark.parametrize("number", [{"index": 0, "id": "a"}, {}])
def test_calls_that_all_have_one_number_are_told_apart(number: dict[str, Any]) -> None:
    calls = [
        {**number, "function": {"name": "python", "arguments": json.dumps({"code": code})}}
        for code in ("print(1)", "print(2)")
    ]
    if number:
        calls[1]["id"] = "b"
    deltas = Deltas(HELLO)
    read = [deltas.feed(one) for value in (chunk(tool_calls=calls), END) for one in read_chunks(value)]
    text = "".join(delta.text for delta in read if delta)
    assert text.count("<tool_call>") == text.count("</tool_call>") == 2


COUNTED = Usage(prompt_tokens=40, cached_tokens=30, completion_tokens=20, reasoning_tokens=15)


@pytest.mark.parametrize(
    ("usage", "counted"),
    [
        (
            {
                "prompt_tokens": 40,
                "completion_tokens": 20,
                "prompt_tokens_details": {"cached_tokens": 30},
                "completion_tokens_details": {"reasoning_tokens": 15},
            },
            COUNTED,
        ),
        (
            {
                "prompt_tokens": "40",
                "completion_tokens": 20.0,
                "prompt_cache_hit_tokens": "30",
                "reasoning_tokens": 15,
                "prompt_tokens_details": None,
            },
            COUNTED,
        ),
        ({"input_tokens": 40, "output_tokens": 20}, Usage(prompt_tokens=40, completion_tokens=20)),
        ({"total_tokens": 60, "completion_tokens": 20}, Usage(prompt_tokens=40, completion_tokens=20)),
    ],
)
def test_tokens_are_counted_however_they_are_spelled(usage: Any, counted: Usage) -> None:
    assert cost(usage) == counted


@pytest.mark.parametrize("usage", [None, "7", {}, {"prompt_tokens": None}, {"prompt_tokens": -1}, {"x": "y"}])
def test_a_count_that_tells_nothing_is_an_estimate(usage: Any) -> None:
    assert cost(usage).estimated
    assert cost(usage).prompt_tokens > 0


def cost(usage: Any) -> Usage:
    deltas, found = Deltas(HELLO), []
    for value in (*HELLO_WORLD[:2], {**END, "usage": usage}):
        found += [deltas.feed(read) for read in read_chunks(value)]
    return found[-1].usage


FIELDS = (
    *("choices", "delta", "message", "content", "type", "text", "thinking", "reasoning", "error", "detail"),
    *("usage", "prompt_tokens", "completion_tokens", "timings", "predicted_n", "finish_reason"),
    *("tool_calls", "function", "arguments", "name", "index", "id"),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(FIELDS) | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@given(JSON, st.lists(st.dictionaries(st.sampled_from(["delta", "message", "text"]), JSON, max_size=3)))
def test_no_value_is_too_odd(value: Any, choices: list[Any]) -> None:
    for one in (value, {"choices": value}, {"choices": choices}, {"usage": value, "choices": choices}):
        deltas = Deltas(HELLO)
        for read in read_chunks(one):
            if read.error is not None:
                assert isinstance(ServerError(None, read.error).words, str)
            elif delta := deltas.feed(read):
                delta.text.encode()
                delta.thinking.encode()


@given(
    st.lists(st.binary(max_size=20) | st.sampled_from([b"data: ", b"\n", b"{", b"}", b"[", b"event: error"]))
)
def test_no_bytes_are_too_odd(pieces: list[bytes]) -> None:
    decoder = Decoder()
    try:
        for piece in pieces:
            list(decoder.feed(piece))
        list(decoder.end())
    except UnreadableReplyError:
        pass


@given(st.sampled_from([reply for reply in REPLIES.values() if isinstance(reply, bytes)]), st.integers(1, 9))
def test_it_does_not_matter_how_the_bytes_are_cut(reply: bytes, size: int) -> None:
    def values(*pieces: bytes) -> list[Any]:
        decoder = Decoder()
        return [*(value for piece in pieces for value in decoder.feed(piece)), *decoder.end()]

    assert values(*(reply[i : i + size] for i in range(0, len(reply), size))) == values(reply)
