"""Primary against shadow: equal terms, hand-computed figures, one verdict per criterion."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from backtest.core.decision import Book
from live.views.compare import criteria, read_comparisons, record
from tests.support.review_world import NOW, inputs, runtime

START = date(2024, 1, 2)


DAYS = [START + timedelta(days=30 * step) for step in range(4)]  # 0, 30, 60, 90


def book(role: Any, equity: Any, pnls: Any = (10.0, -5.0), days: Any = DAYS) -> Any:
    return record(role, role, days, equity, list(pnls))


def test_the_figures_of_a_record() -> None:
    found = book("primary", [100.0, 120.0, 90.0, 110.0], [30.0, -12.0, 6.0, -6.0])
    assert found.total_return == pytest.approx(0.10)
    assert found.max_drawdown == pytest.approx(-0.25)  # 120 to 90
    assert found.trades == 4
    assert found.profit_factor == pytest.approx(2.0)  # 36 / 18
    assert (found.gains, found.losses) == (36.0, 18.0)
    assert (found.sessions, found.days) == (4, 90)


def verdicts(primary: Any, shadow: Any) -> Any:
    return [criterion.met for criterion in criteria(primary, shadow)]


GOOD = ([100, 101, 102, 103], (20.0, -10.0))  # return 3 %, factor 2.0


BETTER = ([100, 103, 105, 106], (21.0, -10.0))  # return 6 %, factor 2.1


def test_every_criterion_is_met_exactly_at_its_edge() -> None:
    assert verdicts(book("primary", *GOOD), book("shadow", *BETTER)) == [True, True, True, True]


def test_each_criterion_fails_alone() -> None:
    primary = book("primary", *GOOD)
    almost = [START, START + timedelta(days=89)]
    assert verdicts(
        book("primary", [100, 103], (20.0, -10.0), almost), book("shadow", [100, 106], (21.0, -10.0), almost)
    ) == [False, True, True, True]
    assert verdicts(primary, book("shadow", BETTER[0], (20.9, -10.0))) == [True, False, True, True]
    assert verdicts(primary, book("shadow", [100, 99, 105, 106], BETTER[1])) == [True, True, False, True]
    assert verdicts(primary, book("shadow", [100, 103, 105, 105.9], BETTER[1])) == [True, True, True, False]


def test_a_hundred_trades_are_evidence_too() -> None:
    short = [START, START + timedelta(days=10)]
    many = (2.0, -1.0) * 50
    assert verdicts(book("primary", [1, 1], many, short), book("shadow", [1, 1], many, short))[0] is True
    assert (
        verdicts(book("primary", [1, 1], many[:99], short), book("shadow", [1, 1], many, short))[0] is False
    )


def test_profit_factors_without_losses_or_trades() -> None:
    none, wins = book("primary", GOOD[0], ()), book("shadow", BETTER[0], (5.0,))
    assert criteria(none, wins)[1].met is None
    assert "no trades" in criteria(none, wins)[1].detail
    assert criteria(book("primary", *GOOD), wins)[1].met is True
    assert criteria(wins, book("shadow", *GOOD))[1].met is False
    assert criteria(wins, wins)[1].met is None


@pytest.fixture
def world(tmp_path: Path) -> Any:
    world = runtime(tmp_path)
    curves = {"golden": [100.0, 101.0, 102.0, 103.0, 1.0], "titan": [100.0, 103.0, 105.0, 106.0]}
    for variant, equity in curves.items():
        for step, value in enumerate(equity):
            day = START + timedelta(days=30 * step)
            world.ledger.snapshots.add(variant, day, at=NOW, mode="offline_mock", equity=value, cash=0.0)
    return world


def shadow_sale(world: Any, day: Any, pnl: Any) -> None:
    world.ledger.shadow.propose("titan", day, decision={}, memory={}, cash=0.0, equity=0.0)
    fills = {
        "executed": [
            {"side": "buy", "realised_pnl": None},
            {"side": "sell", "realised_pnl": pnl},
        ]
    }
    world.ledger.shadow.settle("titan", day, Book(cash=0.0), equity=0.0, fills=fills)


def test_only_shared_sessions_and_trades_inside_them_count(world: Any) -> None:
    shadow_sale(world, DAYS[0], 999.0)  # already inside the first equity
    shadow_sale(world, DAYS[1], 8.0)
    shadow_sale(world, DAYS[2], -4.0)
    found = read_comparisons(inputs(world), None).comparisons[0]
    ours, theirs = found.records
    assert found.sessions == 4  # the fifth of the primary has no counterpart
    assert ours.total_return == pytest.approx(0.03)
    assert theirs.trades == 2
    assert theirs.profit_factor == pytest.approx(2.0)
    assert found.switch is False  # the primary has no trades to compare with


def test_since_moves_the_start(world: Any) -> None:
    found = read_comparisons(inputs(world), DAYS[2]).comparisons[0]
    assert found.records[0].total_return == pytest.approx(103 / 102 - 1)
    assert read_comparisons(inputs(world), DAYS[3]).comparisons[0].records == ()


def test_a_deposit_is_no_profit_of_the_primary(world: Any) -> None:
    """50 of the 51 that the book has more on its second day were paid in: it made one percent."""
    for step, value in enumerate((100.0, 151.0, 152.5, 154.0)):
        day = START + timedelta(days=30 * step)
        world.ledger.snapshots.add("golden", day, at=NOW, mode="offline_mock", equity=value, cash=0.0)
    world.ledger.cash_flows.note("d", day=DAYS[1], kind="deposit", amount=Decimal(50), at=NOW)
    ours, _ = read_comparisons(inputs(world), None).comparisons[0].records
    assert ours.total_return == pytest.approx(1.01 * 154.0 / 151.0 - 1)
