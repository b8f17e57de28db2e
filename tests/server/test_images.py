"""Images of the page in the requests that an endpoint gets."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_codeact.models.probe import red_image
from tests.scripted import ScriptedModel
from tests.server.page import ScriptedPage

IMAGE = red_image()


async def requested(page: ScriptedPage, model: ScriptedModel) -> list[dict[str, Any]]:
    """Return the parts of the message that the model got with an attached image."""
    model.script(["Red."])
    await page.ask("What is this?", attachments=[{"kind": "image", "name": "red.png", "image": IMAGE}])
    await page.end()
    content = model.requests[0]["messages"][-1]["content"]
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


async def test_a_model_that_takes_images_is_sent_the_attached_one(
    page: ScriptedPage, model: ScriptedModel
) -> None:
    model.listed = {"input_modalities": ["text", "image"]}
    text, image = await requested(page, model)
    assert image == {"type": "image_url", "image_url": {"url": IMAGE}}
    assert "You cannot see images" not in text["text"]


async def test_a_model_that_takes_no_images_learns_that_it_cannot_see_the_attached_one(
    page: ScriptedPage, model: ScriptedModel
) -> None:
    [text] = await requested(page, model)
    assert "red.png" in text["text"]
    assert "You cannot see images" in text["text"]


class TestConfigured:
    """An endpoint of the server's configuration, which says what the endpoint does not."""

    @pytest.fixture
    def codeact_config(self, model: ScriptedModel, journal_path: Any) -> dict[str, Any]:
        named = {"url": model.url, "api_key": model.api_key, "supports_images": True}
        return {"endpoint": "lab", "endpoints": {"lab": named}, "journal": str(journal_path)}

    async def test_the_setting_is_enough(self, page: ScriptedPage, model: ScriptedModel) -> None:
        _, image = await requested(page, model)
        assert image["type"] == "image_url"
