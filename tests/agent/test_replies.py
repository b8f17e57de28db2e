"""Replies of real small models, at several temperatures and limits, and how each is parsed."""

import json
from pathlib import Path

import pytest

from jupyter_codeact.agent.replies.formats import FORMATS
from jupyter_codeact.agent.replies.reply import CodeAction

REPLIES = [
    pytest.param(reply, id=f"{path.stem}-{number}")
    for path in sorted((Path(__file__).parent / "replies").glob("*.json"))
    for number, reply in enumerate(json.loads(path.read_text()))
]


@pytest.mark.parametrize("case", REPLIES)
def test_a_real_reply_is_parsed_as_a_reader_would_understand_it(case):
    reply, expected = case["reply"], case["expected"]
    parsed = FORMATS[case["format"]].parse(reply)
    assert list(parsed.actions) == [CodeAction(**action) for action in expected["actions"]]
    assert parsed.prose == expected.get("prose", reply.strip())
    assert parsed.text == expected.get("text", reply)
    assert bool(parsed.fault) == expected["incomplete"]


@pytest.mark.parametrize("case", REPLIES)
def test_a_real_reply_cut_when_it_is_complete_is_parsed_the_same(case):
    action_format, reply = FORMATS[case["format"]], case["reply"]
    end = next((end for end in range(len(reply)) if action_format.is_complete(reply[:end])), len(reply))
    assert action_format.parse(reply[:end]) == action_format.parse(reply)
    if not case["expected"]["actions"]:
        assert end == len(reply)


@pytest.mark.parametrize("case", [case for case in REPLIES if case.values[0]["format"] == "execute"])
def test_a_real_reply_without_its_stop_sequence_is_parsed_the_same(case):
    action_format, reply = FORMATS["execute"], case["reply"]
    (stop,) = action_format.stop
    assert action_format.parse(reply.partition(stop)[0]) == action_format.parse(reply)
