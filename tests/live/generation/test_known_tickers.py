"""Tickers nobody has a price of are left out; a source that fails leaves every candidate in."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from backtest.core.candidate import Candidate
from backtest.core.errors import DataError
from live.generation.candidates import NO_REPORT, CandidateInput, simulated_report
from live.generation.known_tickers import known_tickers
from tests.support.exec_world import AT, DAY, ScriptedFeed, bars

YESTERDAY = DAY - timedelta(days=1)


def report(*tickers: str) -> CandidateInput:
    return CandidateInput(tuple(Candidate(t, DAY, "A", 90.0, 100.0) for t in tickers))


def runtime(**feed: Any) -> Any:
    return SimpleNamespace(feed=ScriptedFeed(**feed))


def names(found: CandidateInput) -> list[str]:
    return [c.ticker for c in found.candidates or ()]


def test_a_quote_or_a_bar_is_enough() -> None:
    world = runtime(prices={"AAA": 101.0}, daily={"BBB": bars("BBB", {YESTERDAY: (99.0, 99.0, 99.0, 99.0)})})
    found = known_tickers(world.feed, report("AAA", "BBB", "ZZZQ"), AT)
    assert names(found) == ["AAA", "BBB"]
    assert "ZZZQ" in str(found)  # it is named, not lost


def test_nothing_is_asked_without_candidates() -> None:
    broken: Any = SimpleNamespace(feed=None)
    assert known_tickers(broken.feed, NO_REPORT, AT) is NO_REPORT
    assert names(known_tickers(broken.feed, report(), AT)) == []


@pytest.mark.parametrize("call", ["quotes", "history"])
def test_a_source_that_fails_leaves_every_candidate_and_says_so(call: str) -> None:
    def fails(*_: Any) -> Any:
        raise DataError("the vendor is down")

    world = runtime()
    setattr(world.feed, call, fails)
    found = known_tickers(world.feed, report("AAA", "BBB"), AT)
    assert names(found) == ["AAA", "BBB"]
    assert found.notes[-1] == "tickers were not looked up: the vendor is down"


def priced(daily: dict[str, tuple[date, float]], quotes: dict[str, float]) -> CandidateInput:
    made = {t: bars(t, {day: (close,) * 4}) for t, (day, close) in daily.items()}
    return known_tickers(runtime(prices=quotes, daily=made).feed, report("AAA"), AT)


def test_a_price_is_held_against_the_last_close_before_the_quote() -> None:
    assert names(priced({"AAA": (YESTERDAY, 1000.0)}, {"AAA": 100.0})) == []
    assert names(priced({"AAA": (YESTERDAY, 100.0)}, {"AAA": 1000.0})) == ["AAA"]
    assert names(priced({}, {"AAA": 1000.0})) == []


def test_an_old_bar_proves_nothing_about_a_price() -> None:
    assert names(priced({"AAA": (DAY - timedelta(days=60), 1000.0)}, {})) == ["AAA"]


def test_a_history_that_cannot_be_read_leaves_the_quotes_to_compare_with() -> None:
    def fails(*_: Any) -> Any:
        raise DataError("a defective history")

    world = runtime(prices={"AAA": 1000.0, "BBB": 100.0})
    world.feed.history = fails
    found = known_tickers(world.feed, report("AAA", "BBB"), AT)
    assert names(found) == ["BBB"]
    assert len(found.notes) == 2


def test_a_list_for_simulation_is_taken_as_the_simulator_takes_it() -> None:
    found = known_tickers(
        runtime(prices={"AAA": 1000.0}).feed, simulated_report(report("AAA").candidates or ()), AT
    )
    assert names(found) == ["AAA"]
