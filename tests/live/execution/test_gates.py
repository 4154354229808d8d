"""Gates: each answers with a reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from live.execution.gates import drift_problem, quote_problem
from live.handoff.model import SignalOrder
from live.model.feed import Quote
from live.settings.model import SafetySettings
from tests.support.exec_world import AT, order

GOOD = Quote("AAA", bid=99.0, ask=101.0, last=100.0, quote_time=AT, trade_time=AT)


def problem(quote: Quote | None, *, later: float = 0.0, checks_age: bool = True) -> str:
    now = AT + timedelta(seconds=later)
    return quote_problem(quote, now, max_age_seconds=60, checks_age=checks_age)


def test_a_good_quote_has_no_problem() -> None:
    assert problem(GOOD, later=60) == ""


@pytest.mark.parametrize(
    ("quote", "word"),
    [
        (None, "no quote"),
        (replace(GOOD, status="halted"), "halted"),
        (replace(GOOD, status="closed"), "closed"),
        (replace(GOOD, realtime=False), "delayed"),
        (replace(GOOD, bid=102.0), "no market"),
        (replace(GOOD, bid=0.0), "no market"),
        (replace(GOOD, bid=None, ask=None, last=None), "no price"),
        (replace(GOOD, bid=None, ask=None, last=0.0), "no price"),
        (replace(GOOD, quote_time=None), "older"),
        (replace(GOOD, trade_time=None), "older"),
    ],
)
def test_a_bad_quote_has_a_reason(quote: Quote | None, word: str) -> None:
    assert word in problem(quote)


def test_age_counts_from_the_older_of_both_times() -> None:
    assert "older" in problem(replace(GOOD, trade_time=AT - timedelta(seconds=61)))
    assert problem(replace(GOOD, trade_time=AT - timedelta(days=9)), checks_age=False) == ""


@pytest.mark.parametrize(("price", "held"), [(100.99, False), (101.01, True), (98.99, True), (99.01, False)])
def test_drift_beyond_one_percent_holds_an_order(price: float, held: bool) -> None:
    planned = SignalOrder.model_validate(order("AAA", "entry", 1, 100.0))
    quote = replace(GOOD, bid=price, ask=price)
    assert bool(drift_problem(planned, quote, SafetySettings())) is held
