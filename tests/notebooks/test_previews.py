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


def test_of_a_long_table_the_first_rows_are_shown_and_all_are_counted(tmp_path: Path) -> None:
    file = tmp_path / "long.csv"
    file.write_text("n,square\n" + "".join(f"{n},{n * n}\n" for n in range(50_000)))
    shown = preview(file, "data/long.csv")
    assert shown.splitlines()[0].startswith("A table: 50,000 rows, 2 columns. pd.read_csv('data/long.csv')")
    assert shown.splitlines()[1:] == ["n,square", *(f"{n},{n * n}" for n in range(5)), "…"]


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
    ],
)
def test_whatever_else_is_in_a_file_is_no_error(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert preview(tmp_path / name, name) == said
