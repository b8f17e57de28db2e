"""Actions in Markdown, the default format."""

import pytest

from jupyter_codeact.agent.replies.markdown import MarkdownFormat
from jupyter_codeact.agent.replies.reply import CodeAction, ParsedReply

MARKDOWN = MarkdownFormat()
parse = MARKDOWN.parse


def only_action(reply: str) -> CodeAction:
    parsed = parse(reply)
    assert len(parsed.actions) == 1
    assert not parsed.fault
    return parsed.actions[0]


def completed_at(reply: str) -> int | None:
    """Return where a reply streamed character by character is cut."""
    return next((end for end in range(len(reply) + 1) if MARKDOWN.is_complete(reply[:end])), None)


def test_a_reply_consists_of_prose_and_the_first_python_block():
    parsed = parse("I will look.\n\n```python\nprint(1)\n```")
    assert parsed == ParsedReply(
        "I will look.\n\n```python\nprint(1)\n```", "I will look.", (CodeAction("print(1)"),)
    )


def test_text_after_the_code_block_is_dropped():
    reply = "Look:\n```python\nf()\n```\nOutput:\n```\n42\n```\nSo it is 42.\n```python\ng()\n```"
    assert parse(reply) == ParsedReply("Look:\n```python\nf()\n```", "Look:", (CodeAction("f()"),))
    assert completed_at(reply) == len("Look:\n```python\nf()\n```\n")


@pytest.mark.parametrize(
    "info",
    [
        "python",
        "py",
        "Python",
        "python3",
        "python3.12",
        "ipython",
        "IPython3",
        "{python}",
        "{.python .numberLines}",
        "{code-cell} ipython3",
        " python",
        "python title=x.py",
        "py,copy",
        "pycon",
        "tool_code",
        "jupyter",
        "python-exec",
        "python_repl",
    ],
)
def test_python_has_many_names(info):
    assert only_action(f"```{info}\nlen('x')\n```\n") == CodeAction("len('x')")


@pytest.mark.parametrize("info", ["sql", "json", "text", "output", "html", "r", "javascript", "pyret"])
def test_other_languages_are_never_run(info):
    reply = f"Like this:\n```{info}\nprint(1)\n```\n"
    assert parse(reply) == ParsedReply(reply, reply.strip())
    assert completed_at(reply) is None


@pytest.mark.parametrize(
    "code",
    [
        "print(6 * 7)",
        "import os",
        "x = 6 * 7",
        "df.head()",
        "df[df.a > 1]",
        "%matplotlib inline",
        "!ls -l",
        "files = !ls\nfiles",
        "%%time\nf()",
        "view_page('x')",
        ">>> total = sum([1, 2])\n>>> total\n3",
    ],
)
def test_a_block_without_a_language_is_run_if_it_does_something(code):
    assert len(parse(f"So:\n```\n{code}\n```\n").actions) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "42",
        "3.5 + 1",
        "[1, 2, 3]",
        "{'a': [1, 2.5], 'b': None}",
        "array([1, 2, 3])",
        "Timestamp('2026-01-01 00:00:00')",
        "accuracy = 0.93",
        "species: Adelie",
        "mean (5), deviation (3)",
        "a | b\n--|--\n1 | 2",
        "   a  b\n0  1  2",
        "pip install humanize",
        "Hello there, user.",
        "# a comment",
        "data/penguins.csv",
        "Traceback (most recent call last):\nKeyError: 'x'",
    ],
)
def test_a_block_without_a_language_that_only_shows_something_is_not_run(text):
    reply = f"It shows:\n```\n{text}\n```\n"
    assert parse(reply) == ParsedReply(reply, reply.strip())


def test_blocks_of_other_languages_before_the_code_are_prose():
    reply = "First\n```bash\npip install x\n```\nthen\n```python\nimport x\n```"
    assert parse(reply).prose == "First\n```bash\npip install x\n```\nthen"
    assert only_action(reply).source == "import x"


def test_a_block_can_name_the_cell_to_rewrite():
    assert only_action("```python cell=a1b2-c3\nf()\n```") == CodeAction("f()", "code", "a1b2-c3")
    assert only_action('```python cell="a1b2"\nf()\n```').cell_id == "a1b2"


def test_markdown_before_the_code_becomes_a_cell_of_its_own():
    parsed = parse("Here.\n```markdown\n# Title\n```\nand\n```python\nf()\n```\nmore")
    assert parsed.actions == (CodeAction("# Title", "markdown"), CodeAction("f()"))
    assert parsed.prose == "Here.\n\nand"


