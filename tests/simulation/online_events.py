"""What a person and the exchange do to the account of an imitation."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from tests.simulation.market import FOREIGN, FUNDS, STOCKS

if TYPE_CHECKING:
    from tests.simulation.imitation import Imitation
    from tests.simulation.truth import TrueOrder
    from tests.simulation.world import World

_TIMES: Final = {"DAY": "day", "GOOD_TILL_CANCEL": "gtc"}


def _imitation(world: World) -> Imitation:
    assert world.imitation is not None
    return world.imitation


def _send(world: World, symbol: str, side: str, quantity: int, stop: str | None = None) -> None:
    """A person's own order at the broker's page."""
    broker = _imitation(world)
    if broker.name == "schwab":
        leg = {"instruction": side.upper(), "quantity": quantity}
        leg["instrument"] = {"symbol": symbol, "assetType": "EQUITY"}
        spec: dict[str, Any] = {
            "session": "NORMAL",
            "duration": "DAY" if stop is None else "GOOD_TILL_CANCEL",
            "orderType": "MARKET" if stop is None else "STOP",
            "orderStrategyType": "SINGLE",
            "orderLegCollection": [leg],
        }
        if stop is not None:
            spec["stopPrice"] = stop
        broker.app.book.accept(spec, "API_TOS:CHART")
        return
    spec = {"symbol": symbol, "qty": str(quantity), "side": side}
    spec |= {"type": "market", "time_in_force": "day"} if stop is None else {}
    spec |= {"type": "stop", "time_in_force": "gtc", "stop_price": stop} if stop is not None else {}
    broker.app.book.accept(spec)


def _cancel(world: World, order: TrueOrder) -> None:
    book = _imitation(world).app.book
    for found in book.all():
        if str(found.id) == order.id:
            book.cancel(found, "at_once") if _imitation(world).name == "schwab" else book.cancel(found)


def _stops(world: World) -> list[TrueOrder]:
    return [o for o in world.account().orders if o.kind == "stop" and o.live and not o.waits]


def _hand_sell(world: World, chance: random.Random) -> bool:
    account = world.account()
    held = [s for s in (*STOCKS, *FUNDS) if account.positions.get(s)]
    if not held:
        return False
    symbol, part = chance.choice(held), chance.choice((1.0, 1.0, 0.5))
    for order in account.orders:
        if order.symbol == symbol and order.live and not order.waits:
            _cancel(world, order)
    _send(world, symbol, "sell", max(1, int(account.positions[symbol] * part)))
    return True


def _hand_buy_foreign(world: World, chance: random.Random) -> bool:
    if world.account().cash < 500:
        return False
    _send(world, FOREIGN, "buy", chance.randint(1, 9))
    return True


def _hand_cancel_stop(world: World, chance: random.Random) -> bool:
    stops = _stops(world)
    if stops:
        _cancel(world, chance.choice(stops))
    return bool(stops)


def _hand_move_stop(world: World, chance: random.Random) -> bool:
    stops = _stops(world)
    if not stops:
        return False
    old = chance.choice(stops)
    assert old.stop_price is not None
    _cancel(world, old)
    _send(world, old.symbol, "sell", old.rest, f"{float(old.stop_price) * 0.97:.2f}")
    return True


def _split(world: World, chance: random.Random) -> bool:
    held = [s for s in (*STOCKS, *FUNDS) if world.account().positions.get(s)]
    if not held:
        return False
    symbol = chance.choice(held)
    world.market.split(symbol, 2.0)
    world.splits.append((symbol, world.session.day))
    _imitation(world).app.book.split(symbol, 2.0)
    return True


def _cash(world: World, amount: float) -> bool:
    broker = _imitation(world)
    owner = broker.app.account if broker.name == "schwab" else broker.app.book
    if owner.cash + amount < 0:
        return False
    owner.cash = round(owner.cash + amount, 2)
    return True


def _nothing(world: World, chance: random.Random) -> bool:
    """Happen not at all: the imitations know no such event."""
    del world, chance
    return False


EVENTS: Final[dict[str, Callable[[World, random.Random], bool]]] = {
    "split": _split,
    "dividend": lambda world, chance: _cash(world, chance.randint(5, 60)),
    "deposit": lambda world, chance: _cash(world, chance.choice((-5000, 700, 15_000, 30_000))),
    "hand_sell": _hand_sell,
    "hand_buy_foreign": _hand_buy_foreign,
    "hand_cancel_stop": _hand_cancel_stop,
    "hand_move_stop": _hand_move_stop,
    "bust": _nothing,
}
