"""Validation of a positions strategy: who leaves and who enters on the final bars of the session before."""

from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, Literal

import numpy as np
import pytest

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars
from backtest.strategies.registry import build_strategy
from live.handoff.canonical import bytes_sha256, render
from live.handoff.model import SignalFile, SignalOrder, Skipped, StrategyInfo, Window
from live.ledger.ledger import GeneratedSignal, Ledger
from live.settings.model import Settings
from live.system.clock import SimulatedClock
from live.validation.observe import observe
from live.validation.verdict import Validation, judge
from tests.support.handoff_samples import order, sample

MONDAY = date(2024, 3, 18)
FRIDAY = date(2024, 3, 15)  # the bar a Monday opening decides on; it ends a week
ENTERED = date(2024, 1, 8)


def bars(symbol: str, last_close: float, *, first: Any = date(2023, 9, 1)) -> Bars:
    """Closes rise by 1 from 100 to the Thursday; the newest close is given."""
    days = [session.day for session in calendar.sessions(first, FRIDAY)]
    close = 100.0 + np.arange(len(days), dtype=np.float64)
    close[-1] = last_close
    return Bars(
        symbol=symbol,
        dates=np.array(days, dtype="datetime64[D]"),
        open=close,
        high=close + 1,
        low=close - 1,
        close=close,
        volume=np.full(len(days), 1000.0),
        source="test",
    )


def world(history: dict[str, Bars]) -> SimpleNamespace:
    ledger = Ledger.open("sqlite://", account="paper", now=datetime(2024, 1, 1, tzinfo=UTC))
    clock = SimulatedClock(datetime(2024, 3, 18, 20, 15, tzinfo=UTC))
    feed = SimpleNamespace(history=lambda symbols, _at: {s: history[s] for s in symbols if s in history})
    context = SimpleNamespace(ledger=ledger, clock=clock, settings=Settings())
    return SimpleNamespace(context=context, ledger=ledger, feed=feed)


def entry(symbol: str, score: float = 80.0, price: float = 50.0) -> SignalOrder:
    return order(
        symbol,
        "buy",
        "entry",
        200,
        price,
        client_order_id=f"20240318_{symbol}_entry_buy",
        details={"ticker": symbol, "score": score, "grade": "B", "price": price},
    )


def leave(symbol: str, price: float) -> SignalOrder:
    return order(symbol, "sell", "exit", 10, price, client_order_id=f"20240318_{symbol}_exit_sell", rank=0.0)


def signal(
    parameters: dict[str, int | None],
    *,
    held: dict[str, int],
    orders: list[SignalOrder],
    skipped: list[Skipped] | tuple[()] = (),
    candidates: dict[str, Any] | None = None,
    role: Literal["primary", "shadow"] = "primary",
) -> SignalFile:
    base = sample()
    strategy = build_strategy("earnings_swing", "ema_p10", parameters)
    return sample(
        trade_date="2024-03-18",
        strategy=StrategyInfo(
            name="earnings_swing",
            variant="ema_p10",
            role=role,
            family="positions",
            parameters=strategy.parameters,
            sources={},
        ),
        execution_window=Window(
            name="open", opens_at="2024-03-18T09:30:00-04:00", closes_at="2024-03-18T09:35:00-04:00"
        ),
        inputs=base.inputs.model_copy(
            update={
                "bars": (),
                "quotes": (),
                "candidates": candidates,
                "account": base.inputs.account.model_copy(update={"positions": held}),
            }
        ),
        decision=base.decision.model_copy(
            update={"decided_on": "2024-03-15", "rebalance": False, "diagnostics": {}, "memory": {}}
        ),
        targets=(),
        orders=tuple(orders),
        skipped=tuple(skipped),
    )


def validated(runtime: Any, file: SignalFile) -> Validation:
    content = render(file)
    runtime.ledger.signals.record(
        GeneratedSignal(
            session=MONDAY,
            variant=file.strategy.variant,
            role=file.strategy.role,
            path="trade_signals.json",
            content=content.decode(),
            seal=file.seal.digest,
            bytes_sha256=bytes_sha256(content),
            generated_at=datetime(2024, 3, 18, 13, tzinfo=UTC),
        )
    )
    runtime.ledger.signals.finish(MONDAY, file.strategy.variant, "completed")
    return judge(
        observe(runtime.context, runtime.feed, runtime.ledger.signals.get(MONDAY, file.strategy.variant))
    )


def hold(runtime: SimpleNamespace, symbol: str, price: str, score: float = 60.0) -> None:
    runtime.ledger.positions.buy(
        "ema_p10", symbol, 10, Decimal(price), session=ENTERED, details={"score": score}
    )


ACCEPTED = {"format": "json", "accepted": True, "count": 2, "tickers": ["NEW", "TOO"]}


