"""Imports through the price gate: what is refused, what explains it, which corrections need no consent."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars
from backtest.core.errors import DataError
from backtest.data.importing import Imported, import_bars
from backtest.data.quality.actions import CorporateAction
from backtest.data.quality.confirmations import ConfirmedPrice
from backtest.data.quality.known import Known
from backtest.data.quality.relations import PriceRelation
from backtest.data.store import BarStore

AT = datetime(2025, 6, 27, 21, 0, tzinfo=UTC)
PRICES = ("open", "high", "low", "close")


def history(
    symbol: str = "QQQ", start: date = date(2025, 1, 2), end: date = date(2025, 6, 26), multiple: float = 1.0
) -> Bars:
    dates = calendar.session_dates(date(2025, 1, 2), date(2025, 6, 26))
    moves = multiple * np.random.default_rng(3).normal(0, 0.01, len(dates))
    close = np.asarray(100 * np.cumprod(1 + moves), dtype=np.float64)
    open_ = np.append(100.0, close[:-1])
    volume = 1e6 + np.arange(float(len(dates)))
    high, low = np.maximum(open_, close) * 1.001, np.minimum(open_, close) * 0.999
    return Bars(symbol, dates, open_, high, low, close, volume).since(start).until(end)


def scaled(bars: Bars, factor: float) -> Bars:
    return replace(bars, **{name: getattr(bars, name) * factor for name in PRICES})


@pytest.fixture
def store(tmp_path: Path) -> BarStore:
    return BarStore(tmp_path / "bars")


def take(store: BarStore, bars: Bars, **more: Any) -> tuple[Imported, ...]:
    return import_bars(store, {bars.symbol: bars}, imported_at=AT, **more)


def test_sessions_appended_one_by_one_after_a_split_are_refused_whatever_the_overlap(store: BarStore) -> None:
    take(store, history(end=date(2025, 6, 23)))
    day = date(2025, 6, 24)
    with pytest.raises(DataError, match="2:1 split") as caught:
        take(store, scaled(history(start=day, end=day), 0.5))
    assert caught.value.exit_code == 5
    assert store.read(["QQQ"])["QQQ"].last == date(2025, 6, 23)
    assert store.verify() == ()


def test_a_recorded_split_or_a_confirmed_price_lets_the_step_in(store: BarStore) -> None:
    take(store, history(end=date(2025, 6, 23)))
    day = date(2025, 6, 24)
    halved = scaled(history(start=day, end=day), 0.5)
    split = CorporateAction("QQQ", day, "split", Fraction(2), source="person")
    (done,) = take(store, halved, known=Known(actions=[split]))
    assert (done.outcome, done.added) == ("updated", 1)
    assert [f.path for f in store.verify()] == [f"QQQ {day}"]
    assert store.verify(known=Known(actions=[split])) == ()
    confirmed = [
        ConfirmedPrice("QQQ", day, Decimal(repr(float(getattr(halved, field)[0]))))
        for field in ("open", "close")
    ]
    assert store.verify(known=Known(confirmed=confirmed)) == ()


@pytest.mark.parametrize("factor", [2.0, 100.0, 1 / 9, 0.75 * 0.99])
def test_a_whole_file_with_a_step_is_refused(store: BarStore, factor: float) -> None:
    bars = history()
    later = np.arange(len(bars)) >= 70
    stepped = replace(
        bars, **{n: np.where(later, getattr(bars, n) * factor, getattr(bars, n)) for n in PRICES}
    )
    known = Known(relations=[PriceRelation("TQQQ", "QQQ", 3.0)])
    with pytest.raises(DataError) as caught:
        take(store, stepped, known=known)
    assert {f.path for f in caught.value.findings} == {f"QQQ {bars.dates[70]}"}
    assert store.symbols() == ()


def test_a_fund_is_judged_by_its_stored_index(store: BarStore) -> None:
    known = Known(relations=[PriceRelation("TQQQ", "QQQ", 3.0)])
    take(store, history(), known=known)
    fund = history("TQQQ", multiple=3.0)
    wrong = scaled(fund, 1.0)
    wrong.close[-1] *= 1.12
    wrong.high[-1] *= 1.13
    assert take(BarStore(store.directory / "other"), wrong)[0].outcome == "new"  # usual for a fund by itself
    with pytest.raises(DataError, match=r"QQQ .* x 3 = "):
        take(store, wrong, known=known)
    assert take(store, fund, known=known)[0].outcome == "new"


def test_a_small_dividend_restated_is_taken_over_and_older_rows_follow(store: BarStore) -> None:
    take(store, history())
    restated = scaled(history(start=date(2025, 3, 3)), 0.997)
    (done,) = take(store, restated)
    stored = store.read(["QQQ"])["QQQ"]
    assert done.outcome == "rescaled"
    np.testing.assert_allclose(stored.close, history().close * 0.997)
    assert stored.volume[0] == history().volume[0]


def test_a_fund_restated_two_for_one_with_two_decimals_needs_only_consent(store: BarStore) -> None:
    cents = {name: np.round(getattr(history(), name) / 400, 2) for name in PRICES}
    old = replace(history(), **cents)
    old = replace(old, high=old.high + 0.01, low=old.low - 0.01)
    take(store, old)
    halves = {name: np.round(getattr(old, name) / 2 + 1e-9, 2) for name in PRICES}
    new = replace(old, **halves).since(date(2025, 3, 3))
    with pytest.raises(DataError, match=r"2-for-1 split.*--accept-split"):
        take(store, new)
    day = date(2025, 6, 27)
    split = CorporateAction("QQQ", day, "split", Fraction(2), source="person")
    (done,) = take(store, new, known=Known(actions=[split]))
    assert done.outcome == "rescaled"
    assert store.read(["QQQ"])["QQQ"].close[0] == old.close[0] / 2


def test_an_unfinished_last_bar_is_made_final(store: BarStore) -> None:
    final = history()
    noon = replace(
        final, close=final.close.copy(), volume=final.volume.copy(), high=final.high, low=final.low
    )
    noon.close[-1] = (noon.open[-1] + final.close[-1]) / 2
    noon.volume[-1] /= 2
    take(store, noon)
    (done,) = take(store, final.since(date(2025, 6, 20)))
    assert (done.outcome, done.added) == ("updated", 0)
    assert store.read(["QQQ"])["QQQ"].close[-1] == final.close[-1]


def test_another_close_of_an_older_day_is_still_refused(store: BarStore) -> None:
    take(store, history())
    wrong = history()
    wrong.close[50] *= 1.01
    wrong.high[50] *= 1.02
    with pytest.raises(DataError, match="third"):
        take(store, wrong, accept_split=True)


def test_a_bar_of_a_running_session_is_marked_until_its_final_one_comes(store: BarStore) -> None:
    day, noon = date(2025, 6, 26), datetime(2025, 6, 26, 16, 0, tzinfo=UTC)
    whole = history()
    unfinished = replace(whole, **{n: getattr(whole, n).copy() for n in (*PRICES, "volume")})
    unfinished.close[-1] = (unfinished.open[-1] + unfinished.close[-1]) / 2
    unfinished.volume[-1] /= 2
    import_bars(store, {"QQQ": unfinished}, imported_at=noon)
    assert store.read(["QQQ"])["QQQ"].provisional
    assert not store.read(["QQQ"])["QQQ"].until(date(2025, 6, 25)).provisional
    (done,) = import_bars(store, {"QQQ": whole}, imported_at=AT)
    assert done.outcome == "updated"
    final = store.read(["QQQ"])["QQQ"]
    assert (final.provisional, final.last, final.close[-1]) == (False, day, whole.close[-1])


def test_the_same_bar_imported_after_the_close_is_final(store: BarStore) -> None:
    import_bars(store, {"QQQ": history()}, imported_at=datetime(2025, 6, 26, 16, 0, tzinfo=UTC))
    (done,) = import_bars(store, {"QQQ": history()}, imported_at=AT)
    assert done.outcome == "updated"
    assert not store.read(["QQQ"])["QQQ"].provisional


def test_later_sessions_do_not_pass_over_an_unfinished_one(store: BarStore) -> None:
    import_bars(
        store,
        {"QQQ": history(end=date(2025, 6, 25))},
        imported_at=datetime(2025, 6, 25, 16, 0, tzinfo=UTC),
    )
    with pytest.raises(DataError, match="stored before its close"):
        take(store, history(start=date(2025, 6, 26)))
    take(store, history(start=date(2025, 6, 25)))
