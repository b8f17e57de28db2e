"""The formats besides Markdown: the CodeActAgent models' tags, and native function calls."""

import json

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from jupyter_codeact.agent.replies.formats import FORMATS, ExecuteFormat, ToolsFormat
from jupyter_codeact.agent.replies.reply import CodeAction, ParsedReply

EXECUTE, TOOLS = ExecuteFormat(), ToolsFormat()


def test_every_format_has_a_name_and_short_instructions():
    assert set(FORMATS) == {"markdown", "execute", "tools"}
    for name, action_format in FORMATS.items():
        assert action_format.name == name
        assert 0 < len(action_format.describe()) < 300


@pytest.mark.parametrize(
    ("action_format", "reply"),
    [
        ("markdown", "I will add.\n```python\nprint(1)\n```"),
        ("execute", "I will add.\n<execute>\nprint(1)\n</execute>"),
        ("tools", "I will add.\n" + TOOLS.render("python", '{"code": "print(1)"}')),
    ],
)
def test_thinking_prose_and_action_are_separated_in_every_format(action_format: str, reply: str):
    parsed = FORMATS[action_format].parse(f"<think>Plus, or ```python\n1/0\n```?</think>\n\n{reply}")
    assert (parsed.prose, parsed.actions) == ("I will add.", (CodeAction("print(1)"),))
    assert parsed.thinking == "Plus, or ```python\n1/0\n```?"
    assert parsed.text == reply  # the history has no thinking


def test_a_quoted_tag_is_prose():
    answer = "Code stands between `<execute>` and `</execute>`, the answer in `<solution>`."
    parsed = EXECUTE.parse(answer)
    assert parsed.is_answer
    assert parsed.prose == EXECUTE.preview(answer).prose == answer
    parsed = EXECUTE.parse(f"{answer}\n<execute>\nprint(1)\n</execute>")
    assert (parsed.prose, parsed.actions) == (answer, (CodeAction("print(1)"),))


def test_the_execute_tag_contains_the_action():
    reply = "I will add.\n<execute>\nprint(1)\n</execute>\nOutput: 1\n<execute>f()</execute>"
    assert EXECUTE.parse(reply) == ParsedReply(
        "I will add.\n<execute>\nprint(1)\n</execute>", "I will add.", (CodeAction("print(1)"),)
    )
    assert EXECUTE.is_complete("<execute>f()</execute>")
    assert not EXECUTE.is_complete("<execute>f()</execute")


def test_the_closing_tag_is_restored_after_the_stop_sequence():
    parsed = EXECUTE.parse("<execute>\nx = (1\n")
    assert parsed == ParsedReply("<execute>\nx = (1\n</execute>", "", (CodeAction("x = (1"),))


def test_a_solution_is_an_answer():
    parsed = EXECUTE.parse("So: <solution> 42 </solution> and more")
    assert parsed == ParsedReply("So: <solution> 42 </solution>", "42")
    assert EXECUTE.parse("<solution>42").prose == "42"
    assert EXECUTE.parse("Just words.").prose == "Just words."


def test_whichever_tag_comes_first_counts():
    assert EXECUTE.parse("<solution>1</solution><execute>f()</execute>").actions == ()
    assert EXECUTE.parse("<execute>f()</execute><solution>1</solution>").actions == (CodeAction("f()"),)
    assert EXECUTE.parse("<execute>\n</execute><solution>1</solution>").prose == "1"


def test_thinking_and_fences_around_the_code_are_removed():
    reply = "<thought><execute>bad()</execute></thought>\nNow\n<execute>\n```python\ngood()\n```\n</execute>"
    assert EXECUTE.parse(reply).actions == (CodeAction("good()"),)
    assert EXECUTE.parse(reply).prose == "Now"
    assert EXECUTE.parse("<think>\n<execute>bad()").fault == "thinking"


def test_a_native_call_is_rendered_as_text_and_parsed_back():
    arguments = json.dumps({"code": "print('é')\n", "cell": "c1"})
    text = "I look.\n" + TOOLS.render("python", arguments)
    assert arguments in text
    assert TOOLS.parse(text) == ParsedReply(text, "I look.", (CodeAction("print('é')", "code", "c1"),))
    assert TOOLS.is_complete(text)
    assert not TOOLS.is_complete(text[:-1])


