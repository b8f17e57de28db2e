"""What a tool's declaration becomes: names, signatures, docstrings, and how much of it the model is told."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_codeact.mcp.client.functions import first_sentence, functions_of, module_name
from jupyter_codeact.mcp.client.listing import ROOM, listing


def tool(name: str, *, hints: Any = None, **schema: Any) -> dict[str, Any]:
    return {"name": name, "description": f"Does {name}. Well.", "inputSchema": schema, "annotations": hints}


def test_a_schema_becomes_a_signature_and_a_docstring() -> None:
    [function] = functions_of(
        [
            tool(
                "find-it",
                type="object",
                properties={
                    "most": {"type": "integer", "default": 3, "description": "How many."},
                    "class": {"$ref": "#/$defs/Kind"},
                    "tags": {"type": "array", "items": {"type": "string"}},
                    "when": {"anyOf": [{"type": "number"}, {"type": "null"}]},
                },
                required=["class"],
                **{"$defs": {"Kind": {"enum": ["a", "b"], "description": "Which."}}},
            )
        ]
    )
    assert function.line == (
        "find_it(class_: Literal['a', 'b'], most: int = 3, tags: list[str] = None, "
        "when: float | None = None): Does find-it."
    )
    assert function.definition["doc"] == (
        "Does find-it. Well.\n\nParameters\n----------\nclass_ : Literal['a', 'b']\n    Which.\n"
        "most : int, optional\n    How many.\ntags : list[str], optional\nwhen : float | None, optional"
    )
    assert [one["argument"] for one in function.definition["parameters"]] == ["class", "most", "tags", "when"]


def test_names_become_identifiers_that_differ() -> None:
    names = ["read-note", "read_note", "read note", "2nd", "class", "McpError", "größe", "read-note", "", 7]
    functions = functions_of({"name": name} for name in names)
    assert [(one.tool, one.name) for one in functions] == [
        ("read-note", "read_note"),
        ("read_note", "read_note_2"),
        ("read note", "read_note_3"),
        ("2nd", "_2nd"),
        ("class", "class_"),
        ("McpError", "McpError_"),
        ("größe", "gr_e"),
    ]


@pytest.mark.parametrize(
    ("server", "module"),
    [
        ("files", "files"),
        ("my-server", "my_server"),
        ("time", "time_mcp"),
        ("class", "class_mcp"),
        ("list", "list_mcp"),
        ("1st", "_1st"),
        ("…", "server"),
    ],
)
def test_a_servers_name_hides_nothing_of_pythons(server: str, module: str) -> None:
    assert module_name(server) == module
    assert module_name(server, {module}) == f"{module}_2"


@pytest.mark.parametrize(
    "schema",
    [
        7,
        {"type": "array"},
        {"type": "object", "properties": []},
        {"type": "object", "properties": {"x": {"type": "strange"}}},
        {"$schema": ["a list"]},
        {"$schema": "http://[::1"},
    ],
)
def test_a_tool_with_an_invalid_schema_takes_anything_and_costs_no_other(schema: Any) -> None:
    broken, good = functions_of([{"name": "broken", "inputSchema": schema}, {"name": "good"}])
    assert broken.line == "broken(**arguments): No description."
    assert broken.problem.startswith("broken: their JSON Schema is not ")
    assert "Its parameters are not known: their JSON Schema is not " in broken.definition["doc"]
    assert (good.line, good.problem) == ("good(): No description.", "")
    assert functions_of(["none", None, {"title": "no name"}]) == []


@pytest.mark.parametrize(
    ("hints", "destructive"),
    [
        (None, True),
        ({}, True),
        ("nonsense", True),
        ({"readOnlyHint": True}, False),
        ({"readOnlyHint": True, "destructiveHint": True}, False),
        ({"destructiveHint": False}, False),
        ({"readOnlyHint": False, "destructiveHint": True}, True),
    ],
)
def test_a_tool_is_destructive_as_it_says_and_else_as_the_protocol_says(
    hints: Any, destructive: bool
) -> None:
    [function] = functions_of([tool("it", hints=hints)])
    assert function.destructive is destructive
    [allowed] = functions_of([tool("it", hints=hints)], ["it"])
    assert not allowed.destructive


def test_of_two_tools_of_one_name_the_user_is_told_and_neither_hides_what_the_other_destroys() -> None:
    twins = [tool("it", hints={"readOnlyHint": True}), tool("it", hints={"destructiveHint": True})]
    [function] = functions_of(twins)
    assert function.destructive
    assert "two tools of this name" in function.problem


def test_old_drafts_say_otherwise_what_is_required() -> None:
    old = {"$schema": "http://json-schema.org/draft-03/schema#", "required": True}
    [function] = functions_of([tool("it", **old, properties={"x": {"required": True}})])
    assert function.line.startswith("it(x = None)")


def test_a_long_list_of_functions_keeps_within_its_room() -> None:
    few = functions_of([tool("one"), tool("two")])
    assert listing(few) == ["one(): Does one.", "two(): Does two."]
    many = functions_of(
        tool(f"tool_{n}", type="object", properties={"x": {"type": "string"}}) for n in range(70)
    )
    assert listing(many)[0] == "tool_0(x: str = None)"
    lines = listing(
        functions_of(
            tool(f"tool_{n}")
            | {
                "inputSchema": {
                    "type": "object",
                    "properties": {f"argument_{m}": {"type": "string"} for m in range(9)},
                }
            }
            for n in range(70)
        )
    )
    assert lines[0].startswith("tool_0(argument_0: str = None, ")
    assert lines[-1].startswith("and tool_")
    assert lines[-1].endswith(", tool_69")
    assert sum(map(len, lines)) < 2 * ROOM


def test_the_first_sentence_is_one_line() -> None:
    assert first_sentence("Reads\n  a file e.g. this. And more.") == "Reads a file e.g."
    assert first_sentence("x" * 200) == "x" * 139 + "…"
