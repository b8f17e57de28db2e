"""Whether a cell shows what it showed before, and if not, what is different, in a sentence.

Ignored is whatever differs between any two runs and says nothing about the work: execution counts, memory
addresses, IPython's temporary files, identifiers that libraries generate for HTML, the state of widgets, the
times of ``%time``, ``%timeit`` and progress bars, colors, blanks at the ends of lines, and where printed text
falls between other outputs. Images are compared by type, size and text. Numbers are compared as they are
printed, times that a cell prints itself included. A page sends images without their data, and only the ends
of long text: then what it sent is compared.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from ..agent.contracts import Output
from ..agent.observations.displays import WIDGET, image_of, text_of
from ..agent.observations.terminal import strip_terminal_codes

QUOTED = 60
"""Characters quoted of what is different."""

# Each begins where nothing of its kind stands before it, or is bounded: a long text is read in one go.
_IGNORED = tuple(
    (re.compile(pattern, flags), instead)
    for pattern, instead, flags in (
        (r"\b0x[0-9a-fA-F]{6,16}\b", "0x…", 0),
        (r"(?<![^\s\"'(])[^\s\"'(]*ipykernel_\d+[/\\]\d+\.py", "<cell>", 0),
        (r"<ipython-input-\d+-[0-9a-f]+>", "<cell>", 0),
        (r"^(CPU times|Wall time):.*$", r"\1: …", re.MULTILINE),
        (r"^.* per loop \(mean ± std\. dev\. of .*$", "… per loop", re.MULTILINE),
        # tqdm: " 40%|████      | 2/5 [00:02<00:03,  1.00s/it]"
        (r"\[\d+:\d\d(:\d\d)?<[^\]\n]{0,100}\]", "[…]", 0),
        (r"(?<![ \t])[ \t]+$", "", re.MULTILINE),
    )
)
_GENERATED_IDS = tuple(
    (re.compile(pattern), "…")
    for pattern in (
        r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b",
        r"\b[0-9a-f]{32}\b",
        r"(?<=T_)[0-9a-f]{5}(?=\b|_)",  # pandas' Styler
        r"(?<=sk-container-id-)\d+",
        r"(?<=sk-estimator-id-)\d+",
    )
)
_CUT = re.compile(r"\n… \D*\d+\D* …\n")
"""The note where a page has cut a text, in whatever language."""
_RICHEST = ("text/plain", "text/markdown", "text/latex", "application/json", "text/html")


def difference(before: Sequence[Output], now: Sequence[Output]) -> str:
    """Return a sentence on the first thing that is different, or an empty string."""
    for old, new in zip_longest(_shown(before), _shown(now)):
        if old is None:
            return f"It shows more than before: {new}."
        if new is None:
            return f"It no longer shows {old}."
        if sentence := old.difference(new):
            return sentence
    return ""


class _Shown:
    """One output, as far as it can be compared; its string is what to call it."""

    def __init__(self, kind: str, text: str, facts: Mapping[str, Any]) -> None:
        self.kind, self.text, self.facts = kind, text, facts

    def difference(self, new: _Shown) -> str:
        """Return a sentence on how ``new`` is different, or an empty string."""
        if self.kind != new.kind:
            return f"It shows {new} instead of {self}."
        if not _is_same(self.text, new.text):
            old_line, new_line = _first_difference(self.text, new.text)
            return f"It shows “{new_line}” instead of “{old_line}”."
        for name in {**self.facts, **new.facts}:
            mine, its = self.facts.get(name), new.facts.get(name)
            if _is_same(mine, its):
                continue
            if name == "size":
                if mine is None or its is None:
                    continue
                return f"The image is {its} pixels instead of {mine}."
            if mine is None or its is None:
                return f"It {'also' if mine is None else 'no longer'} shows {name}."
            return f"What it shows as {name} is different."
        return ""

    def __str__(self) -> str:
        return f"{self.kind} “{_short(self.text)}”" if self.text else self.kind


def _shown(outputs: Sequence[Output]) -> Iterator[_Shown]:
    """Yield what outputs show, each stream as one: how a kernel cuts it into pieces is chance."""
    printed: dict[str, str] = {}
    for output in outputs:
        if output.get("output_type") == "stream":
            name = output.get("name", "stdout")
            printed[name] = printed.get(name, "") + text_of(output.get("text", ""))
    for name, text in printed.items():
        if plain := _plain(text).strip("\n"):
            yield _Shown("printed text" if name == "stdout" else "warnings", plain, {})
    for output in outputs:
        if output.get("output_type") == "error":
            yield _Shown(
                "an error", f"{output.get('ename')}: {_plain(text_of(output.get('evalue', '')))}", {}
            )
        elif output.get("output_type") != "stream":
            yield _display(output.get("data") or {})


def _display(data: Mapping[str, Any]) -> _Shown:
    if WIDGET in data:
        return _Shown("a widget", "", {})
    plain = _plain(text_of(data.get("text/plain", "")))
    if image := image_of(data):
        # pixels differ with fonts and versions; the text beside them says what the image shows
        size = {"size": f"{image.size[0]}×{image.size[1]}"} if image.size else {}
        return _Shown(f"an image ({image.mime})", plain, size)
    facts = {kind: _value(kind, value) for kind, value in data.items() if kind != "text/plain"}
    return _Shown("a result", plain, dict(sorted(facts.items(), key=lambda fact: fact[0] not in _RICHEST)))


def _value(kind: str, value: Any) -> str:
    lines = isinstance(value, str) or (
        isinstance(value, list) and all(isinstance(line, str) for line in value)
    )
    text = _plain(text_of(value)) if lines else json.dumps(value, sort_keys=True)
    for pattern, instead in _GENERATED_IDS:
        text = pattern.sub(instead, text)
    return text


def _plain(text: str) -> str:
    text = strip_terminal_codes(text)
    for pattern, instead in _IGNORED:
        text = pattern.sub(instead, text)
    return text


def _is_same(one: str | None, other: str | None) -> bool:
    if one is None or other is None or one == other:
        return one == other
    return _fits(one, other) or _fits(other, one)


def _fits(cut: str, whole: str) -> bool:
    """Tell whether a text may be the other one with its middle left out."""
    if not (note := _CUT.search(cut)):
        return False
    # JSON was cut as the page writes it, which is not how Python does
    is_json = whole.startswith(("{", "["))
    return is_json or (whole.startswith(cut[: note.start()]) and whole.endswith(cut[note.end() :]))


def _first_difference(old: str, new: str) -> tuple[str, str]:
    """Return the first lines that differ, each around the place where they do."""
    lines = zip_longest(old.split("\n"), new.split("\n"), fillvalue="")
    mine, its = next(pair for pair in lines if pair[0] != pair[1])
    at = next(
        (at for at, (one, other) in enumerate(zip(mine, its, strict=False)) if one != other),
        min(len(mine), len(its)),
    )
    start = max(0, at - QUOTED // 2) if max(len(mine), len(its)) > QUOTED else 0
    lead = "…" if start else ""
    return lead + _short(mine[start:]), lead + _short(its[start:])


def _short(text: str) -> str:
    line = text.strip().partition("\n")[0]
    return line if len(line) <= QUOTED else line[: QUOTED - 1].rstrip() + "…"
