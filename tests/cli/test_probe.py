"""``jupyter codeact models test`` and ``models endpoint``, as their user calls them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keyring
import pytest
from click.testing import CliRunner, Result
from keyring.backends.fail import Keyring as NoKeyring

from jupyter_codeact.cli import main
from jupyter_codeact.models import probe
from tests.scripted import Refusal, Said, ScriptedModel

Call = Callable[..., Result]
WORDS = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen"


@pytest.fixture
def codeact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Call]:
    """Return what calls the command line, without a keyring and with nothing saved."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    before = keyring.get_keyring()
    keyring.set_keyring(NoKeyring())
    yield lambda *words, **options: CliRunner().invoke(main, ["models", *words], **options)
    keyring.set_keyring(before)


@pytest.fixture
def served() -> Iterator[ScriptedModel]:
    def reply(messages: list[dict[str, Any]]) -> Said | Refusal:
        asked = messages[-1]["content"]
        if not isinstance(asked, str):
            return Refusal(400, "image input is not supported")
        return Said("Ready." if "ready" in asked else WORDS, pause=0.001)

    with ScriptedModel([reply] * 40) as served:
        yield served


def findings(report: dict[str, Any]) -> dict[str, str]:
    return {finding["name"]: finding["outcome"] for finding in report["findings"]}


def test_an_endpoint_is_tested_and_the_exit_code_says_whether_it_passed(
    codeact: Call, served: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", served.api_key)
    result = codeact("test", served.url, "--api-key-env", "MY_KEY", "--json")
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    assert findings(report) == {
        "chat": "pass",
        "streaming": "pass",
        "stop string": "pass",
        "cancellation": "pass",
        "image part": "n/a",
        "context limit": "n/a",
        "growing conversation": "n/a",
    }
    assert report["tokens_per_second"] > 0
    assert report["where"] == served.url
    assert served.disconnected.is_set()


def test_a_model_that_does_not_answer_fails_and_is_not_asked_the_rest(
    codeact: Call, served: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", "wrong")
    result = codeact("test", served.url, "--api-key-env", "MY_KEY")
    assert result.exit_code == 1
    assert "refused the API key" in result.stdout
    assert "streaming" not in result.stdout


def test_the_replies_of_an_endpoint_that_goes_on_after_the_stop_string_are_cut_off_there(
    codeact: Call, served: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.scripted._until_stop", lambda reply, _stops: (reply.text, "stop"))
    monkeypatch.setenv("JUPYTER_CODEACT_API_KEY", served.api_key)
    result = codeact("test", served.url, "--json")
    assert result.exit_code == 0, result.output
    assert findings(json.loads(result.stdout))["stop string"] == "pass"


def test_an_endpoint_that_writes_on_what_nobody_reads_fails(
    codeact: Call, served: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "FREE_SECONDS", 0.2)
    # chat, streaming, stop string, and the reply before; then those that are called off, and the one after
    served.script(
        [WORDS] * 4
        + [Said(WORDS, pause=0.01)] * probe.CANCELLED_REPLIES
        + [Said(WORDS, delay=600)]
        + [WORDS] * 9
    )
    monkeypatch.setenv("JUPYTER_CODEACT_API_KEY", served.api_key)
    result = codeact("test", served.url, "--json")
    assert result.exit_code == 1
    assert findings(json.loads(result.stdout))["cancellation"] == "fail"


def test_an_endpoint_gets_a_name_and_is_tested_by_it(codeact: Call, served: ScriptedModel) -> None:
    added = codeact("endpoint", "add", "work", served.url, "--key", input=f"{served.api_key}\n")
    assert added.exit_code == 0
    assert added.stdout == f"work is {served.url} with a key.\n"
    listed = codeact()
    assert f"work  {served.url}" in listed.stdout
    assert served.api_key not in listed.stdout + added.output
    assert codeact("test", "work").exit_code == 0
    assert codeact("endpoint", "rm", "work").exit_code == 0
    assert codeact("test", "work").exit_code == 2


def test_an_endpoint_without_an_address_is_refused(codeact: Call) -> None:
    result = codeact("endpoint", "add", "work", "work")
    assert result.exit_code == 1
    assert "must be an address like http://localhost:8000/v1" in result.stderr


def test_what_is_no_model_is_wrong_usage(codeact: Call) -> None:
    result = codeact("test", "gpt-9")
    assert result.exit_code == 2
    assert "no model called 'gpt-9'" in result.stderr
