"""`jutsu runs`: the sessions of a project, on the screen and as JSON."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

from live.ledger.ledger import Ledger
from tests.support.user_world import called, jutsu, new_user

DAY, AT = date(2024, 3, 15), datetime(2024, 3, 15, 19, 56, tzinfo=UTC)


def test_a_new_project_has_no_runs(tmp_path: Path) -> None:
    config = new_user(tmp_path / "jutsu").config
    ran = called(lambda: jutsu(["runs", "--config", str(config)]))
    assert (ran.code, ran.out) == (0, "no runs yet\n")
    ran = called(lambda: jutsu(["runs", "--json", "--config", str(config)]))
    assert json.loads(ran.out) == []


def test_runs_about_the_past_are_listed_and_called_that(tmp_path: Path) -> None:
    config = new_user(tmp_path / "jutsu").config
    with Ledger.open(tmp_path / "jutsu/state/ledger.db", account="paper", now=AT) as ledger:
        ledger.runs.due(DAY, "golden", role="primary", mode="offline_mock", due_at=AT, past=True)
        ledger.runs.generated(DAY, "golden", role="primary", mode="offline_mock", at=AT)
        ledger.runs.executed(DAY, "golden", outcome="completed", exit_code=0, at=AT)
    ran = called(lambda: jutsu(["runs", "--config", str(config)]))
    assert (ran.code, ran.out.count("2024-03-15"), "missed" in ran.out) == (0, 1, False)
    assert "all of them about the past (--as-of, demo, replay)" in ran.out
    ran = called(lambda: jutsu(["runs", "--since", "2024-03-16", "--config", str(config)]))
    assert ran.out == "no runs since 2024-03-16\n"


def test_a_wrong_date_is_one_line(tmp_path: Path) -> None:
    config = new_user(tmp_path / "jutsu").config
    ran = called(lambda: jutsu(["runs", "--since", "monday", "--config", str(config)]))
    assert ran.code == 2
    assert "YYYY-MM-DD" in ran.err
