"""``jupyter codeact conversations``: the journal in the hands of its owner."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from jupyter_codeact.agent.events import load
from jupyter_codeact.cli import main
from jupyter_codeact.journal import SqliteJournal
from tests.cli.conftest import SECRET, Recording
from tests.scripted import ScriptedModel


@pytest.fixture
def mine(recording: Recording, tmp_path: Path) -> Recording:
    """A copy that may be changed."""
    shutil.copytree(recording.data, tmp_path / "data")
    return Recording(tmp_path / "data", recording.notebook)


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """Record a conversation in which secrets are told, in an environment that exports do not have."""
    folder = tmp_path_factory.mktemp("private")
    recorded = Recording(folder / "data", folder / "sales.ipynb")
    with ScriptedModel(TELLS) as model, pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        arguments = ["run", f"Connect. The password is {PRIVATE['in the task']}.", "--output", "sales.ipynb"]
        variables = {
            "JUPYTER_DATA_DIR": str(folder / "data"),
            "JUPYTER_CODEACT_API_KEY": model.api_key,
            "GARDEN_TOKEN": PRIVATE["inherited"],
        }
        result = CliRunner().invoke(main, [*arguments, "--endpoint", model.url], env=variables)
    assert result.exit_code == 0, result.output
    return recorded


def test_the_list_tells_what_was_asked_where_and_when(recording: Recording) -> None:
    [one] = json.loads(recording.call("conversations", "--json").stdout)
    assert one["title"] == "Add two and three. Then tell me the sum."
    assert (one["runs"], one["notebook"]) == (1, str(recording.notebook))
    header, line = recording.call("conversations").stdout.splitlines()
    assert header.split("\t") == ["Id", "Last used", "Runs", "Notebook", "Title"]
    assert line.split("\t")[::2] == [one["id"], "1", one["title"]]
    listed = recording.call("conversations", "--notebook", str(recording.notebook), "--json").stdout
    assert json.loads(listed) == [one]
    assert json.loads(recording.call("conversations", "--notebook", "x.ipynb", "--json").stdout) == []


def test_a_conversation_is_known_by_the_beginning_of_its_id(recording: Recording) -> None:
    [one] = json.loads(recording.call("conversations", "--json").stdout)
    for name in (one["id"], one["id"][:3], "latest"):
        assert recording.call("conversations", "show", name).stdout.startswith("# Add two and three.")
    result = recording.call("conversations", "show", "zzz")
    assert result.exit_code == 1
    assert "There is no conversation “zzz”. `jupyter codeact conversations` lists them." in result.stderr


def test_a_page_is_made_for_people(recording: Recording) -> None:
    page = recording.call("conversations", "export", "latest", "--format", "markdown").stdout
    for words in (
        f"`{recording.notebook}`",
        "> Then tell me the sum.",
        "I will add them.",
        "<details><summary>An attempt: NameError</summary>\n\n```python\ntotal = two + 3\n```",
        "```text\nthe sum is 5\n```",
        "It is **5**.",
        "*5 turns, ",
    ):
        assert words in page
    assert SECRET not in page
    assert "[SECRET_WORD hidden]" in page


def test_events_come_out_as_they_are_in_the_journal(recording: Recording) -> None:
    lines = recording.call("conversations", "export", "--all").stdout.splitlines()
    journal = SqliteJournal(recording.data / "codeact" / "journal.sqlite")
    [info] = journal.conversations()
    assert [load(line) for line in lines] == list(journal.events(info.id))
    journal.close()
    shown = recording.call("conversations", "show", "latest", "--json").stdout
    assert shown.splitlines() == lines


def test_what_the_model_was_sent_and_said_comes_out_as_training_data_has_it(recording: Recording) -> None:
    text = recording.call("conversations", "export", "latest", "--format", "messages").stdout
    [line] = text.splitlines()
    said = json.loads(line)
    assert list(said) == ["id", "conversations"]
    roles = [message["role"] for message in said["conversations"]]
    assert roles == ["system", *["user", "assistant"] * 5]
    assert said["conversations"][-1]["content"] == "It is **5**."
    assert SECRET not in text


PRIVATE = {
    "inherited": "fern-33-hedgerow",
    "set in the kernel": "orchid-55-cellar",
    "in the task": "tulip-99-garden",
    "in the code": "q7Xw-90-zzTop",
    "in an address": "hunter2-of-the-db",
    "with a known form": "sk-proj-abcdefghijklmnop1234",
}
TELLS = [
    "```python\nimport os\n"
    "os.environ['DB_PASSWORD'] = '-'.join(['orchid', '55', 'cellar'])\n"
    f"api_key = '{PRIVATE['in the code']}'\n"
    "print('with', os.environ['GARDEN_TOKEN'], os.environ['DB_PASSWORD'])\nraise ValueError(api_key)\n```",
    f"```python\nurl = 'postgresql://ann:{PRIVATE['in an address']}@db.example.org/sales'\n"
    "print(url, api_key)\n"
    f"print('{PRIVATE['with a known form']}')\n```",
    f"It works with {PRIVATE['in the code']}.",
]


@pytest.mark.parametrize("kind", ["markdown", "messages"])
def test_no_secret_leaves_with_an_export_wherever_it_was_and_is_exported(
    kind: str, private: Recording
) -> None:
    events = private.call("conversations", "export", "latest").stdout
    assert [name for name, secret in PRIVATE.items() if secret not in events] == []
    text = private.call("conversations", "export", "latest", "--format", kind).stdout
    assert [name for name, secret in PRIVATE.items() if secret in text] == []
    for words in ("with [GARDEN_TOKEN hidden] [DB_PASSWORD hidden]", "[api_key hidden]", "The password is"):
        assert words in text
    if kind == "messages":
        json.loads(text)
    else:
        assert "An attempt: ValueError" in text


def test_an_export_does_not_write_over_a_file_unasked(recording: Recording, tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_text("mine")
    arguments = ("conversations", "export", "latest", "--format", "markdown", "-o", str(file))
    result = recording.call(*arguments)
    assert result.exit_code == 2
    assert "is there already" in result.stderr
    assert file.read_text() == "mine"
    assert recording.call(*arguments, "--force").exit_code == 0
    assert file.read_text().startswith("# Add two and three.")


def test_an_export_replaces_only_regular_files(recording: Recording, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    refused = recording.call(
        "conversations", "export", "--all", "--output", str(tmp_path / "pipe"), "--force"
    )
    assert refused.exit_code == 1
    assert "could not be written: it is not a regular file." in refused.output
    assert (
        recording.call(
            "conversations", "export", "--all", "--output", str(tmp_path / "link"), "--force"
        ).exit_code
        == 0
    )
    assert (tmp_path / "link").is_symlink()
    assert "run_started" in (tmp_path / "real").read_text()


def test_a_name_can_be_given_and_taken_back(mine: Recording) -> None:
    assert "is now called: Sums" in mine.call("conversations", "rename", "latest", " Sums ").stdout
    assert "\tSums" in mine.call("conversations").stdout
    assert "Add two and three." in mine.call("conversations", "rename", "latest", "").stdout


def test_nothing_is_deleted_without_a_yes(mine: Recording) -> None:
    asked = mine.call("conversations", "delete", "latest", answer="n\n")
    assert asked.exit_code == 1
    assert "Delete 1 conversation for good?" in asked.stdout
    assert len(json.loads(mine.call("conversations", "--json").stdout)) == 1
    assert mine.call("conversations", "delete", "latest", answer="y\n").exit_code == 0
    assert "There are no conversations yet." in mine.call("conversations").stdout
    assert b"Add two and three" not in b"".join(
        file.read_bytes() for file in (mine.data / "codeact").iterdir()
    )


def test_old_ones_are_pruned_and_new_ones_stay(mine: Recording) -> None:
    assert mine.call("conversations", "prune").exit_code == 2
    assert "nothing to delete" in mine.call("conversations", "prune", "--days", "1", "--yes").stdout
    refused = mine.call("conversations", "prune", "--megabytes", "0", answer="n\n")
    assert refused.exit_code == 1
    assert len(json.loads(mine.call("conversations", "--json").stdout)) == 1
    pruned = mine.call("conversations", "prune", "--days", "0", "--yes")
    assert pruned.stdout == "Deleted 1 conversation.\n"
    assert json.loads(mine.call("conversations", "--json").stdout) == []


def test_a_run_goes_on_without_a_journal_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").write_text("a file where a folder should be")
    monkeypatch.chdir(tmp_path)
    with ScriptedModel(["Five."]) as model:
        monkeypatch.setenv("JUPYTER_CODEACT_API_KEY", model.api_key)
        nowhere = Recording(tmp_path / "data", tmp_path / "codeact.ipynb")
        result = nowhere.call("run", "Add 2 and 3.", "--endpoint", model.url)
    assert result.exit_code == 0
    assert "Five." in result.stdout
    assert "Conversations are not kept" in result.stderr
