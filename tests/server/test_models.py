"""The model is chosen on the page, for the whole server; endpoints are named there, and keys stay here."""

from __future__ import annotations

import json
import logging
import stat
from pathlib import Path
from typing import Any

import keyring
import pytest
from jupyter_server.serverapp import ServerApp
from keyring.backends.fail import Keyring as NoKeyring

from jupyter_codeact.models.catalog.tuned import root
from jupyter_codeact.models.endpoints.registry import Endpoints
from jupyter_codeact.models.private import PrivateFile
from jupyter_codeact.server.models import Models, open_models
from tests.scripted import Held, Refusal, ScriptedModel
from tests.server.page import Connect, Message, ScriptedPage

KEY = "sk-of-the-page"


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> Any:
    before = keyring.get_keyring()
    keyring.set_keyring(NoKeyring())
    yield
    keyring.set_keyring(before)


@pytest.fixture
def other() -> Any:
    """Return a second model, with a key of its own."""
    with ScriptedModel() as other:
        other.api_key = KEY
        yield other


@pytest.fixture
def models(jp_serverapp: ServerApp) -> Models:
    [extension] = jp_serverapp.extension_manager.extension_apps["jupyter_codeact"]
    return extension.models


async def listed(page: ScriptedPage) -> Message:
    before = len(page.heard)
    await page.request("list_models", None)
    return await page.hears("model_list", after=before)


async def save(page: ScriptedPage, name: str, url: str, **more: Any) -> Message:
    before = len(page.heard)
    await page.request("save_endpoint", None, name=name, url=url, **more)
    return await page.hears("model_list", after=before)


async def choose(page: ScriptedPage, name: str) -> Message:
    before = len(page.heard)
    await page.request("choose_model", None, choice=name)
    return await page.hears("model_list", after=before)


def by_name(models: Message) -> dict[str, Message]:
    return {choice["name"]: choice for choice in models["choices"]}


async def test_a_page_is_told_how_the_model_is_and_what_there_is(
    page: ScriptedPage, model: ScriptedModel
) -> None:
    status = await page.hears("model_status")
    assert (status["state"], status["where"]) == ("ready", model.url)
    models = await listed(page)
    choices = by_name(models)
    assert {"auto", "smollm2-135m", "qwen2.5-coder-1.5b"} <= choices.keys()
    assert choices["auto"]["detail"].endswith(".")
    small, vast = choices["smollm2-135m"], choices["qwen3.8-27b-q8"]
    assert "CPU" in small["fits"]
    assert (small["runs"], small["size"], small["licence"]) == (True, "98 MB", "Apache-2.0")
    assert (vast["size"], vast["present"]) == ("30.0 GB", False)
    assert sum(choice["suggested"] for choice in models["choices"]) <= 1
    configured = next(choice for choice in models["choices"] if choice["id"] == models["chosen"])
    assert (configured["kind"], configured["where"], configured["has_key"]) == ("endpoint", model.url, True)


async def test_an_endpoint_that_is_saved_and_chosen_is_used_by_the_next_run(
    page: ScriptedPage, connect: Connect, other: ScriptedModel, model: ScriptedModel, journal_path: Path
) -> None:
    watching = await connect()
    await save(page, "work", other.url, api_key=KEY)
    models = await choose(page, "endpoint:work")
    assert models["chosen"] == "endpoint:work"
    assert (await watching.hears("model_list", chosen="endpoint:work"))["choices"] == models["choices"]
    assert (await watching.hears("model_status", where=other.url))["state"] == "ready"
    other.script(["Hello from work."])
    await page.ask()
    assert (await page.end())["answer"] == "Hello from work."
    assert model.requests == []
    assert json.loads((journal_path.parent / "model.json").read_text()) == {"chosen": "endpoint:work"}
    assert (await page.hears("model_described"))["name"] == "scripted"


