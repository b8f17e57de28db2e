"""Actions in Markdown, the default format: what models write, and what must come of it."""

import ast
import string

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from jupyter_codeact.agent.actions import CodeAction, MarkdownFormat, ParsedReply
from jupyter_codeact.agent.fences import parts
from jupyter_codeact.agent.source import syntax_tree

MARKDOWN = MarkdownFormat()
parse = MARKDOWN.parse


def only_action(reply: str) -> CodeAction:
    parsed = parse(reply)
    assert len(parsed.actions) == 1
    assert not parsed.incomplete
    return parsed.actions[0]


def completed_at(reply: str) -> int | None:
    """Where a reply that is streamed one character at a time would be cut."""
    return next((end for end in range(len(reply) + 1) if MARKDOWN.is_complete(reply[:end])), None)


def test_a_reply_is_prose_and_the_first_python_block():
    parsed = parse("I will look.\n\n```python\nprint(1)\n```")
    assert parsed == ParsedReply(
        "I will look.\n\n```python\nprint(1)\n```", "I will look.", (CodeAction("print(1)"),)
    )


def test_what_the_model_invents_behind_its_block_is_dropped():
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
    ],
)
def test_python_has_many_names(info):
    assert only_action(f"```{info}\nlen('x')\n```\n") == CodeAction("len('x')")


@pytest.mark.parametrize(
    "info", ["bash", "sh", "sql", "json", "text", "output", "html", "r", "javascript", "pyret"]
)
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


def test_a_named_cell_is_to_be_rewritten():
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


def test_prompts_stay_where_lines_without_them_could_be_code():
    mixed = ">>> x = f()\ny = g(x)"
    assert only_action(f"```python\n{mixed}\n```").source == mixed


def test_a_quoted_block_is_a_quotation():
    assert parse("You wrote\n> ```python\n> f()\n> ```\n").actions == ()


