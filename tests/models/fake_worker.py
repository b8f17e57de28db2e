"""A worker without a model, which can do whatever goes wrong with one.

Its settings name a file that counts its lives, and what it does in each (the last for all further ones):

- ``serve``: tell how far it is, then reply;
- ``pause in reply``: reply without end;
- ``die in reply``: end in the middle of every reply;
- ``die``: end before it is ready; ``die of CUDA``: the same, with torch's words;
- ``raise``: end before it is ready, by an error that nothing catches;
- ``hang``: never get ready.

In all of them it has a child of its own, whose number it writes into the file ``grandchild`` beside.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from jupyter_codeact.models.engines.child import Child


def main() -> None:
    child = Child()
    settings = child.settings
    count = Path(settings["count"])
    lived = len(count.read_text()) if count.exists() else 0
    with count.open("a") as file:
        file.write("x")
    life = settings["lives"][min(lived, len(settings["lives"]) - 1)]
    # It ignores the end of its input, as the processes that torch starts may.
    sleep = "import time; time.sleep(600)"
    grandchild = subprocess.Popen([sys.executable, "-c", sleep], stdin=subprocess.DEVNULL)
    part = count.with_name(f"grandchild.{grandchild.pid}")  # of its own: two workers may share the folder
    part.write_text(str(grandchild.pid))
    part.replace(count.with_name("grandchild"))
    if life == "die":
        print("Something odd happened.", file=sys.stderr, flush=True)
        os._exit(3)
    if life == "die of CUDA":
        child.fail("CUDA out of memory. Tried to allocate 2.00 GiB.")
    if life == "raise":
        raise RuntimeError("Nobody caught this.")
    if life == "hang":
        time.sleep(600)
    from tests.scripted import Held, ScriptedModel  # which takes a while, and those above need it not

    child.report(loading=0.25)
    child.report(loading=0.75)
    replies = {
        "die in reply": lambda _messages: dying(Held("Half a")),
        "pause in reply": lambda _messages: Held("Half a"),
    }
    with ScriptedModel([replies.get(life, "The whole reply.")] * 100) as model:
        model.api_key = settings["api_key"]
        child.report(port=int(model.url.rpartition(":")[2].partition("/")[0]))
        child.wait_for_parent()


def dying(held: Any) -> Any:
    def die() -> None:
        held.reached.wait()
        os._exit(3)

    threading.Thread(target=die, daemon=True).start()
    return held


if __name__ == "__main__":
    main()
