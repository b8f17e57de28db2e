"""Grades answers in words, like MINT."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Mapping
from typing import Any

_NUMBER = re.compile(r"[-+]?(?:\d[\d,]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_FRACTION = re.compile(r"([-+]?(?<!\d)\d+)\s*/\s*(\d+)")
_OPTION = re.compile(r"\b([A-Z])\s*\)")

TOLERANCE = {"gsm8k": 0.05, "math": 0.05, "theoremqa": 0.04}
"""The relative error that a number may have."""


def grade(family: str, item: Mapping[str, Any], answer: str) -> bool:
    """Tell whether an answer is right.

    Numbers may deviate by `TOLERANCE`; letters, truth values and lists must equal the reference; any other
    reference must occur in the answer, ignoring articles and punctuation.
    """
    reference = item["reference"]
    kind = item.get("answer_type")
    if family == "mmlu" or kind == "option":
        return option(answer) == option(str(reference)) != ""
    if isinstance(reference, bool):
        verdicts = set(re.findall(r"true|false|yes|no", answer.lower()))
        return bool(verdicts) and verdicts <= ({"true", "yes"} if reference else {"false", "no"})
    if isinstance(reference, list):
        return numbers_in_list(answer) == [float(element) for element in reference]
    if family in TOLERANCE:
        found = number(answer)
        expected = float(reference)
        return found is not None and abs(found - expected) <= TOLERANCE[family] * abs(expected) + 1e-9
    words, expected_words = plain(answer).split(), plain(str(reference)).split()
    size = len(expected_words)
    return size > 0 and any(words[n : n + size] == expected_words for n in range(len(words) - size + 1))


def number(text: str) -> float | None:
    """Return the last number in a text; ``3/4`` counts as one."""
    fraction = _FRACTION.findall(text)
    found = _NUMBER.findall(text.replace("\N{MINUS SIGN}", "-"))
    try:
        if fraction and int(fraction[-1][1]):
            return int(fraction[-1][0]) / int(fraction[-1][1])
        return float(found[-1].replace(",", "")) if found else None
    except (ValueError, OverflowError):  # thousands of digits, among others
        return None


def numbers_in_list(text: str) -> list[float] | None:
    """Return the last list of numbers in a text."""
    for found in reversed(re.findall(r"[\[(][^\[\]()]*[\])]", text)):
        try:
            return [float(item) for item in ast.literal_eval(found)]
        except (ValueError, SyntaxError, TypeError):
            continue
    return None


def option(text: str) -> str:
    """Return the letter that a text chooses, in lower case; empty if it is not clear which."""
    stripped = text.strip().strip(".()*`\"' ").lower()
    if re.fullmatch(r"[a-z]", stripped):
        return stripped
    found = re.search(r"\b(?:option|answer)\W*(?:is\W*)?\(?([a-z])\b\)?", text, re.IGNORECASE) or re.match(
        r"\W*([A-Za-z])\s*[).:]", text
    )
    return found[1].lower() if found else ""


def letter_options(prompt: str) -> list[str]:
    """Return the letters of a question's options."""
    return sorted(set(_OPTION.findall(prompt.partition("Options")[2])))


def plain(text: str) -> str:
    """Return a text in lower case, without articles and punctuation."""
    kept = "".join(" " if character in string.punctuation else character for character in text.lower())
    return " ".join(word for word in kept.split() if word not in ("a", "an", "the"))
