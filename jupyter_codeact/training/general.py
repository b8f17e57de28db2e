"""Conversations about other things: read from a file, or had by the model itself.

A model that learns only to act forgets how to do all else. So its data are mixed with general conversations.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

from pydantic import ValidationError

from ..agent.contracts import ChatModel, CodeActError, ModelSettings
from ..agent.unicode import valid
from .records import (
    REMOVE,
    SCHEMA,
    ChatMessage,
    DataError,
    Record,
    TaskLabel,
    append,
    lines_of,
    other_version,
    repaired,
    stable_id,
)

FORMAT = "text"
"""The action format of conversations without actions."""
REPLY_TOKENS = 512
_ROLES = {"human": "user", "gpt": "assistant", "bot": "assistant", "model": "assistant"}
_PAIRS = (("prompt", "response"), ("prompt", "completion"), ("instruction", "output"), ("question", "answer"))

ASKED = (
    "Explain {topic} to somebody who has never heard of it.",
    "Write three short paragraphs about {topic}.",
    "List five things that are worth knowing about {topic}, each with a reason.",
    "What do people most often get wrong about {topic}?",
    "Write a short poem about {topic}.",
    "Give an outline of a one-hour lecture on {topic}.",
    "Write an e-mail that invites a colleague to a talk on {topic}.",
    "Compare two different views of {topic}.",
    "Ask me three good questions about {topic}, and answer them.",
    "Tell a short story in which {topic} matters.",
    "Summarize the history of {topic} in about a hundred words.",
    "How would you teach a child about {topic}? Answer in four sentences.",
)
TOPICS = (
    "the tides",
    "compound interest",
    "photosynthesis",
    "the printing press",
    "chess openings",
    "bread baking",
    "vaccination",
    "plate tectonics",
    "public libraries",
    "electric motors",
    "the water cycle",
    "jazz",
    "probability",
    "antibiotics",
    "the Silk Road",
    "recycling",
    "sleep",
    "the periodic table",
    "bicycles",
    "earthquakes",
    "maps",
    "the stock market",
    "bees",
    "cryptography",
    "perspective in painting",
    "the metric system",
    "glaciers",
    "good manners in meetings",
    "the sense of smell",
    "evolution",
    "bridges",
    "the calendar",
    "memory",
    "democracy",
    "solar panels",
    "weather forecasts",
    "time zones",
    "gardening",
    "the violin",
    "learning a language",
)


def own_prompts(seed: int = 0) -> list[str]:
    """Return general prompts of this project's own, in an order that depends on the seed."""
    prompts = [asked.format(topic=topic) for asked, topic in product(ASKED, TOPICS)]
    Random(seed).shuffle(prompts)  # noqa: S311
    return prompts


def read_prompts(path: Path) -> list[str]:
    """Read prompts: plain lines, or lines of JSON with a ``prompt``.

    Raises
    ------
    DataError
        If the file cannot be read, or a line has no prompt.
    """
    found: list[str] = []
    for number, line, _ in lines_of(path):
        text = line.decode("utf-8", "replace").strip()
        if text.startswith(("{", '"')):
            try:
                value = valid(json.loads(text))
            except (ValueError, RecursionError) as error:
                raise DataError(f"Line {number} of {path} is no JSON. {REMOVE}") from error
            asked = value.get("prompt") if isinstance(value, dict) else value
            if not isinstance(asked, str):
                raise DataError(f"Line {number} of {path} has no “prompt” that is a text.")
            text = asked
        found.append(text)
    return found


async def replay(
    model: ChatModel,
    prompts: Sequence[str],
    output: Path,
    *,
    temperature: float,
    licence: str,
    parallel: int = 1,
    watch: Callable[[Record], None] = lambda _record: None,
) -> int:
    """Let a model answer prompts, and append the conversations to a file; return how many there are new.

    A model that is trained on its own answers keeps them. Prompts whose answer is in the file already are not
    asked again; a reply that was cut off at its limit is not kept.

    Raises
    ------
    CodeActError
        If the model cannot be reached.
    """
    done = {record.id for record in repaired(output)}
    name = model.info.name
    waiting = iter(
        [prompt for prompt in dict.fromkeys(prompts) if _replay_id(name, prompt, temperature) not in done]
    )
    written = 0

    async def work() -> None:
        nonlocal written
        for prompt in waiting:
            reply, is_whole = await _reply(model, prompt, temperature)
            if reply and is_whole:
                record = _replayed(name, prompt, reply, temperature, licence)
                append(output, [record])
                written += 1
                watch(record)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(parallel):
                group.create_task(work())
    except* CodeActError as errors:
        raise _leaf(errors) from None
    return written


def _leaf(group: BaseExceptionGroup[CodeActError]) -> CodeActError:
    first = group.exceptions[0]
    return _leaf(first) if isinstance(first, BaseExceptionGroup) else first


