"""What is missing about a book is a line, never a blank; many warnings are cut with a count."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.reporting.book_sections import MOST_NOTES, book_sections
from live.reporting.document import Document
from live.reporting.html import LARGEST_BYTES, html_of
from live.reporting.text import text_of
from live.views.book_period import AgainstBacktest, GroupedNote
from tests.support.report_samples import DAY, HOSTILE, book_sample

BOOK = book_sample(date(2026, 11, 23), date(2026, 11, 29))


def document(**changes: Any) -> Document:
    return Document("s", "h", "plain", tuple(book_sections(replace(BOOK, **changes))))


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"figures": None}, "missing: the book has no close yet"),
        ({"verdicts": {}}, "missing: no session was validated"),
        ({"backtest": AgainstBacktest(None, None, 0, None, "no bars")}, "missing: no bars"),
        ({"backtest": AgainstBacktest(0.01, 0.02, 1, None)}, "not enough sessions"),
        ({"made": None}, "unknown"),
        ({"no_go": ()}, "GO"),
    ],
)
def test_what_is_missing_is_a_line(changes: dict[str, Any], line: str) -> None:
    assert any(row.strip().endswith(line) for row in text_of(document(**changes)).splitlines())


def test_a_book_that_may_go_on_says_so_and_shows_no_reason() -> None:
    shown = text_of(document(no_go=()))
    assert "  go or no-go        GO\n" in shown
    assert "expectancy: the newest 50 trades made" in shown  # monitoring still says it


@given(made=st.floats(-0.9, 9.0), simulated=st.floats(-0.9, 9.0))
def test_the_gap_shown_is_the_return_shown_less_the_backtest_shown(made: float, simulated: float) -> None:
    against = AgainstBacktest(made, simulated, 4, 0.003, last=DAY)
    facts = {
        f.name: f.value for s in book_sections(replace(BOOK, made=made, backtest=against)) for f in s.facts
    }
    shown = {name: Decimal(facts[name].split()[0]) for name in ("return", "backtest", "gap")}
    assert shown["return"] - shown["backtest"] == shown["gap"]


def test_a_backtest_that_ends_early_says_so_and_an_early_stretch_has_no_book() -> None:
    shown = text_of(document(backtest=AgainstBacktest(0.01, 0.02, 3, None, last=DAY, behind=2)))
    assert f"+2.000 % in 3 session(s) up to {DAY}" in shown
    assert "no backtest of the last 2 session(s)" in shown
    early = text_of(document(begins=date(2026, 12, 1)))
    assert "no book then: its first session is 2026-12-01" in early
    assert "NO-GO" not in early
    assert "equity" not in early


def test_a_month_of_trouble_still_fits_a_mail() -> None:
    notes = tuple(GroupedNote(f"{HOSTILE * 4} {number}", 1, DAY) for number in range(500))
    made = document(notes=notes, no_go=(HOSTILE,) * 20)
    assert len(html_of(made).encode()) < LARGEST_BYTES
    assert f"and {500 - MOST_NOTES} more" in text_of(made)
