"""``%codeact`` where no page listens: nbconvert, papermill, and IPython in a terminal, each for real."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pexpect
import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from traitlets import TraitError
from traitlets.config import Config

import jupyter_codeact
from jupyter_codeact.agent.contracts import ModelSettings
from jupyter_codeact.shell.magic import CodeActMagics, parse
from tests.scripted import ScriptedModel

SUM = "I will add them.\n\n```python\ntotal = sum(price)\nprint('total', total)\n```"
WRONG = "Adding.\n\n```python\ntotal = sum(prices)\n```"
ENDLESS = "Counting.\n\n```python\nprint('be' + 'gun', flush=True)\nwhile True:\n    pass\n```"


@pytest.fixture
def served() -> Iterator[ScriptedModel]:
    with ScriptedModel() as model:
        yield model


@pytest.fixture
def environment(tmp_path: Path, served: ScriptedModel) -> dict[str, str]:
    """Nothing of the user's own, and the endpoint's key."""
    own = {"JUPYTER_DATA_DIR": "data", "JUPYTER_CONFIG_DIR": "config", "IPYTHONDIR": "ipython"}
    return {
        **os.environ,
        **{name: str(tmp_path / place) for name, place in own.items()},
        "JUPYTER_CODEACT_API_KEY": served.api_key,
    }


def notebook(tmp_path: Path, served: ScriptedModel, task: str = "Add up {price}.") -> Path:
    """Write a notebook that asks for something, and goes on with what came of it."""
    cells = [
        "%load_ext jupyter_codeact\nprice = [2, 3, 37]",
        f"done = %codeact --endpoint {served.url} {task}",
        "print(done.ok, done.turns, total)",
        "import os\n'JUPYTER_CODEACT_API_KEY' in os.environ",
    ]
    path = tmp_path / "asks.ipynb"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made = [nbformat.v4.new_code_cell(source) for source in cells]
    nbformat.write(nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": kernel}), path)
    return path


def shown(cell: nbformat.NotebookNode) -> str:
    """Return all that a cell shows, as text."""
    return "\n".join(
        output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs
    )


def test_nbconvert_runs_it_inside_the_cell_in_the_users_namespace(
    tmp_path: Path, served: ScriptedModel, environment: dict[str, str]
) -> None:
    served.script(["```python\nnotebook.search('37')\n```", WRONG, SUM, "It is **42**."])
    (tmp_path / "more.csv").write_text("name,cost\nlamp,1\n")
    path = notebook(tmp_path, served, "Add up {price}, not more.csv.")
    command = [
        sys.executable,
        "-m",
        "jupyter",
        "nbconvert",
        "--to",
        "notebook",
        "--execute",
        "--output",
        "done.ipynb",
        path.name,
    ]
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr

    asked, used, key = nbformat.read(tmp_path / "done.ipynb", as_version=4).cells[1:]
    assert "NameError" in shown(asked)
    assert "total 42" in shown(asked)
    assert shown(used) == "True 4 42\n"
    assert shown(key) == "False"  # the agent has taken it, and no cell can read it
    opening, found = (request["messages"][-1]["content"] for request in served.requests[:2])
    assert "Task: Add up [2, 3, 37], not more.csv." in opening
    assert "pd.read_csv('more.csv') reads it.\nname,cost\nlamp,1\n" in opening
    assert "(files beside it: 'asks.ipynb'" in opening
    assert "line 1: price = [2, 3, 37]" in found
    assert served.api_key not in (tmp_path / "done.ipynb").read_text()


def test_papermill_runs_it_too(tmp_path: Path, served: ScriptedModel, environment: dict[str, str]) -> None:
    served.script([SUM, "It is **42**."])
    path = notebook(tmp_path, served)
    command = [sys.executable, "-m", "papermill", "--no-progress-bar", str(path), str(tmp_path / "out.ipynb")]
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    asked, used, _ = nbformat.read(tmp_path / "out.ipynb", as_version=4).cells[1:]
    assert "total 42" in shown(asked)
    assert shown(used) == "True 2 42\n"


def test_by_configuration_it_is_always_there(
    tmp_path: Path, served: ScriptedModel, environment: dict[str, str]
) -> None:
    served.script([SUM, "It is **42**."])
    profile = tmp_path / "ipython" / "profile_default"
    profile.mkdir(parents=True)
    (profile / "ipython_kernel_config.py").write_text(
        'c.InteractiveShellApp.extensions = ["jupyter_codeact"]\n'
    )
    path = notebook(tmp_path, served)
    path.write_text(path.read_text().replace("%load_ext jupyter_codeact", "# nothing is loaded here"))
    command = [sys.executable, "-m", "jupyter", "nbconvert", "--to", "notebook", "--execute", "--inplace"]
    result = subprocess.run(
        [*command, str(path)], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    assert shown(nbformat.read(path, as_version=4).cells[2]) == "True 2 42\n"


def test_ipython_in_a_terminal_works_stops_undoes_and_tells(
    tmp_path: Path, served: ScriptedModel, environment: dict[str, str]
) -> None:
    held = served.held("This will take")
    served.script([SUM, "It is **42**.", ENDLESS, held])
    options = ["--simple-prompt", "--no-banner", "--colors=NoColor", "--no-confirm-exit"]
    environment |= {"TERM": "dumb", "COLUMNS": "100"}
    shell = pexpect.spawn(
        sys.executable,
        ["-m", "IPython", *options],
        cwd=str(tmp_path),
        env=environment,  # type: ignore[arg-type]
        encoding="utf-8",
        timeout=60,
    )
    try:
        shell.expect(r"In \[1\]: ")
        shell.sendline("%load_ext jupyter_codeact")
        shell.expect(r"In \[2\]: ")
        shell.sendline("price = [2, 3, 37]")
        shell.expect(r"In \[3\]: ")
        shell.sendline(f"done = %codeact --endpoint {served.url} Do the prices add up?; done")
        shell.expect("total 42")
        shell.expect("It is ")
        shell.expect(r"In \[4\]: ")
        shell.sendline("print(total, done.answer)")
        shell.expect(re.escape("42 It is **42**."))
        shell.expect(r"In \[5\]: ")
        shell.sendline(f"%codeact --endpoint {served.url} Count.")
        shell.expect("begun")
        shell.sendintr()
        shell.expect("Stopped, because the cell was interrupted")
        shell.expect(r"In \[6\]: ")
        shell.sendline(f"%codeact --endpoint {served.url} Wait.")
        assert held.reached.wait(60)
        shell.sendintr()
        shell.expect("Stopped by Ctrl-C")
        assert held.disconnected.wait(60)
        shell.expect(r"In \[7\]: ")
        shell.sendline("%codeact --history")
        shell.expect(re.escape("Do the prices add up?"))
        shell.expect("Count.")
        shell.expect(r"In \[8\]: ")
        shell.sendline("%codeact --approval sometimes Do it.")
        shell.expect("--approval is one of always, risky, never, not 'sometimes'.")
        shell.sendline("exit")
        shell.expect(pexpect.EOF)
    finally:
        shell.close(force=True)
    assert shell.exitstatus == 0
    opening = served.requests[2]["messages"][-1]["content"]
    assert "print(total, done.answer)" in opening
    assert "%codeact" not in opening  # what asked for a run is no part of the notebook


def test_loading_the_extension_brings_nothing_heavy() -> None:
    heavy = {"torch", "transformers", "openai", "pydantic", "tornado", "jupyter_client", "rich"}
    probe = (
        "import sys; from IPython.core.interactiveshell import InteractiveShell as S; s = S(); "
        "before = set(sys.modules); s.run_line_magic('load_ext', 'jupyter_codeact'); "
        f"print(sorted({heavy} & (set(sys.modules) - before)))"
    )
    result = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_names_of_the_first_release_are_understood_with_a_remark(capsys: pytest.CaptureFixture[str]) -> None:
    parsed = parse("--approve ask --max-turns 3 Do it.")
    assert (parsed.task, parsed.options) == ("Do it.", {"approval": "always", "max_turns": 3})
    assert capsys.readouterr().err.splitlines() == [
        "--approve is now called --approval.",
        "approval “ask” is now called “always”.",
    ]
    magics = CodeActMagics(InteractiveShell(config=Config({"CodeActMagics": {"approve": "auto"}})))
    assert magics.approval == "never"
    assert capsys.readouterr().err.splitlines() == [
        "CodeActMagics.approve is now called CodeActMagics.approval.",
        "approval “auto” is now called “never”.",
    ]
    assert parse("--approval never Do it.").options == {"approval": "never"}
    assert capsys.readouterr().err == ""
    with pytest.raises(TraitError, match=r"^approval is one of always, risky, never, not 'sometimes'\."):
        magics.approval = "sometimes"


def typed_into_ipython(program: str, environment: dict[str, str]) -> str:
    """Return what IPython in a terminal shows when these lines are typed into it."""
    shell = [sys.executable, "-m", "IPython", "--simple-prompt", "--no-banner"]
    typed = subprocess.run(shell, env=environment, input=program, capture_output=True, text=True, check=True)
    return typed.stdout


@pytest.mark.parametrize(
    ("line", "task"),
    [
        ("%codeact How many rows does df have?", "How many rows does df have?"),
        ("done = %codeact --quiet Is it 'odd'?", "Is it 'odd'?"),
        ("if True:\n    %codeact How many?", "How many?"),
    ],
)
def test_a_task_may_end_with_a_question_mark(
    served: ScriptedModel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: str, task: str
) -> None:
    for name in ("JUPYTER_DATA_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    served.script(["It is 3."])
    source = line.replace("%codeact", f"%codeact --endpoint {served.url}")
    program = f"%load_ext jupyter_codeact\n{source}\n\n"
    shown = typed_into_ipython(program, {**os.environ, "JUPYTER_CODEACT_API_KEY": served.api_key})
    assert "not found" not in shown
    assert f"Task: {task}" in str(served.requests[-1]["messages"])


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> InteractiveShell:
    """Return a shell of its own with the magic."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    shell = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    jupyter_codeact.load_ipython_extension(shell)
    return shell


