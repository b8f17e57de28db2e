"""The messages sent to the model: a view of the events that only grows, until it is compacted in one step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from .. import prompts
from ..contracts import Message
from ..events import (
    AnswerRejected,
    ApprovalResolved,
    Event,
    Executed,
    HistoryCompacted,
    ModelDescribed,
    Observation,
    Reply,
    RunEnded,
    RunStarted,
)
from ..observations.images import tokens_of
from ..observations.observe import cut, cut_middle
from ..plan import as_checklist, plan_of
from ..replies.reply import ActionFormat
from .marks import with_whole_marks

PER_TOKEN = 3.5
"""Characters per token, in code and English, until a model has counted tokens itself."""
IMAGE_TOKENS = 1000
"""The tokens of an image whose size is unknown."""
REPLY_SHARE, OBSERVATION_SHARE, KEPT_SHARE = 1 / 4, 1 / 5, 1 / 3
"""Largest shares of a context window for one reply, one observation, and a compacted history."""
READ_IF_UNKNOWN, MOST_READ = 20_000, 100_000
"""Characters of the notebook that a call may show: if the window is unknown, and at most."""

_BRIEF_CHARACTERS = 400


@dataclass
class Window:
    """The model's context window, as far as it is known.

    ``tokens`` is ``None`` if the model does not say; ``per_token`` is learnt from the tokens that it counts.
    """

    tokens: int | None = None
    per_token: float = PER_TOKEN

    @property
    def characters(self) -> int | None:
        """The window in characters."""
        return None if self.tokens is None else round(self.tokens * self.per_token)

    def reply(self, limit: int | None) -> int:
        """Return how many tokens to keep free for a reply, at most ``limit``."""
        if self.tokens is None:
            return limit or 0
        share = max(1, round(self.tokens * REPLY_SHARE))
        return share if limit is None else min(limit, share)

    def observation(self, limit: int) -> int:
        """Return how many characters an observation may have, at most ``limit``."""
        return limit if self.characters is None else min(limit, round(self.characters * OBSERVATION_SHARE))

    @property
    def reading(self) -> int:
        """How many characters of the notebook a call may show."""
        share = round((self.characters or 0) * OBSERVATION_SHARE)
        return min(share, MOST_READ) if share else READ_IF_UNKNOWN

    def fits(self, chat: Sequence[Message], reply: int) -> bool:
        """Tell whether messages and a reply of so many tokens certainly fit."""
        return self.tokens is None or size(chat) / self.per_token + reply <= 0.95 * self.tokens

    def learn(self, chat: Sequence[Message], tokens: int) -> None:
        """Learn from the number of tokens that the model counted for messages."""
        if tokens > 0:
            self.per_token = min(PER_TOKEN, max(1.0, size(chat) / tokens))

    def kept(self, chat: Sequence[Message]) -> int:
        """Return the size, in characters, to which these messages are compacted."""
        whole = size(chat) if self.characters is None else min(size(chat), self.characters)
        return round(whole * KEPT_SHARE)


def size(chat: Sequence[Message]) -> int:
    """Return the messages' length in characters."""
    total = 0
    for message in chat:
        content = message["content"]
        parts = [{"text": content}] if isinstance(content, str) else content
        total += sum(len(part["text"]) if "text" in part else _image_size(part) for part in parts)
        total += sum(len(call["function"]["arguments"]) for call in message.get("tool_calls", ()))
    return total


def _image_size(part: Message) -> int:
    url = part.get("image_url", {}).get("url", "")
    return round((tokens_of(url) or IMAGE_TOKENS) * PER_TOKEN)


def messages(events: Iterable[Event], action_format: ActionFormat | None = None) -> list[Message]:
    """Return the conversation with the model, without rejected answers, which it would only repeat.

    Adjacent messages of one role are joined, because some chat templates require roles to alternate.

    Parameters
    ----------
    events : iterable of Event
        All events of the conversation.
    action_format : ActionFormat, optional
        The format of actions, if calls are to be sent in the endpoint's own protocol.
    """
    events = without_replaced(events)
    chat = _Chat(action_format)
    if system := _system(events):
        chat.add("system", system)
    rejected = {(event.run, event.turn) for event in events if isinstance(event, AnswerRejected)}
    events = [
        event for event in events if not isinstance(event, Reply) or (event.run, event.turn) not in rejected
    ]
    last = max((i for i, event in enumerate(events) if isinstance(event, HistoryCompacted)), default=-1)
    if last >= 0:
        compaction = events[last]
        assert isinstance(compaction, HistoryCompacted)
        _add_compacted(chat, events[:last], compaction)
    for event in events[last + 1 :]:
        if isinstance(event, Reply):
            chat.reply(event)
        elif isinstance(event, Observation):
            chat.observation(event)
    return chat.messages


def _system(events: Sequence[Event]) -> str:
    """Return the system prompt that holds now; old journals have it where the conversation begins."""
    described = next((event for event in reversed(events) if isinstance(event, ModelDescribed)), None)
    if described is not None:
        return described.system
    return next((event.system for event in events if isinstance(event, RunStarted)), "")


def as_text(events: Iterable[Event]) -> str:
    """Return the text of all messages to and from the model."""
    contents = [message["content"] for message in messages(events)]
    return "\n".join(content for content in contents if isinstance(content, str))


def without_replaced(events: Iterable[Event]) -> list[Event]:
    """Return the events without each run that a later one replaces, and without what followed it."""
    kept: list[Event] = []
    for event in events:
        if isinstance(event, RunStarted) and event.replaces:
            first = next((i for i, earlier in enumerate(kept) if earlier.run == event.replaces), len(kept))
            del kept[first:]
        kept.append(event)
    return kept


