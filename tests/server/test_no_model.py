"""A server whose model cannot be had says so when it is asked, and works on otherwise."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.ports import free_port
from tests.server.page import ScriptedPage

NOWHERE = f"http://127.0.0.1:{free_port()}/v1"


@pytest.fixture(params=[{"model": "no-such"}, {"endpoint": NOWHERE, "model": "m"}, {"endpoint": "nonsense"}])
def codeact_config(request: pytest.FixtureRequest, journal_path: Any) -> dict[str, Any]:
    return request.param | {"journal": str(journal_path)}


async def test_the_run_ends_with_a_sentence_and_no_cell_is_written(
    page: ScriptedPage, codeact_config: dict[str, Any]
) -> None:
    await page.ask()
    end = await page.end()
    assert end["ending"] == "failed"
    wrong = {"no-such": "no-such", NOWHERE: NOWHERE, "nonsense": "http://localhost:8000/v1"}
    named = codeact_config.get("endpoint") or codeact_config["model"]
    assert wrong[named] in end["message"]
    assert end["message"].endswith(".")
    assert "Traceback" not in end["message"]
    assert page.commands == ["read_state"]
    assert "JUPYTER_CODEACT_API_KEY" not in os.environ
