"""Completion of code: what the model is asked, and when it is left alone."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError

from jupyter_codeact.notebooks import variables
from jupyter_codeact.server import completion
from jupyter_codeact.server.completion import BUSY, NOT_RUNNING
from tests.scripted import Held, Refusal, ScriptedModel
from tests.server.page import Connect, ScriptedPage
from tests.waiting import until


@pytest.fixture
def coder(model: ScriptedModel) -> ScriptedModel:
    """Return the model under the name of one that fills in the middle."""
    model.listed["id"] = "Qwen2.5-Coder-1.5B"
    return model


@pytest.fixture
def complete(jp_fetch: Any) -> Any:
    """Return what asks for a completion as a page does."""

    async def ask(before: str, after: str = "", **more: Any) -> dict[str, str]:
        body = {"before": before, "after": after, **more}
        answer = await jp_fetch("codeact", "complete", method="POST", body=json.dumps(body))
        return dict(json.loads(answer.body))

    return ask


async def test_a_model_for_code_fills_in_the_middle_knowing_cells_and_variables(
    coder: ScriptedModel, complete: Any, page: ScriptedPage, kernel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_TOKEN", "nobody-may-see-this")
    monkeypatch.setattr(completion, "READING", 30)
    monkeypatch.setattr(variables, "read", partial(variables.read, timeout=30))
    await page.execute("prices = [2, 3, 37]")
    coder.script(["sum(prices)\nprint(total)", "1"])
    cells = ["import math", "key = 'nobody-may-see-this'"]
    said = await complete("total = ", "\nprint(total)", cells=cells, kernel=kernel, executions=1)
    assert said == {"text": "sum(prices)", "reason": ""}
    [request] = coder.requests
    assert request["prompt"] == (
        "<|fim_prefix|># prices: list = [2, 3, 37]\n\nimport math\n\nkey = '[SOME_TOKEN hidden]'\n\ntotal = "
        "<|fim_suffix|>\nprint(total)<|fim_middle|>"
    )
    assert "messages" not in request
    assert request["max_tokens"] <= 128

    await page.execute("prices = 'changed'")  # the page tells by its number that something was executed
    await complete("total = ", cells=cells, kernel=kernel, executions=2)
    assert "# prices: str = 'changed'" in coder.requests[1]["prompt"]


async def test_another_model_is_asked_for_the_code_alone(model: ScriptedModel, complete: Any) -> None:
    model.script(["```python\ntotal = sum(prices)\n```\nThis adds the prices up."])
    assert (await complete("total = ", "\nprint(total)"))["text"] == "sum(prices)"
    [request] = model.requests
    assert [message["role"] for message in request["messages"]] == ["system", "user"]
    assert request["messages"][1]["content"] == "total = <HERE>\nprint(total)"


async def test_a_server_without_such_requests_is_asked_as_in_a_conversation(
    coder: ScriptedModel, complete: Any
) -> None:
    coder.script([Refusal(404, "Not found."), "sum(prices)", "1"])
    assert (await complete("total = "))["text"] == "sum(prices)"
    await complete("total = ")
    assert ["prompt" in request for request in coder.requests] == [True, False, False]


async def test_a_run_takes_the_model_and_has_it_for_itself(
    coder: ScriptedModel, complete: Any, page: ScriptedPage
) -> None:
    completing, replying = Held("so"), Held("It ")
    coder.script([completing, replying])
    asked = asyncio.ensure_future(complete("total = "))
    await until(completing.reached.is_set)
    await page.ask()
    assert await asked == {"text": "", "reason": NOT_RUNNING}
    await until(completing.disconnected.is_set)
    await until(replying.reached.is_set)
    assert await complete("total = ") == {"text": "", "reason": BUSY}
    replying.released.set()
    assert (await page.end())["ending"] == "answered"
    assert len(coder.requests) == 2


@pytest.mark.parametrize(
    ("reply", "waits_for"),
    [
        ("```python\nx = 1\n```", "approval_requested"),
        ("```python\nask_user('Mean or median?', options=['mean', 'median'])\n```", "question_asked"),
    ],
)
async def test_a_run_that_waits_for_the_user_leaves_the_model_to_completion_until_it_goes_on(
    coder: ScriptedModel, complete: Any, page: ScriptedPage, reply: str, waits_for: str
) -> None:
    await page.request("set_approval", approval="always")
    completing = Held("so")
    coder.script([reply, "sum(prices)\n", completing, "Done."])
    await page.ask()
    asked = await page.hears(waits_for)
    assert await complete("total = ") == {"text": "sum(prices)", "reason": ""}
    under_way = asyncio.ensure_future(complete("total = "))
    await until(completing.reached.is_set)
    if waits_for == "question_asked":
        await page.request("answer_question", run=asked["run"], answer="mean")
    else:
        await page.resolve(asked, "x = 1")
    assert await under_way == {"text": "", "reason": NOT_RUNNING}
    assert (await page.end())["answer"] == "Done."


async def test_a_run_whose_notebook_nobody_shows_is_in_no_ones_way(
    coder: ScriptedModel, complete: Any, page: ScriptedPage, connect: Connect
) -> None:
    held = Held("```python\n", "x = 1\n```")
    coder.script([held, "sum(prices)\n", "Done."])
    await page.ask()
    await until(held.reached.is_set)
    await page.leave()
    assert await complete("total = ") == {"text": "", "reason": BUSY}
    held.released.set()
    async with asyncio.timeout(20):
        while (said := await complete("total = "))["reason"]:
            pass  # the reply is not at its end yet
    assert said["text"] == "sum(prices)"
    again = await connect()
    await again.open("a.ipynb")
    assert (await again.end())["answer"] == "Done."


@pytest.mark.usefixtures("jp_fetch")  # which lets the server listen
async def test_the_model_stops_when_nobody_waits_any_more(
    coder: ScriptedModel, jp_http_port: int, jp_base_url: str, jp_auth_header: dict[str, str]
) -> None:
    held = Held("so")
    coder.script([held])
    _reader, writer = await asyncio.open_connection("127.0.0.1", jp_http_port)
    body = json.dumps({"before": "total = "})
    head = {**jp_auth_header, "Host": "localhost", "Content-Length": str(len(body))}
    lines = [
        f"POST {jp_base_url}codeact/complete HTTP/1.1",
        *(f"{name}: {value}" for name, value in head.items()),
    ]
    writer.write(("\r\n".join(lines) + "\r\n\r\n" + body).encode())
    await until(held.reached.is_set)
    writer.close()
    await until(held.disconnected.is_set)


async def test_the_newest_of_two_is_answered(coder: ScriptedModel, complete: Any) -> None:
    held = Held("so")
    coder.script([held, "sum(prices)\n"])
    first = asyncio.ensure_future(complete("tot"))
    await until(held.reached.is_set)
    assert (await complete("total = "))["text"] == "sum(prices)"
    assert (await first)["text"] == ""
    assert held.disconnected.is_set()


async def test_a_refusal_is_a_reason_and_leaves_the_models_state_alone(
    coder: ScriptedModel, complete: Any, page: ScriptedPage
) -> None:
    coder.script([Refusal(500, "It broke.")])
    said = await complete("total = ")
    assert said["text"] == ""
    assert "It broke" in said["reason"]
    assert [message["state"] for message in page.heard if message["type"] == "model_status"] == ["ready"]


@pytest.mark.parametrize("body", ["", "[]", '{"after": ""}', "[" * 5000])
async def test_what_is_no_request_is_refused(jp_fetch: Any, body: str) -> None:
    with pytest.raises(HTTPClientError) as refused:
        await jp_fetch("codeact", "complete", method="POST", body=body)
    assert refused.value.code == 400


async def test_a_stranger_is_refused(jp_fetch: Any, coder: ScriptedModel) -> None:
    headers = {"Authorization": "token wrong"}
    with pytest.raises(HTTPClientError) as refused:
        await jp_fetch("codeact", "complete", method="POST", body='{"before": "x = "}', headers=headers)
    assert refused.value.code == 403
    assert coder.requests == []


class TestElsewhere:
    """A model on another machine."""

    @pytest.fixture
    def codeact_config(self, codeact_config: dict[str, Any]) -> dict[str, Any]:
        return {**codeact_config, "endpoint": "http://models.invalid/v1"}

    async def test_it_is_asked_only_if_that_is_allowed(self, complete: Any) -> None:
        assert "another machine and may cost money" in (await complete("x = "))["reason"]
        allowed = await complete("x = ", elsewhere=True)
        assert "models.invalid" in allowed["reason"]
        assert "cost money" not in allowed["reason"]


async def test_a_model_of_this_machine_is_never_started_for_it(connect: Connect, complete: Any) -> None:
    page = await connect()
    await page.request("choose_model", None, choice="smollm2-135m")
    await page.hears("model_list")
    assert await complete("total = 1 + ") == {"text": "", "reason": NOT_RUNNING}
    assert page.status in ("absent", "stopped")
    await page.request("control_model", None, action="start")
    await page.hears("model_status", model="smollm2-135m", state="ready")
    before = len(page.heard)
    await page.open("a.ipynb")
    await page.request("attend")
    await page.hears("model_status", after=before, state="busy")
    assert (await complete("total = 1 + "))["reason"] == ""  # what was read ahead has given way
    await page.until(lambda: page.status == "ready")
