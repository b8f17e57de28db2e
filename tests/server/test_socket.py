"""Who is let in, and the answers to requests that cannot be met."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from jupyter_server.auth import Authorizer
from jupyter_server.serverapp import ServerApp
from tornado.httpclient import HTTPClientError
from tornado.web import HTTPError

from jupyter_codeact.server.conversations import Conversations
from tests.scripted import ScriptedModel
from tests.server.page import Connect, Message, ScriptedPage

MISUNDERSTOOD = "This page and the server do not understand each other. Reload the page."
NOT_OPEN = "This notebook is not open here. Reload the page and ask again."
UNDER_WAY = "A run is under way in this notebook. Stop it, or wait until it is done."


class OnlyReaders(Authorizer):
    """Lets everybody read, and nobody execute."""

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        return (action, resource) != ("execute", "kernels")


@pytest.mark.parametrize("header", ["", "token wrong"])
async def test_whoever_has_no_right_token_is_kept_out(jp_ws_fetch: Any, header: str) -> None:
    with pytest.raises(HTTPClientError) as refused:
        await jp_ws_fetch("codeact", "ws", headers={"Authorization": header})
    assert refused.value.code == 403


async def test_a_user_who_may_not_execute_code_is_kept_out(jp_serverapp: ServerApp, jp_ws_fetch: Any) -> None:
    jp_serverapp.web_app.settings["authorizer"] = OnlyReaders(parent=jp_serverapp)
    with pytest.raises(HTTPClientError) as refused:
        await jp_ws_fetch("codeact", "ws")
    assert refused.value.code == 403


async def test_a_page_of_another_site_is_kept_out_though_the_browser_has_the_cookie(
    jp_fetch: Any, jp_ws_fetch: Any, jp_http_port: int
) -> None:
    host = {"Host": f"localhost:{jp_http_port}"}
    cookies = (await jp_fetch("api", "me", headers=host)).headers.get_list("Set-Cookie")
    browser = {"Authorization": "", "Cookie": "; ".join(cookie.partition(";")[0] for cookie in cookies)}
    (await jp_ws_fetch("codeact", "ws", headers=dict(browser))).close()
    with pytest.raises(HTTPClientError) as refused:
        await jp_ws_fetch("codeact", "ws", headers=browser | {"Origin": "http://elsewhere.example"})
    assert refused.value.code == 403


@pytest.mark.parametrize(
    "nonsense",
    [
        *("not JSON", "[]", "[" * 100_000, '{"type": "sing"}', '{"type": "open", "id": 1}'),
        '{"type": "done", "id": 1, "more": 2}',
    ],
    ids=["text", "array", "deep", "unknown type", "wrong id", "wrong answer"],
)
async def test_a_message_that_cannot_be_read_is_refused_and_the_connection_stays(
    connect: Connect, nonsense: str
) -> None:
    page = await connect()
    await page.say(nonsense)
    refused = await page.hears("refused")
    assert refused == {"type": "refused", "id": None, "notebook": "", "message": MISUNDERSTOOD}
    history = await page.open("a.ipynb")
    assert (history["notebook"], history["events"], history["running"]) == ("a.ipynb", [], False)


async def test_half_a_character_in_a_message_is_replaced(page: ScriptedPage, model: ScriptedModel) -> None:
    model.script(["Hello."])
    await page.ask("Say hello \ud83d.")
    await page.end()
    content = model.requests[0]["messages"][-1]["content"]
    assert "Task: Say hello \ufffd." in content


@pytest.mark.parametrize(
    "unreadable",
    [{"type": "ask"}, {"type": "list_models", "more": 1}, {"type": "sing"}, {}],
    ids=["field missing", "field too many", "unknown type", "no type"],
)
async def test_the_refusal_of_a_unreadablethat_cannot_be_read_has_its_id(
    connect: Connect, unreadable: Message
) -> None:
    page = await connect()
    await page.say({"id": "mine", **unreadable})
    assert (await page.hears("refused"))["id"] == "mine"


async def test_each_of_two_requests_under_way_is_refused_by_its_own_id(
    page: ScriptedPage, monkeypatch: pytest.MonkeyPatch, conversations: Conversations
) -> None:
    asked, may_answer = asyncio.Event(), asyncio.Event()
    contents = conversations.setup.contents

    async def slow(*_arguments: Any, **_options: Any) -> Any:
        asked.set()
        await may_answer.wait()
        raise HTTPError(404)

    monkeypatch.setattr(contents, "get", slow)
    first = await page.ask(attachments=[{"kind": "file", "name": "missing.txt", "path": "missing.txt"}])
    await asked.wait()
    second = await page.request("remove_endpoint", None, name="nowhere")
    third = await page.request("ask", task="Another.")
    later = await page.hears("refused", id=second)
    assert (later["notebook"], later["message"]) == ("", "There is no endpoint called nowhere.")
    assert (await page.hears("refused", id=third))["message"] == UNDER_WAY
    may_answer.set()
    refused = await page.hears("refused", id=first)
    assert (refused["notebook"], "missing.txt" in refused["message"]) == ("a.ipynb", True)
    assert [message["id"] for message in page.heard if message["type"] == "refused"].count(first) == 1


async def test_a_task_for_a_notebook_that_is_not_open_is_refused(
    connect: Connect, model: ScriptedModel
) -> None:
    other, page = await connect(), await connect()
    await other.open("a.ipynb")
    for notebook in ("a.ipynb", "b.ipynb"):
        task = await page.ask(notebook=notebook)
        assert (await page.hears("refused", id=task, notebook=notebook))["message"] == NOT_OPEN
    assert page.types() == ["refused", "refused"]
    assert (await page.open("a.ipynb"))["events"] == []
    assert model.requests == []


async def test_an_empty_task_is_refused(connect: Connect, model: ScriptedModel) -> None:
    page = await connect()
    await page.open("a.ipynb")
    assert await page.refused("ask", task=" \n ") == "Say what you would like done."
    assert page.commands == page.events == model.requests == []


async def test_a_second_task_is_refused_while_a_run_is_under_way(
    page: ScriptedPage, model: ScriptedModel
) -> None:
    held = model.held("It is ", "2.")
    model.script([held])
    await page.ask("First.")
    await page.hears("reply_delta")
    assert await page.refused("ask", task="Second.") == UNDER_WAY
    held.released.set()
    assert (await page.end())["answer"] == "It is 2."
    assert len(model.requests) == page.events.count("run_started") == 1


async def test_new_conversation_begins_afresh_and_not_in_the_middle_of_a_run(
    page: ScriptedPage, connect: Connect, model: ScriptedModel
) -> None:
    held = model.held("Ju", "ly.")
    model.script([held, "August."])
    await page.ask("Which month?")
    await page.hears("reply_delta")
    refusal = await page.refused("new_conversation")
    assert refusal == "Stop the run first, then begin a new conversation."
    held.released.set()
    await page.end()
    other = await connect()
    old = await other.open("a.ipynb")
    assert old["events"][-1]["answer"] == "July."

    now = len(page.heard), len(other.heard)
    await page.request("new_conversation")
    for one, before in zip((page, other), now, strict=True):
        new = await one.hears("history", after=before)
        assert new["events"] == []
        assert new["conversation"] != old["conversation"]
    await page.ask("And now?")
    assert (await page.end(after=now[0]))["answer"] == "August."
    assert "Which month?" not in str(model.requests[-1]["messages"])


async def test_new_conversation_in_a_notebook_that_is_not_open_says_so(connect: Connect) -> None:
    other, page = await connect(), await connect()
    await other.open("a.ipynb")
    assert await page.refused("new_conversation") == NOT_OPEN
    assert other.types() == ["history"]


async def test_opening_a_notebook_is_refused_when_the_journal_fails_and_the_connection_stays(
    connect: Connect, conversations: Any, journal_path: Path
) -> None:
    page = await connect()
    conversations.journal.close()
    refusal = await page.refused("open", kernel_id=None)
    assert refusal.startswith(f"The journal {journal_path} cannot be ")
    assert not page.closed.is_set()


async def test_a_run_whose_journal_fails_ends_with_a_message(
    page: ScriptedPage, conversations: Any, model: ScriptedModel, journal_path: Path
) -> None:
    held = model.held("It is ", "2.")
    model.script([held])
    await page.ask()
    await page.hears("reply_delta")
    conversations.journal.close()
    held.released.set()
    end = await page.end()
    assert end["ending"] == "failed"
    assert end["message"].startswith(f"The journal {journal_path} cannot be written")
