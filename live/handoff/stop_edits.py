"""Stops that a person took out of a file or moved so far away that they protect nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from backtest.core.errors import Finding
from live.handoff.jsonpath import at
from live.handoff.model import SignalFile, SignalOrder

MOST_DISTANCES: Final = 3
MOST_PCT: Final = 90.0


def stop_findings(
    signal: SignalFile, original: SignalFile | None, stop_loss_pct: float | None, held: Mapping[str, int]
) -> Iterator[Finding]:
    """Yield every enabled buy that is left without a stop, or with one too far below the reference price.

    A stop as it was generated is the strategy's own and is not judged.

    Args:
        signal: the file.
        original: the file as generated, None when nobody knows it.
        stop_loss_pct: distance of the strategy's stops, percent; None for one without stops.
        held: whole shares before the first order: what is added to a holding is under the holding's stop.
    """
    if stop_loss_pct is None:
        return
    known = {} if original is None else {order.client_order_id: order for order in original.orders}
    for index, order in enumerate(signal.orders):
        generated = known.get(order.client_order_id)
        if order.side != "buy" or not order.enabled or (generated and generated.stop == order.stop):
            continue
        own = max(stop_loss_pct, _distance_pct(generated))
        path = at(at("$.orders", index), "stop")
        if order.stop is None:
            if order.intent == "entry" or not held.get(order.symbol):
                problem = f"{order.symbol} would be bought without a stop"
                yield Finding(path, f"{problem}; {_strategys(order, own)}")
        elif order.stop.price < _lowest(order, own):
            away = (1 - order.stop.price / order.reference_price) * 100
            problem = f"{order.stop.price:g} is {away:.1f} % below the reference price"
            most = f"at most {farthest_pct(own):g} % is allowed"
            yield Finding(f"{path}.price", f"{problem}, {most}; {_strategys(order, own)}")


def farthest_pct(own: float) -> float:
    """Return how far below the reference price a person may set a stop, percent.

    Three times the strategy's distance `own` (percent), at most 90 unless the strategy's own is farther.
    """
    return min(MOST_DISTANCES * own, max(MOST_PCT, own))


def _lowest(order: SignalOrder, own: float) -> float:
    """Return the lowest stop allowed, a cent's half below the exact one: prices are rounded."""
    return order.reference_price * (1 - farthest_pct(own) / 100) - min(0.005, 1e-4 * order.reference_price)


def _distance_pct(generated: SignalOrder | None) -> float:
    if generated is None or generated.stop is None:
        return 0.0
    return (1 - generated.stop.price / generated.reference_price) * 100


def _strategys(order: SignalOrder, own: float) -> str:
    price = order.reference_price * (1 - own / 100)
    return f"the strategy's stop is {price:.2f} ({own:.4g} % below {order.reference_price:g})"
