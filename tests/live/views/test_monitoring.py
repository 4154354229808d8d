"""Monitoring of a book from its ledger: trades, curve and the manifest's baseline."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from backtest.calendar import sessions as calendar
from live.ledger.ledger import Ledger
from live.settings.frozen_baseline import set_baseline
from live.views.monitoring import REGIME_SESSIONS, baselines, read_monitoring
from tests.backtest.reporting.test_monitoring import BASELINE
from tests.support.exec_world import AT, DAY, ENTRY, NEXT_DAY, next_order, signal, tomorrow, world

DAYS = [session.day for session in calendar.sessions(date(2026, 1, 5), date(2026, 3, 31))]


@pytest.fixture
def ledger() -> Ledger:
    return Ledger.open("sqlite://", account="paper", now=AT)


def closes(ledger: Ledger, count: int, move: float) -> None:
    equity = 100.0
    for at, day in enumerate(DAYS[:count]):
        equity *= 1 + (move if at % 2 else -move)
        ledger.snapshots.add("golden", day, at=AT, mode="offline_mock", equity=equity, cash=0.0)


@pytest.mark.parametrize(
    ("count", "move", "state"),
    [
        (REGIME_SESSIONS, 0.001, "unknown"),  # one session is the start
        (REGIME_SESSIONS + 1, 0.001, "ok"),
        (REGIME_SESSIONS + 1, 0.0185, "ok"),  # sqrt(252) * 0.0185 * sqrt(30 / 29) = 0.2987
        (REGIME_SESSIONS + 1, 0.0187, "info"),  # 0.3019
    ],
)
def test_the_regime_is_the_volatility_of_the_newest_sessions(
    ledger: Ledger, count: int, move: float, state: str
) -> None:
    closes(ledger, count, move)
    found = read_monitoring(ledger, "golden", BASELINE, DAYS[count - 1])
    assert found.measures[-1].state == state


def test_a_traded_book_has_not_enough_trades_and_says_how_many(tmp_path: Path) -> None:
    made = world(tmp_path)
    made.write(signal([ENTRY]))
    assert made.executor() == 0
    tomorrow(made, [next_order("AAA", "exit", 100, 100.0)], positions={"AAA": 100}, cash=90_000.0)
    assert made.executor() == 0
    ledger = made.open().ledger
    found = read_monitoring(ledger, "golden", BASELINE, NEXT_DAY)
    assert found.measures[0].why == "not enough data: 1 of 50 closing trades"
    assert read_monitoring(ledger, "golden", BASELINE, DAY).measures[0].why.endswith("0 of 50 closing trades")
    later = read_monitoring(ledger, "golden", BASELINE, NEXT_DAY + timedelta(days=40))
    assert later.measures[2].why == "no trade for 40 days"
    assert found.state == "unknown"
    assert found.problems == ()


def test_a_book_without_anything_is_unknown(ledger: Ledger) -> None:
    found = read_monitoring(ledger, "golden", None, DAY)
    assert (found.state, found.baseline) == ("unknown", None)
    assert all(measure.why for measure in found.measures)


def test_problems_are_what_is_critical(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    from backtest.reporting.monitoring import ClosedTrade
    from live.views import monitoring

    lost = tuple(ClosedTrade(DAY, -0.01) for _ in range(50))
    monkeypatch.setattr(monitoring, "closed_trades", lambda *_, **__: lost)
    found = read_monitoring(ledger, "golden", BASELINE, DAY)
    assert found.state == "critical"
    assert [line.split(":")[1].strip() for line in found.problems] == ["expectancy"]


@pytest.mark.parametrize("content", [None, "no json", "{}"])
def test_a_manifest_that_cannot_be_read_has_no_baselines(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "manifest.json"
    if content is not None:
        path.write_text(content)
    assert baselines(path, "store") == {}


def test_baselines_are_those_of_the_manifest(tmp_path: Path) -> None:
    entry: dict[str, Any] = {"strategy": "s", "parameters": {}, "execution": {}}
    variants = {"golden": {**entry, "baseline": asdict(BASELINE)}, "titan": entry}
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"schema_version": "1.1.0", "variants": variants}))
    assert baselines(path, "store") == {"golden": BASELINE}


@pytest.mark.parametrize(("source", "counts"), [("demo", True), ("store", False), ("alpaca", False)])
def test_a_baseline_of_the_made_up_market_judges_no_other(
    tmp_path: Path, source: str, *, counts: bool
) -> None:
    entry: dict[str, Any] = {"strategy": "s", "parameters": {}, "execution": {}}
    assert len(list(set_baseline("golden", None, entry, BASELINE, source="demo"))) == 1
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"schema_version": "1.1.0", "variants": {"golden": entry}}))
    assert ("golden" in baselines(path, source)) == counts
    kept = {key: value for key, value in entry.items() if not key.startswith("baseline")}
    assert list(set_baseline("golden", entry, kept, None)) == []  # it stays what it is
    assert kept == entry
    real = {key: value for key, value in entry.items() if not key.startswith("baseline")}
    assert len(list(set_baseline("golden", entry, real, BASELINE, source="store"))) == 1
    assert "baseline_made_up" not in real
