"""Replies and outputs made up at random, by the million: nothing raises, nothing takes long.

Run with ``python benchmarks/fuzz.py replies`` or ``outputs``. Case N is made from the seed N alone, so that
``--first`` goes on where an earlier run ended, and a case that fails can be repeated with ``--first N --count
1``. The tests have the same with some hundred cases (``tests/agent/test_worst_inputs.py``).
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from jupyter_codeact.agent.contracts import Delta, Execution
from jupyter_codeact.agent.gate.risks import RiskReader
from jupyter_codeact.agent.observations.displays import names_object, shows_nan
from jupyter_codeact.agent.observations.observe import observe
from jupyter_codeact.agent.replies.formats import FORMATS
from jupyter_codeact.agent.replies.reader import ReplyReader
from jupyter_codeact.agent.source import normalized
from tests.agent import made_up

DEFAULTS = {"replies": 1_000_000, "outputs": 100_000}
SLOW = 1e-6
"""Seconds for a character above which a case is slow, if it takes a tenth of a second at all."""
EVERY = 60.0
"""Seconds from one line about the progress to the next."""


def a_reply(chance: random.Random) -> int:
    """Read a reply in pieces and as a whole; return its length."""
    name = chance.choice(sorted(FORMATS))
    text = made_up.reply(chance)
    reader = ReplyReader(FORMATS[name])
    for piece in made_up.pieces(chance, text):
        reader.feed(Delta(text=piece))
        if reader.is_complete:
            break
    reader.finish()
    at_once = ReplyReader(FORMATS[name])
    at_once.feed(Delta(text=text))
    whole, read = at_once.parsed(), reader.parsed()
    if reader.is_complete:
        # what comes after a complete action is not read; it could make a mention of the marks before
        is_same = whole.unopened or not whole.actions or read.actions == whole.actions
        assert is_same, f"{name}: another action in pieces"
    else:
        assert read == whole, f"{name}: another reply in pieces"
    for action in whole.actions:
        RiskReader().read(action.source)
        normalized(action.source)
    return len(text)


def an_output(chance: random.Random) -> int:
    """Describe the outputs of a cell; return their length."""
    outputs = made_up.outputs(chance)
    observed = observe(Execution(status="ok", outputs=outputs), nonce="7f3a9c21", supports_images=True)
    observed.text.encode()
    assert observed.text.count("7f3a9c21") in (0, 2), "a forged fence"
    names_object(outputs)
    shows_nan(outputs)
    return sum(len(str(value)) for output in outputs for value in output.values() if isinstance(value, str))


CASES: dict[str, Callable[[random.Random], int]] = {"replies": a_reply, "outputs": an_output}


def main(kind: str, first: int, count: int) -> int:
    """Try cases, print those that fail or are slow, and return how many that were."""
    found, began, told = 0, time.monotonic(), time.monotonic()
    for seed in range(first, first + count):
        started = time.process_time()
        try:
            length = CASES[kind](random.Random(f"{kind} {seed}"))
        except Exception:
            found += 1
            print(f"case {seed} failed:\n{traceback.format_exc(limit=-3)}", flush=True)
            continue
        took = time.process_time() - started
        if took > max(0.1, length * SLOW):
            found += 1
            print(f"case {seed} took {took:.2f} s for {length:,} characters", flush=True)
        if time.monotonic() - told > EVERY:
            told = time.monotonic()
            print(f"{seed - first + 1:,} cases, {found} found; go on with --first {seed + 1}", flush=True)
    seconds = time.monotonic() - began
    print(f"{count:,} {kind} from {first:,} in {seconds:.0f} s: {found} failed or slow")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("kind", choices=sorted(CASES))
    parser.add_argument("--first", type=int, default=0, help="the first case")
    parser.add_argument("--count", type=int, help="how many cases")
    chosen = parser.parse_args()
    sys.exit(bool(main(chosen.kind, chosen.first, chosen.count or DEFAULTS[chosen.kind])))
