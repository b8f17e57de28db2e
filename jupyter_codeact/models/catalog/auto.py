"""Which model this machine can run, and which one runs when the user leaves the choice to us."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from ...agent.contracts import Frozen
from ..engines.transformers.settings import TransformersOptions
from .catalog import CATALOG, DEFAULT_MODEL, Entry, Snapshot, find
from .machine import Machine

CONTEXT = 16_384
"""Tokens of a conversation that there should be room for, twice."""

_SMALLEST = "smollm2-135m"
_CONVERSATIONS = 2
_GPU_WORK = 2 << 30
"""What a GPU needs besides weights and conversations: its own context, graphs, and room to compute."""
_CPU_WORK = 1 << 30
"""What llama.cpp needs besides: the prompts that have no slot, and room to compute."""
_SMALL_WORK = 400 << 20
"""The same where memory is short and no prompt is kept without a slot."""
_SHARE = 0.85
"""Of the memory of a small machine, for a model; the rest is the notebooks'."""


class Choice(Frozen):
    """A model, and in a sentence why it is the one."""

    model: Entry | Snapshot
    why: str


class Room(Frozen):
    """What llama.cpp gets for a model's conversations.

    ``context`` is in tokens, for each of ``slots`` replies at a time; ``cache`` is MiB for those that wait.
    """

    context: int
    slots: int
    cache: int


def room(model: Entry, memory: int) -> Room | None:
    """Return the room for conversations on a machine with so many bytes of memory; ``None`` if there is none.

    Usually two conversations of `CONTEXT`; where memory is short, one, and that shorter. A part of the memory
    is left to the notebooks.
    """
    if memory_of(model) <= memory:
        return Room(context=min(CONTEXT, model.context), slots=_CONVERSATIONS, cache=1024)
    left = int(_SHARE * memory) - model.size - min(_SMALL_WORK, model.size)
    for context in (CONTEXT, CONTEXT // 2, CONTEXT // 4):
        if context <= model.context and context * model.token_bytes <= left:
            return Room(context=context, slots=1, cache=0)
    return None


def fits(model: Entry | Snapshot, machine: Machine) -> tuple[bool, str]:
    """Return whether a machine can run a model, and the reason in a few words."""
    if isinstance(model, Entry):
        need = memory_of(model)
        if need <= machine.free:
            return True, f"on the CPU, in {_gb(need)} of memory"
        if need <= machine.memory:
            return True, f"on the CPU, once {_gb(need)} of memory are free ({_gb(machine.free)} are now)"
        if small := room(model, machine.memory):
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
    """Pick a model for a machine.

    What is largest is taken for best, among those that write code and nothing else. One that is here wins
    over one that is not only on the same kind of hardware: a GPU is worth a download. A model whose licence
    restricts its use is picked only if the user has pulled it already.

    Parameters
    ----------
    machine : Machine
        What there is.
    is_here : callable
        Whether a model is on the machine.
    catalog : sequence
        What there is to pick from.
    """
    snapshots = [
        model
        for model in catalog
        if isinstance(model, Snapshot) and not model.sees and (is_here(model) or not model.restricted)
    ]
    now = [model for model in snapshots if _runs_now(model, machine)]
    if now:
        best = max(now, key=lambda model: (is_here(model), model.size))
        return Choice(model=best, why=f"{best.name}, {fits(best, machine)[1]}: {_merit(best, now, is_here)}.")
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
    """Return the bytes that must be free for a model and two conversations, about."""
    context = min(CONTEXT, model.context)
    work = _CPU_WORK if isinstance(model, Entry) else _GPU_WORK
    # Small models take in proportion to their size.
    taken = model.size + _CONVERSATIONS * context * model.token_bytes + min(work, model.size)
    return taken if isinstance(model, Entry) else int(taken / TransformersOptions().memory_share)


def _runs_now(model: Snapshot, machine: Machine) -> bool:
    """Whether a model runs well as the machine is: on one GPU, in what is free of its memory."""
    return not machine.missing and any(memory_of(model) <= gpu.free for gpu in machine.gpus)


def _merit(best: Snapshot, others: Collection[Snapshot], is_here: Callable[[Entry | Snapshot], bool]) -> str:
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
