"""Which model runs if the user does not choose (``auto``), and which better one they could download."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence

from ...agent.contracts import Frozen
from .catalog import CATALOG, DEFAULT_MODEL, find
from .fit import fit
from .machine import Gpu, Machine
from .model import Entry, Snapshot
from .tuned import Tuned, all_tuned

_SMALLEST = "smollm2-135m"
_FEW_CORES = 4
_CPU_PARAMETERS = 10e9
"""Parameters that a token may use where a CPU computes: more of them keep the user waiting."""
_FEW_CORES_PARAMETERS = 3.5e9
"""The same for a CPU with few cores."""
_GB = 10**9

IsHere = Callable[[Entry | Snapshot], bool]


class Choice(Frozen):
    """The chosen model, and the reason in a sentence.

    ``offer`` is a better model for this machine, which is downloaded only if the user asks for it;
    ``bigger`` says in a sentence what a bigger machine could run, if anything better.
    """

    model: Entry | Snapshot
    why: str
    offer: Entry | Snapshot | None = None
    bigger: str = ""


def choose(machine: Machine, is_here: IsHere, catalog: Sequence[Entry | Snapshot] = CATALOG) -> Choice:
    """Choose a model for a machine.

    That is the best one that is here and runs well. Where there is none, it is the default model, which is
    small and can be had from the Hub and from a package index; no other model is ever downloaded unasked.

    Parameters
    ----------
    machine : Machine
        The hardware.
    is_here : callable
        Whether a model is on the machine already.
    catalog : sequence
        The models to choose from.
    """
    default, smallest = find(DEFAULT_MODEL), find(_SMALLEST)
    here = best(machine, [model for model in catalog if is_here(model) and model.rank >= default.rank])
    if here is not None:
        model, reason = here, "the best that is here"
    elif fit(default, machine).runs:
        model, reason = default, "the default" + ("" if is_here(default) else ", which will be downloaded")
    elif machine.llama_missing:
        model, reason = default, f"{machine.llama_missing}. Install that, or use an endpoint"
    else:
        model, reason = (
            smallest,
            (
                f"a toy, because {default.name} {fit(default, machine).words}; a model on another machine (an"
                " endpoint) would serve you better"
            ),
        )
    offer = None if os.environ.get("HF_HUB_OFFLINE") else suggested(machine, catalog)
    if offer is not None and offer.rank <= model.rank:
        offer = None
    why = f"{model.name}, {fit(model, machine).words}: {reason}."
    if offer is not None:
        why += f" {offer.name} ({size_of(offer)}, {offer.licence}) would be better; download it to have it."
    if tuned := ", ".join(one.name for one in all_tuned(model.name)):
        why += f" You have tuned it: choose {tuned} to use that."
    return Choice(model=model, why=why, offer=offer, bigger=_bigger(machine, catalog))


def suggested(machine: Machine, catalog: Sequence[Entry | Snapshot] = CATALOG) -> Entry | Snapshot | None:
    """Return the best model for a machine, whether or not it is here, that anybody may use for anything."""
    return best(machine, [model for model in catalog if not model.restricted])


def best(machine: Machine, models: Sequence[Entry | Snapshot]) -> Entry | Snapshot | None:
    """Return the best of the models that run well on a machine, and fast enough."""
    suited = [model for model in models if _suits(model, machine)]
    return max(suited, key=lambda model: model.rank, default=None)


def size_of(model: Entry | Snapshot | Tuned) -> str:
    """Return the size of a model for people."""
    return f"{model.size / 1e9:.1f} GB" if model.size >= 1e9 else f"{model.size / 1e6:.0f} MB"


def _suits(model: Entry | Snapshot, machine: Machine) -> bool:
    found = fit(model, machine)
    limit = _CPU_PARAMETERS if machine.cores >= _FEW_CORES else _FEW_CORES_PARAMETERS
    return found.well and (found.gpu or (model.active or model.parameters) <= limit)


def _bigger(machine: Machine, catalog: Sequence[Entry | Snapshot]) -> str:
    """Tell what the next bigger machine could run."""
    now = suggested(machine, catalog)
    for words, larger in _larger(machine):
        model = suggested(larger, catalog)
        if model is not None and (now is None or model.rank > now.rank):
            return f"With {words} it could run {model.name} ({size_of(model)}, {model.licence})."
    return ""


def _larger(machine: Machine) -> Iterator[tuple[str, Machine]]:
    """Yield machines that have more memory, then such with a GPU, or a bigger one."""
    gpu = max((gpu.memory for gpu in machine.llama_gpus), default=0)
    if not gpu:
        for size in (8, 16, 32):
            if size * _GB > 1.1 * machine.memory:
                memory = size * _GB
                yield f"{size} GB of memory", machine.model_copy(update={"memory": memory, "free": memory})
    for size in (12, 24, 48):
        if size * _GB > 1.1 * gpu:
            added = Gpu(name="GPU", memory=size * _GB, free=size * _GB)
            yield f"a GPU of {size} GB", machine.model_copy(update={"llama_gpus": (added,)})