def hide_failed_turns(events: Iterable[Event], run: str, note: str = "") -> list[Event]:
    """Return the events without a run's failed or refused attempts, except the outcome of the last one.

    A model that sees its failed cell is inclined to write it again. A ``note`` is added to the last message.
    """
    events = list(events)
    own = [event for event in events if event.run == run]
    failed = {event.turn for event in own if isinstance(event, ApprovalResolved) and not event.allowed}
    failed |= {event.turn for event in own if isinstance(event, Executed) and event.status == "error"}
    last = max(failed, default=0)
    kept = [
        event
        for event in events
        if event.run != run
        or event.turn not in failed
        or not isinstance(event, Reply | Observation)
        or (isinstance(event, Observation) and event.turn == last)
    ]
    index = max((i for i, event in enumerate(kept) if isinstance(event, Observation)), default=None)
    if note and index is not None:
        observation = kept[index]
        assert isinstance(observation, Observation)
        kept[index] = observation.model_copy(update={"text": f"{observation.text}\n\n{note}"})
    return kept


def with_note(messages: Sequence[Message], note: str) -> list[Message]:
    """Return messages with a note at the end, in a user's last message if that ends them."""
    *before, last = messages
    content = last["content"]
    if last["role"] != "user":
        return [*messages, {"role": "user", "content": note}]
    if isinstance(content, str):
        return [*before, {**last, "content": f"{content}\n\n{note}"}]
    return [*before, {**last, "content": [*content, {"type": "text", "text": note}]}]


class _Chat:
    """Builds a list of messages."""

    def __init__(self, action_format: ActionFormat | None) -> None:
        self.messages: list[Message] = []
        self._format = action_format
        self._call: tuple[str, str, int] | None = None

    def reply(self, reply: Reply) -> None:
        """Add a reply; a tool call in the endpoint's own protocol."""
        if not reply.text:
            return  # the reply was only thinking
        call = self._format.call(reply.text) if self._format else None
        if call is None:
            self.add("assistant", reply.text)
            return
        text, name, arguments = call
        self._close_call()
        self._call = (f"call_{reply.run}_{reply.turn}", reply.run, reply.turn)
        function = {"name": name, "arguments": arguments}
        calls = [{"id": self._call[0], "type": "function", "function": function}]
        self.messages.append({"role": "assistant", "content": text, "tool_calls": calls})

    def observation(self, observation: Observation) -> None:
        """Add an observation; after a tool call, as its result."""
        if self._call is None or self._call[1:] != (observation.run, observation.turn):
            self.add("user", observation.text, observation.images)
            return
        self._close_call(observation.text)
        if observation.images:
            self.add("user", prompts.IMAGES, observation.images)

    def add(self, role: str, text: str, images: Sequence[str] = ()) -> None:
        """Add a message, or add to the last one if it has the same role."""
        self._close_call()
        parts: list[dict[str, Any]] = [{"type": "text", "text": text}]
        parts += [{"type": "image_url", "image_url": {"url": url}} for url in images]
        chat = self.messages
        if chat and chat[-1]["role"] == role and "tool_calls" not in chat[-1]:
            before = chat.pop()["content"]
            parts = ([{"type": "text", "text": before}] if isinstance(before, str) else before) + parts
        if all(part["type"] == "text" for part in parts):
            chat.append({"role": role, "content": "\n\n".join(str(part["text"]) for part in parts)})
        else:
            chat.append({"role": role, "content": parts})

    def _close_call(self, result: str = prompts.NO_RESULT) -> None:
        """Add the last call's result, which endpoints require even if the run ended without one."""
        if self._call is not None:
            self.messages.append({"role": "tool", "tool_call_id": self._call[0], "content": result})
            self._call = None


def _add_compacted(chat: _Chat, events: Sequence[Event], compaction: HistoryCompacted) -> None:
    """Add a compacted history: the task, its last turns, and earlier tasks with their answers."""
    room = compaction.room
    started = [event for event in events if isinstance(event, RunStarted)]
    task = next((cut(event.task, room // 2) for event in started if event.run == compaction.run), "")
    room -= len(task)
    turns: list[tuple[Reply, Observation]] = []
    reply: Reply | None = None
    for event in events:
        if isinstance(event, Reply):
            reply = event
        elif isinstance(event, Observation) and reply and event.run == compaction.run == reply.run:
            halves = cut_middle(event.text, _BRIEF_CHARACTERS)
            text = event.text if halves is None else with_whole_marks(*halves)
            turns.append((reply, event.model_copy(update={"text": text, "images": []})))
            reply = None
    kept = len(turns)
    while kept and (need := len(turns[kept - 1][0].text) + len(turns[kept - 1][1].text)) <= room:
        kept, room = kept - 1, room - need
    ends = {event.run: event for event in events if isinstance(event, RunEnded)}
    earlier: list[tuple[str, str]] = []
    for run in reversed([event for event in started if event.run != compaction.run]):
        end = ends.get(run.run)
        answer = cut((end.answer or end.message) if end else "", _BRIEF_CHARACTERS) or prompts.NO_RESULT
        request = cut(run.task, _BRIEF_CHARACTERS)
        room -= len(request) + len(answer)
        if room < 0:
            break
        earlier.append((request, answer))
    for request, answer in reversed(earlier):
        chat.add("user", prompts.TASK.format(task=request))
        chat.add("assistant", answer)
    plan = as_checklist(plan_of(events, compaction.run))
    parts = [prompts.TASK.format(task=task), prompts.COMPACTED, f"{prompts.PLAN}\n{plan}" if plan else ""]
    chat.add("user", "\n\n".join(filter(None, parts)))
    for past_reply, observation in turns[kept:]:
        chat.reply(past_reply)
        chat.observation(observation)
