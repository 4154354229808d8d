"""The manifest: what was backtested is what may trade."""

import json
from contextlib import nullcontext
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
    del document["variants"]["golden"]["tested_sha256"]
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
    section, _, last = name.rpartition(".")
    changes = {last: value} if name.startswith("strategy") else {}
    after = settings(**({last: value} if section == "execution" else {}))
    with pytest.raises(UsageError, match="frozen at") if refused else nullcontext():
        manifest.refuse_override(path, name, value, [build_strategy(NAME, "golden", changes)], after)


class TestTestedSets:
    def test_every_frozen_set_may_trade_and_no_other(self, path: Path, strategies: list[Strategy]) -> None:
        other = build_strategy(NAME, "golden", {"sma_fast": 50})
        (change,) = [
            finding
            for finding in manifest.freeze(path, [other], Settings(), adding=True)
            if "tested set" in finding.problem
        ]
        assert change.path == "golden"
        assert problems(path, [*strategies, other], Settings()) == {}
        third = build_strategy(NAME, "golden", {"sma_fast": 51})
        assert list(problems(path, [third], Settings())) == ["strategy.golden.sma_fast"]
        assert list(problems(path, [other], settings(min_cash_pct=1))) != []

    def test_the_set_before_ends_with_the_next_plain_freeze(self, path: Path) -> None:
        before, after = (build_strategy(NAME, "golden", {"sma_fast": n}) for n in (40, 50))
        manifest.freeze(path, [after], Settings(), adding=True)
        assert manifest.frozen_value(path, "strategy.golden.sma_fast") == (50,)
        manifest.refuse_override(path, "strategy.golden.sma_fast", 40, [before], Settings())
        manifest.freeze(path, [after], Settings())
        assert list(problems(path, [before], Settings())) == ["strategy.golden.sma_fast"]

    def test_a_flag_for_one_run_changes_no_set(self, path: Path) -> None:
        manifest.freeze(path, [build_strategy(NAME, "golden", {"sma_fast": 50})], Settings(), adding=True)
        run = build_strategy(NAME, "golden", {"sma_fast": 50, "execution_time": "open"})
        assert problems(path, [run], Settings(), except_for={"execution_time"}) == {}
        assert problems(path, [run], Settings()) != {}

    def test_the_order_of_keys_and_the_case_of_the_name_mean_nothing(self) -> None:
        entry = {"strategy": "A", "parameters": {"a": 1, "b": 2}, "execution": {}}
        turned = {"execution": {}, "parameters": {"b": 2, "a": 1}, "strategy": "a"}
        assert manifest.values_sha256(entry) == manifest.values_sha256(turned)
        assert manifest.values_sha256({**entry, "parameters": {"a": 1}}) != manifest.values_sha256(entry)


class TestCode:
    def old(self, path: Path) -> None:
        """Write the manifest as versions before this one did."""
        document = json.loads(path.read_text())
        for entry in document["variants"].values():
            entry.pop("code_sha256")
            entry.pop("tested_sha256")
        path.write_text(json.dumps({**document, "schema_version": "1.0.0"}))

    def other_code(self, path: Path) -> None:
        document = json.loads(path.read_text())
        document["variants"]["golden"] |= {"code_sha256": "0" * 64, "files_sha256": "0" * 64}
        path.write_text(json.dumps(document))

    def test_a_comment_anywhere_is_no_other_code(self, path: Path, strategies: list[Strategy]) -> None:
        document = json.loads(path.read_text())
        document["variants"]["golden"]["files_sha256"] = "0" * 64
        path.write_text(json.dumps(document))
        assert manifest.require(path, strategies, Settings(mode="online_live")) == ()

    def test_other_code_warns_offline_and_stops_online(self, path: Path, strategies: list[Strategy]) -> None:
        assert manifest.require(path, strategies, Settings()) == ()
        self.other_code(path)
        (warning,) = manifest.require(path, strategies, Settings())
        assert "golden: the code of its rules is not what was frozen" in warning
        with pytest.raises(SettingsError, match="golden: the code") as stopped:
            manifest.require(path, strategies, Settings(mode="online_live"))
        assert stopped.value.exit_code == 2
        assert manifest.require(path, strategies, Settings(mode="online_live"), code=False) == ()

    def test_an_old_manifest_is_read_and_says_once_what_to_do(
        self, path: Path, strategies: list[Strategy]
    ) -> None:
        self.old(path)
        assert manifest.require(path, strategies, Settings()) == ()
        (warning,) = manifest.require(path, strategies, Settings(mode="online_live"))
        assert "golden, titan: frozen without the code" in warning
        assert "config freeze" in warning
        manifest.freeze(path, strategies, Settings())
        assert manifest.require(path, strategies, Settings(mode="online_live")) == ()


def test_no_data_and_no_time_get_into_the_manifest(path: Path) -> None:
    assert str(datetime.now(UTC).year) not in path.read_text()
    values = {"strategy", "family", "parameters", "execution"}
    assert set(manifest.read(path)["golden"]) == values | {"tested_sha256", "code_sha256", "files_sha256"}
