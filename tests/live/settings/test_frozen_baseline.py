"""A baseline in an entry: written, kept while the rules are the same, gone with other rules."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from live.settings.frozen_baseline import set_baseline
from tests.backtest.reporting.test_monitoring import BASELINE


def entry(**changes: Any) -> dict[str, Any]:
    return {"strategy": "s", "parameters": {"a": 1}, "execution": {}, "code_sha256": "c"} | changes


def test_a_new_one_is_written_and_said() -> None:
    now = entry()
    (finding,) = set_baseline("golden", None, now, BASELINE)
    assert str(finding).startswith("golden: baseline of 2010-01-04 to 2026-11-25, 800 closing trades")
    assert now["baseline"] == asdict(BASELINE)
    assert list(set_baseline("golden", now, entry(), BASELINE)) == []


def test_without_a_new_one_it_stays_while_values_and_code_are_the_same() -> None:
    known, now = entry(baseline=asdict(BASELINE)), entry()
    assert list(set_baseline("golden", known, now, None)) == []
    assert now["baseline"] == asdict(BASELINE)


@pytest.mark.parametrize(
    "changes", [{"parameters": {"a": 2}}, {"code_sha256": "d"}, {"execution": {"min_cash_pct": 3}}]
)
def test_with_other_rules_it_is_gone_and_that_is_said(changes: dict[str, Any]) -> None:
    now = entry(**changes)
    (finding,) = set_baseline("golden", entry(baseline=asdict(BASELINE)), now, None)
    assert "its baseline is gone" in str(finding)
    assert "baseline" not in now


def test_none_before_and_none_now_is_nothing_to_say() -> None:
    now = entry()
    assert list(set_baseline("golden", entry(), now, None)) == []
    assert "baseline" not in now
