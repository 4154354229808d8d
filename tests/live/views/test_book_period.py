"""A stretch of a book: grouped warnings, the backtest by hand, and what is against going on."""

from __future__ import annotations

import json
import math
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.ledger.ledger import Ledger
from live.operations.run_lines import Became, RunLine
from live.validation.sessions import verdict_key
from live.validation.verdict import SessionCheck
from live.views.book_period import (
    PeriodInputs,
    against_backtest,
    first_session,
    grouped,
    no_go,
    read_period,
)
from live.views.figures import Curve
from live.views.monitoring import BookMonitoring
from live.views.readiness import BookReadiness, Criterion
from tests.support.exec_world import AT

MON, TUE, WED, THU = (date(2026, 3, 2 + n) for n in range(4))
CALM = BookMonitoring("golden", "unknown", (), None)


def curve(**values: float) -> Curve:
    days = {"mon": MON, "tue": TUE, "wed": WED, "thu": THU}
    made = {days[name]: value for name, value in values.items()}
    return Curve(tuple(made), tuple(100 * value for value in made.values()), tuple(made.values()))


def test_warnings_that_differ_in_numbers_only_are_one_with_the_newest_text() -> None:
    said = [(MON, "QQQ: 3 of 10 filled"), (TUE, "no quote"), (WED, "QQQ: 70 of 1,100 filled")]
    first, second = grouped(said)
    assert (first.text, first.count, first.last) == ("QQQ: 70 of 1,100 filled", 2, WED)
    assert (second.text, second.count, second.last) == ("no quote", 1, TUE)
    assert grouped([]) == ()


def test_two_sessions_against_the_backtest_by_hand() -> None:
    """Tuesday: 1.01 -> 1.0302 is +2 %, the backtest +1 %; Wednesday: +1 % and +3 %."""
    own = curve(mon=1.01, tue=1.0302, wed=1.040502)
    other = {MON: 1.0, TUE: 1.01, WED: 1.0403}
    found = against_backtest(own, other, TUE, WED)
    assert found.made == pytest.approx(0.0302)
    assert found.simulated == pytest.approx(0.0403)
    assert found.sessions == 2
    differences = (0.01, -0.02)  # mean -0.005, sample deviation sqrt(0.00045)
    assert found.tracking_error == pytest.approx(math.sqrt(252 * 0.00045))
    assert sum(differences) / 2 == -0.005
    assert found.missing == ""


def test_the_first_session_of_a_book_counts_from_its_start() -> None:
    found = against_backtest(curve(mon=1.02), {MON: 1.01}, MON, MON)
    assert (found.made, found.simulated) == (pytest.approx(0.02), pytest.approx(0.01))
    assert found.tracking_error is None


@pytest.mark.parametrize(
    ("own", "other", "missing"),
    [
        (None, {MON: 1.0}, "the book has no close yet"),
        (curve(mon=1.0), None, "the backtest of these sessions could not be made"),
        (curve(mon=1.0), {MON: 1.0}, "no session of these days was closed"),
    ],
)
def test_what_is_missing_is_said_and_is_no_return(
    own: Curve | None, other: dict[date, float] | None, missing: str
) -> None:
    found = against_backtest(own, other, TUE, WED)
    assert (found.made, found.simulated, found.missing) == (None, None, missing)


@given(
    own=st.lists(st.floats(-0.2, 0.2), min_size=1, max_size=8),
    other=st.lists(st.floats(-0.2, 0.2), min_size=1, max_size=8),
    gone=st.sets(st.integers(0, 7)),
    stretch=st.tuples(st.integers(0, 7), st.integers(0, 7)),
)
def test_return_backtest_and_gap_have_one_window(
    own: list[float], other: list[float], gone: set[int], stretch: tuple[int, int]
) -> None:
    """From the last close before the stretch to the last in it that both have."""
    days = [MON + timedelta(days=n) for n in range(8)]
    mine = {day: math.prod(1 + x for x in own[: n + 1]) for n, day in enumerate(days[: len(own)])}
    theirs = {
        day: math.prod(1 + x for x in other[: n + 1])
        for n, day in enumerate(days[: len(other)])
        if n not in gone
    }
    first, last = days[min(stretch)], days[max(stretch)]
    found = against_backtest(
        Curve(tuple(mine), tuple(mine.values()), tuple(mine.values())), theirs, first, last
    )
    both = sorted(mine.keys() & theirs.keys())
    inside = [day for day in both if first <= day <= last]
    if not inside:
        assert found.missing
        return
    before = [day for day in both if day < first]
    for made, curve in ((found.made, mine), (found.simulated, theirs)):
        assert made == pytest.approx(curve[inside[-1]] / (curve[before[-1]] if before else 1.0) - 1)
    assert (found.last, found.behind) == (inside[-1], sum(inside[-1] < day <= last for day in mine))
    assert found.made is not None
    assert found.simulated is not None
    assert found.gap == pytest.approx(found.made - found.simulated, abs=1e-5)


