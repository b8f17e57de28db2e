"""smolagents' `CodeAgent`, run inside a kernel by `baselines`.

It works with the kernel's variables and functions, and leaves its own there. Needs the extra ``[baselines]``.
"""

from __future__ import annotations

import inspect
import json
import types
from collections.abc import Callable, Mapping
from typing import Any

from smolagents import ActionStep, CodeAgent, LogLevel, OpenAIModel, Tool

_players: dict[str, Player] = {}


class Player:
    """A `CodeAgent` with its own defaults, except for the options of an episode."""

    def __init__(self, namespace: dict[str, Any], options: Mapping[str, Any]) -> None:
        self._namespace = namespace
        model = OpenAIModel(
            options["model"],
            api_base=options["url"],
            api_key=options["api_key"],
            # A local server may close an idle connection just when it is used again.
            client_kwargs={"default_headers": {"Connection": "close"}},
            temperature=options["temperature"],
            max_tokens=options["reply_tokens"],
            **({"seed": options["seed"]} if options["seed"] is not None else {}),
        )
        marked = {name: value for name, value in namespace.items() if hasattr(value, "__codeact_tool__")}
        self._agent = CodeAgent(
            tools=[_as_tool(name, function) for name, function in marked.items()],
            model=model,
            additional_authorized_imports=["*"],
            max_steps=options["turns"],
            verbosity_level=LogLevel.OFF,
            executor_kwargs={"timeout_seconds": options["cell_seconds"]},
            return_full_result=True,
        )
        self._tools = marked.keys() | {"final_answer"}

    def run(self, request: str, *, again: bool) -> dict[str, Any]:
        """Work on a request, or continue the earlier one, and return the outcome."""
        variables = {
            name: value
            for name, value in self._namespace.items()
            if not name.startswith("_")
            and name not in {*self._tools, "In", "Out", "exit", "quit", "open", "get_ipython"}
            and not isinstance(value, types.ModuleType)
        }
        result = self._agent.run(request, reset=not again, additional_args=None if again else variables)
        for name, value in self._agent.python_executor.state.items():
            if not name.startswith("_") and name not in self._tools:
                self._namespace[name] = value
        usage = result.token_usage
        return {
            "answer": str(result.output),
            "answered": result.state == "success",
            "turns": sum(isinstance(step, ActionStep) for step in self._agent.memory.steps),
            "prompt_tokens": usage.input_tokens if usage else 0,
            "completion_tokens": usage.output_tokens if usage else 0,
            "actions": [
                step.code_action
                for step in self._agent.memory.steps
                if isinstance(step, ActionStep) and step.code_action and step.error is None
            ],
            "messages": [_as_text(message) for message in self._agent.write_memory_to_messages()],
        }


def play(namespace: dict[str, Any], options: str) -> None:
    """Let an episode's player work on a request, given as JSON with its options, and print the outcome."""
    parsed = json.loads(options)
    player = _players.get(parsed["episode"])
    again = player is not None
    if player is None:
        player = _players[parsed["episode"]] = Player(namespace, parsed)
    print(json.dumps({"played": player.run(parsed["request"], again=again)}))


def _as_tool(name: str, function: Callable[..., Any]) -> Tool:
    """Return a function as a tool for smolagents; its parameters may be of any type."""
    parameters = inspect.signature(function).parameters.values()
    inputs = {
        parameter.name: {
            "type": "any",
            "description": _annotation(parameter),
            "nullable": parameter.default is not parameter.empty,
        }
        for parameter in parameters
        if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
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


def _annotation(parameter: inspect.Parameter) -> str:
    return parameter.name if parameter.annotation is parameter.empty else f"{parameter.annotation}"


def _as_text(message: Any) -> dict[str, str]:
    """Return a message as a role and text."""
    content = message.content
    if not isinstance(content, str):
        content = "\n".join(part.get("text", "(an image)") for part in content or [])
    role = str(getattr(message.role, "value", message.role))
    return {"role": {"tool-call": "assistant", "tool-response": "user"}.get(role, role), "content": content}
