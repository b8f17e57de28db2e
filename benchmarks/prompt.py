"""What a model is told in a run, token by token, and what it is told more than once.

    python benchmarks/prompt.py FOLDER [--model NAME] [--task TEXT] [--turns 6]

Plays one run with a model of this machine in a small notebook, keeps the messages of every request in
FOLDER/messages.json, and counts them with the model's own tokenizer. A second call only counts.

The first table has each part of the prompt: sentences of the system message, paragraphs of what the user's
side says, and each reply. The second has sentences that stand in more than one message.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx
import nbformat

from jupyter_codeact.agent.gate.gate import Decision
from jupyter_codeact.agent.gate.setting import Approval
from jupyter_codeact.cli.inputs import execute
from jupyter_codeact.headless import HeadlessRun
from jupyter_codeact.models.catalog.catalog import DEFAULT_MODEL
from jupyter_codeact.models.open import open_local
from jupyter_codeact.options import RunOptions

CELLS = (
    "import pandas as pd",
    "sales = pd.DataFrame({'month': ['Jan', 'Feb', 'Mar'], 'units': [31, 28, 45], 'price': ['2', '3', '4']})",
    "sales",
)
TASK = "Add a column revenue to sales, which is units times price, and tell me which month had the most."
_BLOCK = re.compile(r"\n\s*\n")
_SENTENCE = re.compile(r"(?<=[.!?:])\s+|\n+")


async def play(model: str, task: str, turns: int, folder: Path) -> list[list[dict[str, Any]]]:
    """Play a run, and return the messages of its requests."""
    notebook = folder / "notebook.ipynb"
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), notebook)
    run = HeadlessRun(
        RunOptions(model=model, max_turns=turns, approval="never"),
        notebook=notebook,
        output=folder / "worked.ipynb",
    )
    asked: list[list[dict[str, Any]]] = []
    stream = run._model.stream

    async def recorded(messages: Any, **more: Any) -> AsyncGenerator[Any, None]:
        asked.append([dict(message) for message in messages])
        async for delta in stream(messages, **more):
            yield delta

    run._model.stream = recorded  # type: ignore[method-assign, assignment]

    await run.work(task, Nobody(), prepare=execute)
    return asked


class Nobody:
    """Is never asked to approve a cell, and has no answers."""

    approval: Approval = "never"

    async def ask(self, requested: Any, source: str) -> Decision:
        """Refuse."""
        raise RuntimeError("A cell waits, though none should.")

    async def answer_question(self, asked: Any) -> str | None:
        """Leave the model without an answer."""
        return None


async def counted(model: str, texts: list[str]) -> list[int]:
    """Return how many tokens each text has."""
    local = open_local(model)
    try:
        address = await local.address()
        headers = {"Authorization": f"Bearer {address.api_key}"}
        async with httpx.AsyncClient(trust_env=False, headers=headers, timeout=120) as client:
            url = address.url.removesuffix("/v1") + "/tokenize"
            return [len((await client.post(url, json={"content": text})).json()["tokens"]) for text in texts]
    finally:
        await local.close()


def text_of(message: dict[str, Any]) -> str:
    """Return a message's text."""
    content = message.get("content") or ""
    return content if isinstance(content, str) else "\n".join(part.get("text", "") for part in content)


def parts(messages: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return the parts of a prompt: whose they are, and their text."""
    found = []
    for number, message in enumerate(messages):
        label = f"{number} {message['role']}"
        whole, role = text_of(message), message["role"]
        divided = {"system": _SENTENCE.split(whole), "assistant": [whole]}.get(role, _BLOCK.split(whole))
        found += [(label, text.strip()) for text in divided if text.strip()]
    return found


def repeated(messages: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """Return sentences that stand in several messages that we write, and in how many."""
    counts: Counter[str] = Counter()
    for message in messages:
        if message["role"] != "assistant":
            counts.update({each.strip() for each in _SENTENCE.split(text_of(message))})
    return [(sentence, n) for sentence, n in counts.items() if n > 1 and len(sentence) > 12]


def shown(text: str, length: int) -> str:
    """Return the beginning of a text, for a cell of a table."""
    return " ".join(text.split())[:length].replace("|", "\\|")


async def main() -> None:
    """Play if there is nothing to count, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--task", default=TASK)
    parser.add_argument("--turns", type=int, default=6)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    file = given.folder / "messages.json"
    if not file.exists():
        asked = await play(given.model, given.task, given.turns, given.folder)
        file.write_text(json.dumps(asked, indent=1))
    asked = json.loads(file.read_text())
    last = max(asked, key=len)
    found, again = parts(last), repeated(last)
    tokens = await counted(given.model, [text for _, text in found] + [text for text, _ in again])
    print(
        f"{len(asked)} requests; the longest has {len(last)} messages and {sum(tokens[: len(found)])} tokens."
    )
    print("\n| message | tokens | begins |\n|---|---|---|")
    for (label, text), count in zip(found, tokens, strict=False):
        print(f"| {label} | {count} | {shown(text, 80)} |")
    print("\n| repeated sentence | messages | tokens each |\n|---|---|---|")
    rows = sorted(zip(again, tokens[len(found) :], strict=True), key=lambda row: -row[0][1] * row[1])
    for (text, times), count in rows:
        print(f"| {shown(text, 100)} | {times} | {count} |")


if __name__ == "__main__":
    asyncio.run(main())
