"""The manifest: what was backtested is what may trade."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import SettingsError, UsageError
from backtest.strategies.base import Strategy
from backtest.strategies.registry import build_strategy, find_strategy
from live.settings import manifest
from live.settings.load import load_settings
from live.settings.model import Settings

NAME = "Hierarchical_Adaptive_v3_5b"


@pytest.fixture
def strategies() -> list[Strategy]:
    return [build_strategy(NAME, "golden", {}), build_strategy(NAME, "titan", {"measurement_noise": 2000})]


@pytest.fixture
def path(tmp_path: Path, strategies: list[Strategy]) -> Path:
    target = tmp_path / "manifest.json"
    manifest.freeze(target, strategies, Settings())
    return target


def settings(**execution: Any) -> Settings:
    return Settings.model_validate({"execution": execution})


def problems(path: Path, strategies: list[Strategy], given: Settings, **options: Any) -> dict[str, str]:
    return {finding.path: finding.problem for finding in manifest.check(path, strategies, given, **options)}


def test_the_shipped_manifest_fits_the_shipped_strategies(project_root: Path) -> None:
    loaded = load_settings(config=project_root / "config" / "live.yaml", environ={})
    names = [name for book in loaded.settings.books for name in (book.primary, *book.shadows)]
    shipped = [find_strategy(name, project_root / "config" / "strategies") for name in names]

    manifest.require(project_root / "config" / "manifest.json", shipped, loaded.settings)


def test_freezing_twice_gives_the_same_bytes_and_says_nothing_changed(
    path: Path, strategies: list[Strategy]
) -> None:
    before = path.read_bytes()

    assert manifest.freeze(path, strategies, Settings()) == ()
    assert path.read_bytes() == before
    assert list(json.loads(before)["variants"]) == ["golden", "titan"]


def test_a_changed_parameter_stops_with_both_values(path: Path) -> None:
    other = build_strategy(NAME, "golden", {"sma_fast": 41})

    with pytest.raises(SettingsError) as raised:
        manifest.require(path, [other], Settings())

    assert raised.value.exit_code == 2
    (finding,) = raised.value.findings
    assert (finding.path, finding.problem) == ("strategy.golden.sma_fast", "frozen 40, now 41")
    assert "jutsu config freeze" in raised.value.line()


def test_a_flag_for_one_run_may_change_a_parameter(path: Path) -> None:
    other = build_strategy(NAME, "golden", {"execution_time": "open"})

    assert "strategy.golden.execution_time" in problems(path, [other], Settings())
    assert problems(path, [other], Settings(), except_for=("execution_time",)) == {}


@pytest.mark.parametrize(
    ("name", "value", "frozen"),
    [
        ("min_cash_pct", 6, True),
        ("max_buying_power_pct", 90, True),
        ("min_trade_pct", 1, True),
        ("max_holdings_drift", 0.1, True),
        ("slippage_pct", 0.1, False),
        ("commission_per_order", 1, False),
        ("limits", {"max_position_pct": 50}, False),
    ],
)
def test_what_decides_orders_is_frozen_and_what_only_costs_or_stops_is_not(
    path: Path,
    strategies: list[Strategy],
    name: str,
    value: dict[str, int] | float,
    frozen: bool,
) -> None:
    found = problems(path, strategies, settings(**{name: value}))

    assert found == ({f"execution.{name}": found.get(f"execution.{name}")} if frozen else {})
    assert bool(found) is frozen


def test_numbers_are_compared_as_numbers(path: Path) -> None:
    assert (
        problems(
            path, [build_strategy(NAME, "golden", {"measurement_noise": 3000})], settings(min_cash_pct=5)
        )
        == {}
    )


def test_a_configured_variant_that_was_never_frozen_is_refused(path: Path) -> None:
    given = Settings.model_validate({"books": [{"primary": "fresh"}]})

    assert problems(path, [build_strategy(NAME, "fresh", {})], given) == {"fresh": "was never frozen"}


def test_an_unlisted_variant_of_a_frozen_rule_set_may_run_as_shadow(path: Path) -> None:
    assert problems(path, [build_strategy(NAME, "trial", {"sma_fast": 50})], Settings()) == {}


def test_a_manifest_of_another_strategy_is_refused(
    tmp_path: Path, path: Path, strategies: list[Strategy]
) -> None:
    document = json.loads(path.read_text())
    for entry in document["variants"].values():
        entry["strategy"] = "Earnings_Swing"
    path.write_text(json.dumps(document))

    assert "Earnings_Swing" in problems(path, strategies, Settings())["golden"]
    trial = build_strategy(NAME, "trial", {})
    assert "another strategy" in problems(path, [trial], Settings())["trial"]


def test_a_frozen_name_that_is_gone_and_a_new_one_are_found(path: Path, strategies: list[Strategy]) -> None:
    document = json.loads(path.read_text())
    document["variants"]["golden"]["parameters"]["old_rule"] = 1
    del document["variants"]["golden"]["parameters"]["sma_fast"]
    path.write_text(json.dumps(document))

    assert problems(path, strategies, Settings()) == {
        "strategy.golden.old_rule": "is frozen but no longer exists",
        "strategy.golden.sma_fast": "was not frozen",
    }


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"variants": {"golden": 5}}', '{"variants": {}}', "\x00"])
def test_something_else_is_not_a_manifest(tmp_path: Path, strategies: list[Strategy], text: str) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(text)

    with pytest.raises(SettingsError) as raised:
        manifest.require(path, strategies, Settings())
    assert raised.value.exit_code == 2


def test_a_missing_manifest_is_refused(tmp_path: Path, strategies: list[Strategy]) -> None:
    with pytest.raises(SettingsError, match="there is no manifest"):
        manifest.require(tmp_path / "none.json", strategies, Settings())


def test_freezing_one_variant_keeps_the_others(path: Path) -> None:
    manifest.freeze(path, [build_strategy(NAME, "golden", {"sma_fast": 41})], Settings())

    variants = manifest.read(path)
    assert variants["golden"]["parameters"]["sma_fast"] == 41
    assert variants["titan"]["parameters"]["measurement_noise"] == 2000


@pytest.mark.parametrize(
    ("name", "value", "refused"),
    [
        ("strategy.golden.sma_fast", 41, True),
        ("strategy.golden.sma_fast", 40, False),
        ("strategy.trial.sma_fast", 41, False),
        ("execution.min_cash_pct", 1, True),
        ("execution.slippage_pct", 1, False),
        ("safety.max_drift_pct", 3, False),
    ],
)
def test_overrides_of_frozen_values_are_refused(path: Path, name: str, value: int, refused: bool) -> None:
    if not refused:
        manifest.refuse_override(path, name, value)
        return
    with pytest.raises(UsageError, match="frozen at"):
        manifest.refuse_override(path, name, value)


def test_no_data_and_no_time_get_into_the_manifest(path: Path) -> None:
    assert str(datetime.now(UTC).year) not in path.read_text()
    assert set(manifest.read(path)["golden"]) == {"strategy", "family", "parameters", "execution"}
