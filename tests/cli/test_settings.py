"""How a model is asked, set on the command line, as its endpoint sees it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from jupyter_codeact.cli import main
from tests.scripted import ScriptedModel


def codeact(*arguments: str, **options: str) -> Result:
    return CliRunner().invoke(main, arguments, **options)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))


def test_a_run_goes_before_its_model_and_that_before_its_endpoint() -> None:
    with ScriptedModel(["It is 5."]) as model:
        setup = ["models", "endpoint", "add", "work", model.url, "--key", "--reasoning-effort", "low"]
        added = codeact(*setup, "--temperature", "0.1", "--reply-tokens", "500", input=f"{model.api_key}\n")
        assert added.exit_code == 0, added.output
        of_model = ["models", "endpoint", "set", "work", "--model", "scripted", "--temperature", "0.2"]
        assert codeact(*of_model, "--extra-body", '{"top_k": 7}').exit_code == 0
        run = ["run", "Add 2 and 3.", "--endpoint", "work", "--model", "scripted"]
        ran = codeact(*run, "--reasoning-effort", "high", "--top-p", "0.9", "--extra-body", '{"min_p": 0.1}')
        assert ran.exit_code == 0, ran.output
        [body] = model.requests
    sent = {name: body.get(name) for name in ("reasoning_effort", "temperature", "top_p", "max_tokens")}
    assert sent == {"reasoning_effort": "high", "temperature": 0.2, "top_p": 0.9, "max_tokens": 500}
    assert (body["top_k"], body["min_p"]) == (7, 0.1)


def test_a_value_is_unset_again() -> None:
    codeact("models", "endpoint", "add", "work", "http://localhost:1/v1", "--temperature", "0.1")
    said = codeact("models", "endpoint", "set", "work", "--temperature", "auto", "--images", "yes")
    assert said.output == "work: supports images True.\n"
    assert codeact("models", "set", "smollm2-135m", "--top-p", "0.5").output == "smollm2-135m: top p 0.5.\n"


@pytest.mark.parametrize(
    "command",
    [
        ["run", "Do it.", "--endpoint", "http://localhost:1/v1"],
        ["models", "set", "smollm2-135m"],
        ["models", "endpoint", "add", "work", "http://localhost:1/v1"],
    ],
)
def test_a_wrong_value_is_refused_before_anything_is_done(command: list[str]) -> None:
    said = codeact(*command, "--temperature", "hot")
    assert said.exit_code in (1, 2)
    assert "The temperature 'hot' is not possible" in said.output + str(said.exception)
    assert codeact("models", "endpoint", "rm", "work").exit_code != 0


def test_the_approval_setting_of_a_model_holds_unless_the_run_says_otherwise() -> None:
    with ScriptedModel(
        ["```python\nprint(6 * 7)\n```", "Done.", "```python\nprint(6 * 7)\n```", "Done."]
    ) as model:
        setup = ["models", "endpoint", "add", "work", model.url, "--key", "--approval", "always"]
        assert codeact(*setup, input=f"{model.api_key}\n").exit_code == 0
        run = ["run", "Multiply 6 and 7.", "--endpoint", "work", "--output", "out.ipynb"]
        refused, ran = codeact(*run), codeact(*run, "--approval", "never")
    assert "nobody is there to approve it" in refused.output
    assert "42" in ran.output
    assert "nobody" not in ran.output


def test_an_endpoint_has_prices_and_the_run_says_what_it_cost() -> None:
    with ScriptedModel(["It is 5."]) as model:
        add = [
            "models",
            "endpoint",
            "add",
            "work",
            model.url,
            "--key",
            "--price-in",
            "2",
            "--price-out",
            "8.5",
        ]
        assert codeact(*add, input=f"{model.api_key}\n").exit_code == 0
        shown = codeact("models", "endpoint", "set", "work", "--price-cached", "0.5")
        assert shown.output == "work: price in 2.0, price cached 0.5, price out 8.5.\n"
        ran = codeact("run", "Add 2 and 3.", "--endpoint", "work")
    assert "$0.00" in ran.output
    wrong = codeact("models", "endpoint", "set", "work", "--price-in", "cheap")
    assert "The price in 'cheap' is not possible" in wrong.output + str(wrong.exception)
