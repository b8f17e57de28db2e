"""Prints the JSON schema that ``src/protocol.ts`` is generated from."""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter

from . import FROM_PAGE, FROM_SERVER


def schema() -> dict[str, Any]:
    """Return one JSON schema with a property each for what the page sends and what the server sends."""
    roots, definitions = TypeAdapter.json_schemas(
        [("FromPage", "serialization", FROM_PAGE), ("FromServer", "serialization", FROM_SERVER)],
        ref_template="#/$defs/{model}",
    )
    properties = {name: root | {"title": name} for (name, _), root in roots.items()}
    for definition in definitions["$defs"].values():
        for field in definition.get("properties", {}).values():
            field.pop("title", None)  # or every field would become a TypeScript type of its own
    return {
        "title": "Protocol",
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
        **definitions,
    }


if __name__ == "__main__":
    print(json.dumps(schema(), indent=2))
