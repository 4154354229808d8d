"""Models of every kind of report, and the reviewed files they become.

`python -m tests.support.report_samples` writes `tests/golden/reports` anew; look at the difference before
it is committed.
"""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from backtest.strategies.family import Choice
from live.books.targets import Leg
from live.reporting.execution import execution_report
from live.reporting.files import contents
from live.reporting.validation import validation_report
from live.validation.report import VariantReport, variant_report
from live.validation.verdict import (
    Figures,
    Judged,
    Observed,
    OrderFate,
    Slippage,
    drift,
    judge,
    rolling,
)
from live.views.equity import EquityStep
from live.views.execution_report import ExecutionReport, HeldOrder, OrderResult
from tests.support.paths import PROJECT

if TYPE_CHECKING:
    from live.reporting.files import Report

GOLDEN = PROJECT / "tests/golden/reports"
DAY = date(2026, 11, 27)  # the session after Thanksgiving closes at 13:00
HOSTILE = "<script>alert('x')</script> & \"quoted\"\nsecond line"


def at(hour: int, minute: int, second: int = 0) -> datetime:
    """An instant of `DAY`, given on the clock of New York."""
    return datetime(2026, 11, 27, hour + 5, minute, second, tzinfo=UTC)


def order(symbol: str, side: str, intent: str, ordered: int, filled: int, price: float) -> OrderResult:
    """An order that was meant to cost 0.1 less a share than it did."""
    return OrderResult(
        client_order_id=f"20261127_{symbol}_{intent}_{side}",
        symbol=symbol,
        side=side,
        intent=intent,
        ordered=ordered,
        filled=filled,
        average_price=price if filled else None,
        target_price=price - 0.1,
        quote_price=price - 0.05,
        slippage_pct=5.0 / (price - 0.05) if filled else None,
        target_slippage_pct=10.0 / (price - 0.1) if filled else None,
        state="FILLED" if filled == ordered else "CANCELLED",
        reason="" if filled == ordered else "nobody traded with it",
    )


def execution_sample() -> ExecutionReport:
    """A paper session with a full, a partial and a disabled order, whose note wants to be a program."""
    return ExecutionReport(
        session=DAY,
        variant="golden",
        account="paper",
        mode="offline_mock",
        outcome="partial",
        exit_code=0,
        generated_at=at(12, 35),
        approved_at=at(12, 50, 7),
        executed_at=at(12, 56, 30),
        window_opens=at(12, 55),
        window_closes=at(12, 59),
        orders=(
            order("TMF", "sell", "exit", 429, 429, 46.75),
            order("TQQQ", "buy", "entry", 100, 60, 80.25),
        ),
        held=(HeldOrder("20261127_QQQ_increase_buy", f"disabled in the file: {HOSTILE}"),),
        legs=(Leg("TQQQ", 60, 0.08, 0.04815), Leg("QQQ", 233, 0.5, 0.5126)),
        equity=100_000.0,
        cash=43_925.0,
        day=EquityStep(DAY, 98_500.0, 100_000.0, 1_000.0, 500.0, 500.0 / 98_500.0),
        warnings=(
            "20261127_QQQ_increase_buy: not sent: disabled",
            "TQQQ: 60 of 100 shares filled in 4 tries",
        ),
        critical=(),
        error="",
        log="logs/executor_2026-11-27.log",
        next_opens=datetime(2026, 11, 30, 20, 55, tzinfo=UTC),
    )


def validation_sample() -> VariantReport:
    """A session whose decision is another one on the final bars, with one order that filled in part."""
    observed = Observed(
        session=DAY,
        variant="golden",
        role="primary",
        decided_on=DAY,
        at_execution=Choice(facts={"cell": 3, "rebalance": True}, targets={"TQQQ": 0.08, "QQQ": 0.5}),
        on_final=Choice(facts={"cell": 4, "rebalance": True}, targets={"QQQ": 0.5}),
        drifts=(drift("QQQ", 600.0, 600.0), drift("TQQQ", 80.15, 80.6)),
        orders=(OrderFate("20261127_TQQQ_entry_buy", 100, 60),),
        slippages=(Slippage("TQQQ", 0.062, 0.125),),
        notes=(HOSTILE,),
    )
    found = judge(observed)
    day_before = Figures(date(2026, 11, 25), logic_match=True, drift_pct=0.1, ordered=10, filled=10)
    return variant_report(Judged(found, rolling([day_before, found.figures])))


def reports() -> tuple[Report, ...]:
    """A report of every kind."""
    return (execution_report(execution_sample()), validation_report(validation_sample()))


def main() -> None:
    """Write the reviewed files."""
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for path in GOLDEN.iterdir():
        path.unlink()
    for report in reports():
        for ending, content in contents(report).items():
            (GOLDEN / f"{report.name}.{ending}").write_bytes(content)
    sys.stdout.write(f"{len(list(GOLDEN.iterdir()))} files in {GOLDEN}\n")


if __name__ == "__main__":
    main()
