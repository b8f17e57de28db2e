"""The conversations about all notebooks of a server, over HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError

from tests.scripted import ScriptedModel
from tests.server.page import Connect


async def test_conversations_of_all_notebooks_are_found_and_exported(
    connect: Connect, model: ScriptedModel, jp_fetch: Any
) -> None:
    page = await connect()
    ids = {}
    for notebook, task in {"a.ipynb": "Fit a line.", "b.ipynb": "Draw a pie."}.items():
        ids[notebook] = (await page.open(notebook))["conversation"]
        model.script(["Done so."])
        before = len(page.heard)
        await page.ask(task, notebook=notebook)
        await page.end(after=before)
    answer = await jp_fetch("codeact", "conversations", params={"q": "LINE"})
    [found] = json.loads(answer.body)["conversations"]
    assert (found["id"], found["notebook"], found["title"]) == (ids["a.ipynb"], "a.ipynb", "Fit a line.")
    latest = json.loads((await jp_fetch("codeact", "conversations")).body)["conversations"]
    assert [each["notebook"] for each in latest] == ["b.ipynb", "a.ipynb"]
    exported = json.loads((await jp_fetch("codeact", "conversations", ids["b.ipynb"])).body)
    assert exported["name"].startswith("b-")
    assert "Draw a pie." in exported["text"]
    with pytest.raises(HTTPClientError, match="404"):
        await jp_fetch("codeact", "conversations", "nowhere")
    with pytest.raises(HTTPClientError, match="403"):
        await jp_fetch("codeact", "conversations", headers={"Authorization": "token wrong"})
