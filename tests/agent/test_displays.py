"""Results, displays and images, as they are shown to the model."""

import base64
import io
import re
import struct
import zlib

import pytest
from PIL import Image

from jupyter_codeact.agent.context import history
from jupyter_codeact.agent.contracts import Execution
from jupyter_codeact.agent.observations.displays import names_object
from jupyter_codeact.agent.observations.images import fitted, tokens_of
from jupyter_codeact.agent.observations.observe import MAX_IMAGES, Observed, observe
from tests.agent.observed import NONCE, displayed, png, shown


def test_a_cell_without_output_is_reported(run):
    for source in ("x = 1", "print()", "None"):
        assert observe(run(source), nonce=NONCE) == Observed("The cell ran without output (status: ok).")


def test_a_data_frame_is_shown_as_a_table_with_its_shape(run):
    small = shown(run("df = pd.DataFrame({'a': [1, 2], 'b': ['x', 'y']})\ndf"))
    assert small == "[result]\n   a  b\n0  1  x\n1  2  y\n\n[2 rows x 2 columns]"
    long = shown(run("pd.DataFrame({'a': range(344), 'b': 0})"))
    assert long.endswith("[344 rows x 2 columns]")
    assert long.count("rows x") == 1


def test_a_data_frame_without_rows_or_columns_is_shown_without_a_wrong_shape(run):
    text = shown(run("pd.DataFrame({'a': [1]}).query('a > 1')"))
    assert text == "[result]\nEmpty DataFrame\nColumns: [a]\nIndex: []"
    text = shown(run("pd.DataFrame(index=[1, 2])"))
    assert text == "[result]\nEmpty DataFrame\nColumns: []\nIndex: [1, 2]"


NO_TEXT = "<IPython.core.display.HTML object>"
SAYS_SHAPE = "shape: (1_000, 1)\n┌───┐\n│ 0 │\n│ … │\n│ 9 │\n└───┘"
POLARS = (
    "<div><small>shape: (1_000, 1)</small><table class='dataframe'><thead><tr><th>a</th></tr><tr><td>i64</td>"
    "</tr></thead><tbody><tr><td>0</td></tr><tr><td>&hellip;</td></tr><tr><td>9</td></tr></tbody></table></div>"
)


def rows(*values: object) -> str:
    body = "".join(f"<tr><th>{number}</th><td>{value}</td></tr>" for number, value in enumerate(values))
    return f"<table><thead><tr><th></th><th>n</th></tr></thead><tbody>{body}</tbody></table>"


@pytest.mark.parametrize(
    ("plain", "html", "seen"),
    [
        # the text is only the object's name
        (NO_TEXT, rows(17, 23), "    n\n0  17\n1  23"),
        (
            NO_TEXT,
            f"{rows(17, '...')}<p>9 rows × 1 columns</p>",
            "     n\n0   17\n1  ...\n\n9 rows × 1 columns",
        ),
        ("<Styler at 0x7f12>", f"<p>By year</p>{rows(17)}", "By year\n\n    n\n0  17"),
        ("<Styler at 0x7f12>", rows(1), "   n\n0  1"),
        (
            "Frame[n: bigint]",
            f"{rows(17)}only showing top 20 rows",
            "    n\n0  17\nonly showing top 20 rows",
        ),
        # the text has the table
        (SAYS_SHAPE, POLARS, SAYS_SHAPE),
        (SAYS_SHAPE[18:], POLARS, f"{SAYS_SHAPE[18:]}\n\n[shape: (1_000, 1)]"),
        (SAYS_SHAPE[18:], POLARS.replace("shape: (1_000, 1)", ""), SAYS_SHAPE[18:]),
        ("   n\n0  1\n1  2", rows(1, 2), "   n\n0  1\n1  2\n\n[2 rows x 1 columns]"),
        ("   n\n0  1\n1  2", f"{rows(1, 2)}<p>only showing top 2 rows</p>", "   n\n0  1\n1  2"),
        ("   n\n0  1\n1  2", f"{rows(1, 2)}<script>fetch_more()</script>", "   n\n0  1\n1  2"),
        ("    n\n0   1\n..  .\n9   2", rows(1, "...", 2), "    n\n0   1\n..  .\n9   2"),
        ("n\n[3 rows x 4 columns] 1", rows("[3 rows x 4 columns] 1"), None),
    ],
)
def test_a_table_is_shown_with_the_shape_that_is_certain(plain: str, html: str, seen: str | None) -> None:
    text = shown(displayed({"text/plain": plain, "text/html": html}))
    expected = f"{plain}\n\n[1 rows x 1 columns]" if seen is None else seen
    assert text == (f"[display]\n{expected}")


def test_a_table_that_is_shown_by_its_html_is_no_opaque_object() -> None:
    styler = displayed({"text/plain": "<Styler at 0x7f12>", "text/html": rows(17)})
    assert not names_object(styler.outputs)
    assert names_object(displayed({"text/plain": "<generator at 0x7f12>"}).outputs)


