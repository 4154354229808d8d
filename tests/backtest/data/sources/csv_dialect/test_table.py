"""From text to cells: delimiters, quotes, lines that hold nothing."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import DataError
from backtest.data.sources.csv_dialect.table import DELIMITERS, tables


def cells(text: str) -> list[tuple[str, ...]]:
    """The cells of the likeliest table."""
    return [row.cells for row in next(tables(text)).rows]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_the_most_frequent_delimiter_comes_first(delimiter: str, end: str) -> None:
    text = end.join(delimiter.join(row) for row in (("a", " b ", "c"), ("1", "2", "3")))
    assert cells(text) == [("a", "b", "c"), ("1", "2", "3")]


def test_decimal_commas_are_a_second_way_to_read_it() -> None:
    found = list(tables("a;b;c\n1,5;2;3\n"))
    assert [table.delimiter for table in found] == [";", ","]
    assert found[0].rows[1].cells == ("1,5", "2", "3")


def test_a_hint_of_the_delimiter_is_no_row_but_counts_as_a_line() -> None:
    (table,) = tables("sep=;\na;b\n1;2\n")
    assert [(row.line, row.cells) for row in table.rows] == [(2, ("a", "b")), (3, ("1", "2"))]


def test_quotes_hold_delimiters_and_line_ends() -> None:
    assert cells('"a","b, c"\n"1","2\n3"\n') == [("a", "b, c"), ("1", "2\n3")]
    assert cells("'a','b, c'\n'1','2'\n")[0] == ("a", "b, c")


def test_blank_lines_end_a_table_and_stay_inside_it() -> None:
    (table,) = tables("a,b\n\n1,2\n,\n \n\n")
    assert [row.cells for row in table.rows] == [("a", "b"), ("",), ("1", "2")]
    assert [row.blank for row in table.rows] == [False, True, False]


@pytest.mark.parametrize("text", ["", "\n\n", "  \r\n "])
def test_an_empty_file_is_named(text: str) -> None:
    with pytest.raises(DataError, match="the file is empty"):
        list(tables(text))


def test_a_quote_that_does_not_close_names_its_line() -> None:
    with pytest.raises(DataError, match="line 2"):
        list(tables('a,b\n1,"2\n'))


CELL = st.text(st.sampled_from("ab1.;|\t'\"- ,"), max_size=6).map(str.strip)


@given(st.lists(st.lists(CELL, min_size=2, max_size=2), min_size=1, max_size=5))
def test_what_a_spreadsheet_writes_is_read_again(rows: list[list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([["head", "row"], *rows, ["last", "row"]])
    wanted = [("head", "row"), *map(tuple, rows), ("last", "row")]
    found = [table for table in tables(out.getvalue()) if table.delimiter == ","]
    assert [[row.cells for row in table.rows] for table in found] == [wanted]
