"""What the catalogue knows of a model: its files, and the facts that decide where and how it runs."""

from __future__ import annotations

from ...agent.contracts import Frozen, ModelSettings
from ...agent.run_limits import Guidance

HUB_PREFIX = "hf:"
"""How the name of a model begins that need not be of the catalogue: ``hf:owner/name/file.gguf``."""
NOT_THINKING = ModelSettings(reply_tokens=1024)
"""A model that does not think says what it has to say in so many tokens, or repeats itself."""


class Package(Frozen):
    """A Python package whose wheel has ``size`` bytes of a model, in its file ``member``."""

    requirement: str
    member: str
    size: int


class RemoteFile(Frozen):
    """A file of a model's repository.

    ``sha256`` is the hash that the Hub has for it, empty for a file that is not on the Hub; ``packages``
    have the same bytes, in order.
    """

    path: str
    size: int
    sha256: str
    packages: tuple[Package, ...] = ()

    @property
    def name(self) -> str:
        """The file's name, without the folder it has in the repository."""
        return self.path.rpartition("/")[2]


class Model(Frozen):
    """A model of the catalogue, of either kind.

    Attributes
    ----------
    licence : str
        Its licence, as the Hub names it.
    context : int
        Longest context that the model was trained for, in tokens.
    token_bytes : int
        Memory that a token of a conversation takes.
    conversation_bytes : int
        Memory that a conversation takes besides, however long it is: recurrent states, sliding windows.
    hub : str
        Repository on the Hugging Face Hub.
    revision : str
        The repository's commit, or a branch.
    parameters, active : int
        Parameters in all, and those that a token uses, where they differ.
    rank : int
        Its place among the models of the catalogue; the higher, the better it solves tasks.
    restricted : bool
        Whether the licence restricts the model's use. Such a model is never chosen automatically.
    settings : ModelSettings
        What its makers recommend.
    supports_images, thinks, guidance
        As in `ModelInfo`.
    """

    name: str
    licence: str
    context: int
    token_bytes: int
    conversation_bytes: int = 0
    hub: str
    revision: str = "main"
    parameters: int = 0
    active: int = 0
    rank: int = 0
    restricted: bool = False
    supports_images: bool = False
    thinks: bool = False
    guidance: Guidance = "small"
    settings: ModelSettings = ModelSettings()


class Entry(Model):
    """A model for llama.cpp: a GGUF file or the parts of one, and, if it takes images, a projector file."""

    files: tuple[RemoteFile, ...]
    projector: RemoteFile | None = None

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.downloads)

    @property
    def downloads(self) -> tuple[RemoteFile, ...]:
        """All files; the weights are last, so that whoever has them has the projector, too."""
        return ((self.projector,) if self.projector else ()) + self.files


class Snapshot(Model):
    """A model in a repository of many files, for transformers; ``size`` is approximate.

    ``revision`` is a commit, which fixes the content of every file: each downloaded file is compared to the
    hash that the Hub has for it at this commit.
    """

    size: int
