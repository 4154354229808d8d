"""The equality gate: every day of the real histories in `make long`, a few made ones in `make test`."""

from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from backtest.data.sources.minute_csv import read_minutes
from backtest.research.opening_range_breakout.equality import Difference, compare
from backtest.research.opening_range_breakout.study import Study, StudyOptions, study_of
from backtest.simulator.intraday import engine
from backtest.simulator.intraday.grid import Grid
from backtest.strategies.opening_range_breakout.instruments import INSTRUMENTS, instrument_of
from backtest.strategies.opening_range_breakout.labels import LABELS, TABLE
from tests.support.minute_world import random_bars

GRID = Grid(ratios=(Fraction(1), Fraction(3, 2)), confirm_bars=(1, 2, 3))


def study(compat: bool, seed: int = 21, days: int = 3) -> Study:
    options = StudyOptions(labels=TABLE[:5], grid=GRID, compat=compat)
    return study_of(random_bars(seed, days, kept=0.7), INSTRUMENTS["MGC"], options)


@pytest.mark.parametrize("compat", [True, False])
def test_sessions_give_the_trades_of_the_table(compat: bool) -> None:
    found = compare(study(compat))
    assert found.trades > 100
    assert [one.line() for one in found.differences] == []
    assert found.passed


def test_a_rule_that_differs_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault of the original: an entry at the close ended by its own bar's extremes."""
    order = engine.SessionEngine._confirm

    def twice(self: engine.SessionEngine, bar: engine.MinuteBar) -> None:
        order(self, bar)
        self._exit(bar)

    monkeypatch.setattr(engine.SessionEngine, "_confirm", twice)
    found = compare(study(compat=True, days=2))
    assert not found.passed
    assert all("_E2_" in one.strategy_id for one in found.differences)


def test_nothing_compared_is_not_passed() -> None:
    bars = random_bars(2, 1)
    none = StudyOptions(labels=(LABELS["1800"],), grid=GRID)
    one = np.ones(len(bars))
    quiet = replace(bars, open=one, high=one, low=one, close=one)
    assert not compare(study_of(quiet, INSTRUMENTS["MGC"], none)).passed


def test_differences_are_said_in_words() -> None:
    day = date(2024, 1, 5)
    assert Difference(day, "X", ("a",), ()).line() == "2024-01-05 X: only in the outcomes"
    assert Difference(day, "X", (), ("a",)).line() == "2024-01-05 X: only in the session"
    mine, theirs = ("t", 1.0, *"abcdefgh"), ("t", 2.0, *"abcdefgh")
    said = Difference(day, "X", mine, theirs).line()
    assert said == "2024-01-05 X: entry_price 1.0 in the outcomes, 2.0 in the session"


@pytest.mark.shared
@pytest.mark.long
@pytest.mark.parametrize("compat", [True, False])
@pytest.mark.parametrize(
    ("dataset", "symbol", "labels"),
    [
        ("6eh4_1m_202401", "M6E", tuple(LABELS)),
        ("es_rth_1m_2020", "MES", ("NYSE0930",)),
        ("us100_1m_202512_202603", "MNQ", tuple(LABELS)),
        ("xauusd_1m_202512_202605", "MGC", tuple(LABELS)),
        ("eurusd_1m_2023_2024", "M6E", tuple(LABELS)),
    ],
)
def test_all_real_days(
    shared_data: Path, dataset: str, symbol: str, labels: tuple[str, ...], compat: bool
) -> None:
    bars = read_minutes(shared_data / "intraday" / f"{dataset}.csv.gz", symbol)
    options = StudyOptions(labels=tuple(LABELS[name] for name in labels), compat=compat)
    found = compare(study_of(bars, instrument_of(symbol), options))
    assert found.trades > 1_000
    assert [one.line() for one in found.differences[:5]] == []