@pytest.mark.parametrize(
    ("line", "before", "task", "after"),
    [
        ("%codeact Is it {x}, or y?", "", "Is it {x}, or y?", ""),
        ("%codeact Why??", "", "Why??", ""),
        ("%codeact How many in all (roughly?", "", "How many in all (roughly?", ""),
        ("found['n'] = %codeact How many?", "found['n'] = ", "How many?", ""),
        ("n, m = %codeact How many?", "n, m = ", "How many?", ""),
        ("%codeact Of all rows, \\\nhow many?", "", "Of all rows, how many?", ""),
        ("%codeact Plot it?; then say why", "", "Plot it?; then say why", ""),
        ("n = %codeact --quiet How many?; n", "n = ", "--quiet How many?", "; n"),
        ("n = %codeact Count them; n", "n = ", "Count them", "; n"),
        ("n = %codeact Count n; m", "n = ", "Count n; m", ""),
    ],
)
def test_a_task_is_taken_word_for_word(
    loaded: InteractiveShell, line: str, before: str, task: str, after: str
) -> None:
    call = f"get_ipython().run_line_magic('codeact', {task!r})"
    assert loaded.transform_cell(line) == f"{before}{call}{after}\n"


def test_without_percent_a_task_is_one_only_where_that_is_no_variable(loaded: InteractiveShell) -> None:
    line = "codeact How many rows?"
    assert "'codeact', 'How many rows?'" in loaded.transform_cell(line)
    for python in ("codeact.name?", "codeact?", f"x = 1\n{line}"):
        assert "run_line_magic('codeact'" not in loaded.transform_cell(python)
    loaded.user_ns["codeact"] = 1
    assert "run_line_magic('codeact'" not in loaded.transform_cell(line)


