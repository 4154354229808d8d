"""Settings as functions: explicit instant and actor, compared with what the person saw."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import UsageError
from backtest.data.sources.csv import read_directory
from live.actions.errors import SettingChangedError
from live.actions.settings import freeze, set_value, unset
from live.system.json_text import value_text
from live.views.monitoring import baselines
from live.views.settings import (
    SettingsSource,
    check_settings,
    open_settings_ledger,
    read_history,
    read_settings,
)
from tests.support.earnings_world import MON, TUE, new_trader

AT = datetime(2024, 1, 5, 22, tzinfo=UTC)


@pytest.fixture
def source(tmp_path: Path, project_root: Path) -> SettingsSource:
    shutil.copytree(project_root / "config", tmp_path / "config")
    return SettingsSource(tmp_path / "config/live.yaml", None, {})


def value(source: Any, name: Any, at: Any = AT) -> Any:
    (row,) = [row for row in read_settings(source, at, name) if row.name == name]
    return row.value


def test_an_override_holds_between_its_instants(source: SettingsSource) -> None:
    day = timedelta(days=1)
    set_value(
        source,
        "safety.max_drift_pct",
        2.5,
        actor="me",
        at=AT,
        effective_from=AT + day,
        effective_until=AT + 2 * day,
    )
    found = [value(source, "safety.max_drift_pct", AT + step * day) for step in (0, 1, 2)]
    assert found == [1.0, 2.5, 1.0]
    (row,) = read_history(source, AT).overrides
    assert (row.by, row.at, row.from_) == ("me", AT, AT + day)


@pytest.mark.parametrize(
    ("name", "seen", "new"), [("safety.max_drift_pct", 1.0, 2.0), ("strategy.ema_p10.max_positions", None, 3)]
)
def test_only_the_value_that_was_seen_is_changed(
    source: SettingsSource, name: str, seen: float | None, new: float
) -> None:
    if seen is None:
        from live.views.settings import configured_strategies

        (strategy,) = configured_strategies(source.load(AT), ["ema_p10"])
        seen = strategy.parameters["max_positions"]
        freeze(source, at=AT, selection=["ema_p10"], values={name: new})
    with pytest.raises(SettingChangedError, match="not"):
        set_value(source, name, new, actor="me", at=AT, expected="something else")
    assert read_settings(source, AT, "strategy") == ()
    assert set_value(source, name, new, actor="me", at=AT, expected=seen).value == new
    with open_settings_ledger(source.load(AT), AT) as ledger:
        refusal, done = ledger.audit.all()
    assert refusal.outcome.startswith("refused: ")
    assert (done.action, done.subject, done.before, done.after) == (
        "config set",
        name,
        value_text(seen),
        value_text(new),
    )
    assert value(source, name) == new
    with pytest.raises(SettingChangedError):
        set_value(source, name, new, actor="me", at=AT, expected=seen)


def test_unset_counts_what_it_ended(source: SettingsSource) -> None:
    assert unset(source, "safety.max_drift_pct", actor="me", at=AT).ended == 0
    set_value(source, "safety.max_drift_pct", 2.5, actor="me", at=AT)
    assert unset(source, "safety.max_drift_pct", actor="me", at=AT + timedelta(seconds=1)).ended == 1
    assert value(source, "safety.max_drift_pct", AT + timedelta(seconds=1)) == 1.0


def test_places_are_never_overridden(source: SettingsSource) -> None:
    with pytest.raises(UsageError, match="from inside the ledger"):
        set_value(source, "paths.state_db", "x.db", actor="me", at=AT)


def test_what_was_frozen_is_checked(source: SettingsSource) -> None:
    assert check_settings(source, AT) == ()
    done = freeze(source, at=AT, values={"strategy.golden.sma_fast": 50})
    assert "frozen 40, now 50" in [finding.problem for finding in done.changes]
    assert check_settings(source, AT) == (), "the set before is still a tested one"
    assert freeze(source, at=AT).changes != ()
    assert freeze(source, at=AT).changes == ()


def test_a_book_with_a_folder_of_reports_gets_its_baseline_when_it_is_frozen(tmp_path: Path) -> None:
    trader = new_trader(tmp_path, "AAA")
    trader.stocks.level("AAA", TUE, 80.0)  # the stop at 90 is hit the day after
    folder = trader.report(MON, "AAA").parent
    bars = read_directory(trader.stocks.folder)
    trader.user.set(books=[{"primary": "ema_p10", "budget_pct": 100, "reports": str(folder)}])
    source = SettingsSource(trader.user.config, None, {})
    done = freeze(source, at=AT, history=lambda _, symbols: {s: bars[s] for s in symbols if s in bars})
    assert done.unmeasured == ()
    baseline = baselines(done.path, "demo")["ema_p10"]
    assert (baseline.trades, baseline.first) == (1, MON)
    assert baseline.expectancy == pytest.approx(-0.2)  # gapped through: sold at the open
    shutil.rmtree(folder)
    assert "no report of its past is kept" in freeze(source, at=AT).unmeasured[0].problem
