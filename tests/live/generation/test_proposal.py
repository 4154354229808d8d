"""From a decision to the signal file: the same inputs, the same bytes; orders typed by their family."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest

from backtest.calendar import sessions as calendar
from backtest.core.decision import Decision, Skip, Target
from backtest.core.execution_rules import ExecutionRules
from backtest.core.planned_orders import Plan, PlannedOrder
from backtest.strategies.registry import build_strategy
from live.books.variants import BookVariant
from live.generation.market import SessionMarket
from live.generation.proposal import instant, signal_file
from live.handoff.canonical import is_sealed, render
from live.handoff.model import AccountInput, SignalFile
from tests.support.calendar_days import session_on
from tests.support.exec_world import bars

FRIDAY, MONDAY = date(2024, 3, 15), date(2024, 3, 18)
SESSION = session_on(MONDAY)
ACCOUNT = AccountInput(reference="***1", equity=10_000.0, cash=10_000.0, positions={})
ENTRY = PlannedOrder("AAA", "buy", "entry", 10, 100.0, 90.0, "why", 90.0, {"grade": "A"})
LEAVE = PlannedOrder("BBB", "sell", "exit", 5, 50.0, 0.0, "trend_break")


def stocks(*, prefix: str = "", **parameters: Any) -> BookVariant:
    return BookVariant(
        build_strategy("earnings_swing", "ema_p10", parameters), "primary", "ema_p10", id_prefix=prefix
    )


def written(
    variant: BookVariant,
    *,
    orders: Sequence[PlannedOrder] = (LEAVE, ENTRY),
    decision: Decision | None = None,
    plan_skips: Sequence[Skip] = (),
    warnings: tuple[str, ...] = (),
    limit_pct: float | None = None,
) -> SignalFile:
    window = calendar.window(SESSION, variant.strategy.execution_time)
    history = {symbol: bars(symbol, {FRIDAY: (100.0, 101.0, 99.0, 100.0)}) for symbol in ("AAA", "BBB")}
    return signal_file(
        variant=variant,
        session=SESSION,
        window=window,
        mode="offline_mock",
        market=SessionMarket(window.opens_at, window, history, {}),
        used_symbols=["AAA", "BBB", "CCC"],
        account=ACCOUNT,
        decision=decision or Decision(FRIDAY, warnings=("old data",)),
        plan=Plan(tuple(orders), 10_000.0, 8_999.999, skipped=tuple(plan_skips), warnings=("old data",)),
        rules=ExecutionRules(),
        limit_above_quote_pct=limit_pct,
        settings_sha256="0" * 64,
        package_version="1.0",
        warnings=warnings,
    )


def test_the_same_inputs_give_the_same_sealed_bytes() -> None:
    made = written(stocks())
    assert render(made) == render(written(stocks()))
    assert is_sealed(made.model_dump(mode="json", by_alias=True))


def test_what_the_plan_wants_is_what_the_file_says() -> None:
    made = written(stocks(), plan_skips=[Skip("CCC", "no_price", {"n": 1})], warnings=("first", "old data"))
    leave, enter = made.orders
    assert (leave.client_order_id, enter.client_order_id) == (
        "20240318_BBB_exit_sell",
        "20240318_AAA_entry_buy",
    )
    assert (enter.quantity, enter.reference_price, enter.estimated_value) == (10, 100.0, 1_000.0)
    assert (enter.stop.price, enter.details, leave.stop) == (90.0, {"grade": "A"}, None)
    assert all(order.enabled and order.note == "" for order in made.orders)
    assert [(skip.symbol, skip.reason) for skip in made.skipped] == [("CCC", "no_price")]
    assert made.warnings == ("first", "old data")  # each once
    assert made.residual_cash == 9_000.0


def test_symbols_without_bars_have_no_provenance() -> None:
    assert [item.symbol for item in written(stocks()).inputs.bars] == ["AAA", "BBB"]


def test_ids_carry_the_variant_only_where_several_books_share_an_account() -> None:
    assert written(stocks(prefix="ema_p10")).orders[1].client_order_id == "ema_p10_20240318_AAA_entry_buy"


@pytest.mark.parametrize(
    ("entry_order_type", "types"),
    [("day", ["market", "market"]), ("opening_auction", ["market", "market_on_open"])],
)
def test_only_entries_go_into_the_auction(entry_order_type: str, types: list[str]) -> None:
    made = written(stocks(entry_order_type=entry_order_type))
    assert [order.order_type for order in made.orders] == types


def test_only_a_family_that_holds_weights_writes_targets() -> None:
    decision = Decision(FRIDAY, rebalance=True, targets=(Target("AAA", 0.6),))
    funds = BookVariant(build_strategy("Hierarchical_Adaptive_v3_5b", "golden", {}), "primary", "golden")
    (target,) = written(funds, decision=decision, orders=()).targets
    assert (target.symbol, target.weight) == ("AAA", pytest.approx(0.6))
    assert written(stocks(), decision=decision, orders=()).targets == ()


def test_instants_are_new_york_time_in_whole_seconds() -> None:
    assert instant(datetime(2024, 3, 18, 19, 55, 0, 999_999, tzinfo=UTC)) == "2024-03-18T15:55:00-04:00"


@pytest.mark.parametrize(
    ("entry_order_type", "types"),
    [("day", ["market", "marketable_limit"]), ("opening_auction", ["market", "market_on_open"])],
)
def test_limited_buys_say_so_and_how_far(entry_order_type: str, types: list[str]) -> None:
    made = written(stocks(entry_order_type=entry_order_type), limit_pct=1.0)
    assert [order.order_type for order in made.orders] == types
    limited = [o.details.get("limit_above_quote_pct") for o in made.orders]
    assert limited == [None, 1.0 if types[1] == "marketable_limit" else None]
