"""Events are recorded in order, beside the event loop, and shown once they are recorded."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable

import pytest

from jupyter_codeact.agent.contracts import CodeActError
from jupyter_codeact.agent.events import Event, Observation, ReplyDelta, RunEnded
from jupyter_codeact.agent.recorder import Recorder

PLACE = {"conversation": "c", "run": "r", "turn": 1}


class SlowJournal:
    """A journal that writes only while it is free, and fails while it is broken."""

    def __init__(self) -> None:
        self.kept: list[Event] = []
        self.free, self.broken = threading.Event(), False
        self.free.set()

    def append(self, event: Event) -> int:
        assert self.free.wait(10)
        if self.broken:
            raise CodeActError("The journal cannot be written.")
        self.kept.append(event)
        return len(self.kept)

    def events(self, conversation: str, since: int = 0) -> Iterable[Event]:
        return self.kept


def said(text: str) -> Observation:
    return Observation(text=text, **PLACE)


def delta(text: str) -> ReplyDelta:
    return ReplyDelta(prose=text, **PLACE)


END = RunEnded(ending="answered", **PLACE)


async def test_events_are_shown_in_order_and_none_before_it_is_recorded() -> None:
    journal, shown = SlowJournal(), list[Event]()
    recorder = Recorder(journal, shown.append)
    journal.free.clear()
    events = [said("one"), delta("two"), said("three")]
    for event in events:
        recorder.add(event)
    await asyncio.sleep(0)
    assert shown == []
    journal.free.set()
    await recorder.done()
    assert shown == events
    recorder.add(delta("at once"))
    await recorder.end(END, patience=None)
    assert shown == [*events, delta("at once").model_copy(update={"time": shown[3].time}), END]
    assert journal.kept == [events[0], events[2], END]


async def test_an_event_that_could_not_be_recorded_stops_what_follows_and_is_tried_again_at_the_end() -> None:
    journal, shown = SlowJournal(), list[Event]()
    recorder = Recorder(journal, shown.append)
    journal.broken = True
    first = said("one")
    recorder.add(first)
    with pytest.raises(CodeActError, match="cannot be written"):
        await recorder.done()
    with pytest.raises(CodeActError, match="cannot be written"):
        recorder.add(said("two"))
    assert shown == []
    journal.broken = False
    await recorder.end(END, patience=None)
    assert shown == journal.kept == [first, END]


async def test_a_run_that_was_stopped_is_told_to_have_ended_before_the_journal_has_it() -> None:
    journal, shown = SlowJournal(), list[Event]()
    recorder = Recorder(journal, shown.append)
    journal.free.clear()
    first = said("one")
    recorder.add(first)
    await recorder.end(END, patience=0.01)
    assert shown == [first, END]
    assert journal.kept == []
    journal.free.set()
    await recorder.done()
    assert journal.kept == [first, END]
    assert shown == [first, END]