def test_a_plotly_figure_is_told_by_its_title_axes_and_traces() -> None:
    figure = {
        "data": [{"type": "bar", "name": "Oslo", "y": [1, 2]}, {"y": [1]}],
        "layout": {
            "title": {"text": "Sales"},
            "xaxis": {"title": {"text": "year"}},
            "yaxis": {"title": "NOK"},
        },
    }
    data = {"application/vnd.plotly.v1+json": figure, "text/html": "<div></div>", "text/plain": "Figure({…})"}
    said = "[Plotly figure; title: Sales; x: year; y: NOK; traces: bar “Oslo”, scatter]"
    assert shown(displayed(data)) == f"[display] {said}"
    assert shown(displayed({"application/vnd.plotly.v1+json": []})) == "[display] [Plotly figure]"


def test_a_wide_data_frame_is_shown_in_one_block(run):
    text = shown(run("pd.DataFrame({f'column {i}': range(100) for i in range(18)})"))
    lines = text.split("\n")
    assert lines[1].split()[:4] == ["column", "0", "column", "1"]
    assert "column 17" in lines[1]
    assert lines[-1] == "[100 rows x 18 columns]"
    assert len(lines) == 1 + 1 + 11 + 1 + 1


def test_a_data_frame_keeps_the_levels_of_its_index(run):
    text = shown(
        run(
            """
            columns = {f"{letter}" * 10: 0.5 for letter in "cdefghijk"}
            pd.DataFrame({"a": list("xxy"), "b": [1, 2, 3]} | columns).set_index(["a", "b"])
            """
        )
    )
    first, second, third = text.split("\n")[3:6]
    assert [first.split()[:3], second.split()[:2], third.split()[:3]] == [
        ["x", "1", "0.5"],
        ["2", "0.5"],
        ["y", "3", "0.5"],
    ]
    assert first.index("1") == second.index("2") == third.index("3")
    assert text.endswith("[3 rows x 9 columns]")


def test_html_is_shown_as_text(run):
    text = shown(
        run(
            """
            from IPython.display import HTML
            HTML("<style>p {color: red}</style><h1>Title</h1><p>some   <b>bold</b> &amp; more</p>"
                 "<ul><li>one<li>two</ul><script>alert(1)</script><img src='x.png' alt='a cat'>"
                 "<table><tr><th>n<th>word<tr><td>1<td>apple<tr><td>22<td>fig</table>")
            """
        )
    )
    assert text == (
        "[result]\nTitle\n\nsome bold & more\n\n- one\n- two\n[img: a cat]\n n   word\n 1  apple\n22    fig"
    )


@pytest.mark.parametrize(
    ("source", "seen"),
    [
        ("Markdown('# Title')", "[result] # Title"),
        ("Latex('$x^2$')", "[result] $x^2$"),
        ("JSON({'a': [1, None]})", '[result] {"a": [1, null]}'),
        ("HTML('<audio src=x></audio>')", "[result] [audio]"),
        ("HTML('<div></div>')", "[result] [text/html of 11 characters, without text]"),
        ("Javascript('1')", "[result] [application/javascript]"),
        ("'text'", "[result] 'text'"),
        ("object", "[result] object"),
    ],
)
def test_the_best_representation_is_shown(run, source, seen):
    assert shown(run(f"from IPython.display import *\n{source}")) == seen


@pytest.mark.parametrize(
    ("source", "seen"),
    [
        ("'one\\n two'", "[result]\none\n two"),
        ('"it\'s\\nhere"', "[result]\nit's\nhere"),
        ("'one line'", "[result] 'one line'"),
        ("['a\\n']", "[result] ['a\\n']"),
    ],
)
def test_a_multi_line_string_is_shown_in_lines(run, source, seen):
    assert shown(run(source)) == seen


def test_an_object_without_a_text_form_is_named(run):
    assert re.fullmatch(r"\[result\] <object at 0x[0-9a-f]+>", shown(run("object()")))


def test_widgets_and_unknown_types_are_named(run):
    text = shown(
        run(
            """
            from IPython.display import display
            display({"application/vnd.jupyter.widget-view+json": {"model_id": "m", "version_major": 2},
                     "text/plain": "IntSlider(value=5)"}, raw=True)
            display({"application/vnd.own+json": {"data": []}, "text/html": "<div></div>"}, raw=True)
            display({"application/x-own": "1", "text/plain": "what it says"}, raw=True)
            """
        )
    )
    assert text == (
        "[display] [widget: IntSlider(value=5)]\n"
        "[display]\n[application/vnd.own+json]\n[text/html of 11 characters, without text]\n"
        "[display]\n[application/x-own]\nwhat it says"
    )


def test_texts_stored_as_lists_of_lines_are_joined():
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": ["a\n", "b"]},
        {"output_type": "execute_result", "data": {"text/plain": ["[1,\n", " 2]"]}, "metadata": {}},
    ]
    assert shown(Execution(status="ok", outputs=outputs)) == "a\nb\n[result]\n[1,\n 2]"


