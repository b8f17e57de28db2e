"""Any GGUF model on the Hugging Face Hub, by ``hf:owner/name/file``: found, described, downloaded.

Everything here blocks; call it in a thread where there is an event loop.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, TypeVar

from ...agent.contracts import ModelError, ModelSettings
from ..extras import missing
from ..guidance import guidance_for
from . import gguf, store
from .model import HUB_PREFIX, NOT_THINKING, Entry, RemoteFile
from .sources import Progress

if TYPE_CHECKING:
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import ModelInfo, RepoSibling

Answer = TypeVar("Answer")

_SECONDS = 10.0
_RESULTS = 10
_PREFERRED = "q4_k_m"
_NAME = re.compile(r"[\w.-]*\w[\w.-]*")


@dataclass(frozen=True)
class Reference:
    """A model on the Hub, as users name it.

    ``file`` is a file's path in the repository ``hub``, or its quantisation; where it is empty, the usual
    quantisation is meant.
    """

    hub: str
    file: str = ""

    @property
    def name(self) -> str:
        """The name, as users write it."""
        return f"{HUB_PREFIX}{self.hub}" + (f"/{self.file}" if self.file else "")


@dataclass(frozen=True)
class Found:
    """A model that a search has found, and how often it was downloaded in the last month."""

    model: Entry
    downloads: int


def is_reference(name: str) -> bool:
    """Tell whether a name means a model on the Hub."""
    return name.startswith(HUB_PREFIX)


def parse(name: str) -> Reference:
    """Read the name of a model on the Hub.

    Raises
    ------
    ModelError
        If it is not written ``hf:owner/name`` or ``hf:owner/name/file.gguf``.
    """
    owner, _, rest = name.removeprefix(HUB_PREFIX).partition("/")
    repository, _, file = rest.replace(":", "/").partition("/")
    if not all(_NAME.fullmatch(word) for word in (owner, repository, *(file.split("/") if file else ()))):
        raise ModelError(
            f"{name!r} does not name a model on the Hugging Face Hub: write hf:owner/name, or"
            " hf:owner/name/file.gguf for one of its files."
        )
    return Reference(f"{owner}/{repository}", file)


def local(reference: Reference) -> Path | None:
    """Return the model's file, or its first part, if all of it is on this machine already."""
    folder = store.hub_folder(reference.hub)
    try:
        names = sorted(path.name for path in folder.iterdir())
    except OSError:
        names = []
    whole = {name: 0 for name in names if set(gguf.part_names(name)) <= set(names)}
    try:
        return folder / _choose(whole, reference)[0]
    except ModelError:
        return None


def local_model(reference: Reference) -> Entry | None:
    """Return the model as its files on this machine describe it, if all of it is here."""
    path = local(reference)
    if path is None:
        return None
    name = f"{HUB_PREFIX}{reference.hub}/{path.name}"
    return gguf.own_model(path, name).model_copy(update={"hub": reference.hub})


def here() -> list[Reference]:
    """Return the models that were downloaded by such a name."""
    root = store.hub_folder("")
    found = []
    for path in sorted(root.glob("*/*/*.gguf")):
        if gguf.is_weights(path.name) and gguf.part_names(path.name)[0] == path.name:
            found.append(Reference(path.parent.relative_to(root).as_posix(), path.name))
    return found


def fetch(reference: Reference, progress: Progress, cancel: Event | None = None) -> Path:
    """Return the path of a model's file, downloading the model if it is not here.

    Raises
    ------
    ModelError
        If there is no such model, or it cannot be had.
    """
    return local(reference) or store.pull(describe(reference), progress=progress, cancel=cancel)


def describe(reference: Reference) -> Entry:
    """Ask the Hub for a model: its files with their hashes, its licence, what it takes.

    Raises
    ------
    ModelError
        If there is no such model, it has no such file, or the Hub does not answer.
    """
    return _asking(reference.name, lambda api: _entry(_info(api, reference.hub), reference))


def search(words: str) -> list[Found]:
    """Search the Hub for GGUF models; those downloaded most come first.

    Raises
    ------
    ModelError
        If the Hub does not answer.
    """

    def ask(api: HfApi) -> list[Found]:
        # The library would ask an unreachable Hub again and again; this fails at once.
        _reach(api)
        listed = list(api.list_models(search=words, filter="gguf", sort="downloads", limit=_RESULTS))
        with ThreadPoolExecutor(len(listed) or 1) as pool:
            return [found for found in pool.map(lambda model: _found(api, model.id), listed) if found]

    return _asking("A search", ask)


def _found(api: HfApi, repository: str) -> Found | None:
    """Describe the model that the name of a repository means; some have none that llama.cpp can run."""
    info = _info(api, repository)
    try:
        return Found(_entry(info, Reference(repository)), info.downloads or 0)
    except ModelError:
        files = _weights(info)
        if not files:
            return None
        smallest = min(files, key=lambda name: files[name])
        return Found(_entry(info, Reference(repository, smallest)), info.downloads or 0)