async def test_how_a_model_is_asked_is_set_with_its_endpoint_and_for_a_run(
    page: ScriptedPage, other: ScriptedModel
) -> None:
    settings = {"reasoning_effort": "low", "temperature": 0.4, "extra_body": {"top_k": 5}}
    more = {"supports_images": True, "guidance": "capable", "settings": settings}
    saved = by_name(await save(page, "work", other.url, api_key=KEY, **more))["work"]
    assert (saved["supports_images"], saved["guidance"]) == (True, "capable")
    assert saved["settings"] | settings == saved["settings"]
    kept = by_name(await save(page, "work", other.url, model="scripted"))["work"]
    assert kept["settings"] == saved["settings"]
    await choose(page, "endpoint:work")
    other.script(["It is 5."])
    await page.ask(settings={"temperature": 0.9})
    assert (await page.end())["answer"] == "It is 5."
    [body] = other.requests
    assert (body["reasoning_effort"], body["temperature"], body["top_k"]) == ("low", 0.9, 5)
    wrong = await page.refused("save_endpoint", None, name="work", url=other.url, settings={"temperature": 9})
    assert wrong


async def test_what_is_set_for_a_single_model_of_an_endpoint_counts_for_that_one(
    page: ScriptedPage, other: ScriptedModel
) -> None:
    # sent together, as the form does: the second waits for the first
    await page.request("save_endpoint", None, name="work", url=other.url, api_key=KEY, model="scripted")
    preferences = {"guidance": "capable", "settings": {"temperature": 0.7}}
    await page.request(
        "set_preferences", None, choice="endpoint:work", model="scripted", preferences=preferences
    )
    await page.until(
        lambda: any(
            message["type"] == "model_list" and by_name(message)["work"]["models"] for message in page.heard
        )
    )
    work = by_name(await listed(page))["work"]
    assert (work["guidance"], work["models"]["scripted"]["guidance"]) == (None, "capable")
    await choose(page, "endpoint:work")
    other.script(["It is 5."])
    await page.ask()
    await page.end()
    assert other.requests[-1]["temperature"] == 0.7
    assert (await page.hears("model_described"))["guidance"] == "capable"
    await page.request("set_preferences", None, choice="endpoint:work", model="scripted", preferences={})
    assert by_name(await listed(page))["work"]["models"] == {}


async def test_what_is_set_for_a_model_of_this_machine_holds_at_once(page: ScriptedPage) -> None:
    preferences = {"guidance": "capable", "approval": "always", "settings": {"temperature": 0.3}}
    await choose(page, "smollm2-135m")
    await page.request("set_preferences", None, choice="catalog:smollm2-135m", preferences=preferences)
    await page.hears("approval_changed", approval="always")
    found = by_name(await listed(page))["smollm2-135m"]
    assert (found["guidance"], found["approval"]) == ("capable", "always")
    assert found["settings"]["temperature"] == 0.3
    wrong = await page.refused(
        "set_preferences", None, choice="catalog:smollm2-135m", preferences={"settings": {"temperature": 9}}
    )
    assert wrong
    assert "There is no model" in await page.refused(
        "set_preferences", None, choice="catalog:x", preferences={}
    )


