"""One transcript: whatever the frontend, a run reads the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from jupyter_codeact import transcript as t
from jupyter_codeact.agent import events as e
from jupyter_codeact.agent.contracts import ConversationInfo, Prices, Usage
from jupyter_codeact.cli.display import PlainDisplay
from jupyter_codeact.markdown_page import page
from jupyter_codeact.shell.inline import InNotebook
from jupyter_codeact.shell.widget import WidgetFrontend

USAGE = Usage(prompt_tokens=90, completion_tokens=10)


def turn(number: int) -> dict[str, Any]:
    return {"conversation": "c", "run": "r", "turn": number}


def replied(number: int, prose: str, thinking: str = "") -> e.Reply:
    return e.Reply(**turn(number), text=f"{prose} (as the model wrote it)", prose=prose, thinking=thinking)


def stream(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def cell(number: int, source: str, *outputs: dict[str, Any], status: Any = "ok") -> list[e.Event]:
    return [
        e.Action(**turn(number), source=source),
        e.CellWritten(**turn(number), cell_id="a"),
        e.Executed(**turn(number), cell_id="a", status=status, outputs=list(outputs), seconds=0.5),
        e.Observation(**turn(number), text="only for the model"),
    ]


ERROR = {"output_type": "error", "ename": "NameError", "evalue": "no two", "traceback": ["no two"]}
RUN: list[e.Event] = [
    e.RunStarted(**turn(0), task="Add two and three.", notebook="sum.ipynb", model="small", system="s"),
    e.Observation(**turn(0), text="only for the model"),
    e.ReplyDelta(**turn(1), thinking="Two may be "),
    e.ReplyDelta(**turn(1), prose="I will add them."),
    replied(1, "I will add them.", thinking="Two may be missing."),
    *cell(1, "total = two + 3", ERROR, status="error"),
    replied(2, "Two was missing."),
    *cell(2, "total = 2 + 3", stream("five: 5\n")),
    replied(3, "I remove the file."),
    e.Action(**turn(3), source="remove()"),
    e.ApprovalRequested(**turn(3), cell_id="b", sha256="0", reasons=["deletes files"]),
    e.ApprovalResolved(**turn(3), cell_id="b", sha256="0", allowed=False, reasons=["the user skipped it"]),
    e.Observation(**turn(3), text="only for the model"),
    replied(4, "It is 6."),
    e.AnswerRejected(**turn(4), message="6 is in no output, so the model looks again."),
    e.Observation(**turn(4), text="only for the model"),
    replied(5, "I was about to"),
    e.Observation(**turn(5), text="only for the model"),
    replied(6, "It is **5**.", thinking="Sure now."),
    e.RunEnded(**turn(6), ending="answered", answer="It is **5**.", turns=6, usage=USAGE, seconds=9.0),
]
READ = [
    "Two may be missing.",
    "I will add them.",
    "total = two + 3",
    "Two was missing.",
    "total = 2 + 3",
    "I remove the file.",
    "remove()",
    "Not run: the user skipped it",
    "It is 6.",
    "6 is in no output",
    "I was about to",
    "Sure now.",
]
"""What is to be read, in order; then comes the answer."""


class Recorder:
    """Stands in for a shell, and for the widget: keeps the Markdown and the outputs that are shown."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.display_pub, self.approval = self, "risky"

    def publish(self, data: dict[str, str], _metadata: object) -> None:
        self.written.append(data["text/markdown"])

    def write(self, markdown: str) -> None:
        self.written.append(markdown)

    def add(self, *outputs: dict[str, Any]) -> None:
        self.written += [str(output) for output in outputs]

    def say(self, markup: str) -> None: ...

    def turn(self, number: int) -> None: ...


def plain(events: list[e.Event], capsys: pytest.CaptureFixture[str]) -> str:
    display = PlainDisplay()
    for event in events:
        display.show(event)
    return capsys.readouterr().out


def exported(events: list[e.Event], _capsys: object = None) -> str:
    return page(ConversationInfo(id="c", title="Add", created=0, updated=0, runs=1), "sum.ipynb", events)


def in_cell(events: list[e.Event], _capsys: object = None) -> str:
    shell = Recorder()
    frontend = InNotebook(shell, asks=False, approval="never")
    for event in events:
        frontend.show(event)
    return "\n\n".join(shell.written)


def in_widget(events: list[e.Event], _capsys: object = None) -> str:
    widget: Any = Recorder()
    frontend = WidgetFrontend(widget, main=None)
    for event in events:
        frontend.show(event)
    return "\n\n".join(widget.written)


FRONTENDS: list[Callable[..., str]] = [plain, exported, in_cell, in_widget]


