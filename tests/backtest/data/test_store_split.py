"""A split a person confirmed: recorded once, and old rows brought onto the new shares once."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars
from backtest.core.errors import DataError
from backtest.data.actions import ActionStore
from backtest.data.quality.actions import CorporateAction
from backtest.data.quality.known import NOTHING_KNOWN
from backtest.data.store import BarStore
from backtest.data.store_split import SplitRecorded, record_split

AT = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)
DAYS = calendar.session_dates(date(2026, 9, 1), date(2026, 9, 15))
EX = DAYS[5].item()
FLAT = np.full(len(DAYS), 100.0)
STEPPED = np.where(np.arange(len(DAYS)) < 5, 100.0, 50.0)  # what the vendor gives: old rows count old shares


def bars(
    close: np.ndarray[tuple[int], np.dtype[np.float64]], basis: Literal["raw", "split"] = "split"
) -> Bars:
    days = DAYS[: len(close)]
    return Bars(
        "QQQ", days, close, close, close, close, np.full(len(close), 1000.0), source="csv", basis=basis
    )


@pytest.fixture
def store(tmp_path: Path) -> BarStore:
    return BarStore(tmp_path / "bars")


def split(store: BarStore, ratio: Fraction = Fraction(2), day: date = EX) -> SplitRecorded:
    return record_split(store, CorporateAction("QQQ", day, "split", ratio), known=NOTHING_KNOWN, at=AT)


def closes(store: BarStore) -> list[float]:
    return list(map(float, store.read(["QQQ"])["QQQ"].close))


def ratios(store: BarStore) -> list[Fraction]:
    return [action.ratio for action in ActionStore(store.directory).read("QQQ")]


def test_older_rows_are_rescaled_and_a_second_time_changes_nothing(store: BarStore) -> None:
    store.write(bars(STEPPED), imported_at=AT, gaps=[date(2026, 8, 31)])
    assert split(store) == SplitRecorded("recorded", "5 older rows were rescaled by 1:2")
    assert closes(store) == [50.0] * len(DAYS)
    assert store.read(["QQQ"])["QQQ"].volume.tolist() == [2000.0] * 5 + [1000.0] * (len(DAYS) - 5)
    assert store.gaps("QQQ") == (date(2026, 8, 31),)
    again = split(store)
    assert again.recorded == "was recorded already"
    assert again.prices == "the stored prices count the new shares already"
    assert closes(store) == [50.0] * len(DAYS)
    assert ratios(store) == [Fraction(2)]


@pytest.mark.parametrize("ratio", [Fraction(2), Fraction(3, 2), Fraction(1, 4)])
def test_a_history_that_ends_before_the_day_is_rescaled_once(store: BarStore, ratio: Fraction) -> None:
    store.write(bars(FLAT[:5]), imported_at=AT)
    split(store, ratio)
    wanted = [float(100 / ratio)] * 5
    assert closes(store) == pytest.approx(wanted)
    assert (
        split(store, ratio).prices == "the stored prices end before it and were rescaled when it was recorded"
    )
    assert closes(store) == pytest.approx(wanted)


def test_prices_that_count_the_new_shares_stay(store: BarStore) -> None:
    store.write(bars(FLAT), imported_at=AT)
    assert split(store).prices == "the stored prices count the new shares already"
    assert closes(store) == FLAT.tolist()


def test_raw_prices_stay_and_the_split_is_recorded(store: BarStore) -> None:
    store.write(bars(STEPPED, "raw"), imported_at=AT)
    assert split(store).prices == "the stored prices are raw and stay as they are"
    assert closes(store) == STEPPED.tolist()
    assert ratios(store) == [Fraction(2)]


@pytest.mark.parametrize(
    ("stored", "day", "said"),
    [(False, EX, "no prices of it are stored"), (True, DAYS[0].item(), "no stored price is older")],
)
def test_without_older_prices_only_the_split_is_recorded(
    store: BarStore, stored: bool, day: date, said: str
) -> None:
    if stored:
        store.write(bars(FLAT), imported_at=AT)
    assert split(store, day=day) == SplitRecorded("recorded", said)
    assert ratios(store) == [Fraction(2)]


def test_another_ratio_for_the_same_day_is_refused(store: BarStore) -> None:
    store.write(bars(STEPPED), imported_at=AT)
    split(store)
    with pytest.raises(DataError, match="a 2:1 split is recorded for that day already"):
        split(store, Fraction(3))
    assert (closes(store), ratios(store)) == ([50.0] * len(DAYS), [Fraction(2)])


def test_a_ratio_that_does_not_explain_the_prices_changes_nothing(store: BarStore) -> None:
    store.write(bars(STEPPED), imported_at=AT)
    with pytest.raises(DataError, match="a 3:1 split does not explain the prices") as caught:
        split(store, Fraction(3))
    assert caught.value.findings
    assert closes(store) == STEPPED.tolist()
    assert ratios(store) == []


def test_after_a_crash_between_record_and_prices_the_same_call_ends_the_work(
    store: BarStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write(bars(STEPPED), imported_at=AT)

    def fails(*_args: object, **_more: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(BarStore, "write", fails)
        with pytest.raises(OSError, match="no space"):
            split(store)
    assert ratios(store) == [Fraction(2)]
    assert split(store) == SplitRecorded("was recorded already", "5 older rows were rescaled by 1:2")
    assert closes(store) == [50.0] * len(DAYS)
