"""Replies in the forms of many models: an action in another form than the format's own is understood."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from jupyter_codeact.agent.replies.formats import FORMATS
from jupyter_codeact.agent.replies.reply import CodeAction

CODE = "print(6*7)"
ARGUMENTS = f'{{"code": "{CODE}"}}'
ACTIONS = json.loads((Path(__file__).parent / "forms.json").read_text())
"""Replies whose action is ``CODE``, by what is peculiar about them."""


@pytest.mark.parametrize("name", sorted(FORMATS))
@pytest.mark.parametrize("form", ACTIONS)
def test_an_action_in_any_form_is_an_action_in_every_format(name: str, form: str) -> None:
    action_format, reply = FORMATS[name], ACTIONS[form]
    parsed = action_format.parse(reply)
    expected = 'print("hi")' if "escaped" in form else CODE
    assert parsed.actions == (CodeAction(expected),)
    assert parsed.prose in ("", "I look.", "I look:", "Thought: I look.")
    assert action_format.parse(parsed.text).actions == parsed.actions  # the history has it, too
    assert "<|" not in parsed.text
    for thinking in ("<think>1/0</think>\n", "```python\n1/0\n```\nNo.\n</think>\n\n"):
        assert action_format.parse(thinking + reply).code == parsed.code


@pytest.mark.parametrize("form", [form for form in ACTIONS if form not in ("JSON", "only code", "a block")])
def test_an_action_in_another_form_is_kept_in_the_formats_own(form: str) -> None:
    text = FORMATS["markdown"].parse(ACTIONS[form]).text
    assert "```" in text
    assert not any(mark in text for mark in ("tool_call", "execute", "arguments", "[TOOL", "parameter"))


@pytest.mark.parametrize("name", sorted(FORMATS))
@pytest.mark.parametrize(
    "answer",
    [
        "Models write `<tool_call>{…}</tool_call>`, `<execute>` or ```` ```python ````.",
        "To call a tool the model writes <tool_call> and JSON, and closes it with </tool_call>.",
        'Qwen writes <tool_call>{"name": "f", "arguments": {}}</tool_call> to call f.',
        "<tool_call> marks the beginning of a call.",
        "Hermes puts the call between <tool_call> and </tool_call>",
        'A call:\n\n```xml\n<tool_call>{"name": "python", "arguments": {"code": "f()"}}\n```\n\nSo.',
        "Code stands between <execute> and </execute>, the answer follows.",
        "The <code> tag is for code, as in <code>print(1)</code>, and <python> is none of HTML's.",
        "gpt-oss writes `<|channel|>analysis<|message|>` before it thinks.",
        "Mistral's mark is [TOOL_CALLS], Llama's <|python_tag|>.",
        '{"name": "Ada", "age": 36}',
        '{"code": "DE", "name": "Germany"}',
        '{"code": "DE"}',
        '```json\n{"name": "Ada", "type": "person"}\n```',
        '[{"name": "Ada"}, {"name": "Bob"}]',
        "The tag `</think>` closes what `<think>` opens.",
        "Press <|end|> twice.",
        "See [1] and <b>this</b>.",
        "First comes text. <think> opens the thinking, and </think> closes it.",
        "The analysis of final results by the assistant.",
        "analysis of the data: done",
        "Padding is <|pad|>, a token of its own.",
        "Action: none.",
    ],
)
def test_what_only_mentions_a_form_is_an_answer(name: str, answer: str) -> None:
    parsed = FORMATS[name].parse(answer)
    assert (parsed.actions, parsed.fault, parsed.doubt) == ((), "", "")
    assert parsed.prose == answer
    assert not FORMATS[name].is_complete(answer)


@pytest.mark.parametrize("name", sorted(FORMATS))
@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        ('<tool_call>{"name": "python", "arguments": {"code": "print(', "cut"),
        ('{"name": "python", "arguments": {"code": "print(', "cut"),
        ("<tool_call>\n<function=python>\n<parameter=code>\nprint(1", "cut"),
        ("<tool_call>\n", "cut"),
        ('<tool_call>{"name": "python", "arguments": {}}</tool_call>', "call"),
        ('<tool_call>{"name": "bash", "arguments": {"command": "ls"}}</tool_call>', "call"),
        ("<tool_call>print 1</tool_call>", "call"),
        ("```python\nprint(", "cut"),
        ("<think>\nI could run\n```python\n1/0\n```\n", "thinking"),
        ("<|channel|>analysis<|message|>I could run ```python\n1/0\n```\n", "thinking"),
        ("◁think▷Hm.", "thinking"),
        ("<think>Hm.</think>", "only thinking"),
        ("Hm.\n</think>\n\n", "only thinking"),
        ("```bash\nls\n```", "shell"),
    ],
)
def test_a_reply_that_is_neither_is_said_to_be_neither(name: str, reply: str, fault: str) -> None:
    parsed = FORMATS[name].parse(reply)
    assert (parsed.actions, parsed.fault, parsed.is_answer) == ((), fault, False)


@pytest.mark.parametrize(
    ("reply", "doubt"),
    [
        ("To list them:\n```bash\nls\n```", "shell"),
        (f'I look:\n{{"name": "python", "arguments": {ARGUMENTS}}}', "call"),
        (f'I look:\n```json\n{{"name": "python", "arguments": {ARGUMENTS}}}\n```', "call"),
        ('As JSON:\n{"name": "Ada", "age": 36}', ""),
        (f"<run>\n{CODE}\n</run>", "call"),
        (f"I look.\n[code]\n{CODE}\n[/code]", "call"),
        (f'{{"python": {{"script": "{CODE}"}}}}', "call"),
        (f'```xml\n<tool_call>{{"name": "python", "arguments": {ARGUMENTS}}}</tool_call>\n```', "call"),
        ("<b>It is 42.</b>", ""),
        ('{"city": "Berlin (Mitte)"}', ""),
    ],
)
def test_an_answer_that_may_be_meant_as_an_action_is_doubted(reply: str, doubt: str) -> None:
    parsed = FORMATS["markdown"].parse(reply)
    assert (parsed.is_answer, parsed.doubt) == (True, doubt)


@pytest.mark.parametrize("name", sorted(FORMATS))
@pytest.mark.parametrize(
    "thinking",
    [
        "<think>{}</think>\n",
        "<thinking>{}</thinking>",
        "<thought>{}</thought>",
        "<reasoning>\n{}\n</reasoning>",
        "<seed:think>{}</seed:think>",
        "[THINK]{}[/THINK]",
        "◁think▷{}◁/think▷",
        "<|channel>thought\n{}<channel|>",
        "<|START_THINKING|>{}<|END_THINKING|>",
        "<|channel|>analysis<|message|>{}<|end|><|start|>assistant<|channel|>final<|message|>",
        "<think >{}</think >",
        '<thinking effort="high">{}</thinking>',
        "<reflection>{}</reflection>",
        "<scratchpad>{}</scratchpad>",
        "<|think|>{}<|/think|>",
        "<|thinking_start|>{}<|thinking_end|>",
        "<|begin_of_thinking|>{}<|end_of_thinking|>",
        "<\uff5cthink\uff5c>{}</\uff5cthink\uff5c>",
        "<|START_THINKING|>{}<|END_THINKING|><|START_RESPONSE|>",
        "<|begin_of_thought|>{}<|end_of_thought|><|begin_of_solution|>",
        "<|channel|>analysis\n<|message|>{}<|end|>\n<|start|>assistant\n<|channel|> final\n<|message|>",
        "<analysis>\n{}\n</analysis>\n",
        '<details type="reasoning" done="true">\n{}\n</details>\n',
        "Here is my thought process:\n{}\nHere is my response:\n",
        "{}</think>\n",
        "{}[/THINK]\n",
    ],
)
def test_thinking_in_every_kind_of_marks_is_told_apart(name: str, thinking: str) -> None:
    thought = 'Is it ```python\n1/0\n```\nor <tool_call>{"name": "python"}</tool_call>?'
    parsed = FORMATS[name].parse(thinking.format(thought) + "It is 42.")
    assert (parsed.thinking, parsed.prose, parsed.text) == (thought, "It is 42.", "It is 42.")
    assert parsed.is_answer


@pytest.mark.parametrize("name", sorted(FORMATS))
@pytest.mark.parametrize("tag", ["answer", "response", "output", "final_answer"])
def test_tags_around_a_reply_are_not_said(name: str, tag: str) -> None:
    said = f"<think>Hm.</think>\n<{tag}>{{}}</{tag}>"
    parsed = FORMATS[name].parse(said.format("It is 42."))
    assert (parsed.prose, parsed.text, parsed.is_answer) == ("It is 42.", "It is 42.", True)
    assert FORMATS[name].parse(said.format(f"```python\n{CODE}\n```")).code == CODE
    mention = f"The <{tag}> tag is closed by </{tag}>"
    assert FORMATS[name].parse(mention).prose == mention


def test_what_only_begins_like_thinking_further_down_is_prose() -> None:
    answer = "Two parts.\n\nHere is my thought process:\n\nFirst a, then b."
    assert FORMATS["markdown"].parse(answer).prose == answer
    assert FORMATS["markdown"].parse("<details>\nMore.\n</details>").prose == "<details>\nMore.\n</details>"


def test_thinking_after_a_sentence_is_told_apart() -> None:
    parsed = FORMATS["markdown"].parse("I look. <think>Is it\n```python\n1/0\n```\n?</think> It is 42.")
    assert (parsed.actions, parsed.thinking) == ((), "Is it\n```python\n1/0\n```\n?")
    assert parsed.prose.split() == ["I", "look.", "It", "is", "42."]


def test_channels_whose_marks_a_server_dropped_are_told_apart() -> None:
    thought = "The user asks.\n```python\n1/0\n```"
    parsed = FORMATS["markdown"].parse(f"analysis{thought}assistantfinalIt is 42.")
    assert (parsed.thinking, parsed.prose, parsed.is_answer) == (thought, "It is 42.", True)
    assert FORMATS["markdown"].parse(f"analysis{thought}").fault == "thinking"


@pytest.mark.parametrize(
    "end", ["<|end_of_text|>", "<end_of_turn>", "<eos>", "<|endofprompt|>", "<|END_RESPONSE|>"]
)
def test_the_mark_of_a_replys_end_is_not_said(end: str) -> None:
    assert FORMATS["markdown"].parse(f"It is 42.{end}").prose == "It is 42."


@pytest.mark.parametrize(
    "source",
    [
        "%%writefile README.md\n# Title\n\n```\npip install x\n```\n\nDone.",
        "%%writefile README.md\n# Install\n```\npip install x\n```\n\nRun:\n```\nx\n```\n\n```py\n1/0\n```",
        "%%markdown\n```\ncode\n```\nSo.",
        '%%writefile m.py\ndef f():\n    """Do.\n\n    ```\n    f(1)\n    ```\n    """\n    return 1',
        '%%time\ndef f():\n    """Do.\n\n    ```\n    f(1)\n    ```\n    """\nf()',
        "%%writefile README.md\n# Title\n```bash\npip install x\n```\nDone.",
        "%%bash\ncat > a.md <<'EOF'\n```\ncode\n```\nEOF\nls",
        "%%markdown\n```python\n1/0\n```",
        'text = """\n```\n<tool_call>{}</tool_call>\n</think>\n"""',
        'print("<execute>", "</think>")',
    ],
)
def test_fences_and_marks_in_a_cell_belong_to_it(source: str) -> None:
    reply = f"So:\n```python\n{source}\n```\nThen."
    assert FORMATS["markdown"].parse(reply).actions == (CodeAction(source),)
    assert FORMATS["markdown"].preview(reply).complete


@pytest.mark.parametrize(
    "rest",
    [
        "\nThis prints:\n```\nTitle\n```",
        "\n\n```\nWriting a.md\n```\nDone.",
        "\nThen:\n```python\n1/0\n```",
        "\nDone.",
    ],
)
@pytest.mark.parametrize(
    "source", ["%%writefile a.md\n# Title", "%%writefile a.md\n# Title\n", "%%bash\n# list"]
)
def test_blocks_after_a_cell_of_text_do_not_belong_to_it(source: str, rest: str) -> None:
    parsed = FORMATS["markdown"].parse(f"So:\n```python\n{source}\n```{rest}")
    assert parsed.actions == (CodeAction(source.strip()),)


UNITS = [
    "```python\n%%writefile a.md\n\n```\na\n```\n",
    "\n```\na",
    "analysisWe are assistantfinal ",
    "x. <think>\n",
    "<|think|>",
    "<|a|>x ",
    "Action: python\nAction Input: ",
    "<tool_call>{'a': ",
    "<run>\nf(",
    "```python\nx = 1```\n",
    "```\nx\n```\n",
    "```python\n'''\n",
    "```python\n%%bash\ncat <<A\n",
    "````",
    "`` ` ```a",
    "- " * 20,
    "<think>",
    "</think>\n",
    "x</think>\n```python\n(\n",
    '<tool_call>{"code": "',
    "<tool_call>\n",
    "<tool_call>[1] ",
    "<function=a><parameter=code>",
    "<execute>f(",
    "<code>\n",
    "<|channel|>analysis<|message|>",
    "<|end|>",
    "<|python_tag|>f()",
    "[TOOL_CALLS][",
    '{"name": ',
    '{"name": "\n',
    "\n{",
    "f (1); ",
    " ",
    "\n",
    "((((",
    '"""',
]


def seconds(reply: str) -> float:
    """Return how long it takes to parse a reply, at best."""
    times = []
    for _ in range(2):
        begun = time.process_time()
        FORMATS["tools"].parse(reply)
        times.append(time.process_time() - begun)
    return min(times)


@pytest.mark.parametrize("unit", UNITS)
def test_a_reply_of_repetitions_is_parsed_in_linear_time(unit: str) -> None:
    small, large = (unit * (size // len(unit)) for size in (12_500, 100_000))
    # eight times as long; its square would be 64 times
    assert seconds(large) < 24 * max(seconds(small), 0.005)