@pytest.mark.parametrize(
    ("final_close", "verdict", "differences"),
    [
        (150.0, "GREEN", ()),  # far below a rising weekly average: the exit stands
        (150.3, "YELLOW", ()),  # still below it, 0.2 % away from the price at the decision
        (235.0, "RED", ("exit AAA: only at execution",)),  # above the average: nobody should have sold
    ],
)
def test_an_exit_is_judged_on_the_final_week(
    final_close: float, verdict: str, differences: tuple[str, ...]
) -> None:
    runtime = world({"AAA": bars("AAA", final_close)})
    hold(runtime, "AAA", "190")
    found = validated(runtime, signal({}, held={"AAA": 10}, orders=[leave("AAA", 150.0)]))
    assert (found.verdict, found.differences) == (verdict, differences)
    assert found.observed.decided_on == FRIDAY
    assert [item.reference_price for item in found.observed.drifts] == [150.0]


def test_an_exit_that_was_not_carried_out_is_decided_again() -> None:
    # Decided on Thursday and not sold on Friday (halted): the file of Friday remembers it, done or not.
    runtime = world({"AAA": bars("AAA", 235.0)})
    hold(runtime, "AAA", "190")
    pending = {"AAA": {"reason": "trend_break", "entry_date": ENTERED.isoformat()}}
    runtime.ledger.signals.record(
        GeneratedSignal(
            session=FRIDAY,
            variant="ema_p10",
            role="primary",
            path="trade_signals.json",
            content="{}",
            seal="a" * 64,
            bytes_sha256="b" * 64,
            generated_at=datetime(2024, 3, 15, 13, tzinfo=UTC),
            memory={"pending_exits": pending},
        )
    )
    runtime.ledger.signals.finish(FRIDAY, "ema_p10", "failed")
    found = validated(runtime, signal({}, held={"AAA": 10}, orders=[leave("AAA", 235.0)]))
    assert (found.verdict, found.differences) == ("GREEN", ())


def test_a_position_that_was_sold_that_morning_is_still_known() -> None:
    runtime = world({"AAA": bars("AAA", 150.0)})
    hold(runtime, "AAA", "190")
    runtime.ledger.positions.sell("ema_p10", "AAA", 10, Decimal(150), session=MONDAY, reason="trend_break")
    found = validated(runtime, signal({}, held={"AAA": 10}, orders=[leave("AAA", 150.0)]))
    assert found.logic_match is True


def test_entries_are_priced_by_their_report_and_do_not_drift() -> None:
    runtime = world({})
    found = validated(runtime, signal({}, held={}, orders=[entry("NEW")], candidates=ACCEPTED))
    assert (found.verdict, found.observed.drifts) == ("GREEN", ())
    assert found.observed.on_final.entries == ("NEW",)


def test_a_rotation_that_the_final_close_does_not_justify() -> None:
    # A full book of one: BBB stood at a loss when NEW replaced it. On the final bar it is a winner.
    rules = {"max_positions": 1, "trailing_stop": None, "max_holding_days": 365}
    file = signal(rules, held={"BBB": 10}, orders=[leave("BBB", 199.9), entry("NEW")], candidates=ACCEPTED)
    at_a_loss = world({"BBB": bars("BBB", 199.9)})
    hold(at_a_loss, "BBB", "200")
    assert validated(at_a_loss, file).verdict == "GREEN"
    in_profit = world({"BBB": bars("BBB", 200.1)})
    hold(in_profit, "BBB", "200")
    assert validated(in_profit, file).differences == (
        "exit BBB: only at execution",
        "entry NEW: only at execution",
    )


def test_a_rotation_that_only_the_final_close_justifies() -> None:
    rules = {"max_positions": 1, "trailing_stop": None, "max_holding_days": 365}
    left_out = Skipped(symbol="TOO", reason="capacity_full", details={"score": 90.0, "grade": "A"})
    file = signal(rules, held={"BBB": 10}, orders=[], skipped=[left_out], candidates=ACCEPTED)
    runtime = world({"BBB": bars("BBB", 199.9)})
    hold(runtime, "BBB", "200")
    assert validated(runtime, file).differences == (
        "exit BBB: only on the final bars",
        "entry TOO: only on the final bars",
    )


def test_without_a_valid_report_no_entry_is_expected() -> None:
    rules = {"max_positions": 1, "trailing_stop": None, "max_holding_days": 365}
    runtime = world({"BBB": bars("BBB", 199.9)})
    hold(runtime, "BBB", "200")
    found = validated(runtime, signal(rules, held={"BBB": 10}, orders=[]))
    assert (found.verdict, found.logic_match) == ("GREEN", True)


def test_a_book_that_nobody_knows_any_more_is_yellow() -> None:
    runtime = world({"AAA": bars("AAA", 150.0)})
    found = validated(runtime, signal({}, held={"AAA": 10}, orders=[leave("AAA", 150.0)]))
    assert (found.verdict, found.logic_match) == ("YELLOW", None)
    assert found.observed.notes == ("how the book stood at the decision is no longer known",)
