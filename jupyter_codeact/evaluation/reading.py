"""Episodes as people read them: the parts of messages, and a trajectory as text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..agent.contracts import Message
from .records import Episode

_IMAGE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+")

NOT_KEPT = {
    "": "The trajectory was not kept.",
    "left out": "The trajectory was left out, because the file of trajectories was full.",
    "shortened": "Parts are left out, with a note where.",
}


def parts(message: Message) -> Iterator[Mapping[str, str]]:
    """Yield the texts and images of a message, and its function calls as text."""
    content: Any = message.get("content") or ""
    pieces: list[dict[str, Any]] = [{"text": content}] if isinstance(content, str) else content
    for piece in pieces:
        image = str(piece.get("image_url", {}).get("url", ""))
        if _IMAGE.fullmatch(image):
            yield {"image": image}
        elif piece.get("text"):
            yield {"text": str(piece["text"])}
    for call in message.get("tool_calls") or ():
        yield {"text": f"{call['function']['name']}({call['function']['arguments']})"}


def note(episode: Episode) -> str:
    """Return a sentence if an episode's trajectory is not here in full."""
    if episode.played.messages:
        return NOT_KEPT["shortened"] if episode.trajectory == "shortened" else ""
    return NOT_KEPT.get(episode.trajectory, NOT_KEPT[""])


def outcome(episode: Episode) -> str:
    """Return how an episode ended, in a few words."""
    played = episode.played
    mark = "solved" if played.strict else "solved later" if played.success else "not solved"
    return f"{mark}, {played.ending.replace('_', ' ')}, {played.turns} turns, {episode.seconds:.1f} s"


def as_text(episode: Episode) -> str:
    """Return an episode as Markdown."""
    setting, played = episode.setting, episode.played
    lines = [
        f"# {episode.suite}: {episode.case.family}/{episode.case.name}",
        f"{episode.model}, {setting.protocol}, {setting.format}, agent {episode.agent}: {outcome(episode)}",
    ]
    for message in played.messages:
        lines.append(f"## {message.get('role', '?')}")
        lines += [part.get("text", "(an image)") for part in parts(message)]
    if played.cells:
        lines.append("## What ran")
        lines += [
            f"Turn {cell.turn}, {cell.status}:\n\n```python\n{cell.source}\n```" for cell in played.cells
        ]
    lines += [f"Answer: {played.answer}"] if played.answer else []
    lines += [text for text in (played.message, note(episode)) if text]
    return "\n\n".join(lines) + "\n"
