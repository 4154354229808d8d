"""Nothing ran: the next program of ours that runs says so, on the screen and as an alert."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from backtest.calendar.sessions import NEW_YORK
from live.alerts.plain_outbox import FILE
from live.cli.validate import validate
from live.ledger.ledger import Ledger
from live.model.run import DAILY
from live.operations import checks
from live.operations.health import examine
from live.operations.watch import missed_of, tell_missed
from live.runtime.open import open_runtime
from live.runtime.options import Options
from live.system.clock import SimulatedClock
from live.views.inputs import ViewInputs
from live.views.status import read_status
from tests.support.user_world import FIRST, new_user

MONDAY, THURSDAY = "2026-11-16", "2026-11-19"


@pytest.fixture
def user(tmp_path: Path) -> Any:
    return new_user(tmp_path / "jutsu")


def at(day: Any, hour: Any) -> Any:
    return datetime.fromisoformat(f"{day}T{hour:02}:00:00").replace(tzinfo=NEW_YORK)


def opened(user: Any, day: Any, hour: Any) -> Any:
    return open_runtime("jutsu", Options(config=user.config), DAILY, SimulatedClock(at(day, hour)))


def ran(runtime: Any, day: Any, **changes: Any) -> None:
    """The rows of a session that both stages went through."""
    runs = runtime.ledger.runs
    day_ = datetime.fromisoformat(day).date()
    known = {"role": "primary", "mode": "offline_mock"}
    runs.due(day_, "golden", due_at=at(day, 15), source="demo", past=False, **known)
    runs.generated(day_, "golden", at=at(day, 15), detail={"orders": 1}, **known)
    runs.executed(day_, "golden", at=at(day, 16), **{"exit_code": 0, "outcome": "completed", **changes})


def test_three_sessions_without_a_run_are_told_by_status_doctor_and_alert(
    user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "crontab", lambda: "live.signal_generator\nlive.executor\n")
    with opened(user, THURSDAY, 17) as runtime:
        ran(runtime, MONDAY)
        (step,) = missed_of(runtime.context)
        assert len(step.sessions) == 3
        assert step.text in read_status(ViewInputs.of(runtime.context)).problems
        found = {check.name: check for check in examine(runtime.context, runtime.broker, runtime.feed)}
        assert found["runs"].verdict == "failed"
        assert tell_missed(runtime.context) == (step.text,)
        tell_missed(runtime.context)
        assert [(a.level, a.body) for a in runtime.ledger.alerts.recent()] == [("critical", step.text)]


def test_the_generator_does_not_tell_of_the_file_it_is_about_to_make(user: Any) -> None:
    with opened(user, "2026-11-17", 16) as runtime:
        ran(runtime, MONDAY)
        assert tell_missed(runtime.context, starting=True) == ()
        assert len(tell_missed(runtime.context)) == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"outcome": "partial", "detail": {"warnings": ["QQQ: 5 of 10 shares"]}}, "5 of 10 shares"),
        ({"outcome": "gated", "detail": {"warnings": []}}, "every order was held back"),
        ({"outcome": "failed", "detail": {}}, "no order was filled"),
        ({"outcome": "failed", "exit_code": 5, "detail": {"error": "no quotes"}}, "exit code 5: no quotes"),
        ({"outcome": "completed", "exit_code": 4, "detail": {}}, "exit code 4"),
    ],
)
def test_status_is_never_well_after_a_run_that_was_not(user: Any, changes: Any, said: Any) -> None:
    with opened(user, MONDAY, 17) as runtime:
        ran(runtime, MONDAY, **changes)
        problems = read_status(ViewInputs.of(runtime.context)).problems
    assert len([text for text in problems if said in text]) == 1, problems


def test_a_trial_on_past_sessions_expects_nothing_of_today(user: Any) -> None:
    user.trade(FIRST)
    with opened(user, THURSDAY, 17) as runtime:
        assert missed_of(runtime.context) == ()
        row = runtime.ledger.runs.get(datetime.fromisoformat(FIRST).date(), "golden")
    assert (row.source, row.past) == ("demo", True)


def test_a_generator_that_stops_is_in_the_run_log(user: Any) -> None:
    user.set(execution={"limits": {"max_order_value": 1}})
    refused = user.generate(FIRST)
    assert refused.code == 7, refused.text
    with opened(user, THURSDAY, 17) as runtime:
        row = runtime.ledger.runs.get(datetime.fromisoformat(FIRST).date(), "golden")
    assert (row.generator_exit, row.generated_at) == (7, None)
    assert row.detail["error"] in refused.err


@pytest.mark.parametrize("broken", ["settings", "ledger"])
def test_doctor_reaches_the_channel_whatever_is_broken_and_the_next_program_takes_it_in(
    user: Any, broken: Any
) -> None:
    good = user.config.read_text()
    assert user.jutsu("doctor", "--alert").code in {0, 1}
    Ledger.open(user.db, account="paper", now=at(MONDAY, 17)).close()
    before = user.db.read_bytes()
    if broken == "settings":
        user.config.write_text("mode: neither\n")
    else:
        user.db.write_bytes(b"no ledger" * 1000)
    found = user.jutsu("doctor", "--alert")
    assert found.code == 1, found.text
    (line,) = (user.root / "state" / FILE).read_text().splitlines()
    assert json.loads(line)["title"] == "jutsu doctor could not start"
    user.config.write_text(good)
    user.db.write_bytes(before)
    user.jutsu("doctor", "--alert")
    assert not (user.root / "state" / FILE).exists()
    assert any(key.startswith("doctor_start_all_") for (key,) in user.rows("alerts", "key"))


def test_validate_says_what_was_missed(
    user: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(user, MONDAY, 17) as runtime:
        ran(runtime, MONDAY)
    monkeypatch.setattr("live.runtime.open.SystemClock", lambda: SimulatedClock(at(THURSDAY, 17)))
    validate(config=user.config)
    seen = capsys.readouterr()
    assert "3 session(s) without a signal file" in seen.err
