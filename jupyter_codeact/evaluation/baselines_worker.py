"""smolagents' `CodeAgent` in a kernel.

It works with the kernel's variables and functions, and leaves its own there. Needs the extra ``[baselines]``;
`baselines` is its other half.
"""

from __future__ import annotations

import inspect
import json
import types
from collections.abc import Callable, Mapping
from typing import Any

from smolagents import ActionStep, CodeAgent, LogLevel, OpenAIModel, Tool

_agents: dict[str, Contestant] = {}


class Contestant:
    """A `CodeAgent` with its own defaults, but for what an episode's setting says."""

    def __init__(self, namespace: dict[str, Any], told: Mapping[str, Any]) -> None:
        self._namespace = namespace
        model = OpenAIModel(
            told["model"],
            api_base=told["url"],
            api_key=told["api_key"],
            # What runs on this machine may close a connection that is idle just when it is used again.
            client_kwargs={"default_headers": {"Connection": "close"}},
            temperature=told["temperature"],
            max_tokens=told["reply_tokens"],
            **({"seed": told["seed"]} if told["seed"] is not None else {}),
        )
        marked = {name: value for name, value in namespace.items() if hasattr(value, "__codeact_tool__")}
        self._agent = CodeAgent(
            tools=[_as_tool(name, function) for name, function in marked.items()],
            model=model,
            additional_authorized_imports=["*"],
            max_steps=told["turns"],
            verbosity_level=LogLevel.OFF,
            executor_kwargs={"timeout_seconds": told["cell_seconds"]},
            return_full_result=True,
        )
        self._tools = marked.keys() | {"final_answer"}

    def run(self, request: str, *, again: bool) -> dict[str, Any]:
        """Work on a request, or go on with what was asked before, and return what came of it."""
        given = {
            name: value
            for name, value in self._namespace.items()
            if not name.startswith("_")
            and name not in {*self._tools, "In", "Out", "exit", "quit", "open", "get_ipython"}
            and not isinstance(value, types.ModuleType)
        }
        result = self._agent.run(request, reset=not again, additional_args=None if again else given)
        for name, value in self._agent.python_executor.state.items():
            if not name.startswith("_") and name not in self._tools:
                self._namespace[name] = value
        used = result.token_usage
        return {
            "answer": str(result.output),
            "answered": result.state == "success",
            "turns": sum(isinstance(step, ActionStep) for step in self._agent.memory.steps),
            "prompt_tokens": used.input_tokens if used else 0,
            "completion_tokens": used.output_tokens if used else 0,
            "messages": [_plain(message) for message in self._agent.write_memory_to_messages()],
        }


def play(namespace: dict[str, Any], told: str) -> None:
    """Have the contestant of an episode work on what it is told, in JSON, and print what came of it."""
    asked = json.loads(told)
    contestant = _agents.get(asked["episode"])
    again = contestant is not None
    if contestant is None:
        contestant = _agents[asked["episode"]] = Contestant(namespace, asked)
    print(json.dumps({"played": contestant.run(asked["request"], again=again)}))


def _as_tool(name: str, function: Callable[..., Any]) -> Tool:
    """Return a function as smolagents wants it; what it takes may be of any type."""
    parameters = inspect.signature(function).parameters.values()
    inputs = {
        one.name: {"type": "any", "description": _words(one), "nullable": one.default is not one.empty}
        for one in parameters
        if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
    }

    def forward(self: Tool, *arguments: Any, **named: Any) -> Any:
        return function(*arguments, **named)

    made = type(
        f"{name}_tool",
        (Tool,),
        {
            "name": name,
            "description": f"{name}{inspect.signature(function)}: {inspect.getdoc(function) or ''}",
            "inputs": inputs,
            "output_type": "any",
            "skip_forward_signature_validation": True,
            "forward": forward,
        },
    )
    return made()


def _words(parameter: inspect.Parameter) -> str:
    return parameter.name if parameter.annotation is parameter.empty else f"{parameter.annotation}"


def _plain(message: Any) -> dict[str, str]:
    """Return a message as roles and text."""
    content = message.content
    if not isinstance(content, str):
        content = "\n".join(part.get("text", "(an image)") for part in content or [])
    role = str(getattr(message.role, "value", message.role))
    return {"role": {"tool-call": "assistant", "tool-response": "user"}.get(role, role), "content": content}
