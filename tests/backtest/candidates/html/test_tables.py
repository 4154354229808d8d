"""Tables of stocks: which columns they have, which rows are stocks."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.candidates.html.dom import parse_page
from backtest.candidates.html.tables import Row, stock_rows

HEAD = ("Ticker", "Company", "Grade", "Score", "Price", "Gap %")
ONE = ("AEO", "American Eagle", "B", "78", "$20.50", "+12.5%")
FIELDS = ("tickers", "company", "grade", "score", "price", "gap")
FOUND = (("AEO",), "American Eagle", "B", 78.0, 20.5, 12.5)


def rows(*cells: tuple[str, ...]) -> list[Row]:
    lines = ("".join(f"<td>{cell}</td>" for cell in row) for row in cells)
    page = parse_page(f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>")
    (table,) = (node for node in page.nodes if node.tag == "table")
    return stock_rows(page, table)


def only(*cells: tuple[str, ...]) -> dict[str, Any]:
    (row,) = rows(*cells)
    return {name: getattr(row, name) for name in FIELDS}


@given(st.permutations(range(len(HEAD))))
def test_columns_may_stand_in_any_order(order: list[int]) -> None:
    head, one = (tuple(cells[n] for n in order) for cells in (HEAD, ONE))
    assert only(head, one) == dict(zip(FIELDS, FOUND, strict=True))


@given(st.sets(st.sampled_from(range(1, len(HEAD))), min_size=1))
def test_a_column_that_is_absent_is_a_field_without_value(kept: set[int]) -> None:
    places = [0, *sorted(kept)]
    found = rows(tuple(HEAD[n] for n in places), tuple(ONE[n] for n in places))
    if not kept & {2, 3}:
        assert found == []  # without grades and scores it lists no candidates
        return
    expected = {
        name: value if n in places else None
        for n, (name, value) in enumerate(zip(FIELDS, FOUND, strict=True))
    }
    assert {name: getattr(found[0], name) for name in FIELDS} == expected


@pytest.mark.parametrize(
    ("head", "one", "field", "value"),
    [
        (("Ticker", "Grade"), ("AEO", "A (91/100)"), "score", 91.0),
        (("Ticker", "Grade"), ("AEO", "A (91/100)"), "grade", "A"),
        (("Ticker", "Rating"), ("AEO", "B-Grade"), "grade", "B"),
        (("Ticker", "Grade"), ("AEO", "A-Grade or B-Grade"), "grade", None),
        (("Ticker", "Score"), ("AEO", "n/a"), "score", None),
        (("Symbol", "Final Score /100"), ("$AEO", "78"), "score", 78.0),
        (
            ("Ticker / Company", "Score"),
            ("<b>AEO</b><i>American Eagle</i>", "78"),
            "company",
            "American Eagle",
        ),
        (("Ticker", "Company", "Score"), ("AEO", "--", "78"), "company", None),
        (("Ticker", "Score", "Price"), ("AEO", "78", "20.50"), "price", 20.5),
        (("Ticker", "Score", "Gap"), ("AEO", "78", "-3.5%"), "gap", -3.5),
    ],
)
def test_forms_of_a_cell(head: tuple[str, ...], one: tuple[str, ...], field: str, value: object) -> None:
    assert only(head, one)[field] == value


@pytest.mark.parametrize(
    "cells",
    [
        (),
        (HEAD,),
        (("Company", "Grade"), ("American Eagle", "B")),
        (("Ticker", "Grade", "Entry"), ("AEO", "B", "$20")),  # a trading plan
        (("Ticker", "Score", "Stop Loss"), ("AEO", "78", "$18")),
        (HEAD, ONE[:-1]),  # a row of another width
        (HEAD, ("Total", *ONE[1:])),
        (HEAD, ("", *ONE[1:])),
    ],
)
def test_what_lists_no_candidates(cells: tuple[tuple[str, ...], ...]) -> None:
    assert rows(*cells) == []


def test_rows_of_a_table_inside_a_cell_are_not_its_own() -> None:
    inner = "<table><tr><td>Ticker</td><td>Grade</td></tr><tr><td>DKS</td><td>A</td></tr></table>"
    page = parse_page(
        f"<table><tr><td>Ticker</td><td>Grade</td></tr><tr><td>AEO</td><td>B{inner}</td></tr></table>"
    )
    outer, nested = (node for node in page.nodes if node.tag == "table")
    assert [row.tickers for row in stock_rows(page, outer)] == [("AEO",)]
    assert [row.tickers for row in stock_rows(page, nested)] == [("DKS",)]
    assert stock_rows(page, outer)[0].start < stock_rows(page, nested)[0].start
