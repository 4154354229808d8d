"""A month: its days, what was realised, and what changed against the month before."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from live.views.book_period import PeriodInputs
from live.views.inputs import ViewInputs
from live.views.monthly_report import MonthInputs, differences, month_before, read_monthly, realised
from tests.support.exec_world import AT, DAY, ENTRY, NEXT_DAY, next_order, signal, tomorrow, world
from tests.support.runtimes import runtime_in

MONTH = MonthInputs(
    day=date(2025, 4, 1),
    settings={"a": "2", "b": "1"},
    manifest={"golden": "f" * 64},
    before=None,
    checks=(),
    secrets=(),
    causes=(),
    wash_notes=(),
    version="1.1.0",
    missing=("attribution: not measured",),
)


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [
        (date(2026, 1, 2), date(2025, 12, 1), date(2025, 12, 31)),
        (date(2024, 3, 31), date(2024, 2, 1), date(2024, 2, 29)),
    ],
)
def test_the_month_before(day: date, first: date, last: date) -> None:
    assert month_before(day) == (first, last)


def test_realised_gains_and_losses_by_symbol(tmp_path: Path) -> None:
    """Bought at 100 and 50, sold at 104 and 45: +400 on 100 shares, -50 on 10."""
    other = {**ENTRY, "symbol": "BBB", "client_order_id": f"{DAY:%Y%m%d}_BBB_entry_buy", "quantity": 10}
    other |= {
        "reference_price": 50.0,
        "estimated_value": 500.0,
        "stop": {"price": 40.0, "time_in_force": "gtc"},
    }
    made = world(tmp_path)
    made.write(signal([ENTRY, other]))
    assert made.executor() == 0
    made.feed.prices |= {"AAA": 104.0, "BBB": 45.0}
    exits = [next_order("AAA", "exit", 100, 104.0), next_order("BBB", "exit", 10, 45.0)]
    tomorrow(made, exits, positions={"AAA": 100, "BBB": 10}, cash=89_500.0)
    assert made.executor() == 0
    found = {one.symbol: one for one in realised(made.open().ledger, DAY, NEXT_DAY)}
    assert (found["AAA"].gains, found["AAA"].losses, found["AAA"].sales) == (400.0, 0.0, 1)
    assert (found["BBB"].net, found["BBB"].variant) == (-50.0, "golden")
    assert realised(made.ledger, DAY, DAY) == ()


def test_what_is_new_gone_or_another_is_a_change() -> None:
    found = differences({"a": "1", "b": "1", "c": "1"}, {"a": "2", "b": "1", "d": "1"}, "x: ")
    assert [(one.name, one.before, one.now) for one in found] == [
        ("x: a", "1", "2"),
        ("x: c", "1", ""),
        ("x: d", "", "1"),
    ]


def monthly(folder: Path, before: dict[str, Any] | None) -> Any:
    runtime = runtime_in(folder, AT)
    period = PeriodInputs(date(2025, 3, 1), date(2025, 3, 31), (), {}, {}, {})
    return read_monthly(ViewInputs.of(runtime.context), period, replace(MONTH, before=before))


def test_without_a_report_of_the_month_before_that_is_a_line(tmp_path: Path) -> None:
    found = monthly(tmp_path, None)
    assert found.changes == ()
    assert found.missing == (
        "attribution: not measured",
        "settings, manifest and version: no report of the month before to compare with",
    )
    assert found.audit.problem is None


def test_settings_manifest_and_version_are_compared_with_the_report_that_was_kept(tmp_path: Path) -> None:
    before = {"settings": {"a": "1", "b": "1"}, "manifest": {"golden": "e" * 64}, "version": "1.0.0"}
    found = monthly(tmp_path, before)
    assert [one.name for one in found.changes] == ["a", "manifest: golden", "version"]
    assert found.missing == ("attribution: not measured",)
    same = monthly(tmp_path, {"settings": MONTH.settings, "manifest": MONTH.manifest, "version": "1.1.0"})
    assert same.changes == ()
    broken = monthly(tmp_path, {"settings": "text"})
    assert {one.name for one in broken.changes} == {"a", "b", "manifest: golden", "version"}
