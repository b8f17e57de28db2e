"""Conversations as tokens, each with a label where the model is to learn.

A conversation becomes text by the tokenizer's own chat template, as in a chat. Where a reply begins and ends
is found by rendering the conversation up to there: each such text must be the beginning of the next one. A
template that rewrites earlier messages (one that removes old thoughts, say) breaks that; then every reply
becomes an example of its own, with what came before it as the model would see it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ...agent.unicode import valid
from ..records import REMOVE, other_version
from ..tasks.wordings import split_now, words_of
from .errors import TrainingError

IGNORED = -100
"""The label of a token that the loss leaves out."""

_THOUGHT = "</think>"

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True)
class Conversation:
    """Messages to learn from.

    Attributes
    ----------
    messages : sequence of mapping
        ``role``, ``content`` and, for a reply, its ``weight`` in the loss; 1 if there is none.
    group : str
        What conversations have in common that must not be on both sides of a split: their task.
    source : str
        Where it comes from, as in `records.Record`; conversations without one are ``general``.
    where : str
        Its file and line, for messages.
    """

    messages: Sequence[Mapping[str, Any]]
    group: str
    source: str
    where: str


@dataclass(frozen=True)
class Example:
    """Tokens with labels, aligned: ``labels[i]`` is ``tokens[i]``, or `IGNORED`."""

    tokens: tuple[int, ...]
    labels: tuple[int, ...]
    group: str
    source: str

    @property
    def labelled(self) -> int:
        """How many tokens count in the loss; the first can never be predicted."""
        return sum(label != IGNORED for label in self.labels[1:])


@dataclass(frozen=True)
class Taken:
    """Examples, and what became of the conversations: ``shortened`` or ``left_out`` for their length."""

    examples: tuple[Example, ...]
    conversations: int
    shortened: int
    left_out: int


def read_conversations(paths: Iterable[Path]) -> list[Conversation]:
    """Read files of records, or of lines with nothing but ``messages``.

    Raises
    ------
    TrainingError
        If a file cannot be read, has something else in it, or no reply to learn from.
    """
    found: dict[str, Conversation] = {}
    for path in paths:
        for number, line in _lines(path):
            where = f"Line {number} of {path}"
            try:
                fields = valid(json.loads(line))
            except (ValueError, RecursionError) as error:
                raise TrainingError(f"{where} is no JSON: {error}. {REMOVE}") from None
            conversation = _conversation(fields, where)
            # an id of somebody else's tells lines of one file apart, not of all
            name = fields.get("id") if fields.get("schema") else None
            found.setdefault(str(name or _digest(conversation.messages)), conversation)
    if not found:
        raise TrainingError(
            "There is nothing to learn from in this data. `jupyter codeact data` makes some, from your own"
            " conversations or from tasks with a known solution."
        )
    return list(found.values())


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TrainingError(f"The data in {path} cannot be read: {error.strerror}.") from error
    for number, line in enumerate(content.split(b"\n"), 1):
        if line.strip():
            yield number, line


def _conversation(fields: Any, where: str) -> Conversation:
    if why := other_version(fields):
        raise TrainingError(f"{where} {why}")
    messages = fields.get("messages") if isinstance(fields, dict) else None
    if not isinstance(messages, list) or not all(map(_is_message, messages)):
        raise TrainingError(
            f'{where} is no conversation. It needs "messages", a list of {{"role": "system", "user" or'
            ' "assistant", "content": text}, and a "weight" of a reply is 0 or 1. `jupyter codeact data mix'
            " --general` reads other shapes."
        )
    task = fields.get("task")
    task = task if isinstance(task, dict) else {}
    known = (task.get("kind"), task.get("seed"))
    said = words_of("\n".join(message["content"] for message in messages if message["role"] == "user"))
    for part in (str(task.get("split") or ""), split_now(*known, said) or ""):
        if part.startswith("held-out"):
            raise TrainingError(
                f"{where} belongs to the {part} tasks, on which a model is measured; it may not learn from"
                " them. `jupyter codeact data select` and `mix` leave them out."
            )
    group = json.dumps(known if None not in known else task.get("name") or _digest(messages))
    return Conversation(messages, group, str(fields.get("source") or "general"), where)


def _is_message(message: Any) -> bool:
    return (
        isinstance(message, dict)
        and message.get("role") in ("system", "user", "assistant")
        and isinstance(message.get("content"), str)
        and message.get("weight") in (None, 0, 1)
    )


def _digest(messages: Sequence[Mapping[str, Any]]) -> str:
    return hashlib.sha256(json.dumps(messages, sort_keys=True).encode()).hexdigest()[:16]


def tokenize(tokenizer: Any, conversations: Iterable[Conversation], length: int) -> Taken:
    """Turn conversations into examples of at most ``length`` tokens.

    A longer conversation ends with the last reply that fits; one whose first reply does not is left out.

    Raises
    ------
    TrainingError
        If the chat template does not show where replies begin, or refuses a conversation.
    """
    if not getattr(tokenizer, "chat_template", None):
        raise TrainingError("The model has no chat template, so it is no chat model; choose one that is.")
    if not tokenizer.is_fast:
        raise TrainingError(
            "The model's tokenizer does not tell where its tokens are in the text (it has no tokenizer.json)."
        )
    examples: list[Example] = []
    count = shortened = left_out = 0
    for conversation in conversations:
        count += 1
        made = _examples(tokenizer, conversation, length)
        whole = [example for example, is_whole in made if is_whole]
        kept = [example for example, _ in made if example.labelled]
        left_out += not kept
        shortened += bool(kept) and len(whole) < len(made)
        examples += kept
    return Taken(tuple(examples), count, shortened, left_out)


def _examples(tokenizer: Any, conversation: Conversation, length: int) -> list[tuple[Example, bool]]:
    """Return the examples of a conversation, each with whether nothing of it was cut off."""
    messages = conversation.messages
    replies = [index for index, message in enumerate(messages) if message["role"] == "assistant"]
    if not replies:
        return []
    spans, is_one_text = [], True
    text = _render(tokenizer, conversation, replies[-1] + 1)
    for index in replies:
        before, through = _span(tokenizer, conversation, index)
        is_one_text = is_one_text and text.startswith(through)
        spans.append((len(before), len(through), _weight(messages[index]), through))
    if is_one_text:
        return [_labelled(tokenizer, conversation, text, [span[:3] for span in spans], length)]
    return [
        _labelled(tokenizer, conversation, through, [(begin, end, weight)], length)
        for begin, end, weight, through in spans
        if weight
    ]


def _weight(message: Mapping[str, Any]) -> float:
    weight = message.get("weight")
    return 1.0 if weight is None else float(weight)


def _span(tokenizer: Any, conversation: Conversation, index: int) -> tuple[str, str]:
    """Return the text before a reply, and that through its end."""
    before = _render(tokenizer, conversation, index, add_generation_prompt=True)
    through = _render(tokenizer, conversation, index + 1)
    if not through.startswith(before):
        raise TrainingError(
            "The model's chat template writes a reply in another way than it asks for one, so it cannot be"
            f" told which tokens are the reply. ({conversation.where}, message {index + 1}.) Choose another"
            " model, or correct the template in the model's folder and give that with --from."
        )
    # thoughts may be left out, or written in another place
    said = str(conversation.messages[index]["content"]).rpartition(_THOUGHT)[2].strip()
    if said not in through[len(before) :]:
        raise TrainingError(
            f"The model's chat template leaves out what a reply says. ({conversation.where}, message"
            f" {index + 1}.) Choose another model, or correct the template in the model's folder and give"
            " that with --from."
        )
    return before, through


def _render(tokenizer: Any, conversation: Conversation, end: int, **options: Any) -> str:
    messages = [{"role": m["role"], "content": m["content"]} for m in conversation.messages[:end]]
    try:
        return str(tokenizer.apply_chat_template(messages, tokenize=False, **options))
    except Exception as error:  # a template is a program
        raise TrainingError(
            f"{conversation.where} does not suit the model's chat template, which says:"
            f" {' '.join(str(error).split())[:200]}"
        ) from error


def _labelled(
    tokenizer: Any,
    conversation: Conversation,
    text: str,
    spans: Sequence[tuple[int, int, float]],
    length: int,
) -> tuple[Example, bool]:
    """Return the example of a text, whose replies are ``spans`` of it with their weights."""
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    tokens, offsets = list(encoded["input_ids"]), list(encoded["offset_mapping"])
    labels = [IGNORED] * len(tokens)
    position, end_of_fitting, is_whole = 0, 0, True
    for begin, end, weight in spans:
        # What the template writes behind the end token (a newline) is never the model's to write.
        end = begin + len(text[begin:end].rstrip())
        while position < len(tokens) and offsets[position][0] < begin:
            position += 1
        first = position
        while position < len(tokens) and offsets[position][1] <= end:
            position += 1
        if position > length:
            is_whole = False
            break
        if weight:
            labels[first:position] = tokens[first:position]
            end_of_fitting = position
    kept = slice(0, end_of_fitting)
    return Example(
        tuple(tokens[kept]), tuple(labels[kept]), conversation.group, conversation.source
    ), is_whole


def split(examples: Sequence[Example], share: float, seed: int) -> tuple[list[Example], list[Example]]:
    """Split examples into those to learn from, and those that the loss is measured on.

    Examples of one group are on one side. Which those are depends on the group and the seed alone, not on
    what else there is. Of fewer than ten groups, none is kept back.
    """
    groups = sorted({example.group for example in examples}, key=lambda group: _rank(group, seed))
    kept_back = set(groups[: max(1, round(share * len(groups)))] if len(groups) >= 10 and share else ())
    learned = [example for example in examples if example.group not in kept_back]
    return learned, [example for example in examples if example.group in kept_back]


def _rank(group: str, seed: int) -> str:
    return hashlib.sha256(f"{seed}:{group}".encode()).hexdigest()
