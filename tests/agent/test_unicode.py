"""Text from outside becomes valid Unicode."""

from __future__ import annotations

import pytest

from jupyter_codeact.agent.unicode import valid, valid_text


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("grüezi 😀", "grüezi 😀"),
        ("caf\udce9", "café"),  # as Python decodes the byte E9 of an argument or a file name
        ("\udc80 5", "€ 5"),
        ("\udc81", "\ufffd"),  # Windows-1252 has no such character
        ("a\ud83db", "a\ufffdb"),
        ("\ud83d\ude00", "😀"),
        ("\ude00\ud83d", "\ufffd\ufffd"),
    ],
)
def test_what_cannot_be_encoded_becomes_what_was_most_likely_meant(text: str, seen: str) -> None:
    assert valid_text(text) == seen


def test_every_text_in_json_is_made_valid() -> None:
    value = {"caf\udce9": ["\ud83d", 1, None, {"a": "b"}]}
    assert valid(value) == {"café": ["\ufffd", 1, None, {"a": "b"}]}