def check(name: str, passed: bool | None) -> SessionCheck:
    return SessionCheck(name, passed, None if passed is None else 90.0, ">= 95 %", 20)


def ready(met: bool, name: str = "fill rate") -> BookReadiness:
    criterion = Criterion(name, met, 1.0, ">= 99 %", 20, "" if met else "98 % in 20 sessions")
    return BookReadiness("golden", "paper", met, (criterion,))


@pytest.mark.parametrize(
    ("checks", "readiness", "criticals", "reasons"),
    [
        ([check("logic match", True)], ready(met=True), (), []),
        ([check("logic match", True)], None, (), []),
        (
            [check("logic match", False)],
            ready(met=True),
            (),
            ["logic match >= 95 %: 90.000 % in 20 session(s)"],
        ),
        (
            [check("logic match", None)],
            ready(met=True),
            (),
            ["logic match >= 95 %: no data in 20 session(s)"],
        ),
        ([check("fill rate", False)], ready(met=False), (), ["fill rate >= 99 %: 98 % in 20 sessions"]),
        ([check("logic match", True)], ready(met=True), ("no stop",), ["no stop"]),
    ],
)
def test_go_needs_every_check_and_no_open_critical(
    checks: list[SessionCheck],
    readiness: BookReadiness | None,
    criticals: tuple[str, ...],
    reasons: list[str],
) -> None:
    assert list(no_go(checks, readiness, CALM, criticals)) == reasons


def line(day: date, became: Became, reason: str = "", variant: str = "golden") -> RunLine:
    return RunLine(day, variant, became, "", None, None, None, reason, 0)


def test_the_return_of_a_stretch_ends_where_its_backtest_does() -> None:
    ledger = Ledger.open("sqlite://", account="paper", now=AT)
    for day, equity in ((MON, 100.0), (TUE, 101.0), (WED, 103.02)):
        ledger.snapshots.add("golden", day, at=AT, mode="offline_mock", equity=equity, cash=0.0)
    inputs = PeriodInputs(
        first=TUE, last=THU, runs=(), simulated={"golden": {MON: 1.0, TUE: 1.02}}, baselines={}, budgets={}
    )
    found = read_period(ledger, "golden", inputs)
    assert found.made == found.backtest.made == pytest.approx(0.01)
    assert (found.backtest.last, found.backtest.behind) == (TUE, 1)
    assert found.begins is None


def test_before_its_first_session_there_is_no_book() -> None:
    ledger = Ledger.open("sqlite://", account="paper", now=AT)
    ledger.snapshots.add("golden", WED, at=AT, mode="offline_mock", equity=100.0, cash=0.0)
    early = PeriodInputs(first=MON, last=TUE, runs=(), simulated={}, baselines={}, budgets={})
    found = read_period(ledger, "golden", early)
    assert (found.begins, found.made, found.figures, found.go) == (WED, None, None, False)
    ledger.runs.executed(TUE, "golden", at=AT, exit_code=0, outcome="completed")
    assert first_session(ledger, "golden") == TUE
    assert read_period(ledger, "golden", early).begins is None
    assert first_session(ledger, "titan") is None


def test_a_week_counts_what_was_due_and_names_what_was_lost() -> None:
    ledger = Ledger.open("sqlite://", account="paper", now=AT)
    for day, equity in ((MON, 100.0), (TUE, 101.0), (THU, 99.99)):
        ledger.snapshots.add("golden", day, at=AT, mode="offline_mock", equity=equity, cash=0.0)
    ledger.runs.executed(
        TUE,
        "golden",
        at=AT,
        exit_code=0,
        outcome="completed",
        detail={"warnings": ["wide 0.4"], "critical": []},
    )
    figures: Any = {"logic_match": True, "drift_pct": 0.1, "ordered": 10, "filled": 9, "slippages": [0.2]}
    kept = {"golden": {"session": str(TUE), **figures}}
    ledger.state.set(f"validation:{TUE}", json.dumps(kept), at=AT)
    ledger.state.set(verdict_key(TUE), json.dumps({"golden": "RED", "titan": "GREEN"}), at=AT)
    found = read_period(
        ledger,
        "golden",
        PeriodInputs(
            first=TUE,
            last=THU,
            runs=[
                line(MON, "missed"),
                line(TUE, "executed"),
                line(WED, "missed", "not approved"),
                line(THU, "due"),
                line(TUE, "missed", variant="titan"),
            ],
            simulated={},
            baselines={},
            budgets={},
        ),
    )
    assert (found.sessions, found.executed) == (2, 1)
    assert [(lost.session, lost.why) for lost in found.lost] == [(WED, "not approved")]
    assert found.made == pytest.approx(-0.0001)
    assert found.verdicts == {"RED": 1}
    assert [note.text for note in found.notes] == ["wide 0.4"]
    assert {one.name: one.value for one in found.checks}["fill rate"] == 90.0
    assert found.backtest.missing
    assert not found.go