async def test_no_key_ever_reaches_a_page_or_a_log(
    page: ScriptedPage, other: ScriptedModel, model: ScriptedModel, journal_path: Path, caplog: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    await save(page, "work", other.url, api_key=KEY)
    await save(page, "work", other.url, model="scripted")
    await choose(page, "endpoint:work")
    other.script([Refusal(401, f"The key {KEY} is wrong.")])
    await page.ask()
    assert (await page.end())["ending"] == "failed"
    assert await page.refused("save_endpoint", None, name="x", api_key=KEY)  # no address: it cannot be read
    assert await page.refused("save_endpoint", None, name=7, url=other.url, api_key=KEY)
    await listed(page)
    assert KEY not in json.dumps(page.heard)
    assert model.api_key not in json.dumps(page.heard)
    assert KEY not in caplog.text
    assert model.api_key not in caplog.text
    kept = [path for path in journal_path.parent.iterdir() if KEY.encode() in path.read_bytes()]
    assert [path.name for path in kept] == ["keys.json"]
    assert stat.S_IMODE(kept[0].stat().st_mode) == 0o600


async def test_any_model_on_the_hub_can_be_chosen_by_its_name(page: ScriptedPage) -> None:
    models = await choose(page, "hf:someone/Some-GGUF/some-q4_k_m.gguf")
    assert models["chosen"] == "file:hf:someone/Some-GGUF/some-q4_k_m.gguf"
    status = await page.hears("model_status", model="hf:someone/Some-GGUF/some-q4_k_m.gguf")
    assert status["state"] == "absent"
    refused = await page.refused("choose_model", None, choice="hf:someone")
    assert "write hf:owner/name" in refused


async def test_a_tuned_model_is_listed_with_its_base_and_refused_on_another(
    page: ScriptedPage, smollm2: Path
) -> None:
    folder = root() / "smollm2-135m+mine"
    (folder / "adapter").mkdir(parents=True)
    (folder / "adapter.gguf").write_bytes(b"GGUF")
    base = {"name": "smollm2-135m", "reference": "smollm2-135m", "sha256": "0" * 64}
    manifest = {"schema": 1, "base": base, "method": "lora", "metrics": {"loss": 1.5, "best_loss": 0.5}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    found = by_name(await listed(page))["smollm2-135m+mine"]
    assert (found["kind"], found["base"]) == ("tuned", "catalog:smollm2-135m")
    assert found["detail"] == "an adapter (LoRA), loss 1.50 → 0.50"
    models = await choose(page, "smollm2-135m+mine")
    assert models["chosen"] == "tuned:smollm2-135m+mine"
    await page.request("control_model", None, action="start")
    status = await page.hears("model_status", model="smollm2-135m+mine", state="failed")
    assert "was trained on another model than SmolLM2" in status["message"]


async def test_a_run_keeps_the_model_it_began_with(
    page: ScriptedPage, model: ScriptedModel, other: ScriptedModel
) -> None:
    held = Held("```python\n1 +", " 1\n```")
    model.script([held, "It is 2."])
    await save(page, "work", other.url, api_key=KEY)
    await page.ask()
    await page.hears("reply_delta")
    await choose(page, "endpoint:work")
    held.released.set()
    assert (await page.end())["answer"] == "It is 2."
    assert len(model.requests) == 2
    assert other.requests == []


async def test_a_task_may_have_a_model_of_its_own(
    page: ScriptedPage, model: ScriptedModel, other: ScriptedModel
) -> None:
    await save(page, "work", other.url, api_key=KEY)
    other.script(["From work.", "From work again."])
    for name in ("work", "endpoint:work"):
        before = len(page.heard)
        await page.ask("Hello?", model=name)
        assert (await page.end(after=before))["answer"].startswith("From work")
    assert model.requests == []
    refusal = await page.refused("ask", task="Hello?", model="gpt-9")
    assert "no model called 'gpt-9'; there are auto, " in refusal


async def test_removing_the_chosen_endpoint_leaves_the_choice_to_us(
    page: ScriptedPage, other: ScriptedModel, journal_path: Path
) -> None:
    await save(page, "work", other.url, api_key=KEY)
    await choose(page, "endpoint:work")
    await page.request("remove_endpoint", None, name="work")
    assert "work" not in by_name(await page.hears("model_list", chosen="auto"))
    assert KEY not in (journal_path.parent / "keys.json").read_text()


async def test_what_cannot_be_done_is_said_in_a_sentence(page: ScriptedPage, model: ScriptedModel) -> None:
    where = model.url.removeprefix("http://").removesuffix("/v1")
    wrong = await page.refused("save_endpoint", None, name="work", url="work")
    assert "must be an address like" in wrong
    assert "no endpoint called work" in await page.refused("remove_endpoint", None, name="work")
    configured = await page.refused("remove_endpoint", None, name=where)
    assert "is set in the server's configuration" in configured
    assert "no model called" in await page.refused("choose_model", None, choice="endpoint:work")
    assert "runs elsewhere" in await page.refused("control_model", None, action="stop")


async def test_starting_an_endpoint_says_whether_it_answers(page: ScriptedPage, other: ScriptedModel) -> None:
    await save(page, "work", other.url, api_key="wrong")
    await choose(page, "endpoint:work")
    before = len(page.heard)
    await page.request("control_model", None, action="start")
    failed = await page.hears("model_status", after=before, state="failed")
    assert "refused the API key" in failed["message"]
    await save(page, "work", other.url, api_key=KEY)
    before = len(page.heard)
    await page.request("control_model", None, action="start")
    await page.hears("model_status", after=before, state="ready", model="scripted")


async def opened(folder: Path, **configuration: Any) -> str:
    """Return what a server with a configuration has chosen."""
    models = open_models(folder, lambda *_call: None, **configuration)
    await models.close()
    return models.chosen


async def test_the_choice_outlives_the_server_and_the_configuration_wins(tmp_path: Path) -> None:
    assert await opened(tmp_path) == "auto"
    with PrivateFile(tmp_path / "model.json").change() as remembered:
        remembered["chosen"] = "catalog:smollm2-135m"
    assert stat.S_IMODE((tmp_path / "model.json").stat().st_mode) == 0o600
    assert await opened(tmp_path) == "catalog:smollm2-135m"
    assert await opened(tmp_path, model="qwen2.5-coder-1.5b") == "catalog:qwen2.5-coder-1.5b"
    assert await opened(tmp_path, model="auto") == "auto"
    assert await opened(tmp_path, endpoint="http://localhost:8000/v1") == "endpoint:localhost:8000"
    Endpoints(tmp_path).save("work", "https://work.example/v1")
    assert await opened(tmp_path, endpoint="work") == "endpoint:work"
    assert await opened(tmp_path, model="work") == "endpoint:work"
    with PrivateFile(tmp_path / "model.json").change() as remembered:
        remembered["chosen"] = "endpoint:gone"
    assert await opened(tmp_path) == "auto"


async def test_a_model_that_is_not_chosen_any_more_is_unloaded_once_it_is_idle(tmp_path: Path) -> None:
    models = open_models(tmp_path, lambda *_call: None, model="smollm2-135m")
    engine = models.for_run().engine  # type: ignore[attr-defined]
    kept = engine.idle_seconds
    await models._choose("auto")
    assert engine.idle_seconds < kept
    await models._choose("catalog:smollm2-135m")
    assert engine.idle_seconds == kept
    await models.close()


async def test_an_endpoint_is_tested_before_it_is_saved(page: ScriptedPage, other: ScriptedModel) -> None:
    test = {"kind": "test_endpoint", "notebook": None, "url": other.url}
    identity = await page.request(**test, api_key=KEY)
    assert (await page.hears("endpoint_tested", id=identity))["models"] == ["scripted"]
    assert "refused the API key (HTTP 401)" in await page.refused(**test, api_key="sk-wrong")
    assert "wants an API key (HTTP 401)" in await page.refused(**test)
    assert "does not answer" in await page.refused(**test | {"url": "http://127.0.0.1:9/v1"})
    assert "work" not in by_name(await listed(page))
    # a saved key is used, but for its own server only
    await save(page, "work", other.url, api_key=KEY)
    identity = await page.request(**test, name="work")
    assert (await page.hears("endpoint_tested", id=identity))["models"] == ["scripted"]
    with ScriptedModel() as elsewhere:
        refused = await page.refused(**test | {"url": elsewhere.url}, name="work")
    assert refused == "work gets another server's address, so give its key again."


async def test_a_run_has_a_cost_where_prices_are_known_and_the_users_instructions(
    page: ScriptedPage, other: ScriptedModel
) -> None:
    prices = {"price_in": 2.0, "price_out": 10.0}
    other.listed["context_length"] = 8_000
    saved = by_name(await save(page, "work", other.url, api_key=KEY, prices=prices))["work"]
    assert saved["prices"] == prices | {"price_cached": None}
    await choose(page, "endpoint:work")
    other.script(["It is 5.", "It is 6."])
    await page.ask(instructions="Write German.", guidance="capable")
    end = await page.end()
    used = end["usage"]
    assert end["cost"] == pytest.approx((2 * used["prompt_tokens"] + 10 * used["completion_tokens"]) / 1e6)
    described = await page.hears("model_described")
    assert (described["context_window"], described["guidance"]) == (8_000, "capable")
    before = len(page.heard)
    await page.ask("And now?", instructions="Write German.")
    await page.end(after=before)
    said = [message["content"] for message in other.requests[-1]["messages"]]
    assert str(said).count("Heed in every task: Write German.") == 1


async def test_a_key_that_is_refused_is_told_apart_from_other_failures(
    page: ScriptedPage, other: ScriptedModel
) -> None:
    await save(page, "work", other.url, api_key="sk-wrong", model="scripted")
    await choose(page, "endpoint:work")
    await page.ask()
    await page.end()
    status = await page.hears("model_status", state="failed")
    assert status["needs_key"] is True
