"""Figures are those of the ledger."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from live.ledger.ledger import Ledger
from live.ledger.system_state import drift_key
from live.metrics.catalogue import CATALOGUE
from live.metrics.gather import Subject, joined, of_ledger, of_programs
from live.metrics.program_runs import ProgramRun, remember
from live.settings.load import load_settings
from tests.support.user_world import User

NOW = datetime(2026, 11, 27, 21, 30, tzinfo=UTC)


@pytest.fixture
def subject(user: User) -> Subject:
    return Subject("paper", load_settings(config=user.config), user.db.parent, NOW, "0.9")


def values(samples: object) -> dict[tuple[str, ...], float]:
    return {tuple(s.labels.values())[1:]: s.value for s in samples}  # type: ignore[attr-defined]


def test_what_was_traded(traded: User) -> None:
    subject = Subject("paper", load_settings(config=traded.config), traded.db.parent, NOW, "0.9")
    with Ledger.open(traded.db, account="paper", now=NOW, create=False) as ledger:
        found = of_ledger(subject, ledger)
        marks = {name: ledger.snapshots.latest(name) for name in ledger.snapshots.variants()}
    held = {row[:2]: row[2] for row in traded.rows("positions", "variant, symbol, quantity") if row[2]}
    assert held
    assert values(found["position_shares"]) == held
    assert "golden" in marks
    for name, mark in marks.items():
        assert mark is not None
        assert values(found["equity"])[name,] == mark.equity
        assert values(found["cash"])[name,] == mark.cash
    executed = dict(traded.rows("run_log", "variant, executed_at"))
    at = datetime.fromisoformat(executed["golden"].replace(" ", "T"))
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    assert values(found["last_success_timestamp_seconds"])["executor", "golden"] == at.timestamp()
    assert values(found["open_orders"]) == {(): 0}
    assert values(found["kill_level"]) == {(): 0}
    assert abs(values(found["slippage_ratio"])["golden",]) < 0.001


def test_drift_is_what_the_newest_validation_kept(subject: Subject) -> None:
    with Ledger.open("sqlite://", account="paper", now=NOW) as ledger:
        ledger.snapshots.add("golden", NOW.date(), at=NOW, mode="offline_mock", equity=1.0, cash=1.0)
        assert values(of_ledger(subject, ledger)["drift_bps"]) == {}
        ledger.state.set(drift_key("golden"), '{"missed": -1.5, "unexplained": 0.0}', at=NOW)
        found = values(of_ledger(subject, ledger)["drift_bps"])
    assert found == {("golden", "missed"): -1.5, ("golden", "unexplained"): 0.0}


def test_a_missed_session_a_kill_switch_and_an_alert_are_counted(subject: Subject) -> None:
    with Ledger.open("sqlite://", account="paper", now=NOW) as ledger:
        before = of_ledger(subject, ledger)
        ledger.runs.missed(NOW.date(), "golden")
        ledger.state.set_kill("entries", reason="test", by="test", at=NOW)
        ledger.alerts.add("k", level="critical", title="t", body="b", at=NOW)
        after = of_ledger(subject, ledger)
    assert values(before["missed_sessions_total"]) == {("golden",): 0}
    assert values(after["missed_sessions_total"]) == {("golden",): 1}
    assert values(after["kill_level"]) == {(): 1}
    assert values(after["alerts_pending"]) == {(): 1}


def test_what_is_known_without_a_ledger(subject: Subject, user: User) -> None:
    assert values(of_programs(subject)["build_info"]) == {("0.9",): 1}
    assert values(of_programs(subject)["backup_age_seconds"]) == {}
    remember(subject.state, "executor", ProgramRun(NOW.isoformat(), 6, 3.5))
    copy = subject.state / "backups" / "ledger-2026-11-26.db"
    copy.parent.mkdir()
    copy.touch()
    found = of_programs(subject)
    assert values(found["last_exit_code"]) == {("executor",): 6}
    assert values(found["stage_duration_seconds"]) == {("executor",): 3.5}
    assert values(found["last_success_timestamp_seconds"]) == {}
    wanted = max(0.0, NOW.timestamp() - copy.stat().st_mtime)
    assert values(found["backup_age_seconds"]) == {(): pytest.approx(wanted)}


def test_every_figure_has_its_place_in_the_catalogue(traded: User, subject: Subject) -> None:
    with Ledger.open(traded.db, account="paper", now=NOW, create=False) as ledger:
        found = joined(of_programs(subject), of_ledger(subject, ledger))
    assert found.keys() == CATALOGUE.keys()
    for name, samples in found.items():
        keys = Counter(tuple(sample.labels.items()) for sample in samples)
        assert max(keys.values(), default=1) == 1, name
        assert all(sample.labels["account"] == "paper" for sample in samples)