@pytest.mark.parametrize(
    "reply",
    [
        '<tool_call>{"name": "python", "arguments": {"code": "f()"}}</tool_call>',
        '<tool_call>\n{"name": "python", "arguments": "{\\"code\\": \\"f()\\"}"}\n</tool_call>',
        '<tool_call>{"name": "python", "arguments": "f()"}</tool_call>',
        '<tool_call>{"name": "python", "arguments": {"code": "f()\n"}}</tool_call>',
        '<tool_call>{"name": "python", "arguments": {"code": "f()",}}</tool_call>',
        '<tool_call>{"name": "run", "arguments": {"code": "f()"}}',
        '<tool_call>{"name": "f", "arguments": {}}</tool_call>',
        '```json\n{"name": "python", "arguments": {"code": "f()"}}\n```',
        '{{"name": "python", "arguments": {"code": "f()"}}}',
    ],
)
def test_malformed_calls_are_understood(reply):
    assert TOOLS.parse(reply).actions == (CodeAction("f()"),)


def test_a_call_of_a_function_of_the_notebook_becomes_code():
    parsed = TOOLS.parse('<tool_call>{"name": "find", "arguments": {"text": "a b", "all": true}}</tool_call>')
    assert parsed.actions == (CodeAction("find(text='a b', all=True)"),)
    parsed = TOOLS.parse('{"name": "functions.notebook.read", "arguments": {"cell": "a1b2"}}')
    assert parsed.actions == (CodeAction("notebook.read(cell='a1b2')"),)


@pytest.mark.parametrize(
    "reply",
    [
        '<tool_call>{"name": "python", "arguments": {"code": "print(',
        "<tool_call>",
        '<tool_call>{"name": "python", "arguments": {"code": ""}}</tool_call>',
        '<tool_call>{"name": "a b", "arguments": {"x": 1}}</tool_call>',
        "<tool_call>[1]</tool_call>",
        '<tool_call>{"name": "python", "arguments": null}</tool_call>',
    ],
)
def test_an_unusable_call_is_neither_an_action_nor_an_answer(reply):
    parsed = TOOLS.parse(reply)
    assert (parsed.text, parsed.actions, parsed.prose) == (reply, (), "")
    assert parsed.fault in ("cut", "call")


def test_a_reply_without_a_call_is_an_answer():
    for reply in ("It is 4.", '{"a": 1}', "```json\n[1]\n```"):
        assert TOOLS.parse(reply) == ParsedReply(reply, reply)


CODE = st.text(min_size=1).map(lambda text: "f()  # " + " ".join(text.split()))


@given(CODE)
def test_any_code_survives_the_tags_and_a_call(code):
    assume("</" not in code and code == code.strip() and "\ufeff" not in code)
    assert EXECUTE.parse(f"So\n<execute>\n{code}\n").actions == (CodeAction(code),)
    assert TOOLS.parse(TOOLS.render("python", json.dumps({"code": code}))).actions == (CodeAction(code),)


FRAGMENTS = st.sampled_from(
    [
        "<execute>",
        "</execute>",
        "<solution>",
        "</solution>",
        "\n<thought>",
        "\n<thought><execute>f()</execute></thought>",
        "<tool_call>",
        "</tool_call>",
        '{"name": "python", "arguments": {"code": "f()"}}',
        '{"name": "python", "arguments": {"code": "',
        '"}}',
        "```python\n",
        "\n```\n",
        "f()\n",
        "# no\n",
        "words ",
        "\n",
    ]
)


@given(st.sampled_from([EXECUTE, TOOLS]), st.lists(FRAGMENTS, max_size=10).map("".join))
@example(EXECUTE, "<execute>f()</execute>\n<thought>So.</thought>")
@example(EXECUTE, "<solution>4</solution>\n<thought>So.</thought>")
@example(TOOLS, TOOLS.render("python", '{"code": "f()"}') + "\n<thought>So.</thought>")
def test_further_text_does_not_change_a_complete_action(action_format, reply):
    whole = action_format.parse(reply)
    done = [end for end in range(len(reply) + 1) if action_format.is_complete(reply[:end])]
    if done:
        assert done == list(range(done[0], len(reply) + 1))
        assert action_format.parse(reply[: done[0]]) == whole


@given(st.sampled_from([EXECUTE, TOOLS]), st.text())
def test_any_text_can_be_parsed(action_format, text):
    action_format.parse(text)
    action_format.is_complete(text)
    action_format.parse("<tool_call>" + text)
    action_format.parse("<execute>" + text)
