"""A data file that is attached is described, so that the model's code reads it at the first attempt."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pandas as pd
import pytest

from jupyter_codeact.notebooks.previews import preview


@pytest.mark.parametrize(
    ("name", "content", "facts"),
    [
        ("plain.csv", b"a,b\n1,2\n3,4\n", "2 rows, 2 columns. pd.read_csv('plain.csv') reads it."),
        (
            "german.csv",
            "Größe;Preis\n1;2,5\n2;3,75\n".encode("cp1252"),
            "pd.read_csv('german.csv', sep=';', decimal=',', encoding='cp1252') reads it.",
        ),
        ("bom.csv", "\ufeffä,b\n1,2\n".encode(), "1 rows, 2 columns. pd.read_csv('bom.csv')"),
        ("wide.csv", "a\tb\n1\t2\n".encode("utf-16"), "sep='\\t', encoding='utf-16')"),
        ("tabs.tsv", b"a\tb\n1,5\t2\n", "pd.read_csv('tabs.tsv', sep='\\t', decimal=',')"),
        ("quoted.csv", b'a,b\n"one, two\nthree",2\n', "1 rows, 2 columns."),
        ("one.csv", b"a\n1\n2\n", "2 rows, 1 columns. pd.read_csv('one.csv')"),
        ("old_mac.csv", b"a,b\r1,2\r3,4\r", "2 rows, 2 columns. pd.read_csv('old_mac.csv')"),
        ("odd.csv", "a,b\n1,x\u2028y\n2,z\x0cq\n".encode(), "2 rows, 2 columns. pd.read_csv('odd.csv')"),
        ("blank.csv", b"a,b\n\n1,2\n\n3,4\n", "2 rows, 2 columns. pd.read_csv('blank.csv')"),
        ("spaces.csv", b"a  b\n1  2\n3 44\n", "2 rows, 2 columns. pd.read_csv('spaces.csv', sep='\\\\s+')"),
        ("words.csv", b"text\nhello you\ngood day\n", "2 rows, 1 columns. pd.read_csv('words.csv')"),
        (
            "commas.csv",
            b"name;note\nx, y;1\nz, w;2\n",
            "2 rows, 2 columns. pd.read_csv('commas.csv', sep=';')",
        ),
        ("excel.csv", b"sep=;\na;b\n1;2\n", "pd.read_csv('excel.csv', sep=';', skiprows=1)"),
        (
            "title.csv",
            b"Sales of 2024\n\nname,n,m\nx,1,2\ny,3,4\n",
            "2 rows, 3 columns. pd.read_csv('title.csv', skiprows=2)",
        ),
        (
            "notes.csv",
            b"Sales, by region, 2024\nregion,q1,q2,q3\nn,1,2,3\ns,4,5,6\n",
            "pd.read_csv('notes.csv', skiprows=1)",
        ),
        ("named_rows.csv", b"a,b\nx,1,2\ny,3,4\n", "2 rows, 2 columns. pd.read_csv('named_rows.csv')"),
        ("euros.csv", b"a;b\n1.234,56;x\n2,5;y\n", "sep=';', decimal=',', thousands='.')"),
        ("dollars.csv", b'a,b\n"1,234.5",x\n"2,000",y\n', "pd.read_csv('dollars.csv', thousands=',')"),
        (
            "ending.csv",
            b"comment\ngood\nit was ok; thanks\nfine\n",
            "3 rows, 1 columns. pd.read_csv('ending.csv')",
        ),
        ("odd_sign.csv", b'sep="\na\n1\n', "2 rows, 1 columns. pd.read_csv('odd_sign.csv')"),
        ("lists.csv", b'a,b\n"1,2,3",x\n"2,000",y\n', "pd.read_csv('lists.csv')"),
    ],
)
def test_a_table_is_described_with_the_call_that_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes, facts: str
) -> None:
    (tmp_path / name).write_bytes(content)
    shown = preview(tmp_path / name, name)
    assert facts in shown
    monkeypatch.chdir(tmp_path)
    frame = eval(shown[shown.index("pd.read_csv") : shown.index(" reads it")], {"pd": pd})
    assert f"{len(frame):,} rows, {frame.shape[1]} columns" in shown
    if "thousands" in shown:
        assert pd.api.types.is_numeric_dtype(frame["a"])


def test_of_a_long_table_the_first_rows_are_shown_and_all_are_counted(tmp_path: Path) -> None:
    file = tmp_path / "long.csv"
    file.write_text("n,square\n" + "".join(f"{n},{n * n}\n" for n in range(50_000)))
    shown = preview(file, "data/long.csv")
    assert shown.splitlines()[0].startswith("A table: 50,000 rows, 2 columns. pd.read_csv('data/long.csv')")
    assert shown.splitlines()[1:] == ["n,square", *(f"{n},{n * n}" for n in range(5)), "…"]


@pytest.mark.parametrize(
    ("row", "rows"), [('{n},"two\nlines"\n', 9_000), ("{n},1\n\n", 20_000), ("{n},é\n", 20_000)]
)
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_the_rows_of_a_long_table_are_counted_as_pandas_does(
    tmp_path: Path, row: str, rows: int, encoding: str
) -> None:
    file = tmp_path / "long.csv"
    text = "n,more\n" + "1,plain\n" * 10_000 + "".join(row.format(n=n) for n in range(rows))
    file.write_text(text, encoding, newline="")
    shown = preview(file, str(file))
    frame = eval(shown[shown.index("pd.read_csv") : shown.index(" reads it")], {"pd": pd})
    assert len(frame) == 10_000 + rows
    assert shown.startswith(f"A table: {len(frame):,} rows, 2 columns.")


def test_what_stands_above_the_heading_is_shown(tmp_path: Path) -> None:
    file = tmp_path / "title.csv"
    file.write_text("Sales in thousands\n\nname,n,m\n" + "x,1,2\n" * 9)
    assert preview(file, "title.csv").splitlines()[1:] == [
        *("Sales in thousands", "", "name,n,m"),
        *(["x,1,2"] * 5),
        "…",
    ]


def test_a_sentence_with_commas_is_no_heading(tmp_path: Path) -> None:
    file = tmp_path / "notes.csv"
    file.write_text("notes\nnothing\nsome, text, here, more\nelse\n")
    assert "skiprows" not in preview(file, "notes.csv")


def test_numbers_above_numbers_are_no_heading(tmp_path: Path) -> None:
    file = tmp_path / "no_heading.csv"
    file.write_text("569,30,malignant\n" + "1,2,3,4,5\n" * 9)
    assert "skiprows" not in preview(file, "no_heading.csv")


@pytest.mark.parametrize(
    ("name", "content", "lines"),
    [
        (
            "shop.json",
            '{"name": "Rome", "orders": [{"id": 1, "total": 2.5}], "tags": ["a"], "n": 3}',
            [
                "JSON: an object with the keys 'name', 'orders', 'tags', 'n'. "
                "json.load(open('shop.json', encoding='utf-8')) reads it.",
                "- 'name': 'Rome'",
                "- 'orders': a list of 1 objects, the first an object with the keys 'id', 'total'",
                "- 'tags': a list of 1 values",
                "- 'n': 3",
            ],
        ),
        (
            "rows.jsonl",
            '{"a": 1}\n\n{"a": 2}\n',
            [
                "JSON: a list of 2 objects, the first an object with the keys 'a'. "
                "pd.read_json('rows.jsonl', lines=True, encoding='utf-8') reads it.",
                '{"a": 1}',
            ],
        ),
    ],
)
def test_of_json_the_keys_are_told(tmp_path: Path, name: str, content: str, lines: list[str]) -> None:
    (tmp_path / name).write_text(content)
    assert preview(tmp_path / name, name).splitlines() == lines


def test_a_workbook_is_described_by_its_sheets(tmp_path: Path) -> None:
    file = tmp_path / "book.xlsx"
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    with zipfile.ZipFile(file, "w") as archive:
        sheets = '<sheet name="Sales &amp; more" sheetId="1"/><sheet name="Notes" sheetId="2"/>'
        archive.writestr("xl/workbook.xml", f'<workbook xmlns="{space}"><sheets>{sheets}</sheets></workbook>')
        archive.writestr("xl/worksheets/sheet1.xml", f'<worksheet xmlns="{space}"><dimension ref="A1:H345"/>')
    assert preview(file, "book.xlsx").splitlines() == [
        "An Excel workbook. pd.read_excel('book.xlsx', sheet_name='Sales & more') reads a sheet. Its sheets:",
        "- 'Sales & more': 345 rows with the heading, columns up to H",
        "- 'Notes'",
    ]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("no.xlsx", b"PK but no archive", "17 bytes, not an Excel workbook that can be read."),
        ("d.parquet", b"PAR1", "4 bytes. pd.read_parquet('d.parquet') reads it."),
        ("empty.csv", b"", ""),
        ("binary.csv", b"a,b\n\0\0\0", ""),
        ("text.txt", b"a,b", ""),
        ("half.json", b'{"a": ', ""),
        ("deep.json", b"[" * 100_000, ""),
        ("bytes.json", b"\xff\xfe\x00", ""),
        (
            "empty.json",
            b"[]",
            "JSON: a list of 0 values. json.load(open('empty.json', encoding='utf-8')) reads it.",
        ),
        (
            "half.jsonl",
            b'\xef\xbb\xbf["\\ud83d"]',
            "JSON: a list of 1 values. "
            "pd.read_json('half.jsonl', lines=True, encoding='utf-8-sig') reads it.\n[\"\ufffd\"]",
        ),
    ],
)
def test_whatever_else_is_in_a_file_is_no_error(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert preview(tmp_path / name, name) == said
