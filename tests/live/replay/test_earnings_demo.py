"""The earnings demo: its candidates are gap-ups of the demo stocks, in the format live trading reads."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np

from backtest.core.bars import Bars
from live.generation.candidates import read_report
from live.replay.earnings_demo import SMALLEST_GAP, reports, write_report

DAYS = [date(2024, 3, day) for day in (11, 12, 13, 14)]


def bars(symbol: str, opens: list[float], closes: list[float]) -> Bars:
    o, c = np.array(opens), np.array(closes)
    dates = np.array(DAYS[: len(o)], dtype="datetime64[D]")
    return Bars(symbol, dates, o, np.maximum(o, c), np.minimum(o, c), c, np.full(len(o), 1e6), source="test")


HISTORY = {
    "BBB": bars("BBB", [100, 104, 100, 103], [100, 100, 100, 103]),  # gaps: 4 %, 0, 3 %
    "AAA": bars("AAA", [50, 51, 52.9, 50], [50, 50, 50, 50]),  # gaps: 2 %, 5.8 %, 0
}


def test_a_gap_from_the_close_before_makes_a_candidate() -> None:
    found = reports(HISTORY, DAYS[0], DAYS[-1])
    assert {day: [c["ticker"] for c in rows] for day, rows in found.items()} == {
        DAYS[1]: ["BBB"],
        DAYS[2]: ["AAA"],
        DAYS[3]: ["BBB"],  # exactly the smallest gap
    }
    (candidate,) = found[DAYS[1]]
    assert (candidate["price"], candidate["gap_size"]) == (104.0, 4.0)
    assert SMALLEST_GAP == 0.03


def test_only_sessions_of_the_range_count() -> None:
    assert list(reports(HISTORY, DAYS[2], DAYS[2])) == [DAYS[2]]
    assert reports({}, DAYS[0], DAYS[-1]) == {}


def test_the_same_gap_scores_the_same_every_time_and_a_larger_one_higher() -> None:
    assert reports(HISTORY, DAYS[0], DAYS[-1]) == reports(HISTORY, DAYS[0], DAYS[-1])
    scores = {
        row["ticker"]: row["score"]
        for gap in (1.03, 1.3)
        for row in reports({str(gap): bars("CCC", [10, 10 * gap], [10, 10])}, DAYS[0], DAYS[-1])[DAYS[1]]
    }
    assert all(0 <= score <= 99 for score in scores.values())


def test_what_is_written_is_read_by_the_strict_reader(tmp_path: Path) -> None:
    rows = reports(HISTORY, DAYS[0], DAYS[-1])[DAYS[1]]
    path = write_report(tmp_path, DAYS[1], rows)
    read = read_report(path, session=DAYS[1], entry_mode="report_open", mode="offline_mock")
    assert read.problems == ()
    assert read.candidates is not None
    assert [c.ticker for c in read.candidates] == ["BBB"]
