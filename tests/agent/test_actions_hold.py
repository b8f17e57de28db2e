"""Properties of parsing that hold for every reply, tested with random ones."""

import ast
import string

from hypothesis import assume, example, given
from hypothesis import strategies as st

from jupyter_codeact.agent.replies.markdown import MarkdownFormat
from jupyter_codeact.agent.replies.reply import CodeAction, ParsedReply
from jupyter_codeact.agent.replies.scan import scan
from jupyter_codeact.agent.source import syntax_tree

MARKDOWN = MarkdownFormat()
parse = MARKDOWN.parse

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
@example(before="", source='x = """\n```\n\n"""', after="")  # Python 3.11.2 gets some patterns wrong
def test_any_source_in_a_fence_comes_back_exactly(before, source, after):
    assume("think" not in before and syntax_tree(source) is not None and source == source.strip())
    assume(any(line.strip() and not line.strip().startswith("#") for line in source.split("\n")))
    block = f"```python\n{source}\n```"
    reply = f"{before}\n{block}\n"
    assume(parse(f"{before}\n").actions == ())
    assert MARKDOWN.is_complete(reply)
    assert parse(reply + after) == ParsedReply(f"{before}\n{block}", before.strip(), (CodeAction(source),))


@given(source=SOURCES, spaces=st.integers(0, 6))
def test_an_indented_block_is_dedented(source, spaces):
    assume(syntax_tree(source) is not None and source == source.strip() and "\t" not in source)
    assume(any(line.strip() and not line.strip().startswith("#") for line in source.split("\n")))
    block = f"```python\n{source}\n```\n"
    indented = "\n".join(" " * spaces + line for line in block.split("\n"))
    assert parse(indented).actions == (CodeAction(source),)


@given(REPLIES)
@example('```\n"""\n```\n```python\nf()\n```\n"""\n```\n')
@example("```python\n```\n```py\nf()\n```\n")
def test_further_text_does_not_change_a_complete_action(reply):
    parsed = parse(reply)
    complete = [end for end in range(len(reply) + 1) if MARKDOWN.is_complete(reply[:end])]
    assert complete == list(range(len(reply) + 1 - len(complete), len(reply) + 1))
    if complete:
        assert parse(reply[: complete[0]]) == parsed
        assert parsed.actions


@given(REPLIES)
def test_the_history_keeps_what_the_model_wrote(reply):
    parsed = parse(reply)
    kept = parsed.text
    while not reply.startswith(kept):
        kept, last = kept[:-1], kept[-1]
        assert last in "`~\n"
    assert parse(parsed.text).actions == parsed.actions
    assert not (parsed.fault and parsed.actions)


@given(st.text())
def test_any_text_can_be_parsed(text):
    parse(text)
    MARKDOWN.is_complete(text)
    assert "".join(text[part.start : part.end] for part in scan(text)) == text


@given(st.text(st.characters(exclude_characters="`~%!"), max_size=200))
def test_text_without_a_fence_runs_only_if_all_of_it_is_python(text):
    if parse(text).actions:
        assert ast.parse(parse(text).actions[0].source).body
