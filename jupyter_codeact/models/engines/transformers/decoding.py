"""The two things that a model does with a cache of slots: read a part of a prompt, write one more token each.

On a GPU, a step that writes is recorded as a CUDA graph for each set of slots and length, and replayed: at
batches this small, to launch a model's kernels one by one takes longer than they do. With ``compile``,
torch makes fewer and faster kernels of them first. Where either fails, the model goes on without.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, NamedTuple

import psutil
import torch
from transformers import DynamicCache

from ...catalog import machine
from .loading import LoadedModel
from .sampling import add_noise, key
from .slots import ATTENTION, STEP, SlotCache, UnsuitedError, bytes_of_token, check_layers, mask_for

_GPU_WORK = 1 << 30
"""Bytes of GPU memory that are left for the work itself."""
_SHORTEST = 1024
"""Tokens of the shortest recorded step; each longer one has twice as many."""
_CPU_SLOTS = 4
"""Most slots on a CPU, which gains little from more, and whose memory is for the notebooks, too."""
_ALIKE = 0.99
"""Least cosine of the scores of two ways to compute them; types of 16 bits differ by much less."""
_SAMPLE = (1, 5, 3, 8, 2, 9, 4, 7)
"""Tokens for comparing; any will do."""
_log = logging.getLogger(__name__)


class Next(NamedTuple):
    """A token to be written: after ``token``, which is at ``position`` and not yet in the cache."""

    token: int
    position: int
    temperature: float
    seed: int


class Decoding:
    """A model with a cache of slots. All calls must come from one thread.

    Parameters
    ----------
    loaded : LoadedModel
        The model.
    slots : int, optional
        Conversations in the cache; by default as many as there is memory for, up to ``max_replies``.

    Raises
    ------
    UnsuitedError
        If this model or machine is not suited.
    """

    def __init__(self, loaded: LoadedModel, slots: int | None = None) -> None:
        self.loaded = loaded
        self.graphs = loaded.model.device.type == "cuda"
        self._model = loaded.model
        self._forward: Any = loaded.model.forward
        self._recorded: dict[tuple[int, int, int], tuple[Any, torch.Tensor, torch.Tensor]] = {}
        self._pool: Any = None
        self._attention = loaded.model.config._attn_implementation
        if loaded.processor is not None or len(set(getattr(loaded.model, "hf_device_map", {}).values())) > 1:
            raise UnsuitedError("it takes images or is spread over several devices")
        with torch.inference_mode():
            like, expected = self._compute_plainly()
            check_layers(like)
            # The place after the last is where slots write that have nothing to write.
            self.tokens = -(-(loaded.context + 1) // STEP) * STEP
            self.slots = slots or self._affordable(self.tokens * bytes_of_token(like))
            self.cache = SlotCache(like, self.slots, self.tokens)
            self._rows = torch.zeros(5, self.slots, dtype=torch.long, device=loaded.model.device)
            try:
                self._model.set_attn_implementation(ATTENTION)
                self._check(expected)
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """Give the model back as it was."""
        self._recorded.clear()
        self._model.set_attn_implementation(self._attention)

    def read(self, slot: int, tokens: Sequence[int], begin: int) -> torch.Tensor:
        """Read tokens that begin at a place in a slot, and return the scores of what may follow them."""
        device = self._model.device
        end = begin + len(tokens)
        places = torch.arange(begin, end, device=device)[None]
        self.cache.choose(slot, slot + 1, places)
        length = min(-(-end // STEP) * STEP, self.tokens)
        # Prompts differ too much in length to be compiled or recorded.
        scores: torch.Tensor = self._model(
            input_ids=torch.tensor([list(tokens)], device=device),
            position_ids=places,
            attention_mask=mask_for(places, length, self._model.dtype),
            cache=self.cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits[:, -1]
        return scores

    def sample(self, scores: torch.Tensor, temperature: float, seed: int, position: int) -> int:
        """Return the token that is written at a position, given its scores."""
        device = scores.device
        keys = torch.tensor([key(seed, position)], device=device)
        return int(add_noise(scores, torch.tensor([temperature], device=device), keys).argmax(-1))

    def write(self, wanted: dict[int, Next]) -> dict[int, int]:
        """Write one token in each of the given slots."""
        begin, end = min(wanted), max(wanted) + 1
        longest = max(row.position for row in wanted.values()) + 1
        if self.graphs:  # few different ones
            if end - begin > 1:
                begin, end = 0, min(1 << (end - 1).bit_length(), self.slots)
            length = min(max(_SHORTEST, 1 << (longest - 1).bit_length()), self.tokens)
        else:
            length = min(-(-longest // STEP) * STEP, self.tokens)
        idle = (0, 0, self.tokens - 1, 0, 0)
        columns = [self._column(wanted[slot]) if slot in wanted else idle for slot in range(begin, end)]
        self._rows[:, begin:end].copy_(torch.tensor(columns).T)
        _, tokens = self._step(begin, end, length)
        written = tokens.tolist()
        return {slot: written[slot - begin] for slot in wanted}

    @staticmethod
    def _column(row: Next) -> tuple[int, ...]:
        bits = int(torch.tensor(row.temperature, dtype=torch.float32).view(torch.int32))
        return row.token, row.position, row.position, bits, key(row.seed, row.position + 1)

    def _step(self, begin: int, end: int, length: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return scores and tokens of some slots, by replaying the step if that is possible."""
        if not self.graphs:
            return self._compute(begin, end, length)
        recorded = self._recorded.get((begin, end, length))
        if recorded is None:
            try:
                recorded = self._record(begin, end, length)
            except (RuntimeError, AssertionError) as error:
                _log.warning("No CUDA graphs, so a reply is slower: recording a step failed (%s).", error)
                self.graphs, self._forward = False, self._model.forward
                self._recorded.clear()
                torch.cuda.synchronize()
                return self._compute(begin, end, length)
            self._recorded[begin, end, length] = recorded
        graph, scores, tokens = recorded
        graph.replay()
        return scores, tokens

    def _record(self, begin: int, end: int, length: int) -> tuple[Any, torch.Tensor, torch.Tensor]:
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(2):  # which allocates and compiles; writing the same again does no harm
                self._compute(begin, end, length)
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool):
            scores, tokens = self._compute(begin, end, length)
        self._pool = graph.pool()
        return graph, scores, tokens

    def _compute(self, begin: int, end: int, length: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Compute a step from the numbers in `_rows`."""
        tokens, positions, places, temperatures, keys = self._rows[:, begin:end]
        self.cache.choose(begin, end, places[:, None])
        scores = self._forward(
            input_ids=tokens[:, None],
            position_ids=positions[:, None],
            attention_mask=mask_for(positions[:, None], length, self._model.dtype),
            cache=self.cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits[:, -1]
        return scores, add_noise(scores, temperatures.int().view(torch.float32), keys).argmax(-1)

    def _affordable(self, each: int) -> int:
        """Return how many slots there is memory for."""
        options = self.loaded.options
        if self._model.device.type == "cuda":
            room = options.memory_share * torch.cuda.mem_get_info(self._model.device)[0] - _GPU_WORK
            most = options.max_replies
        else:
            room = min(machine.memory() / 4, psutil.virtual_memory().available / 2)
            most = min(options.max_replies, _CPU_SLOTS)
        count = min(int(room // each), most)
        if count < 1:
            raise UnsuitedError(f"one conversation needs {each / 1e9:.1f} GB, and {room / 1e9:.1f} are free")
        return count

    def _compute_plainly(self) -> tuple[DynamicCache, torch.Tensor]:
        """Return what the model keeps of some tokens, and their last scores, computed in the usual way."""
        tokens = torch.tensor([_SAMPLE], device=self._model.device)
        cache = DynamicCache(config=self._model.config)
        scores = self._model(input_ids=tokens, cache=cache, use_cache=True, logits_to_keep=1).logits[:, -1]
        return cache, scores

    def _check(self, expected: torch.Tensor) -> None:
        """Compare a step to the usual way, compiled if that works."""
        if self.loaded.options.compile:
            self._forward = torch.compile(self._model.forward)
            try:
                self._compare(expected)
                return
            except Exception as error:  # whatever a compiler raises
                _log.warning("Not compiled, so a reply is slower: %s.", " ".join(str(error).split())[:300])
                self._forward, self.graphs = self._model.forward, self._model.device.type == "cuda"
                self._recorded.clear()
        self._compare(expected)

    def _compare(self, expected: torch.Tensor) -> None:
        last = len(_SAMPLE) - 1
        self.read(0, _SAMPLE[:last], 0)
        for slots in {1, self.slots}:  # a batch of one is compiled by itself
            wanted = {slot: Next(_SAMPLE[last], last, 0.0, 0) for slot in (0, slots - 1)}
            self.write(wanted)
            length = _SHORTEST if self.graphs else STEP
            scores, _ = self._step(0, slots, min(length, self.tokens))
            alike = float(torch.cosine_similarity(scores[:1].float(), expected.float()))
            if not alike > _ALIKE:
                raise UnsuitedError(f"its scores differ from the usual ones (cosine {alike:.3f})")
            # A compiler takes a second length to see that there are many.
            self._step(0, slots, min(2 * length, self.tokens))
