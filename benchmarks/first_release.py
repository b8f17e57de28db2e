"""The agent of the first release on DABench: plays what is missing, and resumes where it stopped.

    python benchmarks/first_release.py FOLDER --dabench CHECKOUT [--half scored] [--every 4]

It plays in a process of its own, from a checkout of its commit in FOLDER, with the same default model at
temperature 0; questions, judge and limits are those of `field.py`. The episodes are in
FOLDER/dabench-first.jsonl. `jupyter codeact eval report --compare` pairs them with those of today's agent.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path

import pairs

from jupyter_codeact.evaluation.dabench import DABench, judged
from jupyter_codeact.evaluation.records import Case, Episode, Played, Setting
from jupyter_codeact.evaluation.runner import Choice, Contestant, Progress, play_side_by_side
from jupyter_codeact.evaluation.split import HALVES
from jupyter_codeact.evaluation.versions import versions
from jupyter_codeact.models.open import open_model

INSIDE = Path(__file__).with_name("first_release_inside.py")
LIMIT = 1 << 26
"""Bytes that an episode may have as JSON."""


class FirstRelease:
    """The agent of the first release, in a process of its own that is started when it is first needed."""

    def __init__(self, folder: Path, model: str | None) -> None:
        self._folder, self._model = folder, model
        self._process: asyncio.subprocess.Process | None = None

    async def ask(self, setting: Setting, request: str, table: Path) -> Played:
        """Let it answer a request about a table."""
        if self._process is None:
            root = pairs.worktree(self._folder)
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *[str(INSIDE), *([self._model] if self._model else [])],
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=LIMIT,
                env={**os.environ, "PYTHONPATH": str(root)},
            )
        writer, reader = self._process.stdin, self._process.stdout
        assert writer
        assert reader
        known = {"format", "turns", "reply_tokens", "tokens", "seconds"}
        task = {"setting": setting.model_dump(include=known), "request": request, "table": str(table)}
        writer.write(json.dumps(task).encode() + b"\n")
        answer = await reader.readline()
        if not answer:
            raise RuntimeError("The first release's process has ended; its error is above.")
        return Played.model_validate_json(answer)

    async def close(self) -> None:
        """End its process."""
        if self._process and self._process.stdin:
            self._process.stdin.close()
            await self._process.wait()


async def play(arguments: argparse.Namespace) -> None:
    """Play the chosen questions."""
    suite = DABench(arguments.dabench)
    first = FirstRelease(arguments.folder, arguments.model)
    model = open_model(arguments.model)

    async def elsewhere(case: Case, setting: Setting) -> Played:
        question, request, table = suite.posed(case)
        played = await first.ask(setting, request, table)
        return await judged(question, request, played, setting, model)

    commit = {**versions(), "commit": pairs.FIRST_RELEASE}
    contestant = Contestant(Setting(goes_on=False, seconds=arguments.seconds), model, elsewhere, commit)
    choice = Choice(every=arguments.every, half=arguments.half, again=arguments.again)
    try:
        await play_side_by_side(
            suite, [contestant], arguments.folder / "dabench-first.jsonl", choice=choice, watch=_tell
        )
    finally:
        await first.close()
        await model.close()


def _tell(episode: Episode, progress: Progress) -> None:
    verdict = "solved" if episode.played.strict else "not"
    print(
        f"{progress.done}/{progress.count} {verdict:6} {episode.seconds:6.1f} s  {episode.case.name}",
        flush=True,
    )


def main() -> None:
    """Play."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--dabench", type=Path, metavar="CHECKOUT")
    parser.add_argument("--half", choices=HALVES)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--model")
    parser.add_argument("--seconds", type=float, default=900.0, help="time for an episode (default: 900)")
    parser.add_argument("--again", action="store_true", help="play once more what crashed or failed")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(play(arguments))


if __name__ == "__main__":
    main()
