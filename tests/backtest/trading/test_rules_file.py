"""The `execution:` section of a settings file: read alone, judged whole, defaults without a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from backtest.core.errors import SettingsError, UsageError
from backtest.core.execution_rules import ExecutionRules
from backtest.trading.rules_file import read_rules


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "live.yaml"
    path.write_text(text)
    return path


def test_only_the_section_is_read(tmp_path: Path) -> None:
    path = written(
        tmp_path, "mode: nonsense\nexecution: {slippage_pct: 0.1, limits: {max_orders_per_run: 3}}\n"
    )
    rules = read_rules(path)
    assert (rules.slippage_pct, rules.limits.max_orders_per_run) == (0.1, 3)
    assert rules.min_cash_pct == ExecutionRules().min_cash_pct


def test_without_a_section_or_a_file_the_defaults_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read_rules(written(tmp_path, "mode: offline_mock\n")) == ExecutionRules()
    monkeypatch.chdir(tmp_path)
    assert read_rules(None) == ExecutionRules()
    (tmp_path / "config").mkdir()
    written(tmp_path / "config", "execution: {slippage_pct: 0.2}\n")
    assert read_rules(None).slippage_pct == 0.2


def test_every_problem_is_named_with_its_key(tmp_path: Path) -> None:
    path = written(tmp_path, "execution: {slippage_pct: -1, limits: {max_orders_per_run: 0}, nonsense: 1}\n")
    with pytest.raises(SettingsError, match="3 problem") as caught:
        read_rules(path)
    assert {finding.path for finding in caught.value.findings} == {
        "execution.slippage_pct",
        "execution.limits.max_orders_per_run",
        "execution.nonsense",
    }


@pytest.mark.parametrize("value", [".nan", ".inf", "[]", "many"])
def test_what_is_no_figure_is_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(SettingsError):
        read_rules(written(tmp_path, f"execution: {{slippage_pct: {value}}}\n"))


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        read_rules(tmp_path / "none.yaml")
