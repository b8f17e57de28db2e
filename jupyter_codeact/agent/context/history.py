"""What the model is sent: a view of the journal, which only grows until, in one step, it is condensed."""

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
    Observation,
    Reply,
    RunEnded,
    RunStarted,
)
from ..observations.observe import cut
from ..replies.reply import ActionFormat

PER_TOKEN = 3.5
"""Characters of a token, in code and English; once a model has counted, its own figure is used."""
AN_IMAGE = 3000
"""Characters that an image counts as."""
REPLY_SHARE, OBSERVATION_SHARE, KEPT_SHARE = 1 / 4, 1 / 5, 1 / 3
"""Most of a window that one reply, one observation, and what was condensed may take."""

_BRIEF = 400


@dataclass
class Window:
    """How much the model can take in, as far as it is known.

    ``tokens`` is ``None`` where the model does not say; ``per_token`` is learnt from what it counts.
    """

    tokens: int | None = None
    per_token: float = PER_TOKEN

    @property
    def characters(self) -> int | None:
        """The window in characters."""
        return None if self.tokens is None else round(self.tokens * self.per_token)

    def reply(self, wanted: int) -> int:
        """Return how many tokens a reply may have."""
        return wanted if self.tokens is None else max(1, min(wanted, round(self.tokens * REPLY_SHARE)))

    def observation(self, wanted: int) -> int:
        """Return how many characters of outputs are shown."""
        return wanted if self.characters is None else min(wanted, round(self.characters * OBSERVATION_SHARE))

    def holds(self, chat: Sequence[Message], reply: int) -> bool:
        """Tell whether messages and a reply of so many tokens surely have room."""
        return self.tokens is None or size(chat) / self.per_token + reply <= 0.95 * self.tokens

    def learn(self, chat: Sequence[Message], tokens: int) -> None:
        """Take in how many tokens the model counted for messages."""
        if tokens > 0:
            self.per_token = min(PER_TOKEN, max(1.0, size(chat) / tokens))

    def kept(self, chat: Sequence[Message]) -> int:
        """Return how many characters of these messages to keep when they are condensed."""
        whole = size(chat) if self.characters is None else min(size(chat), self.characters)
        return round(whole * KEPT_SHARE)


def size(chat: Sequence[Message]) -> int:
    """Return the messages' length in characters."""
    total = 0
    for message in chat:
        content = message["content"]
        parts = [{"text": content}] if isinstance(content, str) else content
        total += sum(len(part.get("text", "")) or AN_IMAGE for part in parts)
        total += sum(len(call["function"]["arguments"]) for call in message.get("tool_calls", ()))
    return total


def messages(events: Iterable[Event], action_format: ActionFormat | None = None) -> list[Message]:
    """Return the conversation with the model, without answers that were not taken: it would insist on them.

    Neighbouring messages of one role are joined, because some chat templates insist on taking turns.

    Parameters
    ----------
    events : iterable of Event
        Everything that happened in the conversation.
    action_format : ActionFormat, optional
        How the model acts, if its calls are to be shown in the endpoint's own words.
    """
    told = current(events)
    chat = _Chat(action_format)
    if told and isinstance(told[0], RunStarted):
        chat.add("system", told[0].system)
    doubted = {(event.run, event.turn) for event in told if isinstance(event, AnswerRejected)}
    told = [one for one in told if not isinstance(one, Reply) or (one.run, one.turn) not in doubted]
    last = max((index for index, event in enumerate(told) if isinstance(event, HistoryCompacted)), default=-1)
    if last >= 0:
        condensed = told[last]
        assert isinstance(condensed, HistoryCompacted)
        _in_brief(chat, told[:last], condensed)
    for event in told[last + 1 :]:
        if isinstance(event, Reply):
            chat.reply(event)
        elif isinstance(event, Observation):
            chat.observation(event)
    return chat.messages


def said(events: Iterable[Event]) -> str:
    """Return all that the model has been told and has said, as one text."""
    contents = [message["content"] for message in messages(events)]
    return "\n".join(content for content in contents if isinstance(content, str))


def current(events: Iterable[Event]) -> list[Event]:
    """Return the events that the model is told of: without the runs that a later one replaces."""
    told: list[Event] = []
    for event in events:
        if isinstance(event, RunStarted) and event.replaces:
            first = next((i for i, old in enumerate(told) if old.run == event.replaces), len(told))
            del told[first:]
        told.append(event)
    return told


