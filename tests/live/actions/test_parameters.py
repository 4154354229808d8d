"""Parameters change all or none; what is not yet frozen never trades."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import LimitError, ParameterError, UsageError
from live.actions.errors import SettingChangedError
from live.actions.parameters import ParametersSaved, revert, save
from live.ledger.settings_history import Config
from live.settings.load import LoadedSettings
from live.system.lock import AnotherRunError, single_instance
from live.views.settings import SettingsSource, check_settings, configured_strategies
from tests.support.user_world import FIRST, SECOND, User, new_user

NOW = datetime.fromisoformat("2024-01-02T18:00:00-05:00")
SEEN = {"sma_fast": 40, "sma_slow": 140, "leverage_scalar": 1.0}


@pytest.fixture(scope="module")
def traded(tmp_path_factory: pytest.TempPathFactory) -> User:
    user = new_user(tmp_path_factory.mktemp("parameters") / "jutsu")
    user.trade(FIRST)
    return user


@pytest.fixture
def user(traded: User, tmp_path: Path) -> User:
    return traded.copy(tmp_path / "jutsu")


def saved(user: User, values: dict[str, Any], **more: Any) -> ParametersSaved:
    given: dict[str, Any] = {"expected": SEEN, "actor": "ann", "at": NOW, "history": lambda *_: {}} | more
    return save(source(user), "golden", values, **given)


def source(user: User) -> SettingsSource:
    return SettingsSource(user.config, None, {})


def now(user: User, name: str) -> Any:
    (strategy,) = configured_strategies(source(user).load(NOW), ["golden"])
    return strategy.parameters[name]


def test_several_change_at_once_and_the_next_run_trades_with_them(user: User) -> None:
    done = saved(user, {"sma_fast": 150, "sma_slow": 180}, reason="slower")
    assert (now(user, "sma_fast"), now(user, "sma_slow")) == (150, 180)
    assert any("sma_fast" in line for line in done.manifest)
    assert check_settings(source(user), NOW) == ()
    assert user.rows("audit_log", "action, subject, outcome") == [("parameters", "golden", "done")]
    assert user.rows("config_overrides", "created_by, reason") == [("ann", "slower")] * 2
    user.change("update config_overrides set effective_from = '2024-01-02T00:00:00+00:00'")
    user.trade(SECOND)
    assert '"sma_fast": 150' in user.file(SECOND).read_text().replace(":1", ": 1")


def test_what_was_seen_must_still_be_so(user: User) -> None:
    before = user.config.with_name("manifest.json").read_bytes()
    for expected in ({}, {"sma_fast": 41}):
        with pytest.raises(SettingChangedError, match="is 40 now"):
            saved(user, {"sma_fast": 30}, expected=expected)
    assert now(user, "sma_fast") == 40
    assert user.config.with_name("manifest.json").read_bytes() == before
    outcomes = [outcome for (outcome,) in user.rows("audit_log", "outcome")]
    assert all(outcome.startswith("refused") for outcome in outcomes)
    assert len(outcomes) == 2


@pytest.mark.parametrize("values", [{"sma_fast": 150}, {"leverage_scalar": 9.0}, {"sma_fst": 3}])
def test_values_that_cannot_be_change_nothing(user: User, values: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        saved(user, values)
    assert user.rows("config_overrides") == []


def test_during_a_run_nothing_is_changed(user: User) -> None:
    with single_instance(user.root / "state", "paper", run_id="x"), pytest.raises(AnotherRunError):
        saved(user, {"sma_fast": 30})
    assert user.rows("config_overrides") == []


def test_what_stands_in_the_way_is_a_refusal_in_the_audit_log(user: User) -> None:
    def no(_: LoadedSettings) -> None:
        raise LimitError("a window is near")

    with pytest.raises(LimitError):
        saved(user, {"sma_fast": 30}, require=no)
    assert user.rows("audit_log", "outcome") == [("refused: a window is near",)]


def test_a_death_between_freeze_and_override_leaves_the_old_values(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Config, "set", die)
    with pytest.raises(KeyboardInterrupt):
        saved(user, {"sma_fast": 30})
    assert now(user, "sma_fast") == 40
    assert check_settings(source(user), NOW) == ()
    user.trade(SECOND)


def test_reverted_the_file_holds_again(user: User) -> None:
    saved(user, {"sma_fast": 30, "leverage_scalar": 0.9})
    done = revert(source(user), "golden", actor="ann", at=NOW)
    assert done.names == ("leverage_scalar", "sma_fast")
    assert (now(user, "sma_fast"), check_settings(source(user), NOW)) == (40, ())
    with pytest.raises(UsageError, match="no override"):
        revert(source(user), "golden", actor="ann", at=NOW)
