"""An agent with a scripted model, and a real notebook and kernel."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Any

import nbformat

from jupyter_codeact.agent.agent import Agent
from jupyter_codeact.agent.contracts import Delta, Message, ModelInfo, Usage
from jupyter_codeact.agent.events import Event, RunEnded
from jupyter_codeact.journal import SqliteJournal
from jupyter_codeact.notebooks.headless import HeadlessNotebook

COST = Usage(prompt_tokens=100, completion_tokens=10)


def block(*lines: str) -> str:
    return "I will do it.\n\n```python\n" + "\n".join(lines) + "\n```"


ScriptedReply = str | Exception | asyncio.Event | Callable[[], Awaitable[str]]
"""A reply; or an error to raise, an event to set when the reply is cancelled, a function to call for it."""


class Script:
    """A model with scripted replies, which records its requests."""

    info = ModelInfo(name="script")

    def __init__(self, *replies: ScriptedReply) -> None:
        self.replies, self.requests, self.read = list(replies), [], ""
        self.options: list[dict[str, Any]] = []
        self.streaming = asyncio.Event()

    async def describe(self) -> ModelInfo:
        return self.info

    async def stream(self, messages: Sequence[Message], **options: Any) -> AsyncGenerator[Delta, None]:
        self.requests.append(list(messages))
        self.options.append(options)
        reply = self.replies.pop(0)
        if callable(reply):  # something happens while the model writes
            reply = await reply()
        if isinstance(reply, Exception):
            raise reply
        if isinstance(reply, asyncio.Event):
            yield Delta(text="Let me think")
            self.streaming.set()
            try:
                await asyncio.Event().wait()
            finally:
                reply.set()
        self.read = ""
        for start in range(0, len(reply), 3):
            self.read += reply[start : start + 3]
            yield Delta(text=reply[start : start + 3], usage=COST)
        yield Delta(usage=COST, finish_reason="stop")


class Bench:
    """Runs an agent in a fresh notebook, and records its events."""

    def __init__(self, notebook: HeadlessNotebook, journal: SqliteJournal) -> None:
        self.notebook, self.journal = notebook, journal
        self.conversation = journal.begin("test")
        self.seen: list[Event] = []
        self.occurred: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def watch(self, event: Event) -> None:
        self.seen.append(event)
        self.occurred[event.type].set()

    def agent(self, *replies: ScriptedReply, **options: object) -> Agent:
        self.model = Script(*replies)
        return Agent(self.model, self.notebook, self.journal, watch=self.watch, **options)

    async def run(
        self,
        *replies: ScriptedReply,
        task: str = "Do it.",
        inputs: dict[str, Any] | None = None,
        **options: Any,
    ) -> RunEnded:
        agent = self.agent(*replies, **options)
        return await agent.run(self.conversation, task, title="test.ipynb", **inputs or {})

    def last_message(self, request: int) -> str:
        """Return the text of a request's last message."""
        return str(self.model.requests[request][-1]["content"])

    def events(self, kind: str) -> list[Any]:
        return [event for event in self.journal.events(self.conversation) if event.type == kind]

    def kinds(self) -> list[str]:
        kinds = [event.type for event in self.journal.events(self.conversation)]
        return [kind for kind in kinds if kind not in ("hooks_applied", "model_described")]

    async def cells(self) -> list[str]:
        await self.notebook.save()
        return [cell.source for cell in nbformat.read(self.notebook.path, 4).cells]
