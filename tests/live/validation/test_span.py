"""A book's sessions: from its first decision to the newest one that ran, and what it made in them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from live.validation.span import Span, span_of
from tests.support.earnings_world import MON, TUE, WED, new_trader


def test_what_a_book_made_is_its_last_close_against_the_equity_before_it() -> None:
    span = Span(date(2026, 2, 2), date(2026, 2, 3), 1000.0, 1010.0)
    assert span.made == pytest.approx(0.01)


def test_it_begins_with_the_first_file_and_ends_with_the_newest_session_that_ran(tmp_path: Path) -> None:
    trader = new_trader(tmp_path, "AAA")
    trader.trade(MON, "AAA")
    trader.trade(TUE)
    assert trader.generate(WED).code == 0  # not executed: no part of it
    with trader.at(f"{WED}T12:00") as runtime:
        span = span_of(runtime.ledger, "ema_p10")
        assert span is not None
        assert (span.first.isoformat(), span.start_equity) == (MON, 1_000_000.0)
        assert span.last.isoformat() <= TUE
        assert span_of(runtime.ledger, "golden") is None
