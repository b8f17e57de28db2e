"""The messages sent to the model only grow, except when they are compacted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_codeact.agent.context.history import Window, messages, size
from jupyter_codeact.agent.contracts import Message, ModelInfo, TooLongError
from jupyter_codeact.agent.events import Event, HistoryCompacted, Observation, Reply, RunEnded, RunStarted
from jupyter_codeact.agent.replies.formats import FORMATS
from jupyter_codeact.agent.run import Budget
from tests.agent.bench import Bench, block

COMMON = {"conversation": "c", "time": 0.0}


def turns(run: str, *replies: str, task: str = "Do it.", answer: str = "", **started: Any) -> list[Event]:
    """Return the events of a run, in which each observation quotes the reply before it."""
    common = COMMON | {"run": run}
    started = {"task": task, "notebook": "n", "model": "m", "system": "Be good."} | started
    events: list[Event] = [RunStarted(**common, **started), Observation(**common, text=f"Task: {task}")]
    for turn, text in enumerate(replies, 1):
        events.append(Reply(**common, turn=turn, text=text))
        if turn < len(replies) or not answer:
            events.append(Observation(**common, turn=turn, text=f"saw {text}"))
    return [*events, RunEnded(**common, ending="answered", answer=answer)] if answer else events


def roles(chat: Sequence[Message]) -> list[str]:
    return [message["role"] for message in chat]


def text(chat: Sequence[Message]) -> str:
    return "\n".join(str(message["content"]) for message in chat)


RUNS = st.lists(st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=5), min_size=1, max_size=4)


@given(RUNS, st.booleans())
def test_messages_only_grow_and_roles_alternate(runs: list[list[str]], answered: bool) -> None:
    events: list[Event] = []
    before: list[Message] = []
    for number, replies in enumerate(runs):
        for event in turns(f"r{number}", *replies, answer=replies[-1] if answered else ""):
            events.append(event)
            chat = messages(events)
            shared = before[:-1]
            assert chat[: len(shared)] == shared
            if before:
                assert str(chat[len(before) - 1]["content"]).startswith(str(before[-1]["content"]))
            assert roles(chat) == ["system", *(["user", "assistant"] * len(chat))[: len(chat) - 1]]
            before = chat


def test_a_repeated_run_replaces_the_earlier_one_and_all_that_followed() -> None:
    events = (
        turns("a", "one", answer="one") + turns("b", "two", answer="two") + turns("c", "three", answer="3")
    )
    chat = messages(events + turns("d", task="Anew.", replaces="b"))
    assert "one" in text(chat)
    assert "two" not in text(chat)
    assert "three" not in text(chat)
    assert roles(chat) == ["system", "user", "assistant", "user"]


def test_repeating_the_first_run_restarts_the_conversation() -> None:
    chat = messages(turns("a", "one", answer="one") + turns("b", task="Anew.", replaces="a", system="New."))
    assert [message["content"] for message in chat] == ["New.", "Task: Anew."]


def test_a_compacted_history_keeps_the_task_its_last_turns_and_earlier_answers() -> None:
    long = "x" * 3000
    events = turns("a", "look", "It was 41.", task="First.", answer="It was 41.")
    events += turns("b", *(f"reply {n} {long}" for n in range(4)), "last reply", task="Second.")
    chat = messages([*events, HistoryCompacted(**COMMON, run="b", room=2000)])
    replies = text(chat)
    assert size(chat) < 2000 + len("Be good.") + 400
    assert roles(chat) == ["system", "user", "assistant", "user", "assistant", "user"]
    assert ["First." in replies, "It was 41." in replies, "Second." in replies, "last reply" in replies] == [
        True
    ] * 4
    assert "reply 0" not in replies
    grown = messages(
        [*events, HistoryCompacted(**COMMON, run="b", room=2000), Reply(**COMMON, run="b", text="more")]
    )
    assert grown[: len(chat)] == chat


@given(RUNS, st.integers(0, 5000))
def test_a_compacted_history_fits_its_room_and_its_roles_alternate(runs: list[list[str]], room: int) -> None:
    events = [
        event for number, replies in enumerate(runs) for event in turns(f"r{number}", *replies, answer="a")
    ]
    events = events[:-1]
    chat = messages([*events, HistoryCompacted(**COMMON, run=events[-1].run, room=room)])
    assert size(chat) <= room + 600
    assert roles(chat) == ["system", *(["user", "assistant"] * len(chat))[: len(chat) - 1]]


def test_an_endpoint_gets_calls_and_results_in_its_own_protocol() -> None:
    tools = FORMATS["tools"]
    call = tools.render("python", '{"code": "print(1)"}')  # type: ignore[attr-defined]
    events = turns("a", f"I look.\n{call}", call, "It is 1.", answer="It is 1.") + turns("b", task="More?")
    chat = messages(events, tools)
    assert roles(chat) == ["system", "user", "assistant", "tool", "assistant", "tool", "assistant", "user"]
    [made] = chat[2]["tool_calls"]
    assert chat[2]["content"] == "I look."
    assert made["function"] == {"name": "python", "arguments": '{"code": "print(1)"}'}
    assert chat[3]["tool_call_id"] == made["id"] != chat[4]["tool_calls"][0]["id"]
    assert json.loads(json.dumps(chat)) == chat


def test_a_call_without_an_outcome_still_has_a_result() -> None:
    tools = FORMATS["tools"]
    call = tools.render("python", '{"code": "1"}')  # type: ignore[attr-defined]
    events = turns("a", call)[:-1] + turns("b", task="More?")
    assert roles(messages(events, tools)) == ["system", "user", "assistant", "tool", "user"]


def test_a_small_context_window_limits_replies_and_observations() -> None:
    window = Window(tokens=1000)
    assert window.reply(1024) == 250
    assert window.observation(4000) == 700
    assert window.fits([{"role": "user", "content": "x" * 2000}], 250)
    assert not window.fits([{"role": "user", "content": "x" * 3000}], 250)
    window.learn([{"role": "user", "content": "x" * 1000}], 500)
    assert not window.fits([{"role": "user", "content": "x" * 2000}], 250)
    assert Window().reply(1024) == 1024


async def test_a_long_conversation_survives_a_small_context_window(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.agent.bench.Script.info", ModelInfo(name="script", context_window=2000))
    prints = [block(f"print('{n} ' * 400)") for n in range(8)]
    end = await bench.run(*prints, "Done.", budget=Budget(turns=12))
    assert end.ending == "answered"
    assert (await bench.run("Sure.", task="Remember?")).ending == "answered"
    compactions = bench.events("history_compacted")
    assert 1 <= len(compactions) < 8
    for chat in bench.model.requests:
        assert size(chat) / 3.5 < 2000
        assert "Task: " in text(chat)


async def test_a_conversation_that_is_too_long_for_the_endpoint_is_compacted_and_sent_again(
    bench: Bench,
) -> None:
    refusal = TooLongError("The conversation is too long.")
    end = await bench.run(block("print('a' * 3000)"), refusal, "Done.")
    assert end.ending == "answered"
    assert len(bench.events("history_compacted")) == 1
    assert size(bench.model.requests[2]) < size(bench.model.requests[1])
    assert (await bench.run(refusal, refusal, task="Again.")).ending == "failed"