def test_markdown_alone_is_an_answer_unless_it_is_called_a_cell():
    assert parse("```markdown\n# Title\n```").actions == ()
    reply = "Done:\n```markdown cell=c7\n# Title\n```\nAnything else?"
    assert parse(reply).actions == (CodeAction("# Title", "markdown", "c7"),)
    assert parse(reply).text == "Done:\n```markdown cell=c7\n# Title\n```"


@pytest.mark.parametrize(
    "reply",
    [
        "~~~python\nf()\ng()\n~~~\n",
        "````python\nf()\ng()\n````\n",
        "```python\nf()\ng()\n`````\n",
        "   ```python\n   f()\n   g()\n   ```\n",
        "1. Do\n   ```python\n   f()\n   g()\n   ```\n",
        "- ```python\n  f()\n  g()\n  ```\n",
        "- do\n\n    ```python\n    f()\n    g()\n    ```\n",
        "```python\n    f()\n    g()\n```\n",
        "```python\r\nf()\r\ng()\r\n```\r\n",
        "```python\n\nf()\ng()\n\n```   \n",
        "Here it is: ```python\nf()\ng()\n```\n",
        "```python\n>>> f()\n>>> g()\n```\n",
        "```python\n>>> f()\n1\n>>> g()\n[2]\n```\n",
    ],
)
def test_fences_and_indentation_come_in_many_shapes(reply):
    assert only_action(reply).source == "f()\ng()"
    assert completed_at(reply) == len(reply)


@pytest.mark.parametrize(
    "reply",
    [
        "```python\nf()\ng()```",
        "```python\nf()\ng()```\nThis prints 1.\n```\n1\n```\n",
        "```python\nf()\ng()\n```<|im_end|>",
        "```python\nf()\ng()\n```<end_code>\nObservation: 1",
        "```python\nf()\ng()\n```</s>\n",
        "```python\nIn [1]: f()\n   ...: g()\nOut[1]: 1\n```\n",
    ],
)
def test_end_marks_and_prompts_around_the_code_are_removed(reply):
    (action,) = parse(reply).actions
    assert action.source == "f()\ng()"


def test_prompts_are_kept_if_other_lines_could_be_code():
    mixed = ">>> x = f()\ny = g(x)"
    assert only_action(f"```python\n{mixed}\n```").source == mixed


def test_a_quoted_block_is_not_run():
    assert parse("You wrote\n> ```python\n> f()\n> ```\n").actions == ()


@pytest.mark.parametrize(
    "text", ["Use `print(1)`.", "`print(1)`", "``import os``", "So ```python```", "So ```print(1)```"]
)
def test_code_within_a_line_is_never_run(text):
    assert parse(text) == ParsedReply(text, text)


def test_an_empty_block_is_no_action():
    for block in ("```python\n```", "```python\n\n \n```", "```python\n# nothing to do\n```"):
        assert parse(block + "\nIt is 5.").actions == ()
    assert only_action("```python\n```\nor\n```python\nf()\n```").source == "f()"


def test_a_fence_inside_a_string_is_part_of_the_string():
    code = 'text = """\n```python\nx\n```\n~~~\n"""\nprint(text)'
    reply = f"So:\n```python\n{code}\n```\nThen."
    assert only_action(reply).source == code
    assert completed_at(reply) == len(f"So:\n```python\n{code}\n```\n")


def test_an_unclosed_string_does_not_swallow_the_reply():
    reply = '```python\nx = """oops\nprint(x)\n```\nThis prints oops.\n```python\ny = 1\n```\n'
    assert only_action(reply).source == 'x = """oops\nprint(x)'
    assert parse(reply).text == '```python\nx = """oops\nprint(x)\n```'


def test_a_string_closed_by_a_later_block_does_not_swallow_the_first_fence():
    reply = '```python\nx = """oops\n```\nAnd:\n```python\ndef f():\n    """Say."""\n    return x +\n```\n'
    assert only_action(reply).source == 'x = """oops'


def test_a_string_closed_by_prose_does_not_swallow_the_first_fence():
    reply = '```python\nx = """oops\n```\nAnd """ here:\n```python\nf()\n```\n'
    assert only_action(reply).source == 'x = """oops'


def test_a_percent_sign_inside_brackets_is_no_magic():
    assert only_action("```python\nx = (total\n%count)").source == "x = (total\n%count)"


@pytest.mark.parametrize(
    "code",
    [
        "%%bash\necho \"it's\" '''",
        '!echo """\nprint(1)',
        "%timeit f('''\nprint(1)",
        "# don't '''\nprint(1)",
        'x = \'"""\'\nprint(x)',
        "!pip install \\\n  'x'\nimport x",
    ],
)
def test_quotes_in_magics_comments_and_strings_open_no_string(code):
    reply = f"```python\n{code}\n```\nIt printed ''' and \"\"\".\n"
    assert only_action(reply).source == code
    assert completed_at(reply) == len(f"```python\n{code}\n```\n")


