"""Settings with their sources and history, and every finding about them instead of an error."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backtest.core.errors import SettingsError, UsageError
from live.actions.settings import set_value, unset
from live.ledger.errors import LedgerMissing
from live.views.settings import (
    SettingsSource,
    check_settings,
    configured_strategies,
    open_settings_ledger,
    read_history,
    read_settings,
)
from tests.support.paths import PROJECT

AT = datetime(2024, 1, 5, 22, tzinfo=UTC)
DRIFT = "safety.max_drift_pct"


@pytest.fixture
def source(tmp_path: Path) -> SettingsSource:
    shutil.copytree(PROJECT / "config", tmp_path / "config")
    return SettingsSource(tmp_path / "config/live.yaml", None, {})


def test_every_row_has_its_value_and_where_it_comes_from(source: SettingsSource) -> None:
    (row,) = read_settings(source, AT, DRIFT)
    assert (row.name, row.value) == (DRIFT, 1.0)
    set_value(source, DRIFT, 2.5, actor="me", at=AT)
    (changed,) = read_settings(source, AT, DRIFT)
    assert changed.value == 2.5
    assert changed.source != row.source
    assert read_settings(source, AT, "no such section") == ()
    assert len(read_settings(source, AT)) > 20


def test_a_ledger_that_a_person_named_is_asked_instead(source: SettingsSource, tmp_path: Path) -> None:
    other = SettingsSource(source.config, tmp_path / "other.db", {})
    set_value(other, DRIFT, 2.5, actor="me", at=AT)
    assert read_settings(other, AT, DRIFT)[0].value == 2.5
    assert read_settings(source, AT, DRIFT)[0].value == 1.0
    assert other.load(AT, overrides=False).settings.safety.max_drift_pct == 1.0


def test_the_environment_stands_above_the_file(source: SettingsSource) -> None:
    loaded = SettingsSource(source.config, None, {"JUTSU_SAFETY__MAX_DRIFT_PCT": "3.5"}).load(AT)
    assert loaded.settings.safety.max_drift_pct == 3.5


def test_what_overrides_would_make_is_judged_before_they_are_kept(source: SettingsSource) -> None:
    assert source.with_overrides(AT, {DRIFT: 2.5}).settings.safety.max_drift_pct == 2.5
    with pytest.raises(SettingsError):
        source.with_overrides(AT, {DRIFT: -1})
    assert read_settings(source, AT, DRIFT)[0].value == 1.0


def test_history_keeps_what_was_taken_back(source: SettingsSource) -> None:
    set_value(source, DRIFT, 2.5, actor="me", at=AT, reason="wide spreads")
    unset(source, DRIFT, actor="you", at=AT + timedelta(hours=1))
    (row,) = read_history(source, AT).overrides
    assert (row.name, row.value, row.by, row.reason) == (DRIFT, "2.5", "me", "wide spreads")
    assert (row.from_, row.until) == (AT, AT + timedelta(hours=1))


def test_looking_at_history_makes_no_ledger(source: SettingsSource, tmp_path: Path) -> None:
    with pytest.raises(LedgerMissing):
        read_history(source, AT)
    assert not (tmp_path / "state").exists()


def test_the_settings_ledger_is_closed_whatever_happens(source: SettingsSource) -> None:
    with pytest.raises(ZeroDivisionError), open_settings_ledger(source.load(AT), AT) as ledger:
        raise ZeroDivisionError
    with pytest.raises(Exception, match="closed"):
        ledger.state.get("x")


def test_the_shipped_settings_are_in_order(source: SettingsSource) -> None:
    assert check_settings(source, AT) == ()


def test_everything_that_is_wrong_is_said_at_once_and_raises_nothing(source: SettingsSource) -> None:
    assert source.config is not None
    source.config.write_text("mode: offline_mock\nsafety: {max_drift_pct: -1}\nnonsense: 1\n")
    found = check_settings(source, AT)
    assert {finding.path for finding in found} >= {DRIFT, "nonsense"}
    source.config.write_text("mode: offline_mock\nbooks: [{primary: nobody}]\n")
    (finding,) = check_settings(source, AT)
    assert "nobody" in str(finding)


def test_strategies_come_with_their_overrides_unless_asked_without(source: SettingsSource) -> None:
    loaded = source.with_overrides(AT, {"strategy.golden.sma_fast": 41})
    (changed,) = configured_strategies(loaded, ["golden"])
    (plain,) = configured_strategies(loaded, ["golden"], overrides=False)
    assert changed.parameters["sma_fast"] == 41
    assert plain.parameters["sma_fast"] != 41
    names = [strategy.variant for strategy in configured_strategies(loaded)]
    books = loaded.settings.books
    assert names == [name for book in books for name in (book.primary, *book.shadows)]
    with pytest.raises(UsageError):
        configured_strategies(loaded, ["nobody"])
