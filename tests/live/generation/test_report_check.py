"""What a report would lead to, in the book as it is now: said, never stored."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from backtest.core.errors import UsageError
from live.generation.report_check import ReportCheck, check_report
from live.model.run import asked_for
from live.runtime.open import open_runtime
from live.runtime.options import Options
from live.runtime.runtime import Runtime
from tests.support.paths import PROJECT

DAY = date(2024, 3, 15)  # a Friday


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    shutil.copytree(PROJECT / "config", tmp_path / "config")
    config = tmp_path / "config" / "live.yaml"
    config.write_text(
        "mode: offline_mock\nbooks:\n- {primary: golden, budget_pct: 50}\n"
        "- {primary: ema_p10, run: on_request, budget_pct: 50}\n"
    )
    with open_runtime("jutsu", Options(config=config), asked_for(f"{DAY}T09:00:00")) as opened:
        yield opened


@pytest.fixture
def check(runtime: Runtime, tmp_path: Path) -> Callable[..., ReportCheck]:
    def checked(*tickers: str, day: str | None = f"{DAY}", name: str | None = None) -> ReportCheck:
        rows = [{"ticker": t, "grade": "A", "score": 90.0, "price": 100.0} for t in tickers]
        path = tmp_path / "report.json"
        path.write_text(json.dumps({"report_date": day, "candidates": rows}))
        return check_report(runtime.context, runtime.feed, path, name)

    return checked


def test_a_ticker_nobody_has_a_price_of_is_skipped_by_name(check: Callable[..., ReportCheck]) -> None:
    found = check("ZZZQX")
    assert (found.variant, found.session, found.made_after_close, found.window_over) == (
        "ema_p10",
        DAY,
        False,
        False,
    )
    assert found.entries == ()
    assert [skip.symbol for skip in found.skipped] == ["ZZZQX"]


def test_symbols_of_another_book_are_its_own(check: Callable[..., ReportCheck]) -> None:
    assert [(skip.symbol, skip.reason) for skip in check("TQQQ").skipped] == [("TQQQ", "held_elsewhere")]


def test_a_weekend_report_is_for_monday(check: Callable[..., ReportCheck]) -> None:
    assert check("ZZZQX", day="2024-03-16").session == date(2024, 3, 18)


def test_a_report_without_a_date_is_for_no_session(check: Callable[..., ReportCheck]) -> None:
    found = check("ZZZQX", day=None)
    assert found.session is None
    assert found.problems[0].startswith("no session: ")


def test_the_kill_switch_is_a_problem_and_nothing_is_bought(
    runtime: Runtime, check: Callable[..., ReportCheck]
) -> None:
    runtime.ledger.state.set_kill("entries", reason="a storm", by="me", at=runtime.clock.now())
    found = check("ZZZQX")
    assert "the kill switch is on (entries): a storm" in found.problems
    assert (found.entries, found.rotated_out) == ((), None)


def test_nothing_is_stored(runtime: Runtime, check: Callable[..., ReportCheck]) -> None:
    runtime.ledger.cash.reconciled(Decimal(100_000), at=runtime.clock.now())
    assert check("ZZZQX").cash_known
    assert runtime.ledger.signals.recent(10) == ()
    assert runtime.ledger.orders.recent(10) == ()


@pytest.mark.parametrize("name", ["golden", "nobody"])
def test_only_a_book_that_reads_reports_can_be_asked(check: Callable[..., ReportCheck], name: str) -> None:
    with pytest.raises(UsageError, match="one book that reads reports"):
        check("ZZZQX", name=name)


def test_a_file_that_is_not_there_is_one_line(runtime: Runtime, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        check_report(runtime.context, runtime.feed, tmp_path / "none.json")
    assert caught.value.exit_code == 2