def test_code_cut_at_the_token_limit_runs_if_it_can_be_parsed():
    parsed = parse("Now:\n```python\nx = 1\nprint(x)")
    assert parsed == ParsedReply(
        "Now:\n```python\nx = 1\nprint(x)\n```", "Now:", (CodeAction("x = 1\nprint(x)"),)
    )
    assert parse("```python\n!ls\n").text == "```python\n!ls\n```"


def test_code_cut_in_the_middle_is_neither_an_action_nor_an_answer():
    reply = "Now:\n```python\nx = 1\nprint(x"
    assert parse(reply) == ParsedReply(reply, "Now:", fault="cut")
    assert parse("```\nimport os\nprint(os.li").fault == "cut"
    assert parse("<think>\nHmm").fault == "thinking"
    assert not parse("The table:\n```\na | b\n1 | 2").fault


def test_a_fence_in_a_string_does_not_end_code_that_is_cut_later():
    reply = '```python\ntext = """\n```python\nx\n```\n"""\nwith open("README.md",'
    assert parse(reply) == ParsedReply(reply, "", fault="cut")
    assert only_action(reply + " 'w'): pass").source.endswith("'w'): pass")


def test_a_half_written_closing_fence_is_completed():
    for half in ("`", "``"):
        assert parse(f"```python\nf()\n{half}").text == "```python\nf()\n```"
        assert only_action(f"```python\nf()\n{half}").source == "f()"


@pytest.mark.parametrize(
    "thinking",
    [
        "<think>\nFirst\n```python\nbad()\n```\n</think>\n",
        "<think>bad() ```python\nbad()</think>",
        "<thinking>\n```python\nbad()\n```\n</thinking>\n",
        "First\n```python\nbad()\n```\nno.\n</think>\n\n",
        "First ```python\nbad(</think>\n",
        "<think></think>\n",
    ],
)
def test_code_in_thinking_is_never_run(thinking):
    parsed = parse(thinking + "I say.\n```python\ngood()\n```")
    assert parsed.actions == (CodeAction("good()"),)
    assert parsed.prose == "I say."
    assert parsed.text == "I say.\n```python\ngood()\n```"
    assert "good()" not in parsed.thinking


def test_an_answer_has_no_thinking_in_it():
    assert parse("<think>\nIt is 4.\n</think>\n\nIt is 4.").prose == "It is 4."
    assert parse("print(1)</think>\n\nIt is 4.").prose == "It is 4."


@pytest.mark.parametrize("between", ["", " ", "\n", "\n\n"])
def test_thinking_that_began_before_the_reply_may_end_right_before_the_action(between):
    parsed = parse(f"First I add.</think>{between}```python\nprint(4)\n```")
    assert (parsed.code, parsed.thinking, parsed.prose) == ("print(4)", "First I add.", "")
    assert parse("The tag `</think>` comes before ```python blocks.").thinking == ""


def test_unclosed_thinking_is_no_answer():
    parsed = parse("<think>\nI could run\n```python\nbad()\n```\n")
    assert (parsed.prose, parsed.actions, parsed.fault) == ("", (), "thinking")


def test_code_about_thinking_tags_is_code():
    code = 'text = """\n<think>\nx\n</think>\n"""\nprint(text)'
    assert only_action(f"```python\n{code}\n```").source == code


@pytest.mark.parametrize(
    "code",
    ["print(1)", "import os\nos.listdir()", "x = 2\nprint(x)", "df.head()", "def f():\n    return 1", "!ls"],
)
def test_a_reply_that_is_code_without_a_fence_is_run(code):
    assert parse(code) == ParsedReply(code, "", (CodeAction(code),))


@pytest.mark.parametrize(
    "answer",
    [
        "Paris",
        "42",
        "It is 42.",
        "yes",
        "[1, 2]",
        "x = 5",
        "y = 2 * x + 1",
        "y = f(x)",
        "sin(x)",
        "array([1, 2])",
        "mean (5)",
        "Answer: 42",
        "Paris, France",
        "import the data first",
        "x[0]",
        "print(1)\nThis prints 1.",
        "Really?",
        "not found; try again",
        "",
    ],
)
def test_an_ambiguous_reply_is_an_answer(answer):
    assert parse(answer) == ParsedReply(answer, answer)


def test_a_block_may_name_the_place_of_its_cell():
    action = only_action("```python after=a1b2\nf()\n```")
    assert (action.cell_id, action.after, action.before) == (None, "a1b2", None)
    text = only_action("```markdown before='c3d4'\n# Title\n```")
    assert (text.cell_type, text.before) == ("markdown", "c3d4")
