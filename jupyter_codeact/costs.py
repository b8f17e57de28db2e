"""What a run and its replies took, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .agent.contracts import Usage
    from .agent.events import Reply, RunEnded


def duration(seconds: float) -> str:
    """Say how long something took, as people read it."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes:
        return f"{minutes} min {rest} s"
    return f"{seconds:.1f} s" if seconds < 10 else f"{rest} s"


def cost(event: RunEnded, replies: Sequence[Reply] = (), window: int | None = None) -> str:
    """Say what a run took and cost, how fast its replies were, and how full the context ``window`` is.

    Nothing if there was no reply.
    """
    usage = event.usage
    if not usage.completion_tokens:
        return ""
    about = "about " if usage.estimated else ""
    tokens = f"{about}{usage.prompt_tokens + usage.completion_tokens:,} tokens"
    if usage.cached_tokens:
        tokens += f" ({usage.cached_tokens / usage.prompt_tokens:.0%} of the prompts cached)"
    turns = "1 turn" if event.turns == 1 else f"{event.turns} turns"
    facts = [turns, tokens, pace(*replies), f"{event.seconds:.1f} s", dollars(event.cost)]
    return ", ".join(filter(None, [*facts, context_used(replies[-1].usage, window) if replies else ""]))


def dollars(amount: float | None) -> str:
    """Say what something cost, with two digits that tell; nothing if that is unknown."""
    if amount is None:
        return ""
    if amount == 0 or amount >= 0.1:
        return f"${amount:.2f}"
    return f"${amount:.2g}" if amount >= 0.0001 else "less than $0.0001"


def context_used(usage: Usage, window: int | None) -> str:
    """Say how full the context window was after a reply; nothing if its size is unknown."""
    if not window:
        return ""
    return f"{min(1.0, (usage.prompt_tokens + usage.completion_tokens) / window):.0%} of the context used"


def turn_cost(reply: Reply) -> str:
    """Say what one reply took."""
    first = reply.first_token_seconds
    if first is None:
        return ""
    about = "about " if reply.usage.estimated else ""
    tokens = f"{about}{reply.usage.completion_tokens:,} tokens"
    return ", ".join(filter(None, [f"first word after {first:.1f} s", tokens, pace(reply)]))


def pace(*replies: Reply) -> str:
    """Say how many tokens a second replies had after their first word, if they are long enough to tell."""
    timed = [reply for reply in replies if reply.first_token_seconds is not None]
    tokens = sum(max(reply.usage.completion_tokens - 1, 0) for reply in timed)
    seconds = sum(reply.seconds - (reply.first_token_seconds or 0.0) for reply in timed)
    return f"{tokens / seconds:.0f} tokens/s" if tokens > 4 and seconds > 0 else ""
