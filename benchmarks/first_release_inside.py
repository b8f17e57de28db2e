"""The part of `first_release.py` that runs with the modules of the first release.

Each line of standard input is a task; the line it is answered with is the episode that was played.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys

from jupyter_codeact.models.client import open_model

from jupyter_codeact.evaluation import playing


async def main() -> None:
    """Play tasks until there are no more."""
    model = open_model(*sys.argv[1:])
    try:
        while line := await asyncio.to_thread(sys.stdin.readline):
            task = json.loads(line)
            async with playing.bench() as bench:
                shutil.copy(
                    task["table"], bench.notebook._folder
                )  # `folder` is the document's, not the kernel's
                setting = playing.Setting(**task["setting"])
                played = await playing.play(bench, task["request"], setting, model, accept)
            print(played.model_dump_json(), flush=True)
    finally:
        await model.close()


async def accept(_answer: str) -> bool:
    """Accept any answer: it is judged elsewhere."""
    return True


if __name__ == "__main__":
    asyncio.run(main())