def hide_failed_turns(events: Iterable[Event], run: str, note: str = "") -> list[Event]:
    """Return the events without a run's attempts that failed or did not run, but for what came of the last.

    A model that sees its failed cell is inclined to write it again. A ``note`` is told last.
    """
    events = list(events)
    failed = {
        one.turn for one in events if isinstance(one, ApprovalResolved) and one.run == run and not one.allowed
    }
    failed |= {
        one.turn for one in events if isinstance(one, Executed) and one.run == run and one.status == "error"
    }
    last = max(failed, default=0)
    kept = [
        event
        for event in events
        if event.run != run
        or event.turn not in failed
        or not isinstance(event, Reply | Observation)
        or (isinstance(event, Observation) and event.turn == last)
    ]
    at = max((index for index, event in enumerate(kept) if isinstance(event, Observation)), default=None)
    if note and at is not None:
        told = kept[at]
        assert isinstance(told, Observation)
        kept[at] = told.model_copy(update={"text": f"{told.text}\n\n{note}"})
    return kept


class _Chat:
    """Messages being put together."""

    def __init__(self, action_format: ActionFormat | None) -> None:
        self.messages: list[Message] = []
        self._format = action_format
        self._call: tuple[str, str, int] | None = None

    def reply(self, reply: Reply) -> None:
        """Add what the model said; a call of a tool as the endpoint spells calls."""
        if not reply.text:
            return  # it only thought
        call = self._format.call(reply.text) if self._format else None
        if call is None:
            self.add("assistant", reply.text)
            return
        said, name, arguments = call
        self._settle()
        self._call = (f"call_{reply.run}_{reply.turn}", reply.run, reply.turn)
        function = {"name": name, "arguments": arguments}
        calls = [{"id": self._call[0], "type": "function", "function": function}]
        self.messages.append({"role": "assistant", "content": said, "tool_calls": calls})

    def observation(self, observation: Observation) -> None:
        """Add what the model was shown; what came of a call as its result."""
        if self._call is None or self._call[1:] != (observation.run, observation.turn):
            self.add("user", observation.text, observation.images)
            return
        self._settle(observation.text)
        if observation.images:
            self.add("user", prompts.IMAGES, observation.images)

    def add(self, role: str, text: str, images: Sequence[str] = ()) -> None:
        """Add to what ``role`` says."""
        self._settle()
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

    def _settle(self, result: str = prompts.NOTHING) -> None:
        """Give the last call its result; endpoints insist, even if the run ended before there was one."""
        if self._call is not None:
            self.messages.append({"role": "tool", "tool_call_id": self._call[0], "content": result})
            self._call = None


def _in_brief(chat: _Chat, events: Sequence[Event], condensed: HistoryCompacted) -> None:
    """Tell what happened within some room: the task, its last turns, and earlier tasks with their answers."""
    room = condensed.room
    started = [event for event in events if isinstance(event, RunStarted)]
    task = next((cut(event.task, room // 2) for event in started if event.run == condensed.run), "")
    room -= len(task)
    turns: list[tuple[Reply, Observation]] = []
    reply: Reply | None = None
    for event in events:
        if isinstance(event, Reply):
            reply = event
        elif isinstance(event, Observation) and reply and event.run == condensed.run == reply.run:
            text = cut(event.text, _BRIEF)
            turns.append((reply, event.model_copy(update={"text": text, "images": []})))
            reply = None
    kept = len(turns)
    while kept and (need := len(turns[kept - 1][0].text) + len(turns[kept - 1][1].text)) <= room:
        kept, room = kept - 1, room - need
    ends = {event.run: event for event in events if isinstance(event, RunEnded)}
    earlier: list[tuple[str, str]] = []
    for before in reversed([event for event in started if event.run != condensed.run]):
        end = ends.get(before.run)
        said = (end.answer or end.message) if end else ""
        asked, answered = cut(before.task, _BRIEF), cut(said, _BRIEF) or prompts.NOTHING
        room -= len(asked) + len(answered)
        if room < 0:
            break
        earlier.append((asked, answered))
    for asked, answered in reversed(earlier):
        chat.add("user", prompts.EARLIER.format(task=asked))
        chat.add("assistant", answered)
    chat.add("user", prompts.TASK.format(task=task) + "\n\n" + prompts.COMPACTED)
    for said_then, shown in turns[kept:]:
        chat.reply(said_then)
        chat.observation(shown)
