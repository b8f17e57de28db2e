"""The training loop: steps, the loss on held-out tasks, checkpoints, the time that is left.

Everything about a step follows from its number and the seed, so that a training that was interrupted goes on
as if nothing had happened. With several processes (accelerate), each computes a part of every step's rows.
"""

from __future__ import annotations

import json
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import broadcast_object_list

from ...notebooks.saving import replace_file
from . import checkpoints
from .checkpoints import BEST, EVALUATIONS, LAST, State
from .errors import TrainingError, in_memory, writing
from .examples import Example
from .model import ADVICE, Loaded
from .options import TrainingOptions
from .packing import LabelledLoss, Row, inputs, leaks, pack, steps_of

LOG = "log.jsonl"
_CPU_ROW = 512
"""Tokens of a packed row on a CPU, where attention between examples costs time though it is masked."""
_EVALUATED, _EVALUATED_SHARE = 4, 0.06
"""Most tokens that this takes each time: so many steps' worth, and as a share of all that are trained on."""
_EVALUATING = 0.2
"""Share of the time, where that is limited, that it takes in all at most."""
_TIMED = 3
"""Steps after which it is known how many there is time for; the first is not counted."""
_WARM_UP, _FLOOR = 0.05, 0.1
"""Share of the steps in which the learning rate rises, and what it falls to, relative to its highest."""


@dataclass(frozen=True)
class Report:
    """How far a training is, for people; ``note`` says what is being done besides steps."""

    step: int
    planned: int
    loss: float | None = None
    held_out: float | None = None
    tokens_per_second: float | None = None
    seconds_left: float | None = None
    note: str = ""


