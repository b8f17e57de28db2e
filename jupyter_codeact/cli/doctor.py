"""``jupyter codeact doctor``: whether the installation works, and how to fix what does not."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from ..models.endpoints.access import KEY_VARIABLE
from ..models.extras import install

if TYPE_CHECKING:
    from ..models.catalog.machine import Machine

State = Literal["ok", "warning", "problem"]
STYLES = {"ok": "green", "warning": "yellow", "problem": "bold red"}
LAB = (4, 4)
REINSTALL = "install jupyter-codeact again as you did, with --force-reinstall"
SUBSHELLS = 7
"""The ipykernel from which on a page can answer a cell that runs."""


@dataclass(frozen=True)
class Finding:
    """What a check found, and what to do about it."""

    name: str
    state: State
    message: str
    advice: str = ""


@click.command()
@click.option("--model", metavar="NAME", help="Look at this model. Default: the one that suits the machine.")
@click.option(
    "--endpoint",
    metavar="URL|NAME",
    help="Look at this endpoint. Default: those of the server's configuration and those that have a name.",
)
@click.option("--json", "as_json", is_flag=True, help="Write the findings as JSON, and nothing else.")
def doctor(model: str | None, endpoint: str | None, as_json: bool) -> None:
    """Check the installation: what is installed, whether JupyterLab has the extension, model, kernel, GPU.

    Nothing is changed, and no model is downloaded or loaded. Endpoints are asked which models they have.

    Exit code 0: there is no problem; 1: there is one; 2: wrong usage.
    """
    findings = []
    for finding in _findings(model, endpoint):
        findings.append(finding)
        if not as_json:
            _say(finding)
    problems = [one for one in findings if one.state == "problem"]
    if as_json:
        click.echo(json.dumps([asdict(one) for one in findings], indent=2))
    else:
        warnings = sum(one.state == "warning" for one in findings)
        click.echo(f"\nProblems: {len(problems)}, warnings: {warnings}.")
    raise SystemExit(1 if problems else 0)


def _say(finding: Finding) -> None:
    click.echo(f"{click.style(finding.state.ljust(8), **_style(finding.state))} {finding.name}", nl=False)
    click.echo(f": {finding.message}")
    if finding.advice:
        click.echo(f"{'':8} → {finding.advice}")


def _style(state: State) -> dict[str, Any]:
    *bold, color = STYLES[state].split()
    return {"fg": color, "bold": bool(bold)}


def _findings(model: str | None, endpoint: str | None) -> Iterator[Finding]:
    """Yield the findings; a check that crashes is a problem, and the others still run."""
    settings = _settings()
    checks: dict[str, Callable[[], Iterator[Finding]]] = {
        "versions": _versions,
        "server extension": _server_extension,
        "lab extension": _lab_extension,
        "engines": _engines,
        "model": lambda: _model(model or settings.get("model"), bool(endpoint or settings.get("endpoint"))),
        "endpoints": lambda: _endpoints(endpoint, settings),
        "kernel": _kernel,
        "journal": _journal,
    }
    for name, check in checks.items():
        try:
            yield from check()
        except Exception as error:
            yield Finding(name, "problem", f"the check itself failed: {error!r}")


def _versions() -> Iterator[Finding]:
    have = {name: _version(name) for name in ("jupyter-codeact", "jupyter_server", "jupyterlab", "ipykernel")}
    listed = ", ".join(f"{name} {number}" for name, number in have.items() if number)
    yield Finding("versions", "ok", f"{listed}, Python {platform.python_version()}")
    lab, kernel = have["jupyterlab"], have["ipykernel"]
    if lab is None:
        yield Finding("JupyterLab", "warning", "it is not installed here", install("lab"))
    elif _numbers(lab) < LAB:
        yield Finding("JupyterLab", "problem", f"{lab} is too old for the extension", install("lab"))
    if kernel and _numbers(kernel)[0] < SUBSHELLS:
        yield Finding(
            "ipykernel",
            "warning",
            f"{kernel} hears no page while a cell runs, so %codeact must assume that one is there",
            "pip install --upgrade ipykernel",
        )


def _server_extension() -> Iterator[Finding]:
    from jupyter_core.paths import jupyter_config_path
    from jupyter_server.extension.config import ExtensionConfigManager

    manager = ExtensionConfigManager(read_config_path=jupyter_config_path())
    extensions: dict[str, bool] = manager.get_jpserver_extensions()  # type: ignore[no-untyped-call]
    enabled = extensions.get("jupyter_codeact")
    name = "server extension"
    if enabled:
        yield Finding(name, "ok", "Jupyter Server loads jupyter_codeact")
        return
    how = "it is disabled in the configuration" if enabled is False else "Jupyter Server does not know it"
    yield Finding(name, "problem", how, "jupyter server extension enable jupyter_codeact")


def _lab_extension() -> Iterator[Finding]:
    from jupyter_core.paths import jupyter_path

    try:
        from jupyterlab_server.config import get_federated_extensions, get_page_config
    except ImportError:
        return  # no JupyterLab here; the versions say so
    folders = jupyter_path("labextensions")
    found = get_federated_extensions(folders).get("jupyter-codeact")
    disabled = get_page_config(folders).get("disabledExtensions", {})
    name, ours = "lab extension", _version("jupyter-codeact")
    if found is None:
        yield Finding(name, "problem", "JupyterLab does not have it", REINSTALL)
    elif "jupyter-codeact" in disabled:
        advice = "jupyter labextension enable jupyter-codeact"
        yield Finding(name, "problem", "it is disabled", advice)
    elif ours and found["version"] != ours:
        message = f"it is {found['version']}, and the server's half is {ours}"
        yield Finding(name, "problem", message, f"{REINSTALL}, then reload the page")
    else:
        yield Finding(name, "ok", f"{found['version']} in {found['ext_path']}")


def _engines() -> Iterator[Finding]:
    """Tell what runs models on this machine: llama.cpp, and transformers on a GPU."""
    from ..models.catalog.machine import look
    from ..models.extras import missing

    machine = look()
    yield _llama(machine)
    if not machine.llama_missing and missing("huggingface_hub"):
        message = "huggingface_hub is not installed, so models come from Python packages only"
        yield Finding("downloads", "warning", message, install("local"))
    if not machine.gpus:
        yield Finding("GPU", "ok", "there is no NVIDIA GPU, so transformers runs no model of this machine")
        return
    names = ", ".join(
        f"{gpu.name} ({gpu.free / 1e9:.0f} of {gpu.memory / 1e9:.0f} GB free)" for gpu in machine.gpus
    )
    if machine.missing:
        yield Finding("GPU", "warning", f"{names}, not used: {machine.missing}", install("gpu"))
    else:
        yield Finding("GPU", "ok", names)


def _llama(machine: Machine) -> Finding:
    """Tell whether the installed llama.cpp can use a GPU, and whether it should."""
    if machine.llama_missing:
        message = "xllamacpp is not installed, so the agent needs an endpoint"
        return Finding("llama.cpp", "warning", message, f"{install('local')}, for models of this machine")
    number = _version("xllamacpp")
    if machine.llama_gpus:
        names = ", ".join(
            f"{gpu.name} with {gpu.backend} ({gpu.free / 1e9:.0f} of {gpu.memory / 1e9:.0f} GB free)"
            for gpu in machine.llama_gpus
        )
        return Finding("llama.cpp", "ok", f"xllamacpp {number} can use {names}")
    message = f"xllamacpp {number} is a build for CPUs (no CUDA, Vulkan or Metal)"
    if machine.gpus:
        advice = "install one of its builds for GPUs: https://github.com/xorbitsai/xllamacpp"
        return Finding("llama.cpp", "warning", f"{message}, so GGUF models do not use the GPU", advice)
    return Finding("llama.cpp", "ok", message)


def _model(name: str | None, has_endpoint: bool) -> Iterator[Finding]:
    from ..agent.contracts import ModelError
    from ..models.catalog import hub
    from ..models.catalog.auto import choose, size_of
    from ..models.catalog.catalog import find
    from ..models.catalog.fit import fit
    from ..models.catalog.machine import look
    from ..models.catalog.model import Snapshot
    from ..models.catalog.store import is_here, path_of
    from ..models.catalog.tuned import find_tuned, is_tuned
    from ..models.endpoints.registry import user_endpoints
    from ..models.open import AUTO, is_path

    if has_endpoint:
        return  # the name is one of the endpoint's
    machine = look()
    if machine.llama_missing and not name and user_endpoints().all():
        return  # they are all that can be used
    if name and hub.is_reference(name):
        yield _hub_model(name)
        return
    if name and is_path(name):
        state: State = "ok" if Path(name).expanduser().exists() else "problem"
        yield Finding("model", state, name if state == "ok" else f"there is no file {name}")
        return
    try:
        if name and is_tuned(name):
            tuned = find_tuned(name)
            yield Finding("model", "ok", f"{tuned.name}: {tuned.words}")
            return
        chosen = choose(machine, is_here).model if name in (None, "", AUTO) else find(str(name))
    except ModelError as error:
        yield Finding("model", "problem", str(error), "jupyter codeact models")
        return
    found = fit(chosen, machine)
    why = found.words
    if not found.runs:
        advice = "choose another one (jupyter codeact models), or use an endpoint"
        if machine.llama_missing and not isinstance(chosen, Snapshot):
            advice = f"{install('local')}, or use an endpoint"
        yield Finding("model", "problem", f"{chosen.name} {why}", advice)
    elif not is_here(chosen):
        message = f"{chosen.name} ({why}) is not here yet; the first run will download {size_of(chosen)}"
        yield Finding("model", "warning", message, f"jupyter codeact models pull {chosen.name}")
    else:
        yield Finding("model", "ok", f"{chosen.name} ({why}): {path_of(chosen)}")


def _hub_model(name: str) -> Finding:
    from ..agent.contracts import ModelError
    from ..models.catalog import hub

    try:
        path = hub.local(hub.parse(name))
    except ModelError as error:
        return Finding("model", "problem", str(error))
    if path is None:
        message = f"{name} is not here yet; the first run will download it"
        return Finding("model", "warning", message, f"jupyter codeact models pull {name}")
    return Finding("model", "ok", f"{name}: {path}")


def _endpoints(wanted: str | None, settings: dict[str, str]) -> Iterator[Finding]:
    from ..models.endpoints.registry import user_endpoints

    named = user_endpoints()
    configured = settings.get("endpoint")
    found = (
        [wanted] if wanted else [*([configured] if configured else []), *(one.name for one in named.all())]
    )
    for endpoint in found:
        key = settings.get("api_key") if endpoint == configured else None
        yield asyncio.run(_endpoint(endpoint, key))


async def _endpoint(endpoint: str, key: str | None) -> Finding:
    from ..agent.contracts import ModelError
    from ..models.endpoints.addresses import address_of
    from ..models.endpoints.registry import user_endpoints
    from ..options import RunOptions, open_model

    name = "endpoint"
    try:
        shown = endpoint if user_endpoints().find(endpoint) else address_of(endpoint).shown
        name = f"endpoint {shown}"
        model = open_model(RunOptions(endpoint=endpoint, api_key=key))
    except ModelError as error:
        return Finding(name, "problem", str(error))
    try:
        await model.start()
    except ModelError as error:
        return Finding(name, "problem", str(error))
    else:
        return Finding(name, "ok", f"it has {model.info.name}")
    finally:
        await model.close()


def _kernel() -> Iterator[Finding]:
    from ..agent.contracts import NotebookError
    from ..notebooks.kernel import KernelProcess
    from ..notebooks.kernelspecs import choose_kernel

    async def try_out(name: str) -> str:
        environment = {key: value for key, value in os.environ.items() if key != KEY_VARIABLE}
        with tempfile.TemporaryDirectory() as folder:
            kernel = KernelProcess(name, folder=Path(folder), environment=environment, grace=5)
            await kernel.start()
            await kernel.close()
        return str(kernel.language_info.get("version", ""))

    try:
        chosen = choose_kernel({})
        python = asyncio.run(try_out(chosen.name))
    except NotebookError as error:
        advice = "python -m ipykernel install --sys-prefix"
        yield Finding("kernel", "problem", str(error), advice)
    else:
        yield Finding("kernel", "ok", f"{chosen.metadata['display_name']} starts, with Python {python}")


def _journal() -> Iterator[Finding]:
    from ..agent.contracts import CodeActError
    from ..journal import SqliteJournal, default_path

    path = default_path()
    try:
        journal = SqliteJournal(path)
        kept = len(journal.conversations())
        journal.close()
    except CodeActError as error:
        yield Finding("journal", "problem", str(error), f"see that you may write to {path.parent}")
    else:
        yield Finding("journal", "ok", f"{path}, conversations: {kept}")


def _settings() -> dict[str, str]:
    """Return the model settings in the server's configuration files; broken files are ignored."""
    from jupyter_core.application import JupyterApp

    class Reader(JupyterApp):
        pass

    found: dict[str, str] = {}
    for name in ("jupyter_server_config", "jupyter_codeact_config"):
        reader = Reader(config_file_name=name)
        reader.load_config_file(suppress_errors=True)
        section = reader.config.get("CodeActExtension", {})
        found |= {key: section[key] for key in ("model", "endpoint", "api_key") if section.get(key)}
    return found


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdecimal()) or (0,)
