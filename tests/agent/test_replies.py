"""Replies that real small models wrote, at several temperatures and limits, and what each is taken for."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from jupyter_codeact.agent.replies.formats import FORMATS

REPLIES = [
    pytest.param(reply, id=f"{path.stem}-{number}")
    for path in sorted((Path(__file__).parent / "replies").glob("*.json"))
    for number, reply in enumerate(json.loads(path.read_text()))
]


@pytest.mark.parametrize("case", REPLIES)
def test_a_real_reply_is_understood_as_a_reader_would(case):
    reply, expected = case["reply"], case["expected"]
    parsed = FORMATS[case["format"]].parse(reply)
    assert [asdict(action) for action in parsed.actions] == expected["actions"]
    assert parsed.prose == expected.get("prose", reply.strip())
    assert parsed.text == expected.get("text", reply)
    assert parsed.incomplete == expected["incomplete"]


@pytest.mark.parametrize("case", REPLIES)
def test_a_real_reply_means_the_same_when_it_is_cut_as_soon_as_it_may_be(case):
    form, reply = FORMATS[case["format"]], case["reply"]
    end = next((end for end in range(len(reply)) if form.is_complete(reply[:end])), len(reply))
    assert form.parse(reply[:end]) == form.parse(reply)
    if not case["expected"]["actions"]:
        assert end == len(reply)


@pytest.mark.parametrize("case", [case for case in REPLIES if case.values[0]["format"] == "execute"])
def test_a_real_reply_means_the_same_when_the_engine_stops_at_the_tag_and_takes_it(case):
    form, reply = FORMATS["execute"], case["reply"]
    (stop,) = form.stop
    assert form.parse(reply.partition(stop)[0]) == form.parse(reply)