@pytest.mark.parametrize("read", FRONTENDS)
def test_every_frontend_shows_the_same_in_the_same_order(
    read: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    shown = read(RUN, capsys)
    places = [[found.start() for found in re.finditer(re.escape(text), shown)] for text in READ]
    assert [len(found) for found in places] == [1] * len(READ), shown
    assert places == sorted(places)
    assert "only for the model" not in shown
    assert "as the model wrote it" not in shown
    if read is not in_cell:  # there the result shows the answer
        assert shown.count("It is **5**.") == 1
        assert shown.index("It is **5**.") > places[-1][0]


def test_thinking_is_separate_from_prose(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = list(t.blocks(RUN))
    assert [block.text for block in blocks if isinstance(block, t.Thinking)] == [
        "Two may be missing.",
        "Sure now.",
    ]
    assert not any("may be" in block.text for block in blocks if isinstance(block, t.Prose))
    folded = "<details><summary>Thinking</summary>\n\n```text\nTwo may be missing.\n```\n\n</details>"
    assert "  | Two may be missing.\n" in plain(RUN, capsys)
    for read in (exported, in_cell, in_widget):
        assert folded in read(RUN, capsys)


def test_a_reply_is_shown_once_its_outcome_is_known() -> None:
    transcript = t.Transcript()
    assert transcript.add(replied(1, "It is 5.")) == []
    end = e.RunEnded(**turn(1), ending="answered", answer="It is 5.", turns=1)
    assert [type(part) for part in transcript.add(end)] == [t.Ended]
    assert transcript.add(replied(1, "I will look.")) == []
    shown = transcript.add(e.Action(**turn(1), source="1"))
    assert shown == [t.Prose(1, "I will look."), t.Code(1, "1")]


def test_the_current_activity_and_text_are_known_at_any_time() -> None:
    transcript = t.Transcript()
    now: list[tuple[str, str, str]] = []
    for event in RUN[:6]:
        transcript.add(event)
        now.append((transcript.activity, transcript.streamed.thinking, transcript.streamed.text))
    assert now == [
        ("Thinking", "", ""),
        ("Thinking", "", ""),
        ("Thinking", "Two may be ", ""),
        ("Writing", "Two may be ", "I will add them."),
        ("Writing", "", ""),
        ("Running", "", ""),
    ]
    transcript.add(e.ReplyDelta(**turn(2), prose="Well", action="x = 1"))
    transcript.add(e.ReplyDelta(**turn(2), restart=True, prose="Anew"))
    assert transcript.streamed == t.Streamed(prose="Anew")


def edited() -> Iterator[e.Event]:
    yield e.Action(**turn(1), source="remove()")
    yield e.ApprovalRequested(**turn(1), cell_id="b", sha256="0")
    yield e.ApprovalResolved(**turn(1), cell_id="b", sha256="1", allowed=True, edited="keep()")
    yield e.Executed(**turn(1), cell_id="b", status="ok")


def test_code_that_the_user_edited_is_shown_as_it_ran(capsys: pytest.CaptureFixture[str]) -> None:
    for read in FRONTENDS:
        assert "keep()" in read(list(edited()), capsys)
    assert "remove()" not in exported(list(edited()))


def test_failed_attempts_are_folded_on_a_page() -> None:
    shown = exported(RUN)
    assert "<details><summary>An attempt: NameError</summary>\n\n```python\ntotal = two + 3\n```" in shown
    assert "<details><summary>An attempt: not allowed to run</summary>\n\n```python\nremove()" in shown
    assert "```python\ntotal = 2 + 3\n```\n\n```text\nfive: 5\n```\n\nI remove" in shown


def test_terminal_codes_are_never_shown(capsys: pytest.CaptureFixture[str]) -> None:
    code = "\x1b]0;title\x07"
    events = [
        replied(1, f"{code}Look.", thinking=f"{code}Hm."),
        *cell(1, f"1{code}", stream(f"{code}one\n")),
        e.RunEnded(**turn(2), ending="answered", answer=f"{code}1.", turns=2, usage=USAGE),
    ]
    for read in (plain, exported, in_cell):
        assert "title" not in read(events, capsys)


def test_the_closing_line_says_what_a_run_cost_and_how_full_the_context_is() -> None:
    place = {"conversation": "c", "run": "r"}
    usage = Usage(prompt_tokens=1900, cached_tokens=1000, completion_tokens=100)
    events: list[e.Event] = [
        e.ModelDescribed(**place, name="m", guidance="small", system="", context_window=8000),
        e.Reply(**place, turn=1, text="Five.", prose="Five.", usage=usage, seconds=2.0),
        e.RunEnded(**place, turn=1, ending="answered", answer="Five.", turns=1, usage=usage, cost=0.00351),
    ]
    ended = list(t.blocks(events))[-1]
    assert isinstance(ended, t.Ended)
    assert ended.cost.endswith("0.0 s, $0.0035, 25% of the context used")


def test_prices_of_cached_tokens_count_where_they_are_known() -> None:
    usage = Usage(prompt_tokens=1_000_000, cached_tokens=600_000, completion_tokens=100_000)
    assert Prices().cost(usage) is None
    assert Prices(price_in=1.0, price_out=10.0).cost(usage) == pytest.approx(2.0)
    assert Prices(price_in=1.0, price_cached=0.1, price_out=10.0).cost(usage) == pytest.approx(1.46)


def test_a_run_begins_with_the_models_own_name() -> None:
    begun = [
        e.RunStarted(**turn(0), task="Add.", notebook="sum.ipynb", model="http://127.0.0.1:1/v1"),
        e.ModelDescribed(**turn(0), name="big", guidance="small", system="s"),
        e.RunEnded(**turn(1), ending="answered", answer="5"),
    ]
    assert [block.model for block in t.blocks(begun) if isinstance(block, t.Started)] == ["big"]
    for events in (begun[:1], [begun[0], begun[2]]):  # without an answer from the endpoint
        assert isinstance(next(t.blocks(events)), t.Started)
