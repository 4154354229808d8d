"""From a decision to the signal file: pure, so that the same inputs give the same bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from backtest.calendar.sessions import NEW_YORK, ExecutionWindow, Session
from backtest.core.decision import Decision
from backtest.core.execution_rules import ExecutionRules
from backtest.trading.sizing import Plan, PlannedOrder, scaled_weights
from live.books.variants import BookVariant
from live.generation.market import SessionMarket
from live.handoff.canonical import UNSEALED, sealed
from live.handoff.model import (
    LIMIT_ABOVE_QUOTE,
    SCHEMA_PATH,
    SCHEMA_VERSION,
    AccountInput,
    BarsInput,
    DecisionInfo,
    Inputs,
    MovedStop,
    QuoteInput,
    SessionTimes,
    SignalFile,
    SignalOrder,
    Skipped,
    Stop,
    StrategyInfo,
    TargetWeight,
    Window,
)
from live.model.order_ids import OrderName


def instant(at: datetime) -> str:
    """Return an instant as the files write it: New York time, whole seconds, with offset."""
    return at.astimezone(NEW_YORK).replace(microsecond=0).isoformat()


def signal_file(
    *,
    variant: BookVariant,
    session: Session,
    window: ExecutionWindow,
    mode: str,
    market: SessionMarket,
    used_symbols: Sequence[str],
    account: AccountInput,
    decision: Decision,
    plan: Plan,
    rules: ExecutionRules,
    limit_above_quote_pct: float | None,
    settings_sha256: str,
    package_version: str,
    candidates: Mapping[str, Any] | None = None,
    warnings: Sequence[str] = (),
) -> SignalFile:
    """Return the sealed signal file of one variant and session.

    `limit_above_quote_pct`: how much more than the quote buys may pay, percent; None: market orders.
    """
    draft: dict[str, Any] = {
        "$schema": SCHEMA_PATH,
        "schema_version": SCHEMA_VERSION,
        "trade_date": session.day.isoformat(),
        "as_of": instant(market.at),
        "session": SessionTimes(
            open=instant(session.open), close=instant(session.close), early_close=session.early_close
        ),
        "execution_window": Window(
            name=window.name, opens_at=instant(window.opens_at), closes_at=instant(window.closes_at)
        ),
        "strategy": _strategy_info(variant),
        "mode": mode,
        "inputs": Inputs(
            bars=tuple(_bars_input(market, symbol) for symbol in used_symbols if symbol in market.bars),
            quotes=tuple(_quote_input(market, symbol) for symbol in used_symbols if symbol in market.quotes),
            account=account,
            candidates=None if candidates is None else dict(candidates),
            settings_sha256=settings_sha256,
            package_version=package_version,
        ),
        "decision": DecisionInfo(
            decided_on=decision.decided_on.isoformat(),
            rebalance=decision.rebalance,
            diagnostics=decision.diagnostics,
            memory=decision.memory,
        ),
        "targets": _targets(decision, rules) if variant.strategy.family.holds_weights else (),
        "orders": tuple(_order(order, variant, session, limit_above_quote_pct) for order in plan.orders),
        "stops": _moved_stops(decision),
        "skipped": _skipped(plan),
        "warnings": tuple(dict.fromkeys((*warnings, *decision.warnings, *plan.warnings))),
        "residual_cash": round(plan.residual_cash, 2),
        "seal": UNSEALED,
    }
    return sealed(SignalFile(**draft))


def _strategy_info(variant: BookVariant) -> StrategyInfo:
    strategy = variant.strategy
    return StrategyInfo(
        name=strategy.name,
        variant=strategy.variant,
        role=variant.role,
        family=strategy.family.name,
        parameters=dict(strategy.parameters),
        sources=dict(variant.sources),
    )


def _targets(decision: Decision, rules: ExecutionRules) -> tuple[TargetWeight, ...]:
    """Return the target weights (shares of equity, 0 to 1) that the orders aim at, by symbol."""
    weights = scaled_weights(decision, rules)
    return tuple(TargetWeight(symbol=symbol, weight=weight) for symbol, weight in sorted(weights.items()))


def _moved_stops(decision: Decision) -> tuple[MovedStop, ...]:
    return tuple(
        MovedStop(symbol=move.symbol, price=move.price, before=move.before, reason=move.reason)
        for move in decision.stops
    )


def _skipped(plan: Plan) -> tuple[Skipped, ...]:
    return tuple(
        Skipped(symbol=skip.symbol, reason=skip.reason, details=dict(skip.details)) for skip in plan.skipped
    )


def _bars_input(market: SessionMarket, symbol: str) -> BarsInput:
    bars = market.bars[symbol]
    return BarsInput(
        symbol=symbol,
        source=bars.source,
        rows=len(bars),
        first=bars.first.isoformat(),
        last=bars.last.isoformat(),
        provisional=bars.provisional,
        sha256=bars.sha256(),
    )


def _quote_input(market: SessionMarket, symbol: str) -> QuoteInput:
    quote = market.quotes[symbol]
    return QuoteInput(
        symbol=symbol,
        bid=quote.bid,
        ask=quote.ask,
        last=quote.last,
        time=None if quote.quote_time is None else instant(quote.quote_time),
    )


def _order(
    order: PlannedOrder, variant: BookVariant, session: Session, limit_pct: float | None
) -> SignalOrder:
    name = OrderName.of(
        variant.id_prefix, session=session.day, symbol=order.symbol, intent=order.intent, side=order.side
    )
    strategy = variant.strategy
    order_type = strategy.family.order_type_for(strategy.terms, order.intent)
    limited = limit_pct is not None and order.side == "buy" and order_type == "market"
    return SignalOrder(
        client_order_id=str(name),
        symbol=order.symbol,
        side=order.side,
        intent=order.intent,
        quantity=order.quantity,
        order_type="marketable_limit" if limited else order_type,
        reference_price=order.reference_price,
        estimated_value=order.estimated_value,
        rank=order.rank,
        reason=order.reason,
        stop=None if order.stop_price is None else Stop(price=order.stop_price, time_in_force="gtc"),
        details={**(order.details or {}), **({LIMIT_ABOVE_QUOTE: limit_pct} if limited else {})},
        enabled=True,
        note="",
    )
