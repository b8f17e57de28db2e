"""Calls of `jupyter codeact data`, and records for them."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from jupyter_codeact.cli import main
from jupyter_codeact.training.records import ChatMessage, Record, TaskLabel, append


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["data", *map(str, arguments)], catch_exceptions=False)


def done(*arguments: object) -> str:
    result = call(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


def record(number: int = 0, **fields: object) -> Record:
    messages = [
        ChatMessage(role="user", content=f"Task: number {number}."),
        ChatMessage(role="assistant", content=f"```python\n{number}\n```", weight=1.0),
        ChatMessage(role="user", content="The cell ran."),
        ChatMessage(role="assistant", content=f"It is {number}.", weight=1.0),
    ]
    usual = {
        "id": f"r{number}",
        "messages": messages,
        "format": "markdown",
        "task": TaskLabel(name=f"kind/{number}", kind="kind", seed=number, split="train"),
        "source": "play",
        "model": "some-model",
        "solved": True,
        "turns": 2,
        "licence": "MIT",
    }
    return Record(**{**usual, **fields})


def written(folder: Path, *records: Record) -> Path:
    path = folder / "records.jsonl"
    append(path, records)
    return path