@dataclass
class Training:
    """One training, from its beginning or its last checkpoint to its end.

    Attributes
    ----------
    loaded : Loaded
        The model.
    learned, held_back : sequence of Example
        What is learned, and what only measures.
    folder : pathlib.Path
        For the log and the checkpoints.
    save_seconds : float
        Seconds between checkpoints.
    report : callable
        Called after each step.
    """

    loaded: Loaded
    learned: Sequence[Example]
    held_back: Sequence[Example]
    options: TrainingOptions
    folder: Path
    accelerator: Accelerator
    save_seconds: float
    report: Callable[[Report], None]
    state: State = field(default_factory=State)
    packed: bool = True

    def run(self) -> State:
        """Train to the end; the checkpoint `BEST` is the result.

        Raises
        ------
        TrainingError
            If memory runs out, the disk is full, or the loss is no number any more.
        KeyboardInterrupt
            If the user interrupts it: after the step, with a checkpoint; at once, the second time.
        """
        self._stopped = threading.Event()
        with in_memory(ADVICE), _finishing_the_step(self._stopped):
            return self._run()

    def _run(self) -> State:
        options, accelerator = self.options, self.accelerator
        loss = LabelledLoss(self.loaded.model)
        with self._autocast():
            self.packed = options.packing and not leaks(loss, self.learned, accelerator.device)
        rows = self._rows(self.learned)
        self._optimizer = torch.optim.AdamW(
            [value for value in loss.parameters() if value.requires_grad],
            lr=options.highest_rate,
            weight_decay=0.0,
            fused=accelerator.device.type == "cuda",
        )
        found = checkpoints.find(self.folder)
        if found:
            self.state = checkpoints.load(found, self.loaded.model, self._optimizer)
        self._forget_log()
        self._loss = accelerator.prepare_model(loss)
        self._begun = self._saved = time.monotonic()
        self._before = self.state.seconds
        self._measured = self._rows(self.held_back)
        steps = self._steps(rows)
        self.state.planned = self.state.planned or steps
        most = options.batch * min(_EVALUATED, _EVALUATED_SHARE * steps)
        self._measured = _first(self._measured, most)
        if not found:
            self.state.measured = self._affordable(self._measured)
        self._measured = self._measured[: self.state.measured or None]
        if not found:
            self._evaluate()
        self._loop(rows)
        if self.state.best_loss is None:  # nothing measures it, so the last is the best
            self.state.best_step = self.state.step
            self._save(BEST)
        return self.state

    def _loop(self, rows: Sequence[Row]) -> None:
        state = self.state
        recent: list[tuple[int, float]] = []
        every = max(1, self.state.planned // self.state.evaluations)
        for number, step in enumerate(_endless(rows, self.options)):
            if number < state.step:
                continue
            if state.step >= state.planned or (state.step and self._is_over()):
                if self._measured and state.step < state.planned and state.step % every:
                    self._evaluate()  # the time was over between two measurements
                break
            start = time.monotonic()
            rate = rate_at(state.step, state.planned, self.options.highest_rate)
            loss = self._update(step, rate)
            state.step += 1
            state.tokens += sum(row.tokens for row in step)
            state.seconds = self._before + time.monotonic() - self._begun
            recent = [*recent[-19:], (sum(row.tokens for row in step), time.monotonic() - start)]
            self._log(loss=loss, rate=rate, tokens=state.tokens, seconds=round(state.seconds, 2))
            if self.options.minutes and state.step == _TIMED:
                self._plan(recent)
                every = max(1, state.planned // self.state.evaluations)
            if state.step % every == 0 or state.step >= state.planned:
                self._evaluate()
            if time.monotonic() - self._saved >= self.save_seconds or state.step >= state.planned:
                self._save(LAST)
            if self._agreed(self._stopped.is_set()):
                self._save(LAST)
                raise KeyboardInterrupt
            seconds = sum(each for _, each in recent)
            self.report(
                Report(
                    step=state.step,
                    planned=state.planned,
                    loss=loss,
                    held_out=state.best_loss,
                    tokens_per_second=sum(tokens for tokens, _ in recent) / seconds,
                    seconds_left=(state.planned - state.step) * seconds / len(recent),
                )
            )

    def _update(self, step: Sequence[Row], rate: float) -> float:
        """Update the weights once, and return the mean loss of the step's labelled tokens."""
        accelerator = self.accelerator
        count, index = accelerator.num_processes, accelerator.process_index
        labelled = sum(row.labelled for row in step)
        own = list(step[index::count])
        # All processes take part in each exchange; one with fewer rows adds some that count nothing.
        rounds = math.ceil(len(step) / count)
        factors = [1.0] * len(own) + [0.0] * (rounds - len(own))
        own += [step[0]] * (rounds - len(own))
        self._loss.train()
        total = torch.zeros((), device=accelerator.device)
        for position, (row, factor) in enumerate(zip(own, factors, strict=True)):
            is_last = position == rounds - 1
            with nullcontext() if is_last else accelerator.no_sync(self._loss):
                with self._autocast():
                    loss = self._loss(**inputs(row, accelerator.device)) * (factor / labelled)
                # the processes' gradients are averaged, and their sum is wanted
                (loss * count).backward()
            total += loss.detach()
        value = float(accelerator.reduce(total, "sum"))
        if not math.isfinite(value):
            raise TrainingError(
                f"The loss is no number any more at step {self.state.step + 1}. Use a lower --rate, or"
                " --dtype float32."
            )
        torch.nn.utils.clip_grad_norm_([p for p in self._loss.parameters() if p.requires_grad], 1.0)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        return value

    def _evaluate(self) -> None:
        """Measure the loss on held-out tasks; the best weights so far are kept."""
        if not self._measured:
            return
        begun = time.monotonic()
        losses = self.measure(self._measured)
        self.state.evaluating = time.monotonic() - begun
        mean = losses["all"]
        self._log(held_out=losses)
        if self.state.first_loss is None:
            self.state.first_loss = mean
        if self.state.best_loss is None or mean < self.state.best_loss:
            self.state.best_loss, self.state.best_step = mean, self.state.step
            self._save(BEST)

    def _affordable(self, rows: Sequence[Row]) -> int:
        """Return how many of the rows there is time to measure: a slow machine would do nothing else."""
        if self.options.minutes is None or not rows:
            return len(rows)
        some = rows[: self.accelerator.num_processes]
        begun = time.monotonic()
        self.measure(some)
        rate = sum(row.tokens for row in some) / (time.monotonic() - begun)
        seconds = 60 * self.options.minutes * _EVALUATING / 2  # it is measured twice at least
        return int(self._agreed(len(_first(rows, seconds * rate))))

    def measure(self, rows: Sequence[Row]) -> dict[str, float]:
        """Return the mean loss of labelled tokens, of all rows and of each source."""
        accelerator = self.accelerator
        sources = sorted({row.examples[0].source for row in rows})
        sums = torch.zeros(len(sources), device=accelerator.device)
        self._loss.eval()
        with torch.no_grad(), self._autocast():
            for row in rows[accelerator.process_index :: accelerator.num_processes]:
                value = accelerator.unwrap_model(self._loss)(**inputs(row, accelerator.device))
                sums[sources.index(row.examples[0].source)] += value
        sums = accelerator.reduce(sums, "sum")
        counts = [sum(row.labelled for row in rows if row.examples[0].source == source) for source in sources]
        losses = {name: float(sums[n]) / counts[n] for n, name in enumerate(sources)}
        return {"all": float(sums.sum()) / sum(counts), **losses}

    def _rows(self, examples: Sequence[Example]) -> list[Row]:
        """Return examples as rows, those of a source by themselves."""
        if not self.packed:
            return [Row((example,)) for example in examples]
        sources = sorted({example.source for example in examples})
        length = self.options.length if self.accelerator.device.type == "cuda" else _CPU_ROW
        return [
            row
            for source in sources
            for row in pack([each for each in examples if each.source == source], length)
        ]

    def _steps(self, rows: Sequence[Row]) -> int:
        each = len(steps_of(rows, self.options.batch, self.options.seed))
        return self.options.steps or max(1, round(self.options.epochs * each))

    def _plan(self, recent: Sequence[tuple[int, float]]) -> None:
        """Plan as many steps as there is time for, by how long the first ones took."""
        assert self.options.minutes
        timed = recent[1:] or recent  # the first step takes longer
        per_step = sum(seconds for _, seconds in timed) / len(timed)
        limit = 60 * self.options.minutes
        if self.state.evaluating:
            affordable = int(_EVALUATING * limit / self.state.evaluating)
            self.state.evaluations = self._agreed(max(1, min(EVALUATIONS, affordable)))
        left = limit - self.state.seconds - self.state.evaluations * self.state.evaluating
        fitting = self.state.step + max(1, int(left / per_step))
        self.state.planned = self._agreed(min(self.state.planned, fitting))

    def _is_over(self) -> bool:
        if self.options.minutes is None:
            return False
        used = self._before + time.monotonic() - self._begun
        return bool(self._agreed(used > 60 * self.options.minutes))

    def _agreed(self, value: Any) -> Any:
        """Return what the first process has for a value."""
        return broadcast_object_list([value])[0] if self.accelerator.num_processes > 1 else value

    def _autocast(self) -> Any:
        is_short = self.loaded.dtype == torch.bfloat16
        return torch.autocast(self.accelerator.device.type, torch.bfloat16) if is_short else nullcontext()

    def _save(self, name: str) -> None:
        self.state.seconds = self._before + time.monotonic() - self._begun
        if self.accelerator.is_main_process:
            optimizer = self._optimizer if name == LAST else None
            checkpoints.save(self.folder / name, self.loaded.model, optimizer, self.state)
        if name == LAST:
            self._saved = time.monotonic()

    def _log(self, **values: Any) -> None:
        if self.accelerator.is_main_process:
            with writing(self.folder), (self.folder / LOG).open("a", encoding="utf-8") as file:
                file.write(json.dumps({"step": self.state.step, **values}) + "\n")

    def _forget_log(self) -> None:
        """Drop what was logged after the checkpoint that the training goes on from."""
        if self.accelerator.is_main_process:
            lines = [line for line in read_log(self.folder) if line["step"] <= self.state.step]
            with writing(self.folder):
                kept = "".join(json.dumps(line) + "\n" for line in lines if self.state.step)
                replace_file(self.folder / LOG, kept.encode())


_ENDS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


@contextmanager
def _finishing_the_step(stopped: threading.Event) -> Iterator[None]:
    """Let a first Ctrl-C, or the end of a terminal, set ``stopped``; the next one interrupts as usual."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers = {number: signal.getsignal(number) for number in _ENDS}
    before = {number: one for number, one in handlers.items() if one is not signal.SIG_IGN}  # as of nohup

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def stop(*_: object) -> None:
        stopped.set()
        restore()

    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        restore()


def rate_at(step: int, planned: int, highest: float) -> float:
    """Return the learning rate of a step: a linear rise, then half a cosine down to a tenth."""
    rise = max(1, round(_WARM_UP * planned))
    if step < rise:
        return highest * (step + 1) / rise
    share = (step - rise) / max(1, planned - rise)
    return highest * (_FLOOR + (1 - _FLOOR) * 0.5 * (1 + math.cos(math.pi * min(1.0, share))))


def read_log(folder: Path) -> list[dict[str, Any]]:
    """Return the lines of a training's log; a last one that was cut off is left out."""
    try:
        lines = (folder / LOG).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def _endless(rows: Sequence[Row], options: TrainingOptions) -> Iterator[list[Row]]:
    epoch = 0
    while True:
        yield from steps_of(rows, options.batch, options.seed + epoch)
        epoch += 1


def _first(rows: Sequence[Row], tokens: float) -> list[Row]:
    """Return rows of each source in turn, until there are so many tokens."""
    queues: dict[str, list[Row]] = {}
    for row in rows:
        queues.setdefault(row.examples[0].source, []).append(row)
    chosen: list[Row] = []
    while any(queues.values()) and sum(row.tokens for row in chosen) < tokens:
        chosen += [queue.pop(0) for queue in queues.values() if queue]
    return chosen
