"""Gates and preflight: each answers with a reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from backtest.calendar.sessions import session
from backtest.core.errors import BrokerError, LimitError
from live.execution.gates import drift_problem, quote_problem
from live.handoff.model import SignalOrder
from live.model.feed import Quote
from live.model.run import Replay
from live.operations import checks as preflight
from live.operations import crontab
from live.settings.model import SafetySettings
from tests.support.exec_world import AT, DAY, order, world

GOOD = Quote("AAA", bid=99.0, ask=101.0, last=100.0, quote_time=AT, trade_time=AT)


def problem(quote, *, later=0.0, checks_age=True):
    now = AT + timedelta(seconds=later)
    return quote_problem(quote, now, max_age_seconds=60, checks_age=checks_age)


def test_a_good_quote_has_no_problem():
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
def test_a_bad_quote_has_a_reason(quote, word):
    assert word in problem(quote)


def test_age_counts_from_the_older_of_both_times():
    assert "older" in problem(replace(GOOD, trade_time=AT - timedelta(seconds=61)))
    assert problem(replace(GOOD, trade_time=AT - timedelta(days=9)), checks_age=False) == ""


@pytest.mark.parametrize(("price", "held"), [(100.99, False), (101.01, True), (98.99, True), (99.01, False)])
def test_drift_beyond_one_percent_holds_an_order(price, held):
    planned = SignalOrder.model_validate(order("AAA", "entry", 1, 100.0))
    quote = replace(GOOD, bid=price, ask=price)
    assert bool(drift_problem(planned, quote, SafetySettings())) is held


@pytest.fixture
def runtime(tmp_path):
    return world(tmp_path).open()


def test_preflight_names_every_check(runtime):
    names = [r.name for r in preflight.before_trading(runtime, session(DAY))]
    assert names == ["session", "disk", "login", "broker", "clock", "cron"]


def test_preflight_is_skipped_for_the_past(runtime):
    assert preflight.before_trading(replace(runtime, run=Replay()), session(DAY)) == ()


def test_missing_cron_lines_only_warn(runtime, monkeypatch):
    monkeypatch.setattr(preflight, "crontab", lambda: "45 15 * * 1-5 python -m live.executor\n")
    found = preflight.cron(runtime)
    assert not found.ok
    assert "signal_generator" in found.detail
    assert preflight.require([found]) == (f"cron: {found.detail}",)


def test_a_full_disk_stops_the_run(runtime, monkeypatch):
    monkeypatch.setattr(preflight.shutil, "disk_usage", lambda _: type("U", (), {"free": 5_000_000})())
    with pytest.raises(LimitError, match="only 5 MB free"):
        preflight.require([preflight.disk(runtime)])


def test_a_dead_token_is_a_broker_failure(runtime):
    from backtest.core.errors import AuthenticationFailed

    class Locked:
        def account(self):
            raise AuthenticationFailed("token expired", remedy="jutsu auth login")

    with pytest.raises(BrokerError) as caught:
        preflight.require([preflight.connectivity(replace(runtime, broker=Locked()))])
    assert caught.value.exit_code == 6
    assert "token" in caught.value.line()


@pytest.mark.parametrize(("seconds", "ok"), [(29, True), (31, False), (-31, False)])
def test_clock_skew_against_the_broker(runtime, seconds, ok):
    class Skewed:
        def clock_offset(self):
            return timedelta(seconds=seconds)

    assert preflight.clock_skew(replace(runtime, broker=Skewed())).ok is ok


def test_after_the_close_is_no_session(runtime):
    runtime.clock.set(AT.replace(hour=16, minute=1))
    assert not preflight.session_open(runtime, session(DAY)).ok


def test_panic_comments_out_the_lines_of_both_stages_only():
    text = (
        "# jutsu\n45 15 * * 1-5 cd /opt && python -m live.signal_generator\n"
        "46 15 * * 1-5 cd /opt && python -m live.executor\n0 3 * * * backup\n"
    )
    changed, count = crontab.comment_out(text)
    assert count == 2
    assert changed.splitlines()[1].startswith("# disabled by jutsu panic: 45 15")
    assert changed.splitlines()[3] == "0 3 * * * backup"
    assert crontab.comment_out(changed) == (changed, 0)
