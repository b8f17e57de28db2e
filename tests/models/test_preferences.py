"""What the user sets for an endpoint, for one of its models and for a model of this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jupyter_codeact.agent.contracts import ModelSettings
from jupyter_codeact.models.endpoints.registry import Endpoints
from jupyter_codeact.models.open import open_endpoint, open_model
from jupyter_codeact.models.preferences import LocalPreferences, read_settings
from jupyter_codeact.models.private import SettingsError

URL = "https://models.example/v1"


def test_a_models_settings_go_before_its_endpoints_and_both_are_kept(tmp_path: Path) -> None:
    endpoints = Endpoints(tmp_path)
    endpoints.save("work", URL, model="small")
    endpoints.change("work", {"temperature": "0.7", "top_p": 0.9, "extra_body": '{"top_k": 20, "a": 1}'})
    endpoints.change("work", {"temperature": 0.2, "extra_body": {"a": 2}, "guidance": "small"}, model="small")
    endpoints.save("work", URL, model="small")
    small, big = (open_endpoint(Endpoints(tmp_path), "work", model=name).info for name in ("small", "big"))
    assert small.settings == ModelSettings(temperature=0.2, top_p=0.9, extra_body={"top_k": 20, "a": 2})
    assert big.settings == ModelSettings(temperature=0.7, top_p=0.9, extra_body={"top_k": 20, "a": 1})
    assert (small.guidance, big.guidance) == ("small", "capable")
    assert open_endpoint(Endpoints(tmp_path), "work").info.settings == small.settings


def test_what_is_unset_is_not_stored(tmp_path: Path) -> None:
    endpoints = Endpoints(tmp_path)
    endpoints.save("work", URL)
    before = (tmp_path / "endpoints.json").read_text()
    for model in ("", "small"):
        endpoints.change("work", {"temperature": 0.7, "supports_images": True}, model=model)
        assert (tmp_path / "endpoints.json").read_text() != before
        endpoints.change("work", {"temperature": None, "supports_images": None}, model=model)
        assert (tmp_path / "endpoints.json").read_text() == before


def test_an_endpoint_of_the_configuration_has_settings(tmp_path: Path) -> None:
    fields = {
        "url": URL,
        "settings": {"reasoning_effort": "low"},
        "models": {"m": {"settings": {"top_p": 0.5}}},
    }
    [endpoint] = Endpoints(tmp_path, {"lab": fields}).all()
    assert endpoint.preferences("m").settings == ModelSettings(reasoning_effort="low", top_p=0.5)
    with pytest.raises(SettingsError, match="configuration"):
        Endpoints(tmp_path, {"lab": fields}).change("lab", {"top_p": 0.5})


def test_what_is_set_for_a_model_of_this_machine_goes_before_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))
    name, plain = "smollm2-135m", open_model("smollm2-135m").info
    assert plain.settings.reply_tokens
    LocalPreferences(tmp_path / "codeact").change(name, {"reply_tokens": 99, "guidance": "capable"})
    info = open_model(name).info
    assert (info.settings.reply_tokens, info.guidance) == (99, "capable")
    LocalPreferences(tmp_path / "codeact").change(name, {"reply_tokens": None, "guidance": None})
    assert open_model(name).info == plain


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("temperature", "hot", "The temperature 'hot' is not possible: it should be a valid number"),
        ("temperature", 3, "The temperature 3 is not possible: it should be less than or equal to 2"),
        ("top_p", 0, "The top p 0 is not possible: it should be greater than 0"),
        ("reply_tokens", "0", "The reply tokens '0' is not possible"),
        (
            "reasoning_effort",
            "huge",
            "The reasoning effort 'huge' is not possible: it should be 'off', 'minimal'",
        ),
        ("extra_body", "{", "The extra body is not JSON"),
        ("extra_body", "[1]", "The extra body must be a JSON object"),
    ],
)
def test_a_wrong_value_is_said_in_a_sentence(field: str, value: Any, sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({field: value})
    assert sentence in str(caught.value)
