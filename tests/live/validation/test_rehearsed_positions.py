"""The backtest of a book's own entries: nothing entered, or shares from before, is no data."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from backtest.calendar import sessions as calendar
from backtest.strategies.registry import find_strategy
from live.validation.rehearsed_positions import positions_curve
from live.validation.span import Span, span_of
from tests.support.earnings_world import MON, TUE, WED, Trader, new_trader


@pytest.fixture(scope="module")
def trader(tmp_path_factory: pytest.TempPathFactory) -> Trader:
    """AAA and BBB bought on Monday at 100, ten thousand each; on Tuesday AAA is worth 110."""
    made = new_trader(tmp_path_factory.mktemp("rehearsed"), "AAA", "BBB")
    made.stocks.level("AAA", TUE, 110.0)
    made.trade(MON, "AAA", "BBB")
    made.trade(TUE)
    return made


def returned(trader: Trader, span: Span | None = None) -> tuple[Span | None, float | None]:
    with trader.at(f"{WED}T12:00") as runtime:
        kept = span_of(runtime.ledger, "ema_p10")
        strategy = find_strategy("ema_p10", runtime.strategies)
        asked = span or Span(date.fromisoformat(MON), date.fromisoformat(TUE), 1_000_000.0, 1_001_000.0)
        costs = runtime.settings.execution
        curve = positions_curve(runtime.ledger, strategy, asked, costs, runtime.feed, runtime.clock.now())
        if curve is None:
            return kept, None
        assert list(curve) == [s.day for s in calendar.sessions(asked.first, asked.last)]
        return kept, curve[asked.last] - 1


def test_the_entries_of_the_files_are_simulated(trader: Trader) -> None:
    _, found = returned(trader)
    assert found == pytest.approx(0.001, abs=2e-4)  # 100 shares, 10 each, of a million


def test_sessions_without_an_entry_or_with_shares_from_before_are_no_data(
    trader: Trader, tmp_path: Path
) -> None:
    tuesday = date.fromisoformat(TUE)
    _, found = returned(trader, Span(tuesday, tuesday, 1_000_000.0, 1_000_000.0))
    assert found is None
    fresh = new_trader(tmp_path, "AAA")
    assert returned(fresh) == (None, None)


def test_nothing_after_the_last_session_counts(trader: Trader) -> None:
    monday = date.fromisoformat(MON)
    span = Span(monday, monday, 1_000_000.0, 1_000_000.0)
    _, found = returned(trader, span)
    assert found == pytest.approx(0.0, abs=2e-4)
