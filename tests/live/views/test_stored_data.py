"""Coverage counts every session once; pages of bars follow each other."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import numpy as np
import pytest

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars
from backtest.data.quality.actions import CorporateAction
from backtest.data.quality.known import NOTHING_KNOWN, Known
from backtest.data.sources.demo import DemoMarket
from live.views.stored_data import read_bars, read_status, read_symbol

UNTIL = date(2024, 1, 5)


@pytest.fixture(scope="module")
def bars() -> Bars:
    return DemoMarket(7, UNTIL).read(["QQQ"])["QQQ"]


def without(bars: Bars, *days: str) -> Bars:
    keep = ~np.isin(bars.dates, np.array(days, dtype="datetime64[D]"))
    return bars.take(np.flatnonzero(keep))


def test_a_whole_history_lacks_nothing(bars: Bars) -> None:
    line = read_symbol(bars, UNTIL, ("golden",))
    assert (line.missing, line.behind, line.bars, line.used_by) == (0, 0, len(bars), ("golden",))
    assert all(year.bars == year.sessions for year in line.years)
    assert sum(year.sessions for year in line.years) == len(calendar.sessions(line.first, UNTIL))


def test_gaps_and_sessions_behind_are_counted_where_they_are(bars: Bars) -> None:
    found = without(bars, "2021-03-03", "2021-03-04", "2024-01-04", "2024-01-05")
    line = read_symbol(found, UNTIL)
    assert (line.missing, line.behind) == (2, 2)
    short = {year.year: year.sessions - year.bars for year in line.years if year.sessions != year.bars}
    assert short == {2021: 2, 2024: 2}
    status = read_status("QQQ", {"QQQ": found}, UNTIL, (), NOTHING_KNOWN)
    assert status.gaps == (date(2021, 3, 3), date(2021, 3, 4))


def test_recorded_splits_are_in_their_year(bars: Bars) -> None:
    split = CorporateAction("QQQ", date(2022, 6, 1), "split", ratio=Fraction(2))
    years = read_symbol(bars, UNTIL, (), Known((), (split,))).years
    assert {year.year: year.splits for year in years if year.splits} == {2022: 1}


def test_what_is_wrong_with_a_row_is_a_finding(bars: Bars) -> None:
    close = bars.close.copy()
    close[-10] *= 3
    status = read_status("QQQ", {"QQQ": replace(bars, close=close)}, UNTIL, (), NOTHING_KNOWN)
    assert status.findings
    assert read_status("QQQ", {"QQQ": bars}, UNTIL, (), NOTHING_KNOWN).findings == ()


def test_pages_of_bars_follow_each_other_to_the_first(bars: Bars) -> None:
    short = bars.until(date(2010, 1, 15))
    pages, before = [], None
    while True:
        page = read_bars(short, 4, before)
        pages.append(page.time)
        before = page.next
        if before is None:
            break
    joined = [day for page in reversed(pages) for day in page]
    assert joined == short.dates.tolist()
    assert read_bars(short, 4, date(2000, 1, 1)).time == ()
