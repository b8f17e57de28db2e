"""What a run looks like on a terminal and in plain text, from its events alone."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from jupyter_codeact.agent import events
from jupyter_codeact.agent.contracts import Usage
from jupyter_codeact.cli.display import Display, JsonDisplay, PlainDisplay
from jupyter_codeact.models.status import EngineStatus
from jupyter_codeact.terminal import RichDisplay

IDS: dict[str, Any] = {"conversation": "c", "run": "r"}
LOADING = EngineStatus(model="small", state="loading", progress=0.4, message="Loading the model")


def drawn(*shown: events.Event | EngineStatus) -> str:
    """Return what a terminal shows in the end, as text."""
    out = io.StringIO()
    display = RichDisplay(Console(file=out, force_terminal=True, width=80, height=20, color_system=None))
    play(display, shown)
    return out.getvalue()


def written(capsys: pytest.CaptureFixture[str], *shown: events.Event | EngineStatus) -> tuple[str, str]:
    play(PlainDisplay(), shown)
    return capsys.readouterr()


def play(display: Display, shown: tuple[events.Event | EngineStatus, ...]) -> None:
    for one in shown:
        if isinstance(one, EngineStatus):
            display.status(one)
        else:
            display.show(one)
    display.close(None)


def started() -> events.Event:
    return events.RunStarted(**IDS, task="Add.", notebook="out.ipynb", model="small", system="")


def acted(source: str = "1 + 1") -> list[events.Event]:
    text = f"I will **look**.\n\n```python\n{source}\n```"
    return [
        events.ReplyDelta(**IDS, turn=1, thinking="Hm."),
        events.ReplyDelta(**IDS, turn=1, prose="I will **look**."),
        events.ReplyDelta(**IDS, turn=1, action=source),
        events.Reply(**IDS, turn=1, text=text, prose="I will **look**."),
        events.Action(**IDS, turn=1, source=source),
        events.CellWritten(**IDS, turn=1, cell_id="a"),
    ]


def ran(status: Any, *outputs: dict[str, Any]) -> events.Event:
    return events.Executed(**IDS, turn=1, cell_id="a", status=status, outputs=list(outputs), seconds=1.25)


def ended(ending: Any, **fields: Any) -> events.Event:
    usage = Usage(prompt_tokens=1200, completion_tokens=34)
    return events.RunEnded(**IDS, turn=2, ending=ending, turns=2, usage=usage, seconds=9.87, **fields)


STREAM = {"output_type": "stream", "name": "stdout", "text": "\x1b[31mred\x1b[0m \x1b]0;title\x07two\n"}


def test_a_terminal_shows_prose_code_outcome_answer_and_cost() -> None:
    shown = drawn(started(), *acted(), ran("ok", STREAM), ended("answered", answer="It is **2**."))
    for words in ("small · out.ipynb", "I will look.", "│ 1 + 1", "red two", "Ran in 1.2 s", "It is 2."):
        assert words in shown
    assert "2 turns, 1,234 tokens, 9.9 s" in shown
    assert "title" not in shown
    assert shown.endswith("\n")


def test_what_each_reply_and_the_run_cost_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    usage = Usage(prompt_tokens=600, cached_tokens=540, completion_tokens=21)
    reply = events.Reply(
        **IDS,
        turn=1,
        text="Look.",
        prose="Look.",
        usage=usage,
        seconds=1.5,
        first_token_seconds=0.5,
        finish_reason="stop",
    )
    action = events.Action(**IDS, turn=1, source="1 + 1")
    end = ended("answered", answer="2").model_copy(update={"usage": usage, "turns": 1})
    spent = "1 turn, 621 tokens (90% of the prompts cached), 20 tokens/s, 9.9 s"
    shown = drawn(started(), reply, action, ran("ok"), end)
    assert "first word after 0.5 s, 21 tokens, 20 tokens/s" in shown
    assert spent in shown
    assert spent in written(capsys, started(), reply, action, ran("ok"), end)[0]


def test_a_wait_for_an_overloaded_endpoint_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    display = PlainDisplay()
    for message in ("It takes no more requests; asking again in 8 s.", ""):
        display.status(EngineStatus(model="m", state="busy", message=message))
    assert capsys.readouterr().err == "It takes no more requests; asking again in 8 s.\n"


def test_plain_text_shows_the_same_without_escapes(capsys: pytest.CaptureFixture[str]) -> None:
    run = [started(), *acted(), ran("ok", STREAM), ended("answered", answer="It is \x1b]0;title\x07**2**.")]
    shown, errors = written(capsys, *run)
    assert shown == (
        "[1] I will **look**.\n\n    1 + 1\n\nRan in 1.2 s:\n\n    red two\n\n"
        "It is **2**.\n\n2 turns, 1,234 tokens, 9.9 s\n\n"
    )
    assert errors == ""


@pytest.mark.parametrize(
    ("status", "words"),
    [("error", "Failed"), ("interrupted", "Interrupted"), ("dead", "The kernel died")],
)
def test_how_a_cell_ended_is_said(capsys: pytest.CaptureFixture[str], status: str, words: str) -> None:
    assert f"{words} after 1.2 s" in drawn(ran(status))
    assert f"{words} after 1.2 s." in written(capsys, ran(status))[0]


def test_a_cell_that_was_not_allowed_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    denied = events.ApprovalResolved(
        **IDS, turn=1, cell_id="a", sha256="0", allowed=False, reasons=["deletes files"]
    )
    assert "Not run: deletes files" in drawn(*acted("rm"), denied)
    assert "Not run: deletes files" in written(capsys, *acted("rm"), denied)[0]


def test_an_answer_that_was_not_taken_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    replied = events.Reply(**IDS, turn=1, text="It is 4711.", prose="It is 4711.")
    rejected = events.AnswerRejected(**IDS, turn=1, message="No output shows 4711.")
    told = events.Observation(**IDS, turn=1, text="for the model only")
    for shown in (written(capsys, replied, rejected, told)[0], drawn(replied, rejected, told)):
        assert shown.index("It is 4711.") < shown.index("No output shows 4711.")
        assert "for the model only" not in shown


def test_a_reply_that_led_to_nothing_is_shown_too(capsys: pytest.CaptureFixture[str]) -> None:
    cut_off = events.Reply(**IDS, turn=1, text="I was about to say", prose="I was about to say")
    again = events.Observation(**IDS, turn=1, text="Your reply was cut off.")
    stopped = ended("stopped", message="Stopped by Ctrl-C.")
    for rest in ([again, stopped], [stopped]):
        shown, errors = written(capsys, cut_off, *rest)
        assert shown.count("I was about to say") == 1
        assert errors == "Stopped by Ctrl-C.\n"
        drawing = drawn(cut_off, *rest)
        assert drawing.count("I was about to say") == 1
        assert "Stopped by Ctrl-C." in drawing


def test_loading_a_model_is_shown_once_in_plain_text_and_with_progress_on_a_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ready = LOADING.model_copy(update={"state": "ready", "progress": None})
    shown = (started(), LOADING, LOADING.model_copy(update={"progress": 0.8}), ready)
    assert written(capsys, *shown) == ("", "Loading the model\n")
    play(JsonDisplay(), shown[1:])
    assert capsys.readouterr() == ("", "Loading the model\n")
    assert "Loading the model 40%" in drawn(started(), LOADING)
    assert "Thinking" in drawn(LOADING, ready)


def test_while_a_long_reply_streams_its_end_is_in_sight() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=40, height=10, color_system=None)
    display = RichDisplay(console)
    display.show(started())
    for number in range(100):
        display.show(events.ReplyDelta(**IDS, turn=1, prose=f"line {number}\n"))
    seen = len(out.getvalue())
    display.note("Stopping")
    display.close(None)
    assert "line 98" in out.getvalue()[seen:]
    assert "line 50" not in out.getvalue()[seen:]


@pytest.mark.parametrize(("counted", "tokens"), [(340, "340 tokens"), (None, "about 340 tokens")])
def test_thinking_is_summed_up_with_its_seconds_and_tokens(
    capsys: pytest.CaptureFixture[str], counted: int | None, tokens: str
) -> None:
    thought = events.Reply(
        **IDS,
        turn=1,
        text="It is 2.",
        prose="It is 2.",
        thinking="One and one. " * 100,
        thinking_seconds=12.3,
        thinking_tokens=340,
        usage=Usage(completion_tokens=400, reasoning_tokens=counted),
    )
    shown, _ = written(capsys, thought, ended("answered", answer="It is 2."))
    assert shown.startswith(f"[1] (thought for 12 s ({tokens}))\n\n  | One and one.")
    assert len(shown) < 800
    assert f"Thought for 12 s ({tokens})" in drawn(thought, ended("answered", answer="It is 2."))


def test_while_a_model_thinks_its_tokens_are_counted_and_the_end_is_in_sight() -> None:
    thoughts = [
        events.ReplyDelta(**IDS, turn=1, thinking=f"line {number}\n", thinking_tokens=number * 3)
        for number in range(100)
    ]
    out = io.StringIO()
    display = RichDisplay(Console(file=out, force_terminal=True, width=60, height=20, color_system=None))
    play(display, (started(), *thoughts))
    assert "Thinking … 0 s · about 297 tokens" in out.getvalue()
    end = out.getvalue()[out.getvalue().rindex("line 98") :]
    assert "line 90" not in end
