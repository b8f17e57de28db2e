"""Tools that the server's configuration names are in the user's kernel when a run begins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.scripted import ScriptedModel
from tests.server.page import ScriptedPage


@pytest.fixture
def codeact_config(model: ScriptedModel, journal_path: Path) -> dict[str, Any]:
    return {
        "endpoint": model.url,
        "journal": str(journal_path),
        "tools": ["textwrap:shorten"],
        "action_format": "execute",
    }


async def test_a_configured_tool_is_told_and_can_be_called(page: ScriptedPage, model: ScriptedModel) -> None:
    model.script(["<execute>print(shorten('one two three four', 12))", "<solution>one [...]</solution>"])
    await page.ask()
    end = await page.end()
    assert (end["ending"], end["answer"]) == ("answered", "one [...]")
    assert "- shorten(text, width" in model.requests[0]["messages"][-1]["content"]
    assert "<execute>" in model.requests[0]["messages"][0]["content"]
    assert "one [...]" in model.requests[1]["messages"][-1]["content"]
