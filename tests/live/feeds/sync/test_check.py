"""Stored bars beside those of another source."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from backtest.core.bar_words import Basis
from backtest.core.bars import Bars
from backtest.core.errors import DataError
from backtest.data.actions import ActionStore
from backtest.data.importing import import_bars
from backtest.data.quality.actions import CorporateAction
from backtest.data.store import BarStore
from live.feeds.sources.errors import VendorDown
from live.feeds.sync.check import Check, CheckedSymbol, CheckReport, compared
from live.feeds.sync.fallback import alone
from live.system.clock import SimulatedClock
from tests.support.source_world import ListSource, as_traded, chosen, evening, history, without

FIRST, LAST = date(2020, 10, 1), date(2020, 12, 31)
MADE = history("QQQ", FIRST, LAST)


@pytest.fixture
def store(tmp_path: Path) -> BarStore:
    found = BarStore(tmp_path / "bars")
    import_bars(found, {"QQQ": MADE}, imported_at=evening(LAST))
    return found


def run(
    store: BarStore, source: ListSource, *symbols: str, bases: tuple[Basis, ...] = ("split",)
) -> CheckReport:
    clock = SimulatedClock(evening(LAST))
    against = chosen(source, clock, bases=bases)
    return Check(store, against, max_difference_pct=1.0, clock=clock).run(symbols or ("QQQ",), FIRST)


def moved(bars: Bars, row: int, factor: float) -> Bars:
    close = bars.close.copy()
    close[row] *= factor
    return replace(bars, close=close)


def test_it_is_refused_beside_a_sync_whose_pages_it_would_throw_away(store: BarStore) -> None:
    source = ListSource("other", {"QQQ": MADE})
    with alone(store.directory), pytest.raises(DataError, match="another sync is running"):
        run(store, source)
    assert not source.asked


def test_the_same_bars_agree_and_nothing_is_written(store: BarStore) -> None:
    before = sorted(path.name for path in store.directory.rglob("*") if path.suffix == ".parquet")
    done = run(store, ListSource("other", {"QQQ": MADE}))
    (line,) = done.symbols
    assert (line.sessions, line.differing, line.beyond, done.exit_code) == (len(MADE), 0, False, 0)
    assert sorted(path.name for path in store.directory.rglob("*") if path.suffix == ".parquet") == before
    assert not list((store.directory / ".sync").glob("*.jsonl"))


@pytest.mark.parametrize(
    ("factor", "differing", "beyond"),
    [(1.0004, 0, False), (1.005, 1, False), (1.011, 1, True), (0.5, 1, True)],
)
def test_rounding_passes_a_difference_is_named_a_large_one_is_exit_5(
    store: BarStore, factor: float, differing: int, beyond: bool
) -> None:
    done = run(store, ListSource("other", {"QQQ": moved(MADE, 7, factor)}))
    (line,) = done.symbols
    assert (line.differing, line.beyond, done.exit_code) == (differing, beyond, 5 if beyond else 0)
    assert [d.session for d in line.largest] == ([MADE.dates[7].item()] if differing else [])


def test_sessions_of_one_side_are_named() -> None:
    other = without(MADE, date(2020, 10, 6), date(2020, 10, 7))
    line = compared(MADE, other, 0.01)
    assert [str(days) for days in line.only_stored] == ["2020-10-06 to 2020-10-07"]
    line = compared(other, MADE, 0.01)
    assert [str(days) for days in line.only_other] == ["2020-10-06 to 2020-10-07"]


def test_a_row_without_a_price_is_missing_there() -> None:
    line = compared(MADE, moved(MADE, 3, np.nan), 0.01)
    assert (line.differing, line.sessions) == (0, len(MADE) - 1)
    assert [str(days) for days in line.only_stored] == [str(MADE.dates[3])]


def test_the_largest_differences_come_first() -> None:
    other = MADE
    for row, factor in ((1, 1.02), (2, 1.05), (3, 0.9), (4, 1.03), (5, 1.04), (6, 1.01)):
        other = moved(other, row, factor)
    line = compared(MADE, other, 0.01)
    assert line.differing == 6
    assert [round(d.fraction, 2) for d in line.largest] == [-0.1, 0.05, 0.04, 0.03, 0.02]


def test_raw_prices_are_compared_after_their_splits(tmp_path: Path) -> None:
    ex_date = date(2020, 11, 16)
    raw = as_traded(MADE, ex_date, 2)
    split = CorporateAction("QQQ", ex_date, "split", Fraction(2))
    store = BarStore(tmp_path)
    import_bars(store, {"QQQ": raw}, imported_at=evening(LAST), actions=[split])
    paid = CorporateAction("QQQ", ex_date, "dividend", amount=Decimal("0.3"))
    agrees = ListSource("other", {"QQQ": MADE}, named=[split, paid])
    (line,) = run(store, agrees).symbols
    assert (line.differing, line.beyond) == (0, False)
    assert line.actions_only_other == (paid.describe(),)
    silent = ListSource("other", {"QQQ": raw})
    (line,) = run(store, silent, bases=("raw",)).symbols
    assert (line.differing, line.beyond, line.actions_only_stored) == (0, True, (split.describe(),))
    assert ActionStore(store.directory).read("QQQ") == (replace(split, source=""),)


def test_what_cannot_be_compared_is_told(store: BarStore) -> None:
    done = run(store, ListSource("other", {}), "QQQ", "TLT")
    assert [line.problem for line in done.symbols] == [
        "other has no bars of it",
        "nothing is stored in these days",
    ]
    assert done.exit_code == 6
    down = run(store, ListSource("other", {}, failing=VendorDown("503", remedy="later")))
    assert [(line.problem, line.remedy) for line in down.symbols] == [("503", "later")]
    wrong = run(store, ListSource("other", {}), bases=("total",))
    assert "basis split, other has total" in wrong.symbols[0].problem


def test_the_exit_code_is_that_of_the_worst() -> None:
    lines = (CheckedSymbol("A"), CheckedSymbol("B", problem="503"), CheckedSymbol("C", beyond=True))
    codes = [CheckReport("x", FIRST, LAST, 1.0, lines[:n]).exit_code for n in range(4)]
    assert codes == [0, 0, 6, 5]
