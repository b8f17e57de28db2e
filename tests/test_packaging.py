"""The wheel contains what JupyterLab and Jupyter Server need to find the extension, and no more."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LABEXTENSION = "share/jupyter/labextensions/jupyter-codeact"
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel, with the frontend that `make` has built."""
    assert (ROOT / "labextension/dist/package.json").is_file(), "make builds the frontend first"
    folder = tmp_path_factory.mktemp("wheel")
    build = [*PIP, "wheel", str(ROOT), "--no-deps", "--no-build-isolation", "--quiet", "-w", str(folder)]
    subprocess.run(build, env=os.environ | {"SKIP_JUPYTER_BUILDER": "1"}, check=True)
    [wheel] = folder.iterdir()
    return wheel


@pytest.fixture(scope="module")
def files(wheel: Path) -> dict[str, bytes]:
    """Return the wheel's files; data files by their paths below the prefix."""
    with zipfile.ZipFile(wheel) as archive:
        return {re.sub(r"^[^/]+\.data/data/", "", name): archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def metadata(files: dict[str, bytes]) -> Message:
    [text] = [text for name, text in files.items() if name.endswith(".dist-info/METADATA")]
    return message_from_bytes(text)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into a new virtual environment, which borrows all dependencies from this one."""
    prefix = tmp_path_factory.mktemp("environment")
    venv.create(prefix, with_pip=False, symlinks=True)
    [packages] = prefix.glob("lib/*/site-packages")
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib"))
    install = [*PIP, "--python", str(prefix / "bin/python"), "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*install, "--ignore-installed", str(wheel)], env=_environment(prefix), check=True)
    return prefix


def _environment(prefix: Path) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "JUPYTER"))}
    places = ("CONFIG", "DATA", "RUNTIME")
    return ours | {f"JUPYTER_{name}_DIR": str(prefix / "empty" / name.lower()) for name in places}


def jupyter(installed: Path, module: str, *arguments: str) -> str:
    """Run one of Jupyter's commands and return its output, without colors."""
    result = subprocess.run(
        [str(installed / "bin/python"), "-m", module, *arguments],
        env=_environment(installed),
        cwd=installed,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return re.sub(r"\x1b\[[\d;]*m", "", result.stdout)


def test_the_wheel_contains_the_package_and_no_development_files(files: dict[str, bytes]) -> None:
    modules = {
        str(path.relative_to(ROOT)) for path in (ROOT / "jupyter_codeact").rglob("*.py") if path.is_file()
    }
    assert modules | {"jupyter_codeact/py.typed"} <= set(files)
    rooms = {name.partition("/")[0] for name in files}
    assert {room for room in rooms if not room.endswith(".dist-info")} == {"jupyter_codeact", "share", "etc"}
    assert [name for name in files if re.search(r"node_modules|tests?/|__pycache__", name)] == []
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in files)


def test_the_wheel_enables_the_server_extension(files: dict[str, bytes]) -> None:
    config = json.loads(files["etc/jupyter/jupyter_server_config.d/jupyter_codeact.json"])
    assert config == {"ServerApp": {"jpserver_extensions": {"jupyter_codeact": True}}}


def test_the_wheel_contains_the_built_frontend(files: dict[str, bytes]) -> None:
    build = json.loads(files[f"{LABEXTENSION}/package.json"])["jupyterlab"]["_build"]
    assert f"{LABEXTENSION}/{build['load']}" in files
    built = [path for path in (ROOT / "labextension/dist").rglob("*") if path.is_file()]
    assert any(path.name == "style.js" for path in built)
    for path in built:
        name = f"{LABEXTENSION}/{path.relative_to(ROOT / 'labextension/dist')}"
        assert files[name] == path.read_bytes()
    for path in (ROOT / "labextension/schema").iterdir():
        assert files[f"{LABEXTENSION}/schemas/jupyter-codeact/{path.name}"]
    install = json.loads(files[f"{LABEXTENSION}/install.json"])
    assert install["packageName"] == "jupyter-codeact"


def test_a_plain_install_needs_no_torch(metadata: Message) -> None:
    needed = metadata.get_all("Requires-Dist", [])
    plain = {re.split(r"[^\w.-]", need)[0].lower() for need in needed if "extra ==" not in need}
    assert {"jupyter-server", "openai", "pydantic"} <= {name.replace("_", "-") for name in plain}
    assert not plain & {"torch", "transformers", "accelerate"}
    assert any(need.startswith("torch") and "extra == 'gpu'" in need for need in needed)


def test_every_package_that_is_imported_is_named() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    spelled = {"PIL": "pillow", "yaml": "pyyaml", "IPython": "ipython", "zmq": "pyzmq"}
    ours = {"jupyter_codeact"}
    comes_with_jupyterlab = {"jupyterlab_server", "json5"}

    def names(requirements: list[str]) -> set[str]:
        return {re.split(r"[^\w.-]", need)[0].lower().replace("-", "_") for need in requirements}

    def imported(files: list[Path]) -> set[str]:
        found = set()
        for node in (node for file in files for node in ast.walk(ast.parse(file.read_text()))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add((node.module or "").partition(".")[0])
        others = found - set(sys.stdlib_module_names) - ours - comes_with_jupyterlab
        return {spelled.get(name, name).lower() for name in others}

    files = list((ROOT / "jupyter_codeact").rglob("*.py"))
    extras = {extra: names(needs) for extra, needs in project["optional-dependencies"].items()}
    core = names(project["dependencies"])
    assert imported(files) <= core.union(*(extras[extra] for extra in extras if extra != "test")) | {
        "tokenizers"
    }
    optional = {"evaluation", "finetune", "transformers", "mcp", "mcp.py"}
    everywhere = [file for file in files if not optional & set(file.parts)]
    assert imported(everywhere) <= core | extras["local"] | extras["widgets"] | {"tokenizers"}
    assert core - imported(files) == set()  # and nothing is named that is not


def test_the_version_is_that_of_package_json(metadata: Message) -> None:
    package = json.loads((ROOT / "package.json").read_text())
    assert metadata["Version"] == package["version"]
    assert "version" in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dynamic"]


def test_jupyterlab_finds_the_extension_without_further_commands(installed: Path, metadata: Message) -> None:
    listed = jupyter(installed, "jupyterlab.labextensions", "list")
    _, _, ours = listed.partition(str(installed / "share/jupyter/labextensions"))
    [line] = [line for line in ours.split("\n\n")[0].splitlines() if "jupyter-codeact" in line]
    assert f"jupyter-codeact v{metadata['Version']} enabled OK" in line


def test_jupyters_server_finds_the_extension_without_further_commands(
    installed: Path, metadata: Message
) -> None:
    listed = jupyter(installed, "jupyter_server.extension.serverextension", "list")
    _, _, ours = listed.partition(f"Config dir: {installed / 'etc/jupyter'}")
    ours = ours.split("Config dir")[0]
    assert "jupyter_codeact enabled\n" in ours
    assert re.search(r"jupyter_codeact \S* ?OK", ours), ours
