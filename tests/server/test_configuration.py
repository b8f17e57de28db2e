"""The server's configuration: what it accepts, and how it names what was called otherwise before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPResponse
from traitlets import TraitError

from jupyter_codeact.agent.replies.formats import FORMATS
from jupyter_codeact.server import configuration
from jupyter_codeact.server.extension import CodeActExtension
from tests.scripted import ScriptedModel
from tests.server.page import Connect, ScriptedPage

EARLIER = {"ask": "always", "ask-if-risky": "risky", "auto": "never"}


@pytest.fixture
def codeact_config(
    request: pytest.FixtureRequest, model: ScriptedModel, journal_path: Path
) -> dict[str, Any]:
    return {"endpoint": model.url, "journal": str(journal_path), **request.param}


def test_all_action_formats_can_be_configured() -> None:
    assert tuple(FORMATS) == configuration.FORMATS


@pytest.mark.parametrize(
    ("codeact_config", "today"),
    [({"approval": earlier}, today) for earlier, today in EARLIER.items()],
    indirect=["codeact_config"],
    ids=list(EARLIER),
)
async def test_an_earlier_spelling_of_approval_is_read_and_its_new_name_is_logged(
    capsys: pytest.CaptureFixture[str], connect: Connect, codeact_config: dict[str, Any], today: str
) -> None:
    assert (await (await connect()).open("a.ipynb"))["approval"] == today
    warning = f"CodeActExtension.approval: {codeact_config['approval']!r} is called {today!r} now."
    assert capsys.readouterr().err.count(warning) == 1


@pytest.mark.parametrize("codeact_config", [{"approval": "always"}], indirect=True)
async def test_a_present_spelling_of_approval_is_read_without_a_warning(
    capsys: pytest.CaptureFixture[str], connect: Connect
) -> None:
    assert (await (await connect()).open("a.ipynb"))["approval"] == "always"
    assert "CodeActExtension.approval" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("codeact_config", "corrected"),
    [
        ({"guidance": "small"}, ["from math import pi\n\nprint(pi)"]),
        ({"guidance": "capable"}, ["from math import pi", "print(pi)"]),
    ],
    indirect=["codeact_config"],
    ids=["small", "capable"],
)
async def test_guidance_decides_whether_a_corrected_cell_itself_gets_the_imports_it_lacks(
    page: ScriptedPage, model: ScriptedModel, corrected: list[str]
) -> None:
    attempts = ["```python\nfrom math import pi\n1 / 0\n```", "```python\nprint(pi)\n```"]
    model.script([*attempts, "It is 3.14."])
    await page.ask()
    await page.end()
    assert list(page.sources.values()) == corrected


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"approval": "sometimes"}, "approval is one of always, risky, never, not 'sometimes'"),
        ({"tools": ["os.system"]}, "does not name a tool"),
        ({"guidance": "large"}, "guidance"),
    ],
    ids=["approval", "tools", "guidance"],
)
def test_a_wrong_value_is_refused_with_a_sentence(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(TraitError, match=message):
        CodeActExtension(**wrong)


@pytest.mark.parametrize("codeact_config", [{"content_policy": True}, {}], indirect=True)
async def test_a_content_policy_is_sent_where_it_is_wanted(
    jp_fetch: Callable[..., Awaitable[HTTPResponse]], codeact_config: dict[str, Any]
) -> None:
    sent = (await jp_fetch("api", "status")).headers["Content-Security-Policy"]
    assert ("img-src 'self' data: blob:" in sent) is ("content_policy" in codeact_config)
    assert "frame-ancestors 'self'" in sent
