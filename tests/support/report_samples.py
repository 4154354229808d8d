"""Models of every kind of report, and the reviewed files they become.

`python -m tests.support.report_samples` writes `tests/golden/reports` anew; look at the difference before
it is committed.
"""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from backtest.reporting.baseline import Baseline
from backtest.reporting.monitoring import ClosedTrade, Variability, monitor, worst
from backtest.strategies.family import Choice
from live.books.targets import Leg
from live.operations.health import HealthCheck
from live.reporting.execution import execution_report
from live.reporting.files import contents
from live.reporting.monthly import monthly_report
from live.reporting.validation import validation_report
from live.reporting.weekly import weekly_report
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
from live.views.audit import AuditState
from live.views.book_period import AgainstBacktest, BookPeriod, GroupedNote, LostSession, no_go
from live.views.compare import Comparison, criteria, record
from live.views.equity import EquityStep
from live.views.execution_report import ExecutionReport, HeldOrder, OrderResult
from live.views.figures import BookFigures
from live.views.monitoring import BookMonitoring
from live.views.monthly_report import Cause, Change, MonthlyReport, Realised
from live.views.weekly_report import WeeklyReport
from tests.support.paths import PROJECT

if TYPE_CHECKING:
    from live.reporting.files import StoredReport

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
        holdings=(),
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


BASELINE = Baseline(
    first="2010-01-04",
    last="2026-10-30",
    sessions=4234,
    trades=840,
    trades_per_year=50.0,
    win_rate=0.55,
    expectancy=0.012,
    free_expectancy=0.0125,
    annual_return=0.19,
    volatility=0.2,
    max_drawdown=-0.35,
)


def book_sample(first: date, last: date) -> BookPeriod:
    """A book with one missed, one partial and one RED session, and trades that fell short of the backtest."""
    figures = BookFigures(
        variant="golden",
        first=date(2026, 9, 3),
        last=DAY,
        sessions=60,
        equity=112_225.94,
        week_to_date=0.0123,
        month_to_date=-0.0045,
        year_to_date=0.1222594,
        total_return=0.1222594,
        annual_return=0.623,
        drawdown=-0.021,
        max_drawdown=-0.0875,
        sharpe=1.84,
        win_rate=0.42,
        closing_trades=50,
        average_trade=0.004,
    )
    measures = monitor(
        [ClosedTrade(DAY, 0.04 if number < 21 else -0.022) for number in range(50)],
        BASELINE,
        Variability("volatility", 0.23, BASELINE.volatility),
        newest=DAY,
        today=last,
    )
    sessions = tuple(
        Figures(day, logic_match=day != DAY, drift_pct=0.1, ordered=100, filled=100, slippages=(0.05,))
        for day in (date(2026, 11, 24), date(2026, 11, 25), DAY)
    )
    monitoring = BookMonitoring("golden", worst(measures), measures, BASELINE)
    checks = rolling(sessions)
    return BookPeriod(
        variant="golden",
        first=first,
        last=last,
        sessions=4,
        executed=3,
        lost=(LostSession(date(2026, 11, 23), "missed", "no start: machine off or asleep"),),
        verdicts={"GREEN": 2, "RED": 1},
        made=0.0123,
        backtest=AgainstBacktest(0.0123, 0.0138, 4, 0.0031, last=DAY),
        checks=checks,
        rolling=checks,
        notes=(
            GroupedNote(f"TQQQ: 60 of 100 shares filled in 4 tries: {HOSTILE}", 3, DAY),
            GroupedNote("the clock differs by 4.2 s", 1, date(2026, 11, 24)),
        ),
        figures=figures,
        monitoring=monitoring,
        no_go=tuple(no_go(checks, None, monitoring, ("position golden/TQQQ has no protective stop",))),
    )


def weekly_sample() -> WeeklyReport:
    """A week that ended badly."""
    first, last = date(2026, 11, 23), date(2026, 11, 29)
    return WeeklyReport(
        day=last,
        first=first,
        last=last,
        account="paper",
        mode="offline_mock",
        go=False,
        books=(book_sample(first, last),),
        open_questions=("position golden/TQQQ has no protective stop; run the executor",),
        missing=(),
    )


def monthly_sample() -> MonthlyReport:
    """The month of that week, with a shadow, changed settings, and a file that others may read."""
    first, last = date(2026, 11, 1), date(2026, 11, 30)
    records = tuple(
        record(name, role, [date(2026, 9, 3), DAY], [100.0, end], pnls)
        for name, role, end, pnls in (
            ("golden", "primary", 112.2, [30.0, -10.0]),
            ("titan", "shadow", 116.0, [40.0, -10.0]),
        )
    )
    judged = criteria(*records)
    return MonthlyReport(
        day=date(2026, 12, 1),
        first=first,
        last=last,
        account="paper",
        mode="offline_mock",
        books=(book_sample(first, last),),
        causes=(Cause("golden", "missed", -88.1), Cause("golden", "slippage", -21.69)),
        comparisons=(Comparison("golden", "titan", records, judged, False, 60),),
        changes=(
            Change("safety.max_drift_pct", "1.0", "2.5"),
            Change("manifest: golden", "a" * 64, "b" * 64),
            Change("version", "1.0.0", "1.1.0"),
        ),
        settings={"safety.max_drift_pct": "2.5"},
        manifest={"golden": "b" * 64},
        checks=(
            HealthCheck("login", "ok", "expires Thu 03 Dec 10:00 New York, 3 sessions left"),
            HealthCheck("backups", "warning", "no restore was rehearsed yet", "`jutsu backup rehearse`"),
        ),
        secrets=("secrets.env: others can read it; chmod 600 state/secrets.env",),
        audit=AuditState(12, "c" * 64, None),
        realised=(Realised("golden", "TMF", 2, 114.2, -20.0), Realised("golden", "TQQQ", 1, 0.0, -412.1)),
        wash_notes=("TQQQ: -412.10 of 2026-11-18, bought again on 2026-11-27: loss deferred",),
        version="1.1.0",
        missing=("backtest of earnings books: their candidates are not kept",),
    )


def reports() -> tuple[StoredReport, ...]:
    """A report of every kind."""
    return (
        execution_report(execution_sample()),
        validation_report(validation_sample()),
        weekly_report(weekly_sample()),
        monthly_report(monthly_sample()),
    )


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
