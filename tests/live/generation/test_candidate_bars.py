"""Bars of candidates: only where risk rules read them, finished ones, adjusted ones."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from backtest.calendar import sessions as calendar
from backtest.core.candidate import Candidate
from backtest.core.errors import DataError
from backtest.strategies.terms import TradingTerms
from live.generation.candidate_bars import with_candidate_bars
from live.generation.candidates import NO_REPORT, CandidateInput
from live.generation.market import SessionMarket
from tests.support.exec_world import AT, DAY, ScriptedFeed, bars

BEFORE = DAY - timedelta(days=1)
ROW = (1.0, 1.0, 1.0, 1.0)


def found(*tickers: str, reads: bool = True, basis: str = "split") -> SessionMarket:
    session = calendar.session(DAY)
    assert session is not None
    daily = {"NEW": replace(bars("NEW", {BEFORE: ROW, DAY: ROW}), basis=basis)}
    market = SessionMarket(
        AT.replace(hour=17), calendar.window(session, "open"), {"AAA": bars("AAA", {BEFORE: ROW})}, {}
    )
    report = (
        CandidateInput(tuple(Candidate(t, DAY, "A", 90.0, 100.0) for t in tickers)) if tickers else NO_REPORT
    )
    variant: Any = SimpleNamespace(
        strategy=SimpleNamespace(terms=TradingTerms(reads_bars_of_candidates=reads))
    )
    return with_candidate_bars(market, ScriptedFeed(daily=daily), variant, report)


def test_finished_bars_of_candidates_come_beside_the_market() -> None:
    market = found("NEW", "AAA", "ZZZ")
    assert sorted(market.bars) == ["AAA", "NEW"]
    assert market.bars["NEW"].last == BEFORE


def test_nothing_is_read_that_no_rule_asks_for() -> None:
    assert sorted(found("NEW", reads=False).bars) == ["AAA"]
    assert sorted(found().bars) == ["AAA"]


def test_raw_bars_are_refused() -> None:
    with pytest.raises(DataError, match="basis raw"):
        found("NEW", basis="raw")
