"""A paper broker on a scripted market, and the orders its tests send."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from backtest.core.execution_rules import ExecutionRules
from live.brokers.paper.broker import PaperBroker
from live.model.broker import OrderRequest
from live.system.clock import SimulatedClock
from tests.support.exec_world import ScriptedFeed


def paper(feed: ScriptedFeed, clock: SimulatedClock, path: Path | None = None, **kind: Any) -> PaperBroker:
    rules = kind.pop("rules", ExecutionRules())
    return PaperBroker(path, clock=clock, feed=feed, rules=rules, **kind)


def buy(symbol: str = "AAA", quantity: int = 10, **more: Any) -> OrderRequest:
    return OrderRequest(f"20250305_{symbol}_entry_buy", symbol, "buy", quantity, **more)


def stop(price: str, quantity: int = 10) -> OrderRequest:
    return OrderRequest(
        "20250305_AAA_stop_sell", "AAA", "sell", quantity, "stop", "gtc", stop_price=Decimal(price)
    )
