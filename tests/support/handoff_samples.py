"""A small, hand-made signal file that the tests of the hand-off share and bend."""

from typing import Any

from backtest.core.decision import Side
from live.handoff.canonical import UNSEALED, sealed
from live.handoff.model import (
    AccountInput,
    BarsInput,
    DecisionInfo,
    Inputs,
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


def order(
    symbol: str = "TQQQ",
    side: Side = "buy",
    intent: str = "entry",
    quantity: int = 400,
    reference: float = 50.0,
    **changes: Any,
) -> SignalOrder:
    values: dict[str, Any] = {
        "client_order_id": f"20240315_{symbol}_{intent}_{side}",
        "symbol": symbol,
        "side": side,
        "intent": intent,
        "quantity": quantity,
        "order_type": "market",
        "reference_price": reference,
        "estimated_value": round(quantity * reference, 2),
        "rank": 0.6,
        "reason": "target 60.0 %",
        "stop": None,
        "details": {},
        "enabled": True,
        "note": "",
    }
    return SignalOrder(**(values | changes))


def draft(**changes: Any) -> SignalFile:
    """Equity 100,000: 30,000 in cash and 700 QQQ at 100; sell those, buy 1,200 TQQQ and 57 TMF."""
    values: dict[str, Any] = {
        "$schema": "schema/trade_signals.schema.json",
        "schema_version": "1.0.0",
        "trade_date": "2024-03-15",
        "as_of": "2024-03-15T15:45:00-04:00",
        "session": SessionTimes(
            open="2024-03-15T09:30:00-04:00", close="2024-03-15T16:00:00-04:00", early_close=False
        ),
        "execution_window": Window(
            name="15min_before_close",
            opens_at="2024-03-15T15:45:00-04:00",
            closes_at="2024-03-15T15:55:00-04:00",
        ),
        "strategy": StrategyInfo(
            name="Hierarchical_Adaptive_v3_5b",
            variant="golden",
            role="primary",
            family="allocation",
            parameters={"sma_fast": 40, "leverage_scalar": 1.0, "allow_treasury": True},
            sources={"leverage_scalar": "config/strategies/golden.yaml"},
        ),
        "mode": "offline_mock",
        "inputs": Inputs(
            bars=tuple(
                BarsInput(
                    symbol=symbol,
                    source="csv",
                    rows=3570,
                    first="2010-01-04",
                    last="2024-03-15",
                    provisional=True,
                    sha256=digit * 64,
                )
                for symbol, digit in (("QQQ", "1"), ("TLT", "2"), ("TMF", "4"), ("TQQQ", "3"))
            ),
            quotes=(
                QuoteInput(symbol="TQQQ", bid=49.99, ask=50.01, last=50.0, time="2024-03-15T15:44:58-04:00"),
            ),
            account=AccountInput(reference="paper", equity=100_000.0, cash=30_000.0, positions={"QQQ": 700}),
            settings_sha256="a" * 64,
            package_version="0.1.0",
        ),
        "decision": DecisionInfo(
            decided_on="2024-03-15",
            rebalance=True,
            diagnostics={"z_score": -0.25, "cell": 1, "trend_state": "BullStrong"},
            memory={"weights": {"TQQQ": 0.6, "TMF": 0.2}},
        ),
        "targets": (TargetWeight(symbol="TQQQ", weight=0.6), TargetWeight(symbol="TMF", weight=0.2)),
        "orders": (
            order("QQQ", "sell", "exit", 700, 100.0, reason="no longer a target", rank=0.0),
            order("TQQQ", "buy", "entry", 1200, 50.0, stop=Stop(price=45.0, time_in_force="gtc")),
            order("TMF", "buy", "entry", 57, 350.5, reason="target 20.0 %", rank=0.2),
        ),
        "skipped": (Skipped(symbol="PSQ", reason="weight_zero", details={}),),
        "warnings": ("paper account",),
        "residual_cash": 20021.5,
        "seal": UNSEALED,
    }
    return SignalFile(**(values | changes))


def sample(**changes: Any) -> SignalFile:
    return sealed(draft(**changes))
