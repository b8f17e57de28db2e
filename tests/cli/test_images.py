"""Images in the requests that an endpoint gets: from a cell and from the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from jupyter_codeact.cli import main
from jupyter_codeact.models.probe import red_image
from tests.scripted import Refusal, ScriptedModel

PLOT = """I will draw it.

```python
import matplotlib.pyplot as plt
plt.plot([1, 4, 9])
plt.show()
```"""
TAKES_IMAGES = {"architecture": {"input_modalities": ["text", "image"]}}
TEXT_ONLY = {"architecture": {"input_modalities": ["text"]}}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, with an image of a red square."""
    import base64

    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    Path("red.png").write_bytes(base64.b64decode(red_image().partition(",")[2]))
    return tmp_path


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    with ScriptedModel() as model:
        yield model


def codeact(model: ScriptedModel, *arguments: str) -> None:
    result = CliRunner().invoke(
        main, arguments, env={"JUPYTER_CODEACT_API_KEY": model.api_key}, catch_exceptions=False
    )
    assert result.exit_code == 0, result.output


def images(request: dict[str, Any]) -> list[str]:
    """Return the kinds of all images in a request."""
    return [
        part["image_url"]["url"].partition(",")[0]
        for message in request["messages"]
        if isinstance(message["content"], list)
        for part in message["content"]
        if part["type"] == "image_url"
    ]


def text(request: dict[str, Any]) -> str:
    contents = [message["content"] for message in request["messages"]]
    parts = [[{"text": one}] if isinstance(one, str) else one for one in contents]
    return "\n".join(part.get("text", "") for one in parts for part in one)


def test_a_model_that_takes_images_is_sent_the_plot_of_a_cell(model: ScriptedModel) -> None:
    model.listed = TAKES_IMAGES
    model.script([PLOT, "It grows."])
    codeact(model, "run", "Draw the squares.", "--output", "out.ipynb", "--endpoint", model.url)
    first, second = model.requests
    assert images(first) == []
    assert images(second) == ["data:image/png;base64"]


@pytest.mark.parametrize("listed", [{}, TEXT_ONLY])
def test_a_model_that_takes_no_images_is_told_of_the_plot_in_words(
    model: ScriptedModel, listed: dict[str, Any]
) -> None:
    model.listed = listed
    model.script([PLOT, "It grows."])
    codeact(model, "run", "Draw the squares.", "--output", "out.ipynb", "--endpoint", model.url)
    second = model.requests[1]
    assert images(second) == []
    assert "[image/png figure, " in text(second)


def test_an_image_of_the_command_line_is_sent_with_the_task(model: ScriptedModel) -> None:
    model.listed = TAKES_IMAGES
    model.script(["Red."])
    codeact(model, "run", "What is this?", "--image", "red.png", "--endpoint", model.url)
    assert images(model.requests[0]) == ["data:image/png;base64"]
    assert "cannot see" not in text(model.requests[0])


def test_a_model_that_takes_no_images_learns_that_it_cannot_see_the_one_of_the_task(
    model: ScriptedModel,
) -> None:
    model.script(["I cannot tell."])
    codeact(model, "run", "What is this?", "--image", "red.png", "--endpoint", model.url)
    assert images(model.requests[0]) == []
    assert "You cannot see images" in text(model.requests[0])


@pytest.mark.parametrize(
    ("setting", "listed", "sent"), [("yes", {}, 1), ("no", TAKES_IMAGES, 0), ("auto", TAKES_IMAGES, 1)]
)
def test_the_setting_of_an_endpoint_overrules_what_the_endpoint_tells(
    model: ScriptedModel, setting: str, listed: dict[str, Any], sent: int
) -> None:
    model.listed = listed
    model.script(["Red."])
    codeact(model, "models", "endpoint", "add", "work", model.url, "--images", setting)
    # The key is saved with it, as one of the environment is not for endpoints that have a name.
    result = CliRunner().invoke(
        main, ["models", "endpoint", "add", "work", model.url, "--key"], input=f"{model.api_key}\n"
    )
    assert result.exit_code == 0, result.output
    codeact(model, "run", "What is this?", "--image", "red.png", "--endpoint", "work")
    assert len(images(model.requests[0])) == sent
    assert ("You cannot see images" in text(model.requests[0])) is not bool(sent)


def test_plots_are_told_in_words_once_the_endpoint_has_refused_an_image(model: ScriptedModel) -> None:
    model.listed = TAKES_IMAGES
    model.script([PLOT, Refusal(400, "image input is not supported"), PLOT, PLOT, "It grows."])
    codeact(model, "run", "Draw the squares.", "--output", "out.ipynb", "--endpoint", model.url)
    last = model.requests[-1]
    assert images(last) == []
    assert text(last).count("(an image, which you cannot see)") == 1  # the one that was refused