async def _reply(model: ChatModel, prompt: str, temperature: float) -> tuple[str, bool]:
    settings = ModelSettings(temperature=temperature, reply_tokens=REPLY_TOKENS)
    stream: AsyncGenerator[Any, None] = model.stream(
        [{"role": "user", "content": prompt}],
        max_tokens=REPLY_TOKENS,
        temperature=temperature,
        settings=settings,
    )
    text, finish = "", ""
    async with aclosing(stream) as deltas:
        async for delta in deltas:
            text = delta.text if delta.restart else text + delta.text
            finish = delta.finish_reason or finish
    return text.strip(), finish in ("stop", "eos", "end_turn", "")


def _replay_id(name: str, prompt: str, temperature: float) -> str:
    return stable_id("replay", name, prompt, temperature)


def _replayed(name: str, prompt: str, reply: str, temperature: float, licence: str) -> Record:
    identity = _replay_id(name, prompt, temperature)
    return Record(
        id=identity,
        messages=[
            ChatMessage(role="user", content=prompt),
            ChatMessage(role="assistant", content=reply, weight=1.0),
        ],
        format=FORMAT,
        task=TaskLabel(name=f"general/{identity}"),
        source="general",
        model=name,
        turns=1,
        licence=licence,
        provenance={"by": "self-replay", "temperature": temperature},
    )


def read(path: Path, *, licence: str) -> Iterator[Record]:
    """Read conversations: records of ours, or lines of JSON in one of the usual shapes.

    Those are ``messages`` or ``conversations`` (a list of ``role`` and ``content``, or ``from`` and
    ``value``), and pairs such as ``prompt`` and ``response``.

    Raises
    ------
    DataError
        If the file cannot be read, or a line has another shape.
    """
    for number, line, _ in lines_of(path):
        try:
            fields = valid(json.loads(line))
        except (ValueError, RecursionError) as error:
            raise DataError(f"Line {number} of {path} is no JSON. {REMOVE}") from error
        if why := other_version(fields):
            raise DataError(f"Line {number} of {path} {why}")
        if isinstance(fields, dict) and fields.get("schema") == SCHEMA:
            try:
                yield Record.model_validate(fields)
            except ValidationError as error:
                raise DataError(f"Line {number} of {path} is no record of this version.") from error
            continue
        messages = list(_messages(fields, f"Line {number} of {path}"))
        if not any(message.role == "assistant" for message in messages):
            raise DataError(
                f"Line {number} of {path} is no conversation: it needs “messages” with “role” and “content”, "
                "one of them of the assistant."
            )
        identity = stable_id("general", *(f"{one.role}: {one.content}" for one in messages))
        yield Record(
            id=identity,
            messages=messages,
            format=FORMAT,
            task=TaskLabel(name=f"general/{identity}"),
            source="general",
            turns=sum(message.role == "assistant" for message in messages),
            licence=licence,
            provenance={"file": path.name, "line": number},
        )


def _messages(fields: Any, where: str) -> Iterator[ChatMessage]:
    """Yield the messages of a conversation; none if it has another shape.

    Raises
    ------
    DataError
        If a message is none of those that are trained: without it, others would make no sense.
    """
    if not isinstance(fields, dict):
        return
    listed = fields.get("messages") or fields.get("conversations")
    if not isinstance(listed, list):
        listed = next(
            (
                [
                    {"role": "user", "content": _asked(fields, one)},
                    {"role": "assistant", "content": fields[other]},
                ]
                for one, other in _PAIRS
                if isinstance(fields.get(one), str) and isinstance(fields.get(other), str)
            ),
            [],
        )
    for number, message in enumerate(listed, 1):
        message = message if isinstance(message, dict) else {}
        role = str(message.get("role") or message.get("from") or "")
        role = _ROLES.get(role, role)
        weight = message.get("weight", 1.0) if role == "assistant" else None
        content = _content(message.get("content", message.get("value")))
        try:
            yield ChatMessage.model_validate({"role": role, "content": content, "weight": weight})
        except ValidationError as error:
            raise DataError(
                f"{where} cannot be trained: message {number} has the role {role!r}. Only texts of system,"
                " user and assistant are, and a weight is 0 or 1. Leave that line out."
            ) from error


def _content(content: Any) -> Any:
    """Return a message's text, also of one that is in parts."""
    if isinstance(content, list) and all(isinstance(part, dict) and "text" in part for part in content):
        return "\n\n".join(str(part["text"]) for part in content)
    return content


def _asked(fields: dict[str, Any], name: str) -> str:
    """Return what is asked, with the text that an instruction is about."""
    more: Iterable[Any] = (fields.get("input"), fields.get("context"))
    return "\n\n".join([fields[name], *(one for one in more if isinstance(one, str) and one.strip())])
