"""The report as a page: figures, the paper's rows, and trajectories, whose content is untrusted."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

from click.testing import CliRunner

from jupyter_codeact.agent.contracts import Message, Usage
from jupyter_codeact.agent.run_limits import Guidance
from jupyter_codeact.cli import main
from jupyter_codeact.evaluation.page import html
from jupyter_codeact.evaluation.records import Case, Episode, Played, Setting, append

EVIL = "<script>alert(1)</script>"
PICTURE = "data:image/png;base64,iVBORw0KGgo="


def episode(name: str, *, strict: bool, messages: list[Message] | None = None) -> Episode:
    played = Played(
        strict=strict,
        success=True,
        ending="answered",
        turns=2,
        usage=Usage(prompt_tokens=100, completion_tokens=10),
        answer=EVIL,
        messages=messages or [],
    )
    case = Case(name=name, family="sums")
    return Episode(
        suite="m3tooleval", case=case, sample=0, model="m", setting=Setting(), played=played, seconds=1.0
    )


class Reader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def count(self, tag: str) -> int:
        return sum(each == tag for each, _ in self.tags)


def test_the_page_shows_figures_and_every_trajectory() -> None:
    images = [
        {"type": "text", "text": "Look:"},
        {"type": "image_url", "image_url": {"url": PICTURE}},
        {"type": "image_url", "image_url": {"url": "https://elsewhere.invalid/a.png"}},
    ]
    call = {"function": {"name": "f", "arguments": "{}"}}
    messages: list[Message] = [
        {"role": "system", "content": f"Do. {EVIL}"},
        {"role": "user", "content": images},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [call],
        },
    ]
    episodes = [episode("a", strict=True, messages=messages), episode("b", strict=False)]
    page = Reader(html({"r.jsonl": episodes}))
    assert page.count("script") == 0
    assert EVIL in page.text
    assert [attributes.get("class") for tag, attributes in page.tags if tag == "details"] == [
        "task every",
        None,  # the system prompt
        "task none",
    ]
    assert [attributes["src"] for tag, attributes in page.tags if tag == "img"] == [PICTURE]
    assert "f({})" in page.text
    bars = [attributes for _, attributes in page.tags if attributes.get("class") == "bar c0"]
    assert [bar["width"] for bar in bars] == ["200.0", "200.0"]  # all, and the one family
    assert "1 of 2" in page.text
    assert "gpt-4" in page.text


def test_runs_are_side_by_side_by_family_and_by_task() -> None:
    def run(solved: str, guidance: Guidance | None) -> list[Episode]:
        setting = Setting(guidance=guidance)
        return [
            episode(name, strict=name in solved).model_copy(update={"setting": setting}) for name in "abcd"
        ]

    files = {"one.jsonl": [*run("ab", None), *run("ac", "capable")]}
    text = html(files)
    page = Reader(text)
    tasks = [attributes["class"] for tag, attributes in page.tags if tag == "details"]
    assert tasks == ["task every", "task only0", "task only1", "task none"]
    for words in ("all its hooks", "capable", "both (1)", "only A (1)", "only B (1)", "neither (1)"):
        assert words in page.text
    assert "both solved 1, only A 1, only B 1" in page.text
    assert [name for name in ("b", "d") if f".suite:has(.f-{name}" in text] == []
    columns = [attributes for _, attributes in page.tags if attributes.get("class") == "column"]
    assert len(columns) == 8
    assert "The trajectory was not kept." in page.text

    three = Reader(html({**files, "other.jsonl": run("a", "small")[:2]}))
    assert "not played by all (2)" in three.text
    assert "several of them" not in three.text


def test_a_page_is_one_file_that_fetches_nothing() -> None:
    text = html({"r.jsonl": [episode("a", strict=True)]})
    assert "default-src 'none'" in text
    assert not re.search(r"(?:src|href)=|url\(|@import|<link|<script", text)


def test_the_report_command_writes_the_page(tmp_path: Path) -> None:
    append(tmp_path / "r.jsonl", episode("a", strict=True))
    arguments = ["eval", "report", str(tmp_path / "r.jsonl"), "--html", str(tmp_path / "report.html")]
    result = CliRunner().invoke(main, arguments)
    assert (result.exit_code, "report.html" in result.output) == (0, True)
    nowhere = CliRunner().invoke(main, [*arguments[:-1], str(tmp_path / "nowhere" / "report.html")])
    assert (nowhere.exit_code, "cannot be written to" in nowhere.output) == (1, True)
    assert (tmp_path / "report.html").read_text().startswith("<!doctype html>")
