"""What an endpoint does not take of the protocol, learnt from its refusals whatever their wording."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from . import roles
from .errors import EmptyReplyError, is_too_long
from .words import ServerError

Body = Mapping[str, Any]

REQUIRED = {"model", "messages", "stream", "tools"}
"""Fields that are never left out; ``tools`` become text."""

_REFUSING = (400, 404, 405, 415, 422, 500, 501, None)
_UNCLEAR = (400, 415, 422)
"""Statuses of a request that is wrong, of an error that may be anything, and of one that is worth a guess."""

_REFUSAL = re.compile(
    r"(not|n't|un)[ -]?(support|permit|allow|recogni|enable|implement|known|expected|accept|able|avail)"
    r"|no (longer|endpoints?)\b|extra[ _](input|field|forbidden)|only\b.{0,40}\b(default|support|user)"
    r"|must be|deprecated|mmproj|missing data|\bat most 0\b|not a multi"
    r"|invalid|unknown|cannot|does not (take|have)|requires?\b",
    re.I,
)
_NAMES = {
    "stream_options": r"stream_options|include_usage",
    "stop": (
        r"[`'\"\[.:]\s*stop\b|\bstop[ _-](sequences?|words?|strings?|tokens?)"
        r"|\bstop\b[`'\"]? (parameter|param|is|field|not)|parameters?:? \bstop\b"
    ),
    "max_tokens": r"max_?(completion_|output_|new_)?tokens|max (completion |output |new )?tokens",
    "top_p": r"\btop[_ -]?p\b",
    "reasoning_effort": r"reasoning|\beffort\b|\bthink",
    "chat_template_kwargs": r"chat_template_kwargs|enable_thinking|chat[ _-]template",
    "tools": r"\btools?\b|function[ _-]call|tool[ _]choice",
    "stream": r"\bstream(ing|ed)?\b(?!_options)",
}
_IMAGES = re.compile(
    r"image|vision|visual|multi-?modal|mmproj|picture|\bmedia\b|modalit|pixel"
    r"|content.{0,40}(type|part|string|str\b|sequence|array|list)|(valid|expected a|be a) string",
    re.I,
)
_SYSTEM = re.compile(
    r"\b(system|developer)\b|only .{0,20}user.{0,20}assistant|'user' or 'assistant'|\brole\b"
    r"|roles .{0,20}alternat",
    re.I,
)
_ROLES = re.compile(
    r"\broles?\b|alternat|(first|last|final|end)\b.{0,30}\b(user|message|assistant)|\btool_call_id\b"
    r"|prefill",
    re.I,
)
_POSITIVE = re.compile(
    r"strictly positive|positive (float|number)|(greater|more|higher|larger) than 0|> ?0(\.0)?\b", re.I
)
_EITHER = re.compile(r"\bboth\b|only one|together|mutually|either", re.I)
_EFFORTS = ("none", "minimal", "low", "medium", "high")


@dataclass(frozen=True)
class Dialect:
    """How an endpoint is asked.

    Attributes
    ----------
    without : frozenset of str
        Fields that it does not take.
    images, system_role : bool
        Whether it takes images, and messages of the system.
    plain_roles : bool
        Whether it wants user and assistant to alternate, beginning and ending with the user.
    tools_as_text : bool
        Whether functions are described in the prompt instead.
    completion_tokens : bool
        Whether ``max_tokens`` is called ``max_completion_tokens`` there.
    positive_temperature : bool
        Whether it refuses a temperature of 0.
    effort : str, optional
        The reasoning effort that it takes instead; ``"template"`` where its chat template switches it off.
    """

    without: frozenset[str] = frozenset()
    images: bool = True
    system_role: bool = True
    plain_roles: bool = False
    tools_as_text: bool = False
    completion_tokens: bool = False
    positive_temperature: bool = False
    effort: str | None = None

    def spoken(self, body: Body) -> dict[str, Any]:
        """Return a request as this endpoint takes it."""
        spoken = {name: value for name, value in body.items() if name not in self.without}
        messages = list(body["messages"])
        if not self.images:
            messages = roles.without_images(messages)
        if self.tools_as_text and (tools := spoken.pop("tools", None)):
            messages = roles.with_tools_as_text(messages, tools)
        if not self.system_role or self.plain_roles:
            messages = roles.without_system(messages)
        if self.plain_roles:
            messages = roles.alternating(messages)
        spoken["messages"] = messages
        if "stream" in self.without:
            spoken.pop("stream_options", None)
        if self.completion_tokens and "max_tokens" in spoken:
            spoken["max_completion_tokens"] = spoken.pop("max_tokens")
        if self.positive_temperature and spoken.get("temperature") == 0:
            del spoken["temperature"]
        if self.effort and "reasoning_effort" in spoken:
            if self.effort == "template":
                del spoken["reasoning_effort"]
                spoken["chat_template_kwargs"] = {"enable_thinking": False}
            else:
                spoken["reasoning_effort"] = self.effort
        return spoken

    def after(self, error: ServerError, body: Body) -> Dialect | None:
        """Return the dialect that a refusal teaches, or ``None`` if it teaches nothing new."""
        if error.status not in _REFUSING or is_too_long(error):
            return None
        if error.status not in _UNCLEAR and not _REFUSAL.search(error.words):
            return None
        sent = self.spoken(body)
        for learnt in self._learnt(error, sent):
            if learnt.spoken(body) != sent:
                return learnt
        return None

    def trials(self, error: ServerError, body: Body) -> Iterator[Dialect]:
        """Yield what is worth a try when a refusal does not say what is wrong."""
        if error.status not in _UNCLEAR or is_too_long(error):
            return
        sent = self.spoken(body)
        bare = replace(self, without=self.without | (sent.keys() - REQUIRED), completion_tokens=False)
        plain = replace(bare, plain_roles=True, tools_as_text=True)
        for tried in (replace(self, images=False), bare, plain):
            if tried.spoken(body) != sent:
                yield tried

    def news(self, before: Dialect) -> list[str]:
        """Return what the user has to know is left out now, and was not before."""
        named = {"reasoning_effort": "reasoning effort", "top_p": "top_p"}
        return [
            *(["images"] if before.images and not self.images else []),
            *(words for name, words in named.items() if name in self.without - before.without),
        ]

    def _learnt(self, error: ServerError, sent: Body) -> Iterator[Dialect]:
        words = error.words
        if roles.has_images(sent["messages"]) and _IMAGES.search(words):
            yield replace(self, images=False)
        named = list(self._named(error, sent))
        if named and len(named) > 1 and _EITHER.search(words):
            named = named[-1:]
        if named:
            learnt = self
            for name in named:
                learnt = learnt._without(name, error, sent)
            yield learnt
        if roles.has_system(sent["messages"]) and _SYSTEM.search(words):
            yield replace(self, system_role=False)
        if _ROLES.search(words):
            yield replace(self, plain_roles=True)

    def _named(self, error: ServerError, sent: Body) -> Iterator[str]:
        """Yield the fields of a request that a refusal names."""
        for name in sent:
            plain = "max_tokens" if name == "max_completion_tokens" else name
            if name in ("model", "messages"):
                continue
            pattern = _NAMES.get(plain, rf"(?<![\w]){re.escape(plain)}(?![\w])")
            if error.param in (name, plain) or re.search(pattern, error.words, re.I):
                # A message about tokens or streams in general is none about a field.
                if plain in ("stream", "tools") and not _REFUSAL.search(error.words):
                    continue
                yield name

    def _without(self, name: str, error: ServerError, sent: Body) -> Dialect:
        """Return this dialect without a field, or with another form of it."""
        words = error.words
        if name == "tools":
            return replace(self, tools_as_text=True)
        if name == "max_tokens" and not self.completion_tokens:
            return replace(self, completion_tokens=True)
        if name == "max_completion_tokens":
            return replace(self, completion_tokens=False, without=self.without | {"max_tokens"})
        if name == "temperature" and sent["temperature"] == 0 and _POSITIVE.search(words):
            return replace(self, positive_temperature=True)
        if name == "reasoning_effort" and self.effort is None and (effort := _effort(str(sent[name]), words)):
            return replace(self, effort=effort)
        return replace(self, without=self.without | {name})


class Refusals:
    """The refusals of one request: finds another way to ask after each, or raises the first unclear one.

    ``teach`` says whether a way that succeeds shows what the endpoint does not take.
    """

    def __init__(self) -> None:
        self._first: Exception | None = None
        self._trials: Iterator[Dialect] = iter(())
        self.teach = True

    def next_dialect(self, dialect: Dialect, error: Exception, body: Body) -> Dialect:
        """Return how to ask next."""
        if self._first is None:
            if isinstance(error, ServerError) and (another := dialect.after(error, body)):
                return another
            if isinstance(error, ServerError):
                self._trials = dialect.trials(error, body)
            elif isinstance(error, EmptyReplyError):
                self._trials = self._after_nothing(dialect, body)
            self._first = error
        elif isinstance(error, ServerError) and not self.teach:
            self._first = error  # what the endpoint has to say, at last
        another = next(self._trials, None) if isinstance(error, ServerError | EmptyReplyError) else None
        if another is None:
            raise self._first from self._first.__cause__  # by which it is explained
        return another

    def _after_nothing(self, dialect: Dialect, body: Body) -> Iterator[Dialect]:
        """Yield what is worth a try when an answer ends without a word.

        Some servers fail so within a stream, and say why only without one.
        """
        if roles.has_images(dialect.spoken(body)["messages"]):
            yield replace(dialect, images=False)
        self.teach = False
        if "stream" not in dialect.without:
            yield replace(dialect, without=dialect.without | {"stream"})


def _effort(wanted: str, words: str) -> str | None:
    """Return the effort nearest to the wanted one among those that a refusal lists."""
    listed = [
        effort for effort in _EFFORTS if re.search(rf"['\"`]{effort}['\"`]", words) and effort != wanted
    ]
    if wanted == "none":
        return "minimal" if "minimal" in listed else "template"
    if not listed or wanted not in _EFFORTS:
        return None
    return min(listed, key=lambda effort: abs(_EFFORTS.index(effort) - _EFFORTS.index(wanted)))
