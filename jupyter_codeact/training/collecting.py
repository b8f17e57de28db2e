"""Records from results of evaluations, and from the user's journal."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..agent import prompts
from ..agent.contracts import Message
from ..agent.events import Event, ModelDescribed, RunEnded, RunKept, RunRedone, RunStarted, RunUndone
from ..agent.replies.formats import FORMATS
from ..agent.replies.reply import ActionFormat
from ..agent.replies.tool_calls import ToolsFormat
from ..agent.told_secrets import Mask
from ..evaluation.playing import TRY_AGAIN
from ..evaluation.records import Episode
from ..evaluation.records import load as load_episodes
from ..journal import SqliteJournal
from .masking import mask_paths, mask_private
from .records import ChatMessage, Record, TaskLabel, stable_id
from .trajectories import Trajectory, action_start, format_of, trajectories

_RAN_INSTEAD = re.compile(
    r"\A(?:[^\n]* )?This ran instead:\n```python\n(?P<source>.*?)\n```\n(?=The (?:cell|kernel) )", re.DOTALL
)
_WORD = 4096
"""Characters without a blank that no text begins with."""


@dataclass
class Collected:
    """What was collected, and how many were left out for which reason."""

    records: list[Record] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def from_results(paths: Iterable[Path], *, licence: str) -> Collected:
    """Return the records of this agent's episodes in result files of `jupyter codeact eval run`.

    Their tasks are those of a suite: who trains on them can no longer measure with them. The provenance names
    the suite, and a selection leaves them out unless it is told otherwise.

    Raises
    ------
    ResultsError
        If a file cannot be read.
    """
    collected = Collected()
    for episode in load_episodes(paths):
        if episode.setting.protocol != "agent" or episode.setting.format not in FORMATS:
            collected.left_out["not played by this agent"] += 1
        elif not episode.played.messages:
            collected.left_out["without messages"] += 1
        elif episode.model_dump(include={"trajectory"}).get("trajectory") == "shortened":
            collected.left_out["with messages that were shortened"] += 1
        elif episode.played.ending in ("crashed", "failed"):
            collected.left_out["broke"] += 1
        else:
            collected.records.append(_from_episode(episode, licence))
    return collected


def _from_episode(episode: Episode, licence: str) -> Record:
    trajectory = _judged(episode)
    return trajectory.record(
        stable_id("eval", episode.key, episode.began),
        mask=mask_paths(),
        format=episode.setting.format,
        task=TaskLabel(name=f"{episode.suite}/{episode.case.name}"),
        source="eval",
        model=episode.model,
        solved=episode.played.success,
        licence=licence,
        created=_iso(episode.began),
        provenance={
            "suite": episode.suite,
            "case": episode.case.name,
            "family": episode.case.family,
            "sample": episode.sample,
            "ending": episode.played.ending,
            "setting": episode.setting.model_dump(mode="json"),
            "versions": episode.versions,
        },
    )


def _judged(episode: Episode) -> Trajectory:
    """Return an episode's messages with weights, judged by what the next message says of each reply."""
    trajectory, action_format = Trajectory(), FORMATS[episode.setting.format]
    messages = [(str(one["role"]), _text_of(one)) for one in episode.played.messages]
    failing = False
    for index, (role, text) in enumerate(messages):
        if role != "assistant":
            said = _RAN_INSTEAD.sub("", text) if role == "user" else text
            trajectory.add("system" if role == "system" else "user", said)
            continue
        after = next((said for who, said in messages[index + 1 : index + 2] if who in ("user", "tool")), None)
        is_action = bool(action_format.parse(text).actions)
        if is_action:
            ok = after is not None and _went_well(after)
            if after and (found := _RAN_INSTEAD.match(after)):
                text = _with_source(text, found["source"], action_format)
        else:
            ok = after is None and episode.played.ending == "answered" and episode.played.success
        trajectory.turns, trajectory.errors = trajectory.turns + 1, trajectory.errors + (not ok)
        trajectory.recovered = trajectory.recovered or (failing and is_action and ok)
        failing = failing or not ok
        trajectory.add("assistant", text, float(ok))
    trajectory.recovered = trajectory.recovered and episode.played.ending == "answered"
    return trajectory


def _text_of(message: Message) -> str:
    """Return a message's text; of a call in the endpoint's own protocol, the call as text."""
    content = message.get("content") or ""
    parts = [content]
    if not isinstance(content, str):
        parts = [part["text"] for part in content if part.get("type") == "text"]
    for call in message.get("tool_calls") or []:
        function = call["function"]
        parts.append(ToolsFormat().render(function["name"], function["arguments"]))
    return "\n\n".join(filter(None, parts))


