"""Curves, months and rolling windows, with numbers by hand."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from live.ledger.ledger import Ledger
from live.settings.model import Settings
from live.views.curves import read_curves, read_performance_view, read_rolling
from live.views.inputs import ViewInputs

AT = datetime(2026, 2, 3, 12, tzinfo=UTC)
CLOSES = {
    date(2025, 12, 30): 100.0,
    date(2025, 12, 31): 110.0,
    date(2026, 1, 30): 99.0,
    date(2026, 2, 2): 108.9,
}


@pytest.fixture
def inputs() -> Iterator[ViewInputs]:
    with Ledger.open("sqlite://", account="paper", now=AT) as ledger:
        for day, equity in CLOSES.items():
            ledger.snapshots.add("golden", day, at=AT, mode="offline_mock", equity=equity, cash=1.0)
        yield ViewInputs(ledger, Settings(), {}, Path(), Path(), "paper", AT, AT.date())


def test_a_curve_is_columns(inputs: ViewInputs) -> None:
    (curve,) = read_curves(inputs)
    assert (curve.variant, curve.role, curve.time) == ("golden", "primary", tuple(CLOSES))
    assert curve.equity == (100.0, 110.0, 99.0, 108.9)
    assert curve.growth == pytest.approx((0.0, 0.1, -0.01, 0.089))
    assert curve.drawdown == pytest.approx((0.0, 0.0, -0.1, -0.01))


def test_a_curve_may_be_shown_from_a_later_session_on(inputs: ViewInputs) -> None:
    (curve,) = read_curves(inputs, date(2026, 1, 1))
    assert curve.growth == pytest.approx((-0.01, 0.089))
    assert curve.drawdown == pytest.approx((-0.1, -0.01))


def test_figures_are_those_of_status_and_reports(inputs: ViewInputs) -> None:
    (found,) = read_performance_view(inputs).figures
    assert (found.first, found.last, found.equity) == (date(2025, 12, 30), date(2026, 2, 2), 108.9)
    assert found.year_to_date == pytest.approx(108.9 / 110 - 1)


def test_ratios_need_twenty_sessions(inputs: ViewInputs) -> None:
    found = read_performance_view(inputs).ratios["golden"]
    assert (found.sortino, found.calmar, found.costs) == (None, None, 0.0)
    for n in range(1, 26):
        day, equity = date(2026, 2, 2 + n), 108.9 + n * (1 if n % 2 else 0.9)
        inputs.ledger.snapshots.add("golden", day, at=AT, mode="offline_mock", equity=equity, cash=1.0)
    found = read_performance_view(inputs).ratios["golden"]
    assert found.sortino is not None
    assert found.sortino > 0
    assert found.calmar is not None


def test_months_are_last_close_against_last_close_before(inputs: ViewInputs) -> None:
    last, this = read_performance_view(inputs).months["golden"]
    assert (last.year, last.months[11], last.total) == (2025, pytest.approx(0.1), pytest.approx(0.1))
    assert last.months[:11] == (None,) * 11
    assert this.months[:2] == (pytest.approx(-0.1), pytest.approx(0.1))
    assert this.total == pytest.approx(108.9 / 110 - 1, abs=1e-6)


def test_without_a_close_there_is_nothing() -> None:
    with Ledger.open("sqlite://", account="paper", now=AT) as ledger:
        inputs = ViewInputs(ledger, Settings(), {}, Path(), Path(), "paper", AT, AT.date())
        assert read_curves(inputs) == ()
        assert read_performance_view(inputs).figures == ()
        assert read_rolling(inputs, "golden", 2).time == ()


def test_rolling_figures_begin_when_there_are_enough(inputs: ViewInputs) -> None:
    found = read_rolling(inputs, "golden", 2)
    assert found.sharpe[:2] == (None, None)
    assert found.volatility[2] == pytest.approx(252**0.5 * 0.2 / 2**0.5)


def test_a_deposit_is_no_growth(inputs: ViewInputs) -> None:
    flows = inputs.ledger.cash_flows
    flows.note("1", day=date(2026, 2, 2), kind="deposit", amount=Decimal("9.9"), at=AT)
    (curve,) = read_curves(inputs)
    assert curve.equity[-1] == 108.9
    assert curve.growth[-1] == pytest.approx(-0.01)
