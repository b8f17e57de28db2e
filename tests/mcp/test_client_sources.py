"""Where MCP servers are named, and the file that only proposes them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner
from IPython.core.interactiveshell import InteractiveShell
from nbformat.v4 import new_code_cell, new_notebook
from traitlets import TraitError

from jupyter_codeact.cli import main
from jupyter_codeact.mcp.client.configuration import McpError, read_servers
from jupyter_codeact.mcp.client.sources import Confirmations, find, propose
from jupyter_codeact.server.extension import CodeActExtension
from jupyter_codeact.shell.magic import CodeActMagics
from tests.mcp.demo_kernel import demo
from tests.scripted import ScriptedModel

A = {"a": {"command": "run-a"}}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "config"))
    (work := tmp_path / "work").mkdir()
    monkeypatch.chdir(work)
    return work


def write(path: Path, servers: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"mcpServers": servers}))


def test_a_file_only_proposes_and_is_confirmed_by_its_content_and_folder(folder: Path) -> None:
    write(folder / ".mcp.json", {"demo": {"command": "run", "args": ["it"], "alwaysAllow": ["x"]}})
    found = find({}, folder)
    assert found.servers == {}
    assert found.proposal is not None
    assert found.proposal.describe() == ["demo: run it"]
    Confirmations().add(found.proposal)
    confirmed = find({}, folder)
    assert (list(confirmed.servers), confirmed.origins) == (["demo"], {"demo": "file"})
    assert confirmed.servers["demo"].always_allow == []
    other = folder.parent / "other"
    write(other / ".mcp.json", {"demo": {"command": "run", "args": ["it"], "alwaysAllow": ["x"]}})
    assert find({}, other).proposal is not None
    write(folder / ".mcp.json", {"demo": {"command": "run", "args": ["them"]}})
    changed = find({}, folder)
    assert changed.servers == {}
    assert changed.proposal is not None


def test_a_linked_file_is_confirmed_for_the_folder_of_the_link_alone(folder: Path) -> None:
    write(folder / ".mcp.json", {"demo": {"command": "./run"}})
    found = find({}, folder)
    assert found.proposal is not None
    Confirmations().add(found.proposal)
    (other := folder.parent / "other").mkdir()
    (other / ".mcp.json").symlink_to(folder / ".mcp.json")
    linked = find({}, other)
    assert linked.servers == {}  # its command would be another program, in the other folder
    assert linked.proposal is not None
    Confirmations().add(linked.proposal)
    assert list(find({}, other).servers) == ["demo"]
    write(folder / ".mcp.json", {"demo": {"command": "./harm"}})
    assert find({}, other).servers == {}
    (folder.parent / "same").symlink_to(other)
    write(other / ".mcp.json", {"demo": {"command": "./run"}})
    assert list(find({}, folder.parent / "same").servers) == ["demo"]


def test_the_configurations_server_counts_before_the_settings_and_the_files(folder: Path) -> None:
    settings = folder.parent / "config" / "lab" / "user-settings" / "jupyter-codeact"
    settings.mkdir(parents=True)
    (settings / "settings.jupyterlab-settings").write_text(
        '{\n  // mine\n  "mcpServers": {"a": {"command": "of-settings"}, "b": {"url": "https://b.example/mcp"}},\n}'
    )
    write(folder / ".mcp.json", {"a": {"command": "of-file"}, "b": {"command": "of-file"}})
    found = find(A, folder)
    assert {name: server.what for name, server in found.servers.items()} == {
        "a": "run-a",
        "b": "https://b.example/mcp",
    }
    assert found.proposal is None  # it has nothing to add


@pytest.mark.parametrize(
    ("servers", "sentence"),
    [
        ({"a": {}}, "it needs either a command or a url."),
        ({"a": {"command": "x", "url": "http://x"}}, "it needs either a command or a url."),
        ({"a": {"url": "file:///etc"}}, "url: String should match pattern"),
        ({"a": {"command": "x", "args": "y"}}, "args: Input should be a valid list."),
        ({"a": 7}, "Input should be a valid dictionary"),
        ({"": {"command": "x"}}, "a server needs a name."),
        ({"a\nb: run": {"command": "x"}}, "a server's name has a character that cannot be shown."),
        ({"a\u202eb": {"command": "x"}}, "a server's name has a character that cannot be shown."),
        ([], "names no MCP servers."),
    ],
)
def test_a_wrong_description_is_refused_in_words(folder: Path, servers: object, sentence: str) -> None:
    with pytest.raises(McpError) as refused:
        read_servers({"mcpServers": servers}, "It")
    assert sentence in str(refused.value)
    write(folder / ".mcp.json", servers)
    assert sentence in find({}, folder).problems[0]
    if isinstance(servers, dict):
        with pytest.raises(TraitError):
            CodeActExtension(mcp_servers=servers)


def test_a_file_that_is_no_json_is_a_problem_and_no_obstacle(folder: Path) -> None:
    (folder / ".mcp.json").write_bytes(b"{\xff")
    found = find(A, folder)
    assert list(found.servers) == ["a"]
    assert found.problems[0].startswith(f"{folder / '.mcp.json'} is not valid JSON: ")


def test_what_cannot_be_seen_in_a_proposal_is_shown_escaped(folder: Path) -> None:
    hidden = {"command": "harm\u001b[2K\r", "args": ["a\n  b: run", "\u202e"], "env": {"X": "\u0007"}}
    write(folder / ".mcp.json", {"demo": hidden})
    found = find({}, folder)
    assert found.proposal is not None
    assert found.proposal.describe() == [
        r"demo: harm\x1b[2K\r a\n  b: run \u202e with X=\x07",
    ]


def test_a_pipe_in_place_of_the_file_holds_up_nothing(folder: Path) -> None:
    os.mkfifo(folder / ".mcp.json")
    assert "is no regular file" in find({}, folder).problems[0]


def test_metadata_of_a_notebook_names_no_server(folder: Path) -> None:
    cell = new_code_cell("1", metadata={"mcpServers": A})
    nbformat.write(
        new_notebook(cells=[cell], metadata={"mcpServers": A, "codeact": {"mcpServers": A}}), "n.ipynb"
    )
    assert find({}, folder).servers == {}
    assert propose(folder) is None


def test_a_run_uses_a_named_file_and_says_that_another_is_not_confirmed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEMO_TOKEN", "of-the-server-alone")
    write(folder / "mine.json", {"demo": demo(env={"WORD": "${DEMO_TOKEN}"})})
    write(folder / ".mcp.json", {"other": {"command": "not-started"}})
    cell = "import os, demo\nprint(demo.add(1), demo.environment('WORD'), os.environ.get('DEMO_TOKEN'))"
    with ScriptedModel([f"```python\n{cell}\n```", "```python\ndemo = 5\n```", "Done."]) as model:
        arguments = ["run", "Count.", "--endpoint", model.url, "--mcp-config", "mine.json"]
        env = {"JUPYTER_CODEACT_API_KEY": model.api_key}
        result = CliRunner().invoke(main, arguments, env=env, catch_exceptions=False)
        assert result.exit_code == 0
        assert "2 of-the-server-alone None" in result.output
        assert "MCP servers: demo (13 functions)." in result.output
        assert ".mcp.json names MCP servers that you have not confirmed (other)." in result.output
        assert "- demo.add(a: int, b: int = 1) -> int: Add two numbers." in str(model.requests[0]["messages"])
        assert "Not run: it would replace demo." in result.output
        assert "not-started" not in result.output


def test_the_magic_shows_what_a_file_proposes_and_confirms_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder / ".mcp.json", {"demo": {"command": "run-it"}})
    magics = CodeActMagics(InteractiveShell())
    magics.codeact("--servers")
    shown = capsys.readouterr().out
    assert "  demo: run-it\n" in shown
    assert "run %codeact --confirm-servers" in shown
    magics.codeact("--confirm-servers")
    magics.codeact("--servers")
    assert capsys.readouterr().out == ("Confirmed: demo. The next run starts them.\ndemo (file): run-it\n")
