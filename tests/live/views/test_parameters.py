"""Every parameter with its range and where it came from; proposals are judged by the strategy itself."""

from pathlib import Path

import pytest

from live.actions.settings import set_value
from live.settings.load import LoadedSettings
from live.system.clock import SystemClock
from live.views.parameters import judge, read_parameters
from live.views.settings import SettingsSource, configured_strategies
from tests.support.user_world import User, new_user

NOW = SystemClock().now()


@pytest.fixture
def user(tmp_path: Path) -> User:
    return new_user(tmp_path / "jutsu")


def load(user: User) -> LoadedSettings:
    return SettingsSource(user.config, None, {}).load(NOW)


def test_every_parameter_has_its_row(user: User) -> None:
    loaded = load(user)
    (strategy,) = configured_strategies(loaded, ["golden"])
    view = read_parameters(loaded, strategy)
    rows = {row.name: row for row in view.rows}
    assert list(rows) == list(strategy.parameters)
    assert (view.frozen, view.previewed) == (True, True)
    fast = rows["sma_fast"]
    assert (fast.kind, fast.value, fast.default, fast.frozen, fast.source) == ("whole", 40, 40, 40, "default")
    assert "below sma_slow" in fast.range
    assert (rows["leverage_scalar"].kind, rows["allow_treasury"].kind) == ("number", "flag")
    assert rows["execution_time"].kind == "choice"
    assert "close" in rows["execution_time"].choices
    assert rows["signal_symbol"].kind == "text"


def test_positions_have_parameters_and_no_preview(user: User) -> None:
    loaded = load(user)
    (strategy,) = configured_strategies(loaded, ["ema_p10"])
    view = read_parameters(loaded, strategy)
    assert not view.previewed
    ranges = {row.name: row.range for row in view.rows}
    assert ranges["stop_loss_pct"] == "a number"
    assert all(ranges.values())
    assert any(row.nullable for row in view.rows)


def test_an_override_names_its_source(user: User) -> None:
    user.config.with_name("manifest.json").unlink()
    set_value(SettingsSource(user.config, None, {}), "strategy.golden.sma_fast", 41, actor="ann", at=NOW)
    loaded = load(user)
    (strategy,) = configured_strategies(loaded, ["golden"])
    view = read_parameters(loaded, strategy)
    (row,) = [row for row in view.rows if row.name == "sma_fast"]
    assert (row.value, row.source, row.frozen, view.frozen) == (41, "ledger override", None, False)


def test_proposals_are_judged_all_at_once(user: User) -> None:
    (strategy,) = configured_strategies(load(user), ["golden"])
    wrong = judge(strategy, {"sma_fast": 200, "leverage_scalar": 9, "sma_fst": 1})
    assert {finding.path for finding in wrong.findings} == {
        "parameters.sma_fast",
        "parameters.leverage_scalar",
        "parameters.sma_fst",
    }
    odd = judge(strategy, {"sma_fast": 5})
    assert (odd.findings, [finding.path for finding in odd.unusual]) == ((), ["parameters.sma_fast"])