def _asking(what: str, ask: Callable[[HfApi], Answer]) -> Answer:
    """Ask the Hub, or the mirror that HF_ENDPOINT names; whatever goes wrong is explained."""
    if why := missing("huggingface_hub"):
        raise ModelError(f"{what} needs the Hugging Face Hub, and {why}.")
    from huggingface_hub import HfApi, get_token
    from huggingface_hub.errors import GatedRepoError, OfflineModeIsEnabled, RepositoryNotFoundError

    endpoint = os.environ.get("HF_ENDPOINT")  # the token is sent only to a mirror that the user chose
    token: str | bool = (get_token() if endpoint else None) or False
    try:
        return ask(HfApi(endpoint=endpoint, token=token, user_agent="jupyter-codeact"))
    except ModelError:
        raise
    except GatedRepoError as error:
        raise ModelError(
            f"{what} can be downloaded only by users of the Hugging Face Hub who have accepted its terms"
            " there; download it yourself, and give the path of the file."
        ) from error
    except RepositoryNotFoundError as error:
        raise ModelError(f"The Hugging Face Hub has no public model {what}.") from error
    except OfflineModeIsEnabled as error:
        raise ModelError(
            f"{what} needs the Hugging Face Hub, and HF_HUB_OFFLINE forbids asking it."
        ) from error
    except Exception as error:  # whatever the network library raises
        raise ModelError(
            f"{what} needs the Hugging Face Hub, which could not be reached ({type(error).__name__}). Check"
            " the network connection, or name a mirror in HF_ENDPOINT."
        ) from error


def _reach(api: HfApi) -> None:
    from huggingface_hub import get_session

    get_session().get(f"{api.endpoint}/api/models", params={"limit": 1}, timeout=_SECONDS)


def _info(api: HfApi, repository: str) -> ModelInfo:
    return api.model_info(repository, files_metadata=True, timeout=_SECONDS)


def _entry(info: ModelInfo, reference: Reference) -> Entry:
    files = {file.rfilename: file for file in info.siblings or ()}
    chosen = _choose(_weights(info), reference)
    folder = chosen[0].rpartition("/")[0]
    projector = gguf.best_projector(
        sorted(name for name in files if gguf.is_projector(name) and name.rpartition("/")[0] in ("", folder))
    )
    facts: dict[str, Any] = info.gguf or {}
    thinks = gguf.is_thinking(facts.get("chat_template"))
    parameters = facts.get("total")
    return Entry(
        name=f"{HUB_PREFIX}{reference.hub}/{chosen[0]}",
        licence=_licence(info),
        context=_count(facts.get("context_length")) or gguf.UNKNOWN_CONTEXT,
        token_bytes=0,
        hub=reference.hub,
        revision=info.sha or "main",
        parameters=_count(parameters) or 0,
        supports_images=projector is not None,
        thinks=thinks,
        guidance=guidance_for(chosen[0], parameters=_count(parameters), default="small"),
        settings=ModelSettings() if thinks else NOT_THINKING,
        files=tuple(_remote(files[name]) for name in chosen),
        projector=_remote(files[projector]) if projector else None,
    )


def _weights(info: ModelInfo) -> dict[str, int]:
    """Return the model files of a repository with their sizes."""
    return {
        file.rfilename: file.size or 0
        for file in info.siblings or ()
        if gguf.is_weights(file.rfilename) and file.lfs
    }


def _remote(file: RepoSibling) -> RemoteFile:
    assert file.lfs is not None
    return RemoteFile(path=file.rfilename, size=file.lfs.size, sha256=file.lfs.sha256)


def _choose(files: dict[str, int], reference: Reference) -> list[str]:
    """Return the paths of the model's parts.

    Raises
    ------
    ModelError
        If there is no such model; the message names those there are.
    """
    models: dict[str, list[str]] = {}
    for name in sorted(files):
        if gguf.is_weights(name):
            parts = gguf.part_names(name)
            if all(part in files for part in parts):
                models[parts[0]] = parts
    if wanted := _short(reference.file):
        named = [first for first, parts in models.items() if wanted in map(_short, parts)]
        named = named or [first for first in models if _quantisation(first) == wanted]
    else:
        usual = [first for first in models if _quantisation(first).removeprefix("ud-") == _PREFERRED]
        named = usual or (list(models) if len(models) == 1 else [])
    if named:
        return models[named[0]]
    if not models:
        raise ModelError(f"{HUB_PREFIX}{reference.hub} has no GGUF file that llama.cpp could run.")
    asked = f"no file {reference.file}" if reference.file else "no file of the usual quantisation Q4_K_M"
    listed = ", ".join(_listed(parts, files) for parts in models.values())
    name = f"{HUB_PREFIX}{reference.hub}"
    raise ModelError(f"{name} has {asked}; write {name}/FILE with one of: {listed}.")


def _listed(parts: Sequence[str], files: dict[str, int]) -> str:
    size = sum(files[part] for part in parts)
    return parts[0] + (f" ({size / 1e9:.1f} GB)" if size else "")


def _short(name: str) -> str:
    return name.rpartition("/")[2].lower()


def _quantisation(name: str) -> str:
    """Return how a file's weights are packed, by its name: ``q4_k_m``, ``ud-q4_k_xl``, ``mxfp4``."""
    stem = re.sub(r"-\d{5}-of-\d{5}$", "", _short(name).removesuffix(".gguf"))
    found = re.search(r"[-_.]((?:ud-)?(?:i?q\d\w*|bf16|f16|f32|mxfp4\w*))$", stem)
    return found[1] if found else ""


def _licence(info: ModelInfo) -> str:
    card = info.card_data
    named = card.get("license") if card else None
    tagged = next((tag[8:] for tag in info.tags or () if tag.startswith("license:")), "")
    return str(named or tagged or "unknown licence")


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
