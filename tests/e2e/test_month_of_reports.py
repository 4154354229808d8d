"""A month through the real stages on the product's own clock: one missed, one partial, one RED session.

Every program runs as the schedule starts it. What a person gets by mail is what happened.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest

from backtest.calendar import sessions as calendar
from live.reporting.html import LARGEST_BYTES
from live.system.clock import SystemClock
from tests.support.user_world import User, edit_prices, new_user, write_demo_prices

pytestmark = pytest.mark.long

FIRST, LAST = date(2024, 1, 2), date(2024, 1, 31)
PARTIAL, MISSED, RED = date(2024, 1, 2), date(2024, 1, 17), date(2024, 1, 24)
SESSIONS = [session.day for session in calendar.sessions(FIRST, LAST)]


@dataclass
class Machine:
    """One user on a machine whose clock is set by the test."""

    user: User
    now: datetime

    def at(self, day: date, hour: int, minute: int) -> None:
        """Set the clock of New York; it never goes back."""
        moment = datetime.combine(day, time(hour, minute), calendar.NEW_YORK)
        assert moment > self.now
        self.now = moment


def session(machine: Machine, day: date, other: User) -> None:
    """Both stages and the validation of one session, with what goes wrong on its day."""
    user = other if day == RED else machine.user  # the vendor corrects this day's close afterwards
    machine.at(day, 15, 35)
    assert user.generate(None).code == 0
    machine.at(day, 15, 56)
    faults = ("--paper-fault", "partial") if day == PARTIAL else ()
    user.execute(None, *faults)
    machine.at(day, 16, 15)
    machine.user.jutsu("validate", "--prices", str(machine.user.prices))


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Any:
    root = tmp_path_factory.mktemp("month")
    prices = write_demo_prices(root / "prices", end=date(2024, 2, 2))
    before = edit_prices(prices, root / "before", "QQQ", lambda lines: [raised(line) for line in lines])
    user = new_user(root / "project", prices)
    user.set(reports={"mail": ["mail"]})
    machine = Machine(user, datetime(2024, 1, 1, tzinfo=calendar.NEW_YORK))
    patch = pytest.MonkeyPatch()
    patch.setattr(SystemClock, "now", lambda _: machine.now)
    patch.setattr(SystemClock, "sleep", lambda *_: None)
    try:
        for day in SESSIONS:
            if day != MISSED:
                session(machine, day, User(user.root, before))
            if day.isoweekday() == 5:
                machine.at(date.fromordinal(day.toordinal() + 2), 9, 10)
                assert user.jutsu("report", "weekly", "--mail", "--prices", str(prices)).code == 0
        machine.at(date(2024, 2, 1), 9, 15)
        assert user.jutsu("report", "monthly", "--mail", "--prices", str(prices)).code == 0
        yield machine
    finally:
        patch.undo()


def raised(line: str) -> str:
    """One day's bar, 1 % higher than it turns out to be."""
    day, *numbers = line.split(",")
    if day != RED.isoformat():
        return line
    prices = [repr(float(number) * 1.01) for number in numbers[:4]]
    return ",".join([day, *prices, *numbers[4:]])


def reports(month: Machine) -> Path:
    return month.user.root / "state" / "reports"


def model(month: Machine, name: str) -> Any:
    return json.loads((reports(month) / f"{name}.json").read_text())


def test_the_month_counts_what_was_due_done_lost_and_red(month: Machine) -> None:
    (book,) = model(month, "monthly_2024-02-01")["books"]
    assert (book["sessions"], book["executed"]) == (len(SESSIONS), len(SESSIONS) - 1)
    assert [(lost["session"], lost["became"]) for lost in book["lost"]] == [(MISSED.isoformat(), "missed")]
    assert "no start" in book["lost"][0]["why"]
    assert book["verdicts"]["RED"] >= 2  # the day of the correction, and the one that filled in part
    assert sum(book["verdicts"].values()) == len(SESSIONS) - 1
    assert book["no_go"]


def test_the_week_of_each_fault_names_it(month: Machine) -> None:
    shown = {day: (reports(month) / f"weekly_{day}.txt").read_text() for day in weeks()}
    assert f"- {MISSED} missed: no start" in shown["2024-01-21"]
    assert not [day for day, text in shown.items() if f"{MISSED} missed" in text and day != "2024-01-21"]
    assert "filled in" in shown["2024-01-07"]
    assert "RED" in shown["2024-01-28"]
    assert all(text.splitlines()[0].endswith("NO-GO") for text in shown.values())


def weeks() -> list[str]:
    return ["2024-01-07", "2024-01-14", "2024-01-21", "2024-01-28"]


def test_the_partial_session_is_said_in_its_report_and_the_red_one_in_its_validation(month: Machine) -> None:
    execution = (reports(month) / f"execution_{PARTIAL}_golden.txt").read_text()
    assert not execution.splitlines()[0].endswith("SUCCESS")
    assert "QQQ: 152 of 304 shares filled" in execution
    validation = (reports(month) / f"validation_{RED}_golden.txt").read_text()
    assert validation.splitlines()[0] == f"validation golden {RED} RED"
    assert "QQQ" in validation
    assert not (reports(month) / f"execution_{MISSED}_golden.txt").exists()


def test_causes_of_the_gap_are_in_the_month_and_nothing_is_unexplained(month: Machine) -> None:
    causes = {one["name"]: one["amount"] for one in model(month, "monthly_2024-02-01")["causes"]}
    assert causes["unexplained"] == 0.0
    assert any(amount for name, amount in causes.items() if name != "unexplained")


def test_every_mail_is_small_has_both_parts_and_goes_where_it_should(month: Machine) -> None:
    rows = month.user.rows("alerts where html is not null", "id, key, level, body, html")
    assert len([key for _, key, *_ in rows if key.startswith("weekly_")]) == len(weeks())
    assert len([key for _, key, *_ in rows if key.startswith("monthly_")]) == 1
    for _, _, _, body, html in rows:
        assert body
        assert len(html.encode()) < LARGEST_BYTES
        assert "<script" not in html.lower()
    addressed = dict(month.user.rows("alert_deliveries", "alert_id, channel"))
    green = [i for i, key, level, *_ in rows if key.startswith("validation_") and level == "info"]
    assert green
    assert {addressed[i] for i in green} == {"digest"}
    done = [i for i, key, level, *_ in rows if key.startswith("executed") and level == "info"]
    assert {addressed[i] for i in done} == {"mail"}


def test_no_program_ended_unexpectedly(month: Machine) -> None:
    logs = "\n".join(path.read_text() for path in (month.user.root / "logs").glob("*.log"))
    assert "unexpected" not in logs
    assert "could not be made" not in logs
    assert len(list((month.user.root / "logs").glob("executor_*.log"))) == len(SESSIONS) - 1