@pytest.mark.parametrize(
    "quoting", ['text = """\n{}"""\n', "%%writefile notes.txt\n{}"], ids=["string", "file"]
)
def test_a_text_that_quotes_the_magic_stays_as_it_is(loaded: InteractiveShell, quoting: str) -> None:
    quoted = "Ask like this:\n%codeact How many?\n"
    source = quoting.format(quoted)
    transformed = loaded.transform_cell(source)
    assert quoted in (transformed if quoting.startswith("text") else transformed.replace("\\n", "\n"))


def test_help_on_the_magic_is_still_help(tmp_path: Path) -> None:
    program = "%load_ext jupyter_codeact\n%codeact?\n"
    shown = typed_into_ipython(program, {**os.environ, "IPYTHONDIR": str(tmp_path)})
    assert "Let the agent work on a task" in shown


def test_how_the_model_is_asked_is_said_by_options_and_by_the_configuration() -> None:
    parsed = parse("--reasoning-effort=off --temperature 0.5 --extra-body '{\"top_k\": 7}' Do it.")
    assert parsed.task == "Do it."
    settings = ModelSettings(reasoning_effort="off", temperature=0.5, extra_body={"top_k": 7})
    assert parsed.options == {"settings": settings}
    for wrong in ("--temperature=hot", "--top-p=2", "--extra-body={"):
        with pytest.raises(UsageError, match=r"not possible|not JSON"):
            parse(f"{wrong} Do it.")
    config = Config({"CodeActMagics": {"temperature": 0.1, "top_p": 0.9}})
    magics = CodeActMagics(InteractiveShell(config=config))
    assert magics.model_settings == ModelSettings(temperature=0.1, top_p=0.9)
