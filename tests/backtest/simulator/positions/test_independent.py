"""Every candidate on its own: no capacity, only the limit of a day."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from backtest.calendar.sessions import is_week_end
from backtest.core.candidate import Candidate
from backtest.simulator.positions.independent import simulate_independent
from backtest.simulator.positions.model import PortfolioResult, PortfolioRules
from tests.support.scripted_strategy import make_bars

MON, TUE, WED = (date(2024, 3, day) for day in (18, 19, 20))
PRICES = {
    "AAA": make_bars("AAA", {MON: 100.0, TUE: 105.0, WED: 110.0}),
    "BBB": make_bars("BBB", {MON: 50.0, TUE: 44.0, WED: 60.0}),  # through a stop at 45
}


def candidate(ticker: str, score: float | None = 80.0, day: date = MON) -> Candidate:
    return Candidate(ticker, day, "A", score, 100.0)


def play(*candidates: Candidate, **changes: Any) -> PortfolioResult:
    plain = {
        "daily_entry_limit": None,
        "quality_filter": False,
        "trailing_stop": None,
        "slippage_pct": 0.0,
        "stop_loss_pct": 10.0,
        "position_size": 10_000,
    }
    return simulate_independent(
        candidates, PRICES, PortfolioRules.model_validate({**plain, **changes}), is_week_end
    )


def outcomes(done: PortfolioResult) -> list[tuple[str, date, float, str]]:
    return [(t.position.symbol, t.exit_date, t.exit_price, t.reason) for t in done.trades]


def test_trades_keep_the_order_of_the_candidates_and_know_no_capacity() -> None:
    """BBB opens at 44 on Tuesday, below its stop at 45; AAA is twice as good as its own slot."""
    done = play(candidate("BBB"), candidate("AAA"), candidate("AAA", day=TUE), max_positions=1)
    assert outcomes(done) == [
        ("BBB", TUE, 44.0, "stop_loss"),
        ("AAA", WED, 110.0, "end_of_data"),
        ("AAA", WED, 110.0, "end_of_data"),
    ]
    assert [t.position.shares for t in done.trades] == [200, 100, 95]  # 10,000 / 50, / 100, / 105
    assert (done.skipped, done.equity) == ((), ())


def test_the_best_scores_of_a_day_are_taken_and_no_score_is_the_worst() -> None:
    given = (
        candidate("AAA", None),
        candidate("BBB", 10.0),
        candidate("AAA", 90.0),
        candidate("AAA", day=TUE),
    )
    done = play(*given, daily_entry_limit=2)
    assert [t.position.score for t in done.trades] == [10.0, 90.0, 80.0]
    assert [(s.candidate, s.reason) for s in done.skipped] == [(given[0], "daily_limit")]


def test_equal_scores_keep_their_order() -> None:
    given = (candidate("AAA"), candidate("BBB"))
    assert [s.candidate for s in play(*given, daily_entry_limit=1).skipped] == [given[1]]


@pytest.mark.parametrize("changes", [{}, {"data_end_date": date(2024, 3, 1)}])
def test_a_candidate_without_data_is_named_first(changes: dict[str, Any]) -> None:
    done = play(candidate("ZZZ"), **changes)
    assert [(s.candidate.ticker, s.reason) for s in done.skipped] == [("ZZZ", "no_price_data")]
    assert done.trades == ()


def test_nothing_after_the_end_of_the_data_is_known() -> None:
    assert outcomes(play(candidate("AAA"), data_end_date=TUE)) == [("AAA", TUE, 105.0, "end_of_data")]
