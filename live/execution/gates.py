"""Gates before an order leaves: each returns a reason, empty when the order may go, or raises."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from backtest.core.errors import KillSwitchOn
from live.handoff.model import SignalOrder
from live.model.feed import Quote
from live.settings.model import SafetySettings

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger

#: states of a security in which orders can fill
TRADES = frozenset({"normal", "unknown"})
DELAYED = "the quote is delayed: no real-time entitlement"


def _minute(at: str) -> str:
    return f"{datetime.fromisoformat(at):%Y-%m-%d %H:%M} UTC" if at else "an unknown time"


def check_kill_switch(ledger: Ledger) -> None:
    """Raise KillSwitchOn (exit 3) when a person turned everything off; level `entries` passes."""
    switch = ledger.state.kill_switch()
    if switch.level == "all":
        raise KillSwitchOn(
            f"the kill switch is on since {_minute(switch.at)} ({switch.by}): {switch.reason}",
            remedy="nothing leaves; take it back with `jutsu resume`",
        )


def quote_problem(quote: Quote | None, now: datetime, *, max_age_seconds: float, checks_age: bool) -> str:
    """Return why a symbol cannot be bought on this quote, empty when it can (sells do not ask).

    Args:
        quote: the quote, None when the vendor gave none.
        now: aware instant, by the vendor's clock as well as we know it.
        max_age_seconds: oldest quote to act on.
        checks_age: False for past sessions.
    """
    if quote is None:
        return "there is no quote"
    if quote.status not in TRADES:
        return f"the security is {quote.status}"
    if not quote.realtime:
        return DELAYED
    if quote.bid is not None and quote.ask is not None and not 0 < quote.bid <= quote.ask:
        return f"bid {quote.bid} and ask {quote.ask} make no market"
    if quote.mid is None or quote.mid <= 0:
        return "the quote has no price"
    if checks_age:
        times = [at for at in (quote.quote_time, quote.trade_time) if at is not None]
        if len(times) < 2 or (now - min(times)).total_seconds() > max_age_seconds:
            return f"the quote is older than {max_age_seconds:g} s or has no time"
    return ""


def drift_problem(order: SignalOrder, quote: Quote, safety: SafetySettings) -> str:
    """Return why the price moved too far since the decision (closing windows), empty when it did not."""
    mid = quote.mid
    assert mid is not None
    drift = abs(mid / order.reference_price - 1) * 100
    if drift <= safety.max_drift_pct:
        return ""
    return (
        f"price {mid:g} is {drift:.2f} % away from the reference price {order.reference_price:g} "
        f"(max_drift_pct {safety.max_drift_pct:g})"
    )
