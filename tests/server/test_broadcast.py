"""Pieces of a reply on their way to the pages, and the reply so far for a page that joins later."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from jupyter_codeact.agent.events import Reply, ReplyDelta
from jupyter_codeact.protocol import EventMessage
from jupyter_codeact.server.approvals import Approvals
from jupyter_codeact.server.pages import Page
from jupyter_codeact.server.session import NotebookSession
from tests.scripted import ScriptedModel
from tests.server.page import Connect, ScriptedPage

RUN: dict[str, Any] = {"conversation": "c", "run": "r", "turn": 1, "time": 1.0}


def piece(**texts: Any) -> ReplyDelta:
    return ReplyDelta(**RUN, **texts)


@pytest.fixture
def sent() -> list[Any]:
    return []


@pytest.fixture
async def session(sent: list[Any]) -> NotebookSession:
    """Return the session of a notebook that one page shows."""
    session = NotebookSession(
        "a.ipynb", "c", approvals=Approvals(None, lambda _model: "risky"), reconnect_seconds=1
    )
    session.join(Page(sent.append))
    return session


async def test_neighbouring_pieces_reach_a_page_as_one(session: NotebookSession, sent: list[Any]) -> None:
    session.broadcast(piece(thinking="Two "))
    session.broadcast(piece(thinking="plus two.", prose="I "))
    session.broadcast(piece(prose="add.", action="2 "))
    session.broadcast(piece(action="+ 2"))
    session.send()
    [message] = sent
    assert message == EventMessage(
        notebook="a.ipynb", event=piece(thinking="Two plus two.", prose="I add.", action="2 + 2")
    )


async def test_what_came_before_a_restart_is_not_sent_any_more(
    session: NotebookSession, sent: list[Any]
) -> None:
    for event in (piece(prose="I subt"), piece(prose="I ", restart=True), piece(prose="add.")):
        session.broadcast(event)
    session.send()
    assert [message.event for message in sent] == [piece(prose="I add.", restart=True)]
    assert session.reply_so_far() == [piece(prose="I add.", restart=True)]


async def test_pieces_are_sent_by_themselves_in_the_order_of_all_events(
    session: NotebookSession, sent: list[Any]
) -> None:
    complete = asyncio.Event()

    def receive(message: Any) -> None:
        sent.append(message)
        if len(sent) == 3:
            complete.set()

    session.pages[0].send = receive
    reply = Reply(**RUN, text="I add.", prose="I add.")
    for event in (piece(prose="I "), piece(prose="add."), reply, piece(prose="It is 4.")):
        session.broadcast(event)
    assert sent == []
    async with asyncio.timeout(60):
        await complete.wait()
    assert [message.event for message in sent] == [piece(prose="I add."), reply, piece(prose="It is 4.")]


async def test_the_reply_so_far_spans_what_was_sent_and_what_was_not(session: NotebookSession) -> None:
    session.broadcast(piece(thinking="Hm.", prose="I "))
    session.send()
    session.broadcast(piece(prose="add.", action="2"))
    assert session.reply_so_far() == [piece(thinking="Hm.", prose="I add.", action="2")]
    session.broadcast(Reply(**RUN, text="I add."))
    assert session.reply_so_far() == []


async def test_a_page_that_joins_in_the_middle_of_a_reply_gets_what_was_written_so_far_and_then_the_rest(
    page: ScriptedPage, connect: Connect, kernel: str, model: ScriptedModel
) -> None:
    held = model.held("I add.\n\n```python\n1 +", " 1\n```")
    model.script([held, "It is 2."])
    await page.ask()
    await page.until(lambda: written(page.heard)["action"] == "1 +")
    late = await connect()
    history = await late.open("a.ipynb", kernel)
    assert history["running"]
    so_far = history["events"][-1]
    assert (so_far["type"], so_far["prose"].strip(), so_far["action"]) == ("reply_delta", "I add.", "1 +")
    before = len(late.heard)
    held.released.set()
    assert (await late.end())["answer"] == "It is 2."
    assert so_far["action"] + written(late.heard[before:], turn=1)["action"] == "1 + 1"


def written(heard: list[dict[str, Any]], turn: int = 1) -> dict[str, str]:
    """Return what a page has of a turn's reply: the pieces it got, put together."""
    texts = {"thinking": "", "prose": "", "action": ""}
    for message in heard:
        event = message.get("event", {})
        if event.get("type") == "reply_delta" and event["turn"] == turn:
            texts = {name: ("" if event["restart"] else text) + event[name] for name, text in texts.items()}
    return texts
