"""Completions of code by a model behind an endpoint: cheap, short, and out of the way of its replies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Any, Protocol

from ...agent.contracts import Delta, Frozen, Message, ModelError, ModelInfo, ModelSettings
from ..fim import fim_tokens
from .asking import body_of
from .connection import Connection
from .replies.sse import json_values
from .words import ServerError

_NOT_THERE = (400, 404, 405, 415, 422, 501)
"""How servers refuse what they do not have."""
_BY_SUFFIX = ("library",)
"""Servers, as their lists of models name them, that know the model's tokens themselves: Ollama."""


class Gap(Frozen):
    """A place in code: what stands ``before`` it and ``after`` it, and most tokens to fill it with."""

    before: str
    after: str = ""
    max_tokens: int = 96


class Filling(Frozen):
    """What a model wrote into a gap; ``is_complete`` says that it was at its end with it."""

    text: str
    is_complete: bool = False


class Explain(Protocol):
    """Says in a sentence what is wrong."""

    async def __call__(self, error: Exception, *, begun: bool) -> ModelError: ...


class Completions:
    """The completions of one endpoint's model: one at a time, the newest.

    Parameters
    ----------
    connection
        The way there.
    named
        Returns the model's name and the kind of its server, once these are known.
    ask
        Requests a reply as in a conversation, with the user's own fields.
    info
        Returns what is known of the model.
    explain
        Says what is wrong.
    """

    def __init__(
        self,
        connection: Connection,
        named: Callable[[], Awaitable[tuple[str, str]]],
        ask: Callable[[dict[str, Any], Mapping[str, Any]], AsyncGenerator[Delta, None]],
        info: Callable[[], ModelInfo],
        explain: Explain,
    ) -> None:
        self._connection, self._named, self._ask = connection, named, ask
        self._info, self._explain = info, explain
        self._task: asyncio.Task[Filling] | None = None
        self._fills_gaps = True
        """Whether the server takes prompts that are no conversations, as far as it is known."""

    def cancel(self) -> None:
        """End the completion under way: somebody waits for something better."""
        if self._task is not None:
            self._task.cancel()

    async def fill(self, gap: Gap, is_whole: Callable[[str], bool]) -> Filling | None:
        """Return code for a gap, read until ``is_whole`` says that this is enough, instead of an earlier one.

        Returns ``None`` if it was itself cancelled. The model's status stays as it is.

        Raises
        ------
        ModelError
            With a sentence for the user.
        """
        self.cancel()
        task = self._task = asyncio.ensure_future(self._fill(gap, is_whole))
        try:
            return await task
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if task.cancelled() and not (current and current.cancelling()):
                return None
            raise
        except Exception as error:
            raise await self._explain(error, begun=False) from error
        finally:
            if self._task is task:
                self._task = None

    async def _fill(self, gap: Gap, is_whole: Callable[[str], bool]) -> Filling:
        model, owner = await self._named()
        if self._fills_gaps:
            filling = await fill_gap(self._connection, model, owner, gap, is_whole)
            if filling is not None:
                return filling
            self._fills_gaps = False
        info = self._info()
        settings = ModelSettings(reasoning_effort="off" if info.thinks else None).over(info.settings)
        body = body_of(question(gap), settings, owner=owner, max_tokens=gap.max_tokens)
        return await read_reply(self._ask(body, settings.extra_body or {}), is_whole)


async def fill_gap(
    connection: Connection, model: str, owner: str, gap: Gap, is_whole: Callable[[str], bool]
) -> Filling | None:
    """Let a model fill a gap that was trained for it, until ``is_whole`` says that this is enough.

    Returns ``None`` if the model was not, or if the server has no such requests.
    """
    tokens = fim_tokens(model)
    if tokens is None:
        return None
    if owner in _BY_SUFFIX:
        body: dict[str, Any] = {"prompt": gap.before, "suffix": gap.after}
    else:
        body = {"prompt": tokens.prompt(gap.before, gap.after), "stop": list(tokens.stop)[:4]}
    body |= {"model": model, "max_tokens": gap.max_tokens, "temperature": 0.0, "stream": True}
    try:
        return await _read(connection.completion(body), is_whole)
    except ServerError as error:
        if error.status in _NOT_THERE:
            return None
        raise


async def _read(
    answer: AbstractAsyncContextManager[AsyncIterator[bytes]], is_whole: Callable[[str], bool]
) -> Filling:
    """Read a streamed completion as far as it is wanted; leaving it early closes the connection."""
    text, reason = "", ""
    async with answer as stream, aclosing(json_values(stream)) as values:
        async for value in values:
            piece, ended = _piece(value)
            text, reason = text + piece, ended or reason
            if is_whole(text):
                return Filling(text=text)
    return Filling(text=text, is_complete=reason != "length")


def _piece(value: Any) -> tuple[str, str]:
    """Return the text in a chunk, and why the completion ended if it did."""
    if isinstance(value, Mapping) and value.get("error"):
        raise ServerError(None, value["error"], in_stream=True)
    try:
        choice = value["choices"][0]
        text, reason = choice.get("text"), choice.get("finish_reason")
    except (KeyError, IndexError, TypeError, AttributeError):
        return "", ""
    return text if isinstance(text, str) else "", reason if isinstance(reason, str) else ""


_HERE = "<HERE>"
_ASKED = (
    f"You complete Python code in a notebook. Reply with the code that belongs at {_HERE}, and with nothing "
    "else: no explanation, and nothing of the code before or after it. Complete the line or block, no more."
)


def question(gap: Gap) -> list[Message]:
    """Return the messages that ask any model to fill a gap."""
    code = f"{gap.before}{_HERE}{gap.after}"
    return [{"role": "system", "content": _ASKED}, {"role": "user", "content": code}]


async def read_reply(deltas: AsyncGenerator[Delta, None], is_whole: Callable[[str], bool]) -> Filling:
    """Read the reply to `question` as far as it is wanted."""
    text, reason = "", ""
    async with aclosing(deltas) as reading:
        async for delta in reading:
            text, reason = text + delta.text, delta.finish_reason or reason
            if is_whole(text):
                return Filling(text=text)
    return Filling(text=text, is_complete=reason != "length")