def _went_well(observation: str) -> bool:
    """Tell from the words before an output whether the cell ran."""
    said = _RAN_INSTEAD.sub("", observation).partition("\n<output ")[0]
    if said.startswith((TRY_AGAIN, prompts.CUT_OFF, prompts.EMPTY, prompts.ASKED_BEFORE)):
        return False
    bad = (
        "(status: error)",
        "(status: interrupted)",
        "(status: dead)",
        "shell command failed",
        "did not let",
    )
    if (
        any(word in said for word in bad)
        or "shell command failed (exit code" in observation.rpartition("</output")[2]
    ):
        return False
    good = (
        "(status: ok)",
        prompts.TEXT_WRITTEN,
        "Deleted cell=",
        "Moved cell=",
        "<notebook ",
        "The user answers:",
    )
    return any(word in observation for word in good)


def _with_source(text: str, source: str, action_format: ActionFormat) -> str:
    actions = action_format.parse(text).actions
    written = action_format.write(replace(actions[-1], source=source))
    before = text[: action_start(text, action_format)].rstrip()
    return f"{before}\n\n{written}" if before else written


def from_journal(journal: SqliteJournal, conversations: Iterable[str], *, licence: str) -> Iterator[Record]:
    """Yield the records of conversations, secrets and the user's home folder masked.

    To name a conversation is the user's consent, which the provenance records.

    Raises
    ------
    JournalError
        If there is no such conversation.
    """
    for name in conversations:
        info = journal.find(name)
        events = list(journal.events(info.id))
        parts = [part for part in trajectories(events) if part.turns]
        # a secret may be named in a task that was asked anew, and shown afterwards
        mask = mask_private(_texts([event.model_dump(mode="json") for event in events]))
        verdict = _verdict(events)
        for number, part in enumerate(parts, 1):
            yield part.record(
                stable_id("journal", info.id, number),
                mask=mask,
                format=format_of(part.messages[0].content).name,
                task=TaskLabel(name=f"journal/{info.id}"),
                source="journal",
                model=mask(_models(events)) or None,
                solved=verdict,
                licence=licence,
                created=_iso(info.updated),
                provenance={
                    "conversation": info.id,
                    "consent": datetime.now(UTC).isoformat(timespec="seconds"),
                    "runs": info.runs,
                    "hidden": _hidden(part.messages, mask),
                    "part": number,
                    "parts": len(parts),
                },
            )


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts of a JSON value, without what is no text, such as an image."""
    if isinstance(value, str) and (len(value) < _WORD or any(map(str.isspace, value[:_WORD]))):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


@dataclass
class Updated:
    """What a file of records becomes when some of them are collected again."""

    records: list[Record] = field(default_factory=list)
    new: list[Record] = field(default_factory=list)
    changed: list[Record] = field(default_factory=list)
    gone: int = 0


def updated(before: Iterable[Record], found: Iterable[Record], conversations: Collection[str]) -> Updated:
    """Put what was collected in the place of what a file had of the same.

    Parameters
    ----------
    before
        What the file has.
    found
        What was collected.
    conversations
        The ids of all conversations that were collected. What a file has of them beside ``found`` goes: it is
        in other records now, or was undone.
    """
    result, latest = Updated(), {one.id: one for one in found}
    for record in before:
        now = latest.pop(record.id, None)
        if now is None and record.provenance.get("conversation") in conversations:
            result.gone += 1
        elif now is None or _facts(now) == _facts(record):
            result.records.append(record)
        else:
            result.changed.append(now)
            result.records.append(now)
    result.new = list(latest.values())
    result.records += result.new
    return result


def _facts(record: Record) -> dict[str, Any]:
    """Return all of a record but when it was made, and agreed to."""
    facts = record.model_dump(mode="json", exclude={"created"})
    facts["provenance"].pop("consent", None)
    return facts


def _verdict(events: Iterable[Event]) -> bool | None:
    """Tell what the user thinks of a conversation: of its last runs, which were kept, undone or neither."""
    kept: dict[str, bool | None] = {}
    for event in events:
        match event:
            case RunStarted():
                kept.pop(event.replaces or "", None)
                kept[event.run] = None
            case RunEnded() if event.ending != "answered":
                kept[event.run] = False
            case RunKept() if event.cells is None and kept.get(event.run) is not False:
                kept[event.run] = True
            case RunUndone():
                kept[event.run] = False
            case RunRedone():
                kept[event.run] = None
            case _:
                pass
    verdicts = set(kept.values())
    return False if False in verdicts or not verdicts else None if None in verdicts else True


def _models(events: Iterable[Event]) -> str:
    """Return the names of the models; an endpoint's is its address until it has said which model it has."""
    found: dict[str, str] = {}
    for event in events:
        match event:
            case RunStarted():
                found[event.run] = event.model
            case ModelDescribed():
                found[event.run] = event.name
    return ", ".join(dict.fromkeys(found.values()))


def _hidden(messages: Iterable[ChatMessage], mask: Mask) -> int:
    """Count the messages in which something is masked."""
    return sum(mask(message.content) != message.content for message in messages)


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