@pytest.mark.parametrize(
    "text", ["Use `print(1)`.", "`print(1)`", "```print(1)```", "``import os``", "So ```python```"]
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


def test_a_string_that_never_ends_does_not_swallow_the_reply():
    reply = '```python\nx = """oops\nprint(x)\n```\nThis prints oops.\n```python\ny = 1\n```\n'
    assert only_action(reply).source == 'x = """oops\nprint(x)'
    assert parse(reply).text == '```python\nx = """oops\nprint(x)\n```'


def test_a_string_closed_by_a_later_block_does_not_swallow_the_first_fence():
    reply = '```python\nx = """oops\n```\nAnd:\n```python\ndef f():\n    """Say."""\n    return x +\n```\n'
    assert only_action(reply).source == 'x = """oops'


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


def test_code_cut_at_the_token_limit_is_run_if_it_is_whole_so_far():
    parsed = parse("Now:\n```python\nx = 1\nprint(x)")
    assert parsed == ParsedReply(
        "Now:\n```python\nx = 1\nprint(x)\n```", "Now:", (CodeAction("x = 1\nprint(x)"),)
    )
    assert parse("```python\n!ls\n").text == "```python\n!ls\n```"


def test_code_cut_in_the_middle_is_no_action_and_no_answer():
    reply = "Now:\n```python\nx = 1\nprint(x"
    assert parse(reply) == ParsedReply(reply, "Now:", incomplete=True)
    assert parse("```\nimport os\nprint(os.li").incomplete
    assert parse("<think>\nHmm").incomplete
    assert not parse("The table:\n```\na | b\n1 | 2").incomplete


def test_a_fence_in_a_string_does_not_end_code_that_is_cut_later():
    reply = '```python\ntext = """\n```python\nx\n```\n"""\nwith open("README.md",'
    assert parse(reply) == ParsedReply(reply, "", incomplete=True)
    assert only_action(reply + " 'w'): pass").source.endswith("'w'): pass")


def test_a_closing_fence_that_is_half_written_is_completed():
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
def test_code_in_the_thinking_is_never_run(thinking):
    parsed = parse(thinking + "I say.\n```python\ngood()\n```")
    assert parsed.actions == (CodeAction("good()"),)
    assert parsed.prose == "I say."
    assert parsed.text.startswith(thinking)


def test_an_answer_is_without_its_thinking():
    assert parse("<think>\nIt is 4.\n</think>\n\nIt is 4.").prose == "It is 4."
    assert parse("print(1)</think>\n\nIt is 4.").prose == "It is 4."


def test_thinking_that_is_never_closed_says_nothing():
    parsed = parse("<think>\nI could run\n```python\nbad()\n```\n")
    assert (parsed.prose, parsed.actions, parsed.incomplete) == ("", (), True)


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


# What hypothesis finds ------------------------------------------------------------------------------------

WORDS = st.text(string.ascii_letters + string.digits + " .,:;!?'\"()[]{}<>/*#|=+-_`\n\t\\%é…", max_size=80)
PROSE = WORDS.filter(lambda text: "```" not in text and "~~~" not in text)
MARKUP = st.sampled_from(
    [
        "```",
        "````",
        "~~~",
        "```python\n",
        "```py cell=a\n",
        "```markdown cell\n",
        "\n",
        "\n```\n",
        '"""',
        "'''",
        "<think>",
        "print(1)\n",
        "x = (\n",
        "%%bash\n",
        "!ls\n",
        ">>> f()\n",
        "    ",
        "- ",
    ]
)
REPLIES = st.lists(st.one_of(MARKUP, MARKUP, WORDS), max_size=12).map("".join)


@st.composite
def statements(draw) -> str:
    name = draw(st.sampled_from(["x", "df", "total"]))
    text = draw(st.text("ab1 \\'\"#%!`~{}é…\u2028\u3042", max_size=12))
    fence = draw(st.sampled_from(["```", "```python", "~~~", "    ```", "````"]))
    quotes = draw(st.sampled_from(['"""', "'''"]))
    body = text.replace("\\", "").replace(quotes[0], "")
    return draw(
        st.sampled_from(
            [
                f"{name} = {text!r}",
                f"# {text}",
                f"{name} = {quotes}{body}\n{fence}\n{body}\n{quotes}",
                f"def f(a):\n    {quotes}{body}\n    {fence}\n    {quotes}\n    return {text!r}",
                f"{name} = f(\n    {text!r},\n    1 % 2,\n)",
                f"%timeit {name}",
                f"!echo {body}",
                f"{name} = !ls",
                f"for _ in range(3):\n    %time {name}\n\n    print({text!r})",
                f"if {name}:\n\tprint({name})",
            ]
        )
    )


SOURCES = st.lists(statements(), min_size=1, max_size=4).map("\n".join)


@given(before=PROSE, source=SOURCES, after=REPLIES)
def test_any_source_in_a_fence_comes_back_exactly(before, source, after):
    assume("think" not in before and syntax_tree(source) is not None and source == source.strip())
    assume(any(line.strip() and not line.strip().startswith("#") for line in source.split("\n")))
    block = f"```python\n{source}\n```"
    reply = f"{before}\n{block}\n"
    assume(parse(f"{before}\n").actions == ())
    assert MARKDOWN.is_complete(reply)
    assert parse(reply + after) == ParsedReply(f"{before}\n{block}", before.strip(), (CodeAction(source),))


@given(source=SOURCES, spaces=st.integers(0, 6))
def test_an_indented_block_loses_its_indentation(source, spaces):
    assume(syntax_tree(source) is not None and source == source.strip() and "\t" not in source)
    assume(any(line.strip() and not line.strip().startswith("#") for line in source.split("\n")))
    block = f"```python\n{source}\n```\n"
    assert only_action("\n".join(" " * spaces + line for line in block.split("\n"))).source == source


@given(REPLIES)
@example('```\n"""\n```\n```python\nf()\n```\n"""\n```\n')
@example("```python\n```\n```py\nf()\n```\n")
def test_once_complete_nothing_that_follows_changes_the_action(reply):
    whole = parse(reply)
    done = [end for end in range(len(reply) + 1) if MARKDOWN.is_complete(reply[:end])]
    assert done == list(range(len(reply) + 1 - len(done), len(reply) + 1))
    if done:
        assert parse(reply[: done[0]]) == whole
        assert whole.actions


@given(REPLIES)
def test_the_history_keeps_what_the_model_wrote(reply):
    parsed = parse(reply)
    kept = parsed.text
    while not reply.startswith(kept):
        kept, last = kept[:-1], kept[-1]
        assert last in "`~\n"
    assert parse(parsed.text).actions == parsed.actions
    assert not (parsed.incomplete and parsed.actions)


@given(st.text())
def test_no_text_is_too_strange(text):
    parse(text)
    MARKDOWN.is_complete(text)
    assert "".join(text[part.start : part.end] for part in parts(text)) == text


@given(st.text(st.characters(exclude_characters="`~%!"), max_size=200))
def test_prose_without_a_fence_is_run_only_if_all_of_it_is_python(text):
    if parse(text).actions:
        assert ast.parse(parse(text).actions[0].source).body
