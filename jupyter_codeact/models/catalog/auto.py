"""Which models this machine can run, and which one runs if the user does not choose (``auto``)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from ...agent.contracts import Frozen
from .catalog import CATALOG, DEFAULT_MODEL, Entry, Snapshot, find
from .machine import GPU_MEMORY_SHARE, Machine

CONTEXT = 16_384
"""Tokens of a conversation. There should be memory for two conversations of this length."""

_SMALLEST = "smollm2-135m"
_CONVERSATIONS = 2
_GPU_WORK = 2 << 30
"""GPU memory besides weights and conversations: CUDA context, graphs, and working memory."""
_CPU_WORK = 1 << 30
"""The same for llama.cpp: the cache of prompts without a slot, and working memory."""
_SMALL_WORK = 400 << 20
"""The same where memory is short, without that cache."""
_SHARE = 0.85
"""Share of a small machine's memory for a model; the rest is for the notebooks."""


class Choice(Frozen):
    """The chosen model, and the reason in a sentence."""

    model: Entry | Snapshot
    why: str


class Capacity(Frozen):
    """What llama.cpp may use for conversations.

    ``context`` is in tokens, for each of ``slots`` replies at a time; ``cache`` is MiB for the prompts of
    conversations without a slot.
    """

    context: int
    slots: int
    cache: int


def capacity(model: Entry, memory: int) -> Capacity | None:
    """Return the capacity for conversations in so many bytes of memory; ``None`` if the model does not fit.

    Usually that is two conversations of `CONTEXT`; where memory is short, one shorter conversation. Part of
    the memory is left to the notebooks.
    """
    if memory_of(model) <= memory:
        return Capacity(context=min(CONTEXT, model.context), slots=_CONVERSATIONS, cache=1024)
    left = int(_SHARE * memory) - model.size - min(_SMALL_WORK, model.size)
    for context in (CONTEXT, CONTEXT // 2, CONTEXT // 4):
        if context <= model.context and context * model.token_bytes <= left:
            return Capacity(context=context, slots=1, cache=0)
    return None


def fits(model: Entry | Snapshot, machine: Machine) -> tuple[bool, str]:
    """Return whether a machine can run a model, and how or why not in a few words."""
    if isinstance(model, Entry):
        need = memory_of(model)
        if need <= machine.free:
            return True, f"on the CPU, in {_gb(need)} of memory"
        if need <= machine.memory:
            return True, f"on the CPU, once {_gb(need)} of memory are free ({_gb(machine.free)} are now)"
        if small := capacity(model, machine.memory):
            return True, f"on the CPU, one conversation of {small.context:,} tokens at a time"
        return False, f"needs {_gb(need)} of memory, and there are {_gb(machine.memory)}"
    if not machine.gpus:
        return False, "needs an NVIDIA GPU"
    if machine.missing:
        return False, f"needs more than is installed: {machine.missing}"
    need = memory_of(model)
    roomiest = max(machine.gpus, key=lambda gpu: gpu.free)
    if need <= roomiest.free:
        return True, f"on the {roomiest.name}, in {_gb(need)} of its memory"
    if need <= sum(gpu.free for gpu in machine.gpus):
        return True, f"over {len(machine.gpus)} GPUs together, one reply at a time"
    if need <= max(gpu.memory for gpu in machine.gpus):
        return True, f"on a GPU, once {_gb(need)} of its memory are free ({_gb(roomiest.free)} are now)"
    return False, f"needs {_gb(need)} of GPU memory, and there are {_gb(roomiest.memory)}"


def choose(
    machine: Machine,
    is_here: Callable[[Entry | Snapshot], bool],
    catalog: Sequence[Entry | Snapshot] = CATALOG,
) -> Choice:
    """Choose a model for a machine.

    The largest text model is the best one. A model that is already here is preferred on the same kind of
    hardware only, for a GPU is worth a download. A restricted model is chosen only if the user has pulled it.

    Parameters
    ----------
    machine : Machine
        The hardware.
    is_here : callable
        Whether a model is on the machine already.
    catalog : sequence
        The models to choose from.
    """
    snapshots = [
        model
        for model in catalog
        if isinstance(model, Snapshot)
        and not model.supports_images
        and (is_here(model) or not model.restricted)
    ]
    now = [model for model in snapshots if _runs_now(model, machine)]
    if now:
        best = max(now, key=lambda model: (is_here(model), model.size))
        return Choice(
            model=best, why=f"{best.name}, {fits(best, machine)[1]}: {_advantage(best, now, is_here)}."
        )
    without_gpu = _why_no_gpu(machine, snapshots)
    default, smallest = _entry(DEFAULT_MODEL), _entry(_SMALLEST)
    if fits(default, machine)[0]:
        return Choice(
            model=default, why=f"{default.name}, {fits(default, machine)[1]}, because {without_gpu}."
        )
    return Choice(
        model=smallest,
        why=(
            f"{smallest.name}, a toy, because {without_gpu} and {default.name} {fits(default, machine)[1]};"
            " a model on another machine (an endpoint) would serve you better."
        ),
    )


def memory_of(model: Entry | Snapshot) -> int:
    """Return the bytes that a model and two conversations need, approximately."""
    context = min(CONTEXT, model.context)
    work = _CPU_WORK if isinstance(model, Entry) else _GPU_WORK
    # A small model needs working memory in proportion to its size.
    taken = model.size + _CONVERSATIONS * context * model.token_bytes + min(work, model.size)
    return taken if isinstance(model, Entry) else int(taken / GPU_MEMORY_SHARE)


def _runs_now(model: Snapshot, machine: Machine) -> bool:
    """Tell whether a model runs well at the moment: on one GPU, in its free memory."""
    return not machine.missing and any(memory_of(model) <= gpu.free for gpu in machine.gpus)


def _advantage(
    best: Snapshot, others: Collection[Snapshot], is_here: Callable[[Entry | Snapshot], bool]
) -> str:
    larger = [model.name for model in others if model.size > best.size]
    if larger:
        return f"it is here already, while {larger[-1]} would fit, too, but has to be pulled"
    return "the largest that fits" + (" and it is here" if is_here(best) else "; it will be downloaded")


def _why_no_gpu(machine: Machine, snapshots: Collection[Snapshot]) -> str:
    if not machine.gpus:
        return "there is no NVIDIA GPU"
    if machine.missing:
        return f"the GPU cannot be used: {machine.missing}"
    need = min((memory_of(model) for model in snapshots), default=0)
    return f"no GPU has {_gb(need)} of free memory"


def _entry(name: str) -> Entry:
    entry = find(name)
    assert isinstance(entry, Entry)
    return entry


def _gb(size: float) -> str:
    return f"{size / 1e9:.1f} GB"
