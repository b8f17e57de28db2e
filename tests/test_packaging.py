"""The wheel has everything that JupyterLab and Jupyter's server need to find the extension, and no more."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
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
    """Build the wheel, with the frontend as `make` has built it."""
    assert (ROOT / "labextension/dist/package.json").is_file(), "make builds the frontend first"
    folder = tmp_path_factory.mktemp("wheel")
    build = [*PIP, "wheel", str(ROOT), "--no-deps", "--no-build-isolation", "--quiet", "-w", str(folder)]
    subprocess.run(build, env=os.environ | {"SKIP_JUPYTER_BUILDER": "1"}, check=True)
    [wheel] = folder.iterdir()
    return wheel


@pytest.fixture(scope="module")
def files(wheel: Path) -> dict[str, bytes]:
    """Return the wheel's files, those for Jupyter's folders by their places there."""
    with zipfile.ZipFile(wheel) as archive:
        return {re.sub(r"^[^/]+\.data/data/", "", name): archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def metadata(files: dict[str, bytes]) -> Message:
    [text] = [text for name, text in files.items() if name.endswith(".dist-info/METADATA")]
    return message_from_bytes(text)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Install the wheel into a place of its own; return the environment that looks there alone."""
    prefix = tmp_path_factory.mktemp("prefix")
    install = [*PIP, "install", "--quiet", "--no-deps", "--no-index", "--ignore-installed"]
    subprocess.run([*install, "--prefix", str(prefix), str(wheel)], check=True)
    [package] = prefix.glob("lib/*/site-packages")
    places = {"CONFIG": "config", "DATA": "data", "RUNTIME": "runtime"}
    return {
        **os.environ,
        **{f"JUPYTER_{name}_DIR": str(prefix / "empty" / place) for name, place in places.items()},
        "PYTHONPATH": str(package),
        "JUPYTER_PATH": str(prefix / "share/jupyter"),
        "JUPYTER_CONFIG_PATH": str(prefix / "etc/jupyter"),
    }


def jupyter(installed: dict[str, str], module: str, *arguments: str) -> str:
    """Call one of Jupyter's commands and return what it says, without colors."""
    result = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env=installed,
        cwd=installed["JUPYTER_PATH"],
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return re.sub(r"\x1b\[[\d;]*m", "", result.stdout)


def test_the_wheel_has_the_package_and_nothing_of_the_workshop(files: dict[str, bytes]) -> None:
    modules = {
        str(path.relative_to(ROOT)) for path in (ROOT / "jupyter_codeact").rglob("*.py") if path.is_file()
    }
    assert modules <= set(files)
    rooms = {name.partition("/")[0] for name in files}
    assert {room for room in rooms if not room.endswith(".dist-info")} == {"jupyter_codeact", "share", "etc"}
    assert [name for name in files if re.search(r"node_modules|tests?/|__pycache__", name)] == []
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in files)


def test_the_wheel_enables_the_server_extension(files: dict[str, bytes]) -> None:
    config = json.loads(files["etc/jupyter/jupyter_server_config.d/jupyter_codeact.json"])
    assert config == {"ServerApp": {"jpserver_extensions": {"jupyter_codeact": True}}}


def test_the_wheel_has_the_built_frontend(files: dict[str, bytes]) -> None:
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


def test_the_version_is_that_of_package_json(metadata: Message) -> None:
    package = json.loads((ROOT / "package.json").read_text())
    assert metadata["Version"] == package["version"]
    assert "version" in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dynamic"]


def test_jupyterlab_finds_the_extension_without_further_commands(installed: dict[str, str]) -> None:
    listed = jupyter(installed, "jupyterlab.labextensions", "list")
    version = json.loads((ROOT / "package.json").read_text())["version"]
    _, _, ours = listed.partition(installed["JUPYTER_PATH"])
    [line] = [line for line in ours.split("\n\n")[0].splitlines() if "jupyter-codeact" in line]
    assert f"jupyter-codeact v{version} enabled OK" in line


def test_jupyters_server_finds_the_extension_without_further_commands(installed: dict[str, str]) -> None:
    listed = jupyter(installed, "jupyter_server.extension.serverextension", "list")
    _, _, ours = listed.partition(installed["JUPYTER_CONFIG_PATH"])
    version = json.loads((ROOT / "package.json").read_text())["version"]
    assert re.search(r"jupyter_codeact enabled\s", ours)
    assert re.search(rf"jupyter_codeact {re.escape(version)} OK", ours.split("Config dir")[0])