def test_a_figure_is_described_to_a_model_without_image_support(run):
    execution = run(
        """
        plt.figure(figsize=(3, 2))
        plt.plot([1, 2])
        plt.show()
        print("ok")
        """
    )
    observed = observe(execution, nonce=NONCE)
    assert re.search(
        r"\n\[display\] \[image/png figure, \d+×\d+ pixels; text: <Figure size 300x200 with 1 Axes>\]\n"
        r"\[stdout\] ok\n",
        observed.text,
    )
    assert observed.images == ()


def test_a_figure_is_sent_to_a_model_that_supports_images(run):
    execution = run("plt.plot([1, 2])\nplt.show()")
    observed = observe(execution, nonce=NONCE, supports_images=True)
    assert "pixels, attached; text: <Figure" in observed.text
    (uri,) = observed.images
    assert base64.b64decode(uri.removeprefix("data:image/png;base64,")) == base64.b64decode(
        execution.outputs[-1]["data"]["image/png"]
    )


def test_a_large_image_is_scaled_down():
    observed = observe(displayed({"image/png": png(3000, 1500)}), nonce=NONCE, supports_images=True)
    assert "[image/png figure, 3000×1500 pixels, attached]" in observed.text
    sent = base64.b64decode(observed.images[0].removeprefix("data:image/png;base64,"))
    with Image.open(io.BytesIO(sent)) as image:
        assert image.size == (1516, 758)


def test_the_size_of_other_image_types_is_read():
    for kind in ("JPEG", "GIF", "WEBP"):
        written = io.BytesIO()
        Image.new("L", (30, 20)).save(written, kind)
        data = {f"image/{kind.lower()}": base64.b64encode(written.getvalue()).decode()}
        assert shown(displayed(data)) == f"[display] [image/{kind.lower()} figure, 30×20 pixels]"


def test_the_labels_of_an_svg_figure_are_shown(run):
    text = shown(
        run(
            """
            from matplotlib_inline.backend_inline import set_matplotlib_formats
            set_matplotlib_formats("svg")
            plt.figure(figsize=(3, 2)); plt.plot([1, 2]); plt.title("Growth"); plt.xlabel("year"); plt.show()
            set_matplotlib_formats("png")
            """
        )
    )
    assert re.match(r"\[display\] \[image/svg\+xml figure, \d+×\d+ pixels; text: <Figure.*>; labels: ", text)
    assert "Growth" in text
    assert "year" in text


def huge_png() -> str:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    return base64.b64encode(
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    ).decode()


@pytest.mark.parametrize(
    ("data", "seen"),
    [
        ({"image/png": "not base64!"}, "[image/png figure, not attached]"),
        ({"image/png": base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()}, "[image/png figure, not attached]"),
        ({"image/png": huge_png()}, "[image/png figure, 60000×60000 pixels, not attached]"),
        ({"image/png": png(2000, 2000)[:2000]}, "[image/png figure, 2000×2000 pixels, not attached]"),
        ({"image/svg+xml": "<svg></svg>"}, "[image/svg+xml figure, not attached]"),
        ({"image/jpeg": ""}, "[image/jpeg figure, not attached]"),
    ],
)
def test_an_image_that_cannot_be_sent_is_described(data, seen):
    observed = observe(displayed(data), nonce=NONCE, supports_images=True)
    assert seen in observed.text
    assert observed.images == ()


def test_the_number_of_images_is_limited():
    outputs = displayed({"image/png": png(4, 4)}).outputs * (MAX_IMAGES + 3)
    observed = observe(Execution(status="ok", outputs=outputs), nonce=NONCE, supports_images=True)
    assert len(observed.images) == MAX_IMAGES
    assert observed.text.count("not attached") == 3


def test_an_alternative_text_is_shown():
    execution = displayed({"image/png": png(4, 4)}, {"image/png": {"alt": "a red square"}})
    assert shown(execution) == "[display] [image/png figure, 4×4 pixels; alt: a red square]"


def test_an_image_takes_up_tokens_by_its_size():
    sizes = {(300, 250): 100, (1500, 750): 1500}
    for size, tokens in sizes.items():
        for kind in ("png", "jpeg", "webp", "gif"):
            written = io.BytesIO()
            Image.new("RGB", size).save(written, kind)
            uri = f"data:image/{kind};base64,{base64.b64encode(written.getvalue()).decode()}"
            assert tokens_of(uri) == tokens
            message = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": uri}}]}
            assert history.size([message]) == round(tokens * history.PER_TOKEN)
    assert tokens_of("https://example.org/a.png") is None


def test_an_attached_photo_is_scaled_down():
    written = io.BytesIO()
    Image.new("RGB", (4000, 3000)).save(written, "JPEG")
    uri = fitted(f"data:image/jpeg;base64,{base64.b64encode(written.getvalue()).decode()}")
    with Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))) as image:
        assert image.size == (1237, 928)
    assert fitted("data:image/png;base64,AAAA") == "data:image/png;base64,AAAA"
