"""Small copies of the layouts of the benchmarks' repositories."""

from __future__ import annotations

import json
from pathlib import Path

_TASKS = """
from collections import namedtuple
from enum import Enum

print("importing is noisy")
ToolType = namedtuple("ToolType", ["name", "description", "function", "fn_signature"])


class ActionMode(Enum):
    TEXT_AS_ACTION = "text_as_action"
    JSON_AS_ACTION = "json_as_action"
    CODE_AS_ACTION = "code_as_action"


class Task:
    is_single_tool_task = False

    def __init__(self, name, tools, instruction, expected_output):
        self.name, self.tools, self.instruction = name, tools, instruction
        self.expected_output = expected_output
        self.reset()

    def reset(self):
        if callable(self.tools):
            self.tools = self.tools()

    def get_prompt(self, mode):
        return f"{mode.value}: {self.instruction}"

    def parse_generation(self, text):
        if "Answer:" in text:
            return {"type": "answer", "content": text.split("Answer:")[1].strip(), "extra_info": None}
        if "Action:" in text:
            action = text.split("Action:")[1].split("End Action")[0].strip()
            return {"type": "action", "content": action, "extra_info": None}
        return {"type": "invalid", "content": "Say Action: or Answer:"}

    def execute_action(self, action, mode):
        return eval(action, {name: tool.function for name, tool in self.tools.items()})

    def check_answer(self, answer):
        if answer == "crash":
            import os
            os._exit(3)
        return answer == str(self.expected_output)


def counter_tools():
    state = {"n": 0}

    def count():
        state["n"] += 1
        return state["n"]

    return {"count": ToolType("count", "Counts its calls.", count, "count() -> int")}


_tasks = [
    Task("sums/one", {"add": ToolType("add", "Adds two numbers.", lambda a, b: a + b,
                                      "add(a: int, b: int) -> int")}, "What is 2 and 40?", 42),
    Task("web_browsing/count", counter_tools, "Call count once. What does it return?", 1),
]


def get_task_iterator():
    yield from _tasks
"""
_WEB = "from tasks import counter_tools as create_tools\n"

_MANAGER = """
import copy, json, os
import sentence_transformers
from apis import Add


class ToolManager:
    def __init__(self):
        self.tools = {"Add": Add()}

    def get_api_description(self, name):
        return json.dumps({"name": name})

    def init_tool(self, name):
        return self.tools[name]

    def api_call(self, name, **arguments):
        return self.tools[name].call(**arguments)
"""
_APIS = """
class Add:
    def call(self, items, to):
        if not isinstance(items, list):
            raise ValueError("a list")
        return {"output": [*items, to]}

    def check_api_call_correctness(self, result, truth):
        return result["output"] == truth["output"]
"""
_EXTRACTION = """
import json, re


def parse_api_call(text, mode):
    if mode != "json_as_action":
        raise ValueError("the reference reads no lists here")
    call = json.loads(re.search(r"\\[(\\{.*\\})\\]", text)[1])
    return call.pop("action"), call
"""


def code_act(folder: Path) -> Path:
    """Write a small code-act repository, with two tasks of M3ToolEval and three items of API-Bank."""
    tasks = folder / "scripts" / "eval" / "m3tooleval" / "tasks"
    (tasks / "impl").mkdir(parents=True)
    (tasks / "__init__.py").write_text(_TASKS)
    (tasks / "impl" / "__init__.py").touch()
    (tasks / "impl" / "web_browsing.py").write_text(_WEB)
    bank = folder / "scripts" / "eval" / "api-bank"
    samples = bank / "lv1-lv2-samples" / "level-1-given-desc"
    samples.mkdir(parents=True)
    (bank / "tool_manager.py").write_text(_MANAGER)
    (bank / "apis.py").write_text(_APIS)
    (bank / "api_call_extraction.py").write_text(_EXTRACTION)
    call = {"role": "API", "api_name": "Add"}
    turns = [
        {"role": "User", "text": "Add milk, please."},
        call | {"param_dict": {"items": "['eggs']", "to": "milk"}, "result": {"output": ["eggs", "milk"]}},
        call | {"param_dict": {"items": "['eggs']", "to": "tea"}, "result": {"output": ["eggs", "tea"]}},
        {"role": "AI", "text": "Done."},
    ]
    (samples / "Add-1.jsonl").write_text("\n".join(json.dumps(turn) for turn in turns))
    return folder


def mint(folder: Path) -> Path:
    """Write a small mint-bench repository, with one task of each family."""
    items = {
        "gsm8k": {"id": 0, "prompt": "What is 6 times 7?", "reference": "42"},
        "math": {"id": 0, "prompt": "What is 1 - 4?", "reference": "-3.0"},
        "mmlu": {"id": 0, "prompt": "Which is even?\nOptions: A ) 3 , B ) 4", "reference": "b"},
        "theoremqa": {"id": 0, "prompt": "A path?", "reference": [0, 5], "answer_type": "list of integer"},
        "hotpotqa": {"id": 0, "prompt": "Who wrote it?", "reference": "Ada Lovelace"},
        "humaneval": {
            "id": 0,
            "prompt": 'def twice(x):\n    """Return twice x."""',
            "canonical_solution": "    return 2 * x\n",
            "reference": "def check(f):\n    assert f(4) == 8\n\ncheck(twice)",
        },
        "mbpp": {
            "id": 0,
            "prompt": "Half of x.",
            "code": "def half(x):\r\n    return x / 2",
            "reference": "assert half(4) == 2",
        },
    }
    for family, item in items.items():
        place = folder / "data" / "processed" / family
        place.mkdir(parents=True)
        (place / "test_prompts.json").write_text(json.dumps(item) + "\n")
    return folder
