"""Replies and outputs made up at random of what models and programs write, for fuzzing."""

from __future__ import annotations

import json
import random
from typing import Any

from jupyter_codeact.agent.contracts import Output

_PARTS = (
    *("```", "```\n", "```python\n", "```json\n", "```markdown cell=ab\n", "````", "~~~\n", "`", "``"),
    *(
        "<think>",
        "</think>",
        "</think>\n",
        "[THINK]",
        "[/THINK]",
        "<|channel|>analysis<|message|>",
        "<|end|>",
    ),
    *("<execute>", "</execute>", "<solution>", "</solution>", "<code>", "</python>"),
    *(
        "<tool_call>\n",
        "</tool_call>",
        "[TOOL_CALLS]",
        "<function=python>",
        "<parameter=code>",
        "</parameter>",
    ),
    *('{"name": "python", "arguments": {"code": "', '"}}', '{"name":', "{", "}", "[", "]", '"', "\\n", "\\"),
    *("<|tool_call_begin|>functions.python:0", "<|python_tag|>", "<invoke name=", "[ARGS]", "<arg_key>"),
    *(
        "x = 1\n",
        "print(x)\n",
        "def f():\n    pass\n",
        "'''",
        '"""',
        "# note\n",
        "%%bash\n",
        "!ls\n",
        "%time f()\n",
    ),
    *("cat <<EOF\n", "EOF\n", ">>> x\n", "In [1]: ", "Out[1]: 2\n", "\n", "\r\n", "\r", "\t", "    ", " "),
    *(
        "Let me see. ",
        "- [ ] read\n",
        "1. ",
        "| a | b |\n",
        "# Title\n",
        "It is 4.5 %.",
        "é",
        "\u2028",
        "\ufeff",
        "\x00",
    ),
)
_MARKUP = (
    *(
        "<table>",
        "<tr>",
        "<td>",
        "<th>",
        "</td>",
        "</tr>",
        "</table>",
        "<td colspan=3 rowspan='2'>",
        "<li>",
        "<p",
    ),
    *(
        "<!--",
        "-->",
        "<!x>",
        "<![CDATA[",
        "]]>",
        "<?",
        "<script>",
        "</script>",
        "<style>",
        "<a b='c",
        '<img alt="x"',
    ),
    *(
        "<svg width='3' height='4'>",
        "<text>",
        "</text>",
        "<title>",
        "&amp;",
        "&#",
        "&notit",
        "<",
        ">",
        "=",
        "'",
        '"',
    ),
)
_TERMINAL = (
    *(
        "\x1b[31m",
        "\x1b[0m",
        "\x1b[2K",
        "\x1b[1K",
        "\x1b[K",
        "\x1b[3A",
        "\x1b[9999C",
        "\x1b[5G",
        "\x1b]0;t\x07",
    ),
    *(
        "\x1b",
        "\x9b",
        "\r",
        "\b",
        "\n",
        "\r\n",
        "\x00",
        "\ud800",
        "\x85",
        "50%|#####     |",
        "abc",
        "1 rows x 2 columns\n",
    ),
    *(
        "nan",
        "p = nan",
        "<a.B object at 0x7f>",
        "'a\\nb'",
        "'\\n'+",
        "Traceback (most recent call last):\n",
        "[...]",
    ),
    *("File x.py:1, in f(x)\n", "----> 1 f(x)\n", "Cell In[1], line 1\n", "KeyError: 'a'\n", "-----\n"),
)


def reply(chance: random.Random, longest: int = 40) -> str:
    """Return a reply: marks of all forms in any order, some of them many times."""
    return _joined(chance, _PARTS, longest)


def pieces(chance: random.Random, text: str) -> list[str]:
    """Return a text in pieces of any length."""
    cuts = sorted(chance.sample(range(len(text) + 1), min(len(text), chance.randint(0, 12))))
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def outputs(chance: random.Random) -> list[Output]:
    """Return the outputs of a cell: of any kind, as long, deep and broken as they may be."""
    return [_output(chance) for _ in range(chance.randint(0, 4))]


def _output(chance: random.Random) -> Output:
    kind = chance.choice(["stream", "display_data", "execute_result", "error", "display_data"])
    if kind == "stream":
        return {"output_type": kind, "name": chance.choice(["stdout", "stderr"]), "text": _text(chance)}
    if kind == "error":
        traceback: list[Any] = [_text(chance) for _ in range(chance.randint(0, 5))]
        return {"output_type": kind, "ename": _text(chance), "evalue": _text(chance), "traceback": traceback}
    mimes = ("text/plain", "text/html", "text/markdown", "text/latex", "application/json", "image/svg+xml")
    more = ("image/png", "image/jpeg", "application/vnd.plotly.v1+json", "application/x.own")
    data = {mime: _content(chance, mime) for mime in chance.sample([*mimes, *more], chance.randint(0, 3))}
    return {"output_type": kind, "data": data, "metadata": {}}


def _content(chance: random.Random, mime: str) -> Any:
    if mime.endswith("json"):
        return _value(chance)
    if mime in ("image/png", "image/jpeg"):
        return chance.choice(["", "iVBORw0KGgo=", "/9j/4AAQ", "not base64", _text(chance)])
    if mime in ("text/html", "image/svg+xml"):
        markup = _joined(chance, _MARKUP, 30)
        return f"<svg>{markup}" if mime != "text/html" else markup
    return _text(chance)


def _text(chance: random.Random) -> str | list[str]:
    text = _joined(chance, _TERMINAL, 20)
    return text.splitlines(keepends=True) if chance.random() < 0.1 else text


def _value(chance: random.Random) -> Any:
    value: Any = chance.choice(
        [None, 1, 0.5, "a", [], {}, [1, "b"], {"data": [{"type": "bar"}], "layout": 3}]
    )
    for _ in range(chance.choice([0, 1, 3, 900])):
        value = [value] if chance.random() < 0.5 else {"title": value}
    return value


def _joined(chance: random.Random, parts: tuple[str, ...], longest: int) -> str:
    chosen = [chance.choice(parts) for _ in range(chance.randint(0, longest))]
    return "".join(part * chance.choice([1, 1, 1, 1, 2, 50]) for part in chosen)


def described(value: object) -> str:
    """Return an input as a line that can be pasted into a test."""
    return value if isinstance(value, str) else json.dumps(value)
