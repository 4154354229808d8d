"""The reports of a week and a month from a run: what is gathered, when they are due, what is missing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from backtest.calendar.sessions import NEW_YORK
from backtest.core.errors import UsageError
from live.reporting.files import StoredReport, keep
from live.reporting.periods import first_session_after, monthly_of, no_book, weekly_of
from live.runtime.runtime import Runtime
from live.views.monthly_report import MonthlyReport
from live.views.weekly_report import WeeklyReport
from tests.support.exec_world import AT, DAY, ENTRY, World, next_order, order, signal, tomorrow, world
from tests.support.paths import PROJECT

WEEK = date(2025, 3, 9)


@pytest.fixture
def made(tmp_path: Path) -> World:
    """A world whose strategies and manifest are the shipped ones."""
    found = world(tmp_path)
    for path in (PROJECT / "config" / "strategies").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "manifest.json").write_bytes((PROJECT / "config" / "manifest.json").read_bytes())
    found.write(signal([ENTRY]))
    assert found.executor() == 0
    return found


@pytest.mark.parametrize(
    ("last", "due"),
    [
        (date(2026, 10, 31), date(2026, 11, 2)),  # the 1st is a Sunday
        (date(2026, 12, 31), date(2027, 1, 4)),  # New Year, then a weekend
        (date(2026, 11, 30), date(2026, 12, 1)),
    ],
)
def test_a_month_is_reported_in_the_first_session_after_it(last: date, due: date) -> None:
    assert first_session_after(last) == due


def later(made: World) -> Runtime:
    """Opened when March and April are over."""
    made.clock.set(max(made.clock.now(), datetime(2025, 5, 2, 12, tzinfo=NEW_YORK)))
    return made.open()


def weekly(made: World, day: date = WEEK) -> StoredReport:
    runtime = later(made)
    return weekly_of(runtime.context, runtime.feed, day)


def monthly(made: World, day: date) -> StoredReport:
    runtime = later(made)
    return monthly_of(runtime.context, runtime.broker, runtime.feed, day)


def test_a_week_from_the_ledger(made: World) -> None:
    report = weekly(made)
    model = report.model
    assert isinstance(model, WeeklyReport)
    assert (report.name, model.first) == ("weekly_2025-03-09", date(2025, 3, 3))
    (book,) = model.books
    assert (book.variant, book.executed) == ("golden", 1)
    assert book.monitoring.state == "unknown"
    assert book.backtest.missing  # this feed has no bars
    assert not model.go
    assert report == weekly(made)


def test_a_month_knows_settings_manifest_and_secrets(made: World) -> None:
    secrets = made.folder / "state" / "secrets.env"
    secrets.parent.mkdir(exist_ok=True)
    secrets.write_text("")
    secrets.chmod(0o644)
    named = made.folder / "named.env"
    named.write_text("")
    named.chmod(0o640)
    report = monthly(made, date(2025, 4, 1))
    model = report.model
    assert isinstance(model, MonthlyReport)
    assert (report.name, model.first, model.last) == (
        "monthly_2025-04-01",
        date(2025, 3, 1),
        date(2025, 3, 31),
    )
    assert model.settings["safety.max_drift_pct"] == "1.0"
    assert not any(name.startswith("paths.") for name in model.settings)
    assert set(model.manifest) >= {"golden", "titan"}
    assert [line.split(":")[0] for line in model.secrets] == ["secrets.env"]
    runtime = later(made)
    context = replace(runtime.context, environ={"JUTSU_SECRETS_FILE": str(named)})
    other = monthly_of(context, runtime.broker, runtime.feed, date(2025, 4, 1)).model
    assert [line.split(":")[0] for line in other.secrets] == ["named.env"]
    assert model.wash_notes == ()
    assert model.causes or any(line.startswith("attribution") for line in model.missing)
    assert any("no report of the month before" in line for line in model.missing)
    assert {"settings", "manifest", "login"} <= {one.name for one in model.checks}


def test_the_next_month_is_compared_with_what_was_kept(made: World) -> None:
    keep(made.folder / "state" / "reports", monthly(made, date(2025, 4, 1)))
    manifest = made.folder / "manifest.json"
    document = json.loads(manifest.read_text())
    document["variants"]["golden"]["parameters"]["sma_fast"] = 41
    manifest.write_text(json.dumps(document))
    made.overrides = {"safety": {"max_drift_pct": 2.5}}
    model = monthly(made, date(2025, 5, 1)).model
    setting, entry = model.changes
    assert (setting.name, setting.before, setting.now) == ("safety.max_drift_pct", "1.0", "2.5")
    assert entry.name == "manifest: golden"


def test_before_the_first_session_there_is_no_report(made: World) -> None:
    for make, day in ((weekly, date(2025, 3, 2)), (monthly, date(2025, 3, 4))):
        with pytest.raises(UsageError, match=r"no book had begun by .*: the first session of golden"):
            make(made, day)
    assert no_book(made.open().context, DAY) == ""


def test_a_period_that_is_not_over_is_refused(made: World) -> None:
    now = made.open()
    with pytest.raises(UsageError, match="the period up to 2025-03-31 is not over yet"):
        monthly_of(now.context, now.broker, now.feed, date(2025, 4, 1))
    with pytest.raises(UsageError, match="the period up to 2025-03-09 is not over yet"):
        weekly_of(now.context, now.feed, WEEK)
    made.clock.set(datetime(2025, 3, 8, 12, tzinfo=NEW_YORK))  # a Saturday
    now = made.open()
    assert weekly_of(now.context, now.feed).model.last == WEEK


def test_a_report_made_late_says_what_is_of_today(made: World) -> None:
    line = f"settings, machine, exit criteria and open questions are those of {AT:%Y-%m-%d}"
    made.clock.set(AT + timedelta(days=60))
    late = line.replace(f"{AT:%Y-%m-%d}", f"{AT + timedelta(days=60):%Y-%m-%d}")
    assert late in weekly(made).model.missing
    assert late in monthly(made, date(2025, 4, 1)).model.missing
    made.clock.set(AT + timedelta(days=62))
    assert monthly(made, date(2025, 5, 2)).model.missing[-1] != late


def test_a_manifest_that_is_gone_is_no_error(made: World) -> None:
    (made.folder / "manifest.json").unlink()
    assert monthly(made, date(2025, 4, 1)).model.manifest == {}


def test_a_critical_alert_that_nobody_acknowledged_is_open(made: World) -> None:
    ledger = made.open().ledger
    ledger.alerts.add("k", level="critical", title="TQQQ has no stop", body="", at=made.clock.now())
    line = f"critical alert of {DAY}: TQQQ has no stop (`jutsu alerts ack"
    open_ = weekly(made).model.open_questions
    assert [question for question in open_ if question.startswith(line)]
    (alert,) = [one for one in ledger.alerts.recent() if one.key == "k"]
    ledger.alerts.acknowledge(alert.id, by="a reviewer", at=made.clock.now())
    open_ = weekly(made).model.open_questions
    assert not [question for question in open_ if question.startswith(line)]


def test_a_loss_that_was_bought_back_is_a_note_of_its_month(made: World) -> None:
    """100 AAA at 100, sold at 90, bought again in the same session's next file: 1,000 deferred."""
    made.feed.prices["AAA"] = 90.0
    tomorrow(made, [next_order("AAA", "exit", 100, 90.0)], positions={"AAA": 100}, cash=90_000.0)
    assert made.executor() == 0
    third = date(2025, 3, 7)
    made.clock.set(AT + timedelta(days=2))
    made.feed.daily = {}
    made.write(signal([order("AAA", "entry", 100, 90.0, stop=80.0, day=third)], day=third))
    assert made.executor() == 0
    (note,) = monthly(made, date(2025, 4, 1)).model.wash_notes
    assert note == "AAA: a loss of 1,000.00 on 2025-03-06, AAA bought on 2025-03-07: deferred"
