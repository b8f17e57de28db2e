"""API-Bank, level 1 with API descriptions: 399 items, one call each, in the paper's three formats."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..agent.contracts import ChatModel, Message
from .harness import reply_of
from .records import Case, Played, SelfTest, Setting
from .upstream import Upstream

GUIDES = {
    "code": "[ApiName(parameter1='value1', parameter2='value2', ...)]",
    "json": '[{"action": "ApiName", "parameter1": "value1", "parameter2": "value2", ...}]',
    "text": "[Action: ApiName, parameter1: value1, parameter2: value2, ...]",
}
"""How a call is written in each format. Small models copy example names that sound like positions (first,
second), more often as JSON and text than as code; these names avoid that."""

SYSTEM = (
    "You assist a user by calling APIs. Below are their descriptions, then comes the conversation so far. "
    "Write the next API call, in this form and with nothing else: {guide} Use the real names of the API and "
    "of its parameters, as many as it needs, and values from the conversation. The year is 2023."
    "\n\nAPIs:\n{apis}"
)


class ApiBank:
    """The suite, from a checkout that has the API-Bank folder."""

    name = "api-bank"
    notes: Sequence[str] = ()
    formats: Mapping[str, Sequence[str]] = MappingProxyType({"paper": ("code", "json", "text")})

    def __init__(self, source: Path) -> None:
        self._upstream = Upstream("api_bank_worker", source)
        self._names: list[str] = []

    async def cases(self) -> list[Case]:
        """Return the items; their families are the APIs."""
        listed = [Case(**case) for case in await self._upstream.call("list")]
        self._names = [case.name for case in listed]
        return listed

    async def play(self, case: Case, setting: Setting, model: ChatModel) -> Played:
        """Ask for one call. ``strict`` is the reference parser's verdict; ``detail`` has both parsers'."""
        if not self._names:
            await self.cases()
        index = self._names.index(case.name)
        item = await self._upstream.call("item", index=index)
        chat = conversation(item["history"], item["apis"], setting.format)
        text, usage = await reply_of(model, chat, setting)
        score = await self._upstream.call("score", index=index, action_format=setting.format, reply=text)
        return Played(
            strict=score["reference"],
            success=score["reference"],
            ending="answered",
            turns=1,
            usage=usage,
            answer=text,
            messages=[*chat, {"role": "assistant", "content": text}],
            detail=score,
        )

    async def self_test(self) -> SelfTest:
        """Submit the ground truth in every format, and name the items that pass in none."""
        counts = {(kind, parser): 0 for kind in GUIDES for parser in ("reference", "fair")}
        unscored = []
        cases = await self.cases()
        for index, case in enumerate(cases):
            truth = await self._upstream.call("truth", index=index)
            arguments = {key: native(value) for key, value in truth["arguments"].items()}
            passed = False
            for kind, render in RENDER.items():
                reply = render(truth["name"], arguments)
                score = await self._upstream.call("score", index=index, action_format=kind, reply=reply)
                for parser, correct in score.items():
                    counts[kind, parser] += correct
                    passed = passed or correct
            if not passed:
                unscored.append(f"{case.family}/{case.name} passes in no format.")
        scores = [f"{kind} with the {parser} parser {count}" for (kind, parser), count in counts.items()]
        return SelfTest(
            count=len(cases), summary="Ground truth scores: " + ", ".join(scores) + ".", notes=unscored
        )

    async def close(self) -> None:
        """End the process."""
        await self._upstream.close()


def conversation(history: Sequence[Mapping[str, Any]], apis: Sequence[str], kind: str) -> list[Message]:
    """Return the messages to the model; calls are the assistant's messages, their results the user's."""
    chat: list[Message] = [
        {"role": "system", "content": SYSTEM.format(guide=GUIDES[kind], apis="\n".join(apis))}
    ]
    for turn in history:
        if turn["role"] == "API":
            _add_message(chat, "assistant", RENDER[kind](turn["api_name"], turn["param_dict"]))
            _add_message(chat, "user", f"Response: {turn['result']['output']}")
        else:
            _add_message(chat, "user" if turn["role"] == "User" else "assistant", turn["text"])
    return chat


def _add_message(chat: list[Message], role: str, text: str) -> None:
    """Add a message; adjacent messages of the assistant are joined."""
    if role == "assistant" and chat[-1]["role"] == role:
        chat[-1] = {"role": role, "content": f"{chat[-1]['content']}\n{text}"}
    else:
        chat.append({"role": role, "content": text})


def native(value: Any) -> Any:
    """Return a value, and a list that the data set stores as text as a list."""
    if isinstance(value, str) and value.strip().startswith("["):
        try:
            read = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            return value
        return read if isinstance(read, list) else value
    return value


def _as_code(name: str, arguments: Mapping[str, Any]) -> str:
    shown = (
        f"{key}={value}" if isinstance(value, list) else f"{key}='{value}'"
        for key, value in arguments.items()
    )
    return f"[{name}({', '.join(shown)})]"


def _as_json(name: str, arguments: Mapping[str, Any]) -> str:
    return f"[{json.dumps({'action': name, **arguments})}]"


def _as_text(name: str, arguments: Mapping[str, Any]) -> str:
    return f"[{', '.join([f'Action: {name}', *(f'{key}: {value}' for key, value in arguments.items())])}]"


RENDER: Mapping[str, Callable[[str, Mapping[str, Any]], str]] = MappingProxyType(
    {"code": _as_code, "json": _as_json, "text": _as_text}
)
"""How each format writes a call down."""
