"""The page's own counts per grade, compared with what was read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.candidates.html.counters import disagreements, page_counters
from backtest.candidates.html.dom import parse_page
from backtest.core.candidate import GRADES, Grade


def counts(body: str) -> dict[Grade, int]:
    return page_counters(parse_page(body), [])


@pytest.mark.parametrize(
    ("markup", "found"),
    [
        ("<div><b>A-Grade</b><i>3</i></div>", {"A": 3}),
        ("<div><i>3</i><b>A Grade stocks</b></div>", {"A": 3}),
        ("<div><b>B-Grade (70-84)</b><i>12</i></div>", {"B": 12}),
        ("<div><b>A / B / C / D</b><i>1 / 2 / 3 / 4</i></div>", {"A": 1, "B": 2, "C": 3, "D": 4}),
        ("<div><b>Wins</b><i>1 / 2 / 3 / 4</i></div>", {}),
        ("<div><b>A-Grade</b><i>many</i></div>", {}),
        ("<div><b>A-Grade</b><i>3</i><i>4</i></div>", {}),  # which of the two
        ("<div><b>A-Grade</b><b>B-Grade</b><i>3</i></div>", {}),
        ("<div><b>A-Grade</b></div>", {}),
        ("<div><b>A-Grade</b><i>3</i></div><div><b>A-Grade</b><i>4</i></div>", {}),  # they contradict
        ("<div><b>A-Grade</b><i>3</i></div><div><b>A-Grade</b><i>3</i></div>", {"A": 3}),
    ],
)
def test_what_counts_and_what_does_not(markup: str, found: dict[Grade, int]) -> None:
    assert counts(markup) == found


def test_a_number_inside_a_stock_counts_nothing() -> None:
    page = parse_page("<article><div><b>A-Grade</b><i>91</i></div></article>")
    (card,) = (node for node in page.nodes if node.tag == "article")
    assert page_counters(page, []) == {"A": 91}
    assert page_counters(page, [card]) == {}


@given(
    said=st.dictionaries(st.sampled_from(GRADES), st.integers(0, 999), max_size=4),
    read=st.lists(st.sampled_from(GRADES), max_size=12),
)
def test_exactly_the_grades_whose_count_differs_disagree(said: dict[Grade, int], read: list[Grade]) -> None:
    page = parse_page("".join(f"<div><b>{g}-Grade</b><i>{n}</i></div>" for g, n in said.items()))
    wrong, counted = disagreements(page, [], read)
    assert counted is bool(said)
    assert wrong == {g: (n, read.count(g)) for g, n in said.items() if n != read.count(g)}
