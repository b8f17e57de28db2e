"""A model of this machine reads the notebook before the user asks; an endpoint is never asked unasked."""

from __future__ import annotations

from tests.scripted import ScriptedModel
from tests.server.page import Connect, Message, ScriptedPage

LOCAL = "smollm2-135m"
TASK = 40
"""Tokens that the task itself takes, and what is said with it."""


async def read_ahead(page: ScriptedPage) -> None:
    """Say that the user may ask soon, and wait until the model has read the notebook."""
    before = len(page.heard)
    await page.request("attend")
    await page.hears("model_status", after=before, state="busy")
    await page.until(lambda: page.status == "ready")


async def first_words(page: ScriptedPage) -> Message:
    """Ask, stop the run after the first words, and return the usage."""
    before = len(page.heard)
    await page.ask()
    await page.until(  # the first piece of a reply says only how much there is to read
        lambda: any((message.get("event") or {}).get("prose") for message in page.heard[before:])
    )
    await page.request("stop")
    usage: Message = (await page.hears("reply", after=before))["usage"]
    await page.end(after=before)
    return usage


async def test_the_prompt_is_in_the_cache_before_the_user_asks(connect: Connect) -> None:
    page = await connect()
    await page.request("choose_model", None, choice=LOCAL)
    await page.hears("model_list")
    await page.request("control_model", None, action="start")
    await page.open("a.ipynb")
    await page.hears("model_status", model=LOCAL, state="ready")
    for _ in range(2):  # the second question begins with the first
        await read_ahead(page)
        usage = await first_words(page)
        assert usage["prompt_tokens"] - usage["cached_tokens"] <= TASK < usage["cached_tokens"]


async def test_an_engine_that_was_started_anew_reads_the_notebook_again(connect: Connect) -> None:
    page = await connect()
    await page.request("choose_model", None, choice=LOCAL)
    await page.hears("model_list")
    await page.open("a.ipynb")
    for _ in range(2):
        begun = len(page.heard)
        await page.request("control_model", None, action="start")
        await page.hears("model_status", after=begun, model=LOCAL, state="ready")
        await read_ahead(page)
        await page.request("control_model", None, action="stop")
        await page.hears("model_status", after=begun, model=LOCAL, state="stopped")


async def test_a_run_that_waits_for_the_user_elsewhere_keeps_nothing_from_being_read(
    connect: Connect, model: ScriptedModel
) -> None:
    waiting, page = await connect(), await connect()
    await waiting.open("waits.ipynb")
    model.script(["```python\nimport os\nos.remove('x')\n```"])
    await waiting.ask(notebook="waits.ipynb")
    await waiting.hears("approval_requested")
    await page.request("choose_model", None, choice=LOCAL)
    await page.hears("model_list")
    await page.request("control_model", None, action="start")
    await page.open("a.ipynb")
    await page.hears("model_status", model=LOCAL, state="ready")
    await read_ahead(page)


async def test_an_endpoint_is_not_asked_ahead(connect: Connect, model: ScriptedModel) -> None:
    page = await connect()
    await page.open("a.ipynb")
    await page.request("attend")
    model.script(["Three."])
    await page.ask()
    await page.end()
    assert ["Count." in request["messages"][-1]["content"] for request in model.requests] == [True]
