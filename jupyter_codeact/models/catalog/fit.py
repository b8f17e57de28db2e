"""Whether a machine can run a model, where, and with how much room for conversations."""

from __future__ import annotations

from ...agent.contracts import Frozen
from .machine import GPU_MEMORY_SHARE, Gpu, Machine
from .model import Entry, Snapshot

CONTEXT = 16_384
"""Tokens of a conversation. There should be memory for two conversations of this length."""
THINKING_CONTEXT = 2 * CONTEXT
"""The same for a model that thinks: a thought may take as long as all the rest."""

_CONVERSATIONS = 2
_GPU_WORK = 2 << 30
"""GPU memory besides weights and conversations: CUDA context, graphs, and working memory."""
_LLAMA_WORK = 1 << 30
"""The same for llama.cpp: the cache of prompts without a slot, and working memory."""
_SMALL_WORK = 400 << 20
"""The same where memory is short, without that cache."""
_SHARE = 0.85
"""Share of a machine's memory for a model; the rest is for the notebooks."""
_LLAMA_GPU_SHARE = 0.9
"""Share of a GPU's free memory for a model that llama.cpp runs: it reserves nothing for later."""


class Capacity(Frozen):
    """What llama.cpp may use for conversations.

    ``context`` is in tokens, for each of ``slots`` replies at a time; ``cache`` is MiB for the prompts of
    conversations without a slot.
    """

    context: int
    slots: int
    cache: int


class Fit(Frozen):
    """Whether a machine ``runs`` a model, and how or why not, in a few ``words``.

    ``well`` says that there is room for conversations of the usual length, beside other programs: on a GPU
    for one, and in the machine's memory, which notebooks share, for two. ``gpu`` says that a GPU does it.
    """

    runs: bool
    words: str
    well: bool = False
    gpu: bool = False


def capacity(model: Entry, memory: float) -> Capacity | None:
    """Return the capacity for conversations in so many bytes of memory; ``None`` if the model does not fit.

    Usually that is two long conversations; where memory is short, one, and a shorter one.
    """
    longest = min(THINKING_CONTEXT if model.thinks else CONTEXT, model.context)
    if _needed(model, longest, _CONVERSATIONS) <= memory:
        return Capacity(context=longest, slots=_CONVERSATIONS, cache=1024)
    left = memory - model.size - min(_SMALL_WORK, model.size) - model.conversation_bytes
    for context in (longest, longest // 2, longest // 4, longest // 8):
        if context >= min(CONTEXT // 4, model.context) and context * model.token_bytes <= left:
            return Capacity(context=context, slots=1, cache=0)
    return None


def capacity_on(model: Entry, machine: Machine) -> Capacity | None:
    """Return the capacity where llama.cpp will run a model: on a GPU, or in the machine's memory."""
    if gpu := gpu_for(model, machine):
        return capacity(model, _LLAMA_GPU_SHARE * gpu.free)
    return capacity(model, _SHARE * machine.memory)


def gpu_for(model: Entry, machine: Machine) -> Gpu | None:
    """Return the GPU that llama.cpp can run the whole of a model on."""
    best = max(machine.llama_gpus, key=lambda gpu: gpu.free, default=None)
    return best if best and capacity(model, _LLAMA_GPU_SHARE * best.free) else None


def fit(model: Entry | Snapshot, machine: Machine) -> Fit:
    """Return whether and how a machine can run a model."""
    return _llama_fit(model, machine) if isinstance(model, Entry) else _transformers_fit(model, machine)


def memory_of(model: Entry | Snapshot) -> int:
    """Return the bytes that a model and two conversations need, approximately."""
    if isinstance(model, Entry):
        return _needed(model, min(THINKING_CONTEXT if model.thinks else CONTEXT, model.context), 2)
    context = min(CONTEXT, model.context)
    taken = model.size + _CONVERSATIONS * context * model.token_bytes + min(_GPU_WORK, model.size)
    return int(taken / GPU_MEMORY_SHARE)


def _needed(model: Entry, context: int, conversations: int) -> int:
    # A small model needs working memory in proportion to its size.
    each = context * model.token_bytes + model.conversation_bytes
    return model.size + conversations * each + min(_LLAMA_WORK, model.size)


def _llama_fit(model: Entry, machine: Machine) -> Fit:
    if machine.llama_missing:
        return Fit(runs=False, words="needs llama.cpp")
    if gpu := gpu_for(model, machine):
        room = capacity(model, _LLAMA_GPU_SHARE * gpu.free)
        assert room is not None
        words = f"on the {gpu.name}, in {_gb(_needed(model, room.context, room.slots))} of its memory"
        well = room.context >= min(CONTEXT, model.context)
        return Fit(runs=True, well=well, gpu=True, words=words)
    room = capacity(model, _SHARE * machine.memory)
    if room is None:
        shortest = min(CONTEXT // 4, model.context) * model.token_bytes + model.conversation_bytes
        need = (model.size + min(_SMALL_WORK, model.size) + shortest) / _SHARE
        return Fit(runs=False, words=f"needs {_gb(need)} of memory, and there are {_gb(machine.memory)}")
    if room.slots == 1:
        words = f"on the CPU, one conversation of {room.context:,} tokens at a time"
        return Fit(runs=True, words=words)
    need = _needed(model, room.context, room.slots)
    if need <= machine.free:
        return Fit(runs=True, well=True, words=f"on the CPU, in {_gb(need)} of memory")
    words = f"on the CPU, once {_gb(need)} of memory are free ({_gb(machine.free)} are now)"
    return Fit(runs=True, well=True, words=words)


def _transformers_fit(model: Snapshot, machine: Machine) -> Fit:
    if not machine.gpus:
        return Fit(runs=False, words="needs an NVIDIA GPU")
    if machine.missing:
        return Fit(runs=False, words=f"needs more than is installed: {machine.missing}")
    need = memory_of(model)
    roomiest = max(machine.gpus, key=lambda gpu: gpu.free)
    if need <= roomiest.free:
        words = f"on the {roomiest.name}, in {_gb(need)} of its memory"
        return Fit(runs=True, well=True, gpu=True, words=words)
    if need <= sum(gpu.free for gpu in machine.gpus):
        words = f"over {len(machine.gpus)} GPUs together, one reply at a time"
        return Fit(runs=True, gpu=True, words=words)
    if need <= max(gpu.memory for gpu in machine.gpus):
        words = f"on a GPU, once {_gb(need)} of its memory are free ({_gb(roomiest.free)} are now)"
        return Fit(runs=True, gpu=True, words=words)
    words = f"needs {_gb(need)} of GPU memory, and there are {_gb(roomiest.memory)}"
    return Fit(runs=False, words=words)


def _gb(size: float) -> str:
    return f"{size / 1e9:.1f} GB"
