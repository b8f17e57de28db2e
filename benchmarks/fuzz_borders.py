"""Notebook files and messages of pages with random damage: a sentence at most, and nothing takes long.

Run with ``python benchmarks/fuzz_borders.py [--notebooks N] [--messages N] [--seed S]``. Each notebook is
read as ``jupyter codeact run`` reads it: it must be refused in a sentence of one line, or be valid from then
on, when it is written and when it is read again. Each message is read as the server reads it: it must be
understood or refused, and what waits for its answer must be told. The tests use the same generators, for
seconds only.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat

from jupyter_codeact.agent.contracts import NotebookError
from jupyter_codeact.notebooks.document import Document, cell_of
from jupyter_codeact.protocol import FROM_SERVER, Done, Refused
from jupyter_codeact.server.messages import UnreadableError, read_message

SLOW = 1.0
"""Seconds that no input of up to a megabyte may take."""
TEXTS = [
    *(
        "",
        "x = 1\r\nprint(x)\r",
        "\ud83d",
        "\udce9",
        "\x00\x1b[31m\x07",
        "a\u2028b\x85c",
        "# é 漢 🐧",
        "a" * 70,
    ),
    *("</output>", "NaN", "../..", "code", "stream", "1", "true", '"', "\\", " ", "\ufeff", "x" * 5000),
]
Json = Any


def value(chance: random.Random, depth: int = 0) -> Json:
    """Return a random JSON value."""
    match chance.randrange(12 if depth < 4 else 9):
        case 0:
            return None
        case 1:
            return chance.choice([True, False])
        case 2:
            return chance.choice([0, -1, 1, 5, 2**31, 2**63, 10**40, 1e300, 0.5, float("nan"), float("inf")])
        case 3:
            return nested(chance.choice([3, 90, 150, 260, 330]))
        case 9 | 10:
            return {
                chance.choice([*TEXTS, *KEYS]): value(chance, depth + 1) for _ in range(chance.randrange(4))
            }
        case 11:
            return [value(chance, depth + 1) for _ in range(chance.randrange(4))]
        case _:
            return chance.choice(TEXTS)


def nested(depth: int) -> Json:
    """Return a value of so many levels."""
    inner: Json = "deep"
    for level in range(depth):
        inner = [inner] if level % 2 else {"a": inner}
    return inner


KEYS = [
    *("id", "type", "cell_type", "source", "metadata", "outputs", "output_type", "data", "text", "name"),
    *("execution_count", "cells", "nbformat", "nbformat_minor", "worksheets", "attachments", "traceback"),
    *("ename", "kernelspec", "language_info", "codeact", "widgets", "tags", "state", "execution", "notebook"),
]


def damaged(chance: random.Random, whole: Json) -> Json:
    """Return a copy of a JSON value with some parts replaced, removed, doubled or added."""
    whole = deepcopy(whole)
    for _ in range(chance.choice([0, 1, 1, 1, 2, 3, 6])):
        places = list(_places(whole))
        if not places:
            return value(chance)
        holder, key = chance.choice(places)
        match chance.randrange(6):
            case 0:
                del holder[key]
            case 1 if isinstance(holder, list):
                holder.insert(key, deepcopy(holder[key]))
            case 2 if isinstance(holder, dict):
                holder[chance.choice(KEYS)] = value(chance)
            case 3:
                other, place = chance.choice(places)
                if isinstance(other, dict) and place in other:
                    holder[key] = deepcopy(other[place])
            case _:
                holder[key] = value(chance)
    return whole


def _places(whole: Json) -> Sequence[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    waiting = [whole]
    while waiting and len(found) < 2000:
        one = waiting.pop()
        pairs = one.items() if isinstance(one, dict) else enumerate(one) if isinstance(one, list) else ()
        for key, inner in pairs:
            found.append((one, key))
            waiting.append(inner)
    return found


def encoded(chance: random.Random, whole: Json) -> bytes:
    """Return a JSON value as a file might have it."""
    text = json.dumps(whole, ensure_ascii=chance.random() < 0.7, indent=chance.choice([None, 1]))
    encoding = chance.choice(["utf-8"] * 20 + ["utf-16", "utf-16-be", "utf-8-sig", "cp1252", "utf-32"])
    content = text.encode(encoding, "surrogatepass" if encoding.startswith("utf") else "replace")
    if chance.random() < 0.1:
        at = chance.randrange(len(content) + 1)
        content = chance.choice(
            [content[:at], content[:at] + bytes([chance.randrange(256)]) + content[at + 1 :], content + b"}"]
        )
    return content


def notebooks() -> list[Json]:
    """Return valid notebooks of all formats."""
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": ["1\n", "2\n"]},
        {
            "output_type": "display_data",
            "data": {"text/plain": "a", "application/json": {"a": [1]}},
            "metadata": {},
        },
        {
            "output_type": "execute_result",
            "data": {"text/html": "<b>1</b>"},
            "metadata": {},
            "execution_count": 1,
        },
        {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["a", "b"]},
    ]
    cells = [
        {
            "cell_type": "markdown",
            "metadata": {},
            "source": "# A",
            "attachments": {"a.png": {"image/png": "AAAA"}},
        },
        {
            "cell_type": "code",
            "metadata": {"tags": ["parameters"], "codeact": {"protected": True}},
            "source": ["x = 1\n", "x"],
            "execution_count": 1,
            "outputs": outputs,
        },
        {"cell_type": "code", "metadata": {}, "source": "y", "execution_count": None, "outputs": []},
        {"cell_type": "raw", "metadata": {}, "source": "raw"},
    ]
    metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python"},
    }
    four = {"nbformat": 4, "nbformat_minor": 4, "metadata": metadata, "cells": cells}
    with_ids = [{**cell, "id": f"cell-{number}"} for number, cell in enumerate(cells)]
    old_code = {
        "cell_type": "code", "collapsed": False, "input": ["1 + 1"], "language": "python", "metadata": {},
        "outputs": [{"output_type": "pyout", "prompt_number": 1, "text": ["2"], "metadata": {}}],
        "prompt_number": 1,
    }  # fmt: skip
    heading = {"cell_type": "heading", "level": 2, "metadata": {}, "source": ["Old"]}
    sheets = [{"metadata": {}, "cells": [heading, old_code]}]
    return [
        four,
        {**four, "nbformat_minor": 0},
        {**four, "nbformat_minor": 5, "cells": with_ids},
        {
            **four,
            "nbformat_minor": 9,
            "cells": [*with_ids, {"cell_type": "query", "id": "q", "metadata": {}}],
        },
        {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": "old"}, "worksheets": sheets},
        {
            "nbformat": 2,
            "metadata": {"name": "old"},
            "worksheets": [{"cells": [old_code, {"cell_type": "html", "source": "<b>y</b>"}]}],
        },
    ]


def damaged_notebook(chance: random.Random, whole: Sequence[Json]) -> bytes:
    """Return the content of a notebook file with random damage."""
    return encoded(chance, damaged(chance, chance.choice(whole)))


def read_notebook(path: Path, output: Path) -> str:
    """Read a notebook, write it and read it again; return ``"refused"``, ``"repaired"`` or ``"read"``."""
    try:
        document = Document(path, output)
    except NotebookError as error:
        said = str(error)
        assert said
        assert "\n" not in said, said
        said.encode()
        return "refused"
    for cell in document.cells:
        cell_of(cell).model_dump_json()
    document.write("added = 1", "code")
    document.save(document.content())
    written = nbformat.read(output, 4)
    nbformat.validate(written)
    json.loads(output.read_text("utf-8"), parse_constant=_refuse)
    again = Document(output, output)
    assert list(map(cell_of, again.cells)) == list(map(cell_of, document.cells))
    assert not again.notes, again.notes
    "".join(document.notes).encode()
    return "repaired" if document.notes else "read"


def _refuse(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def page_messages() -> list[Json]:
    """Return valid messages of a page."""
    about = {"id": "r1", "notebook": "a.ipynb"}
    state = {
        "cells": [{"id": "a", "cell_type": "code", "source": "x", "outputs": [], "execution_count": 1}],
        "active_cell": "a",
        "kernel": {"language": "python", "status": "idle", "session": ""},
    }
    outputs = notebooks()[0]["cells"][1]["outputs"]
    execution = {"status": "ok", "outputs": outputs, "execution_count": 1, "exit_code": None, "seconds": 0.5}
    return [
        {"type": "open", "kernel_id": "k", **about},
        {
            "type": "ask",
            "task": "Count.",
            "attachments": [{"kind": "cell", "name": "[1]", "text": "x"}],
            **about,
        },
        {"type": "resolve_approval", "run": "r", "sha256": "0", "approved": True, "source": "x", **about},
        {
            "type": "save_endpoint",
            "id": "e",
            "name": "n",
            "url": "http://x",
            "settings": {"temperature": 0.1},
        },
        {"type": "began", "id": 7, "message": "m"},
        {"type": "done", "id": 7, "state": state},
        {"type": "done", "id": 7, "cell": notebooks()[2]["cells"][1]},
        {"type": "done", "id": 7, "cell_id": "a", "execution": execution, "state": state},
        {"type": "failed", "id": 7, "message": "No.", "running": False},
    ]


def damaged_message(chance: random.Random, whole: Sequence[Json]) -> str | bytes:
    """Return a message with random damage, as text or, where it is none, as bytes."""
    content = encoded(chance, damaged(chance, chance.choice(whole)))
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content


def take_message(message: str | bytes) -> str:
    """Read a message as the server does; return ``"read"``, ``"refused"`` or ``"failed"``."""
    try:
        read = read_message(message)
    except UnreadableError as error:
        FROM_SERVER.dump_json(Refused(id=error.request, notebook="", message=str(error)))
        return "failed" if error.answer else "refused"
    if isinstance(read, Done):
        read.model_dump_json()
    return "read"


def main() -> None:
    """Run both for as many inputs as asked for, and print what became of them."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--notebooks", type=int, default=10_000)
    options.add_argument("--messages", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=0)
    chosen = options.parse_args()
    chance = random.Random(chosen.seed)
    with tempfile.TemporaryDirectory() as folder:
        source, output = Path(folder, "in.ipynb"), Path(folder, "out.ipynb")
        outcomes: Counter[str] = Counter()
        slowest, whole = 0.0, notebooks()
        for number in range(chosen.notebooks):
            source.write_bytes(damaged_notebook(chance, whole))
            output.unlink(missing_ok=True)
            begun = time.process_time()
            try:
                outcomes[read_notebook(source, output)] += 1
            except BaseException:
                kept = Path(f"notebook-{chosen.seed}-{number}.ipynb")
                kept.write_bytes(source.read_bytes())
                print(f"kept as {kept}")
                raise
            slowest = max(slowest, time.process_time() - begun)
        print(f"notebooks: {dict(outcomes)}, slowest {slowest:.3f} s")
        assert slowest < SLOW
    outcomes, slowest = Counter(), 0.0
    messages = page_messages()
    for _ in range(chosen.messages):
        message = damaged_message(chance, messages)
        begun = time.process_time()
        try:
            outcomes[take_message(message)] += 1
        except BaseException:
            print(repr(message)[:2000])
            raise
        slowest = max(slowest, time.process_time() - begun)
    print(f"messages: {dict(outcomes)}, slowest {slowest:.3f} s")
    assert slowest < SLOW


if __name__ == "__main__":
    main()
