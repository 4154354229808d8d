"""The virtual book of a shadow, reckoned again from its fills and the market, not by the shipped code."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from tests.simulation.programs import SHADOW

if TYPE_CHECKING:
    from tests.simulation.world import World

_SIGNALS: Final = (
    "SELECT session, status, fills, cash, equity FROM shadow_signals WHERE variant = ? ORDER BY session"
)
_POSITIONS: Final = "SELECT symbol, quantity FROM shadow_positions WHERE variant = ?"
_CENT: Final = 0.011


def shadow_problem(world: World) -> str:
    """Return what is wrong with the shadow's book, empty when nothing is."""
    if not world.folder.rows(
        world.folder.ledger, "SELECT 1 FROM sqlite_master WHERE name = 'shadow_signals'"
    ):
        return ""
    sent = world.folder.rows(
        world.folder.ledger, "SELECT client_order_id FROM orders WHERE variant = ?", SHADOW
    )
    if sent:
        return f"orders of the shadow are in the ledger: {sent}"
    rows = world.folder.rows(world.folder.ledger, _SIGNALS, SHADOW)
    settled = [row for row in rows if row[1] == "settled"]
    held: Counter[str] = Counter()
    cash: float | None = None
    for session, _, fills, after, equity in settled:
        executed = json.loads(fills)["executed"]
        for fill in executed:
            wrong = _price_problem(world, date.fromisoformat(session), fill)
            if wrong:
                return wrong
            held[fill["symbol"]] += fill["quantity"] if _buys(fill) else -fill["quantity"]
        flow = sum(fill["cash_flow"] for fill in executed)
        if cash is not None and abs(cash + flow - after) > _CENT:
            return f"{session}: cash {after}, of the fills {cash + flow:.2f}"
        if after < 0 or equity <= 0:
            return f"{session}: cash {after}, equity {equity}"
        cash = after
    split = world.market.factors
    found: dict[str, int] = dict(world.folder.rows(world.folder.ledger, _POSITIONS, SHADOW))
    if not split and {s: q for s, q in held.items() if q} != found:
        return f"the fills make {dict(held)}, the book has {found}"
    return ""


def _buys(fill: dict[str, Any]) -> bool:
    return fill["intent"] in {"entry", "increase"}


def _price_problem(world: World, session: date, fill: dict[str, Any]) -> str:
    bar = world.market.bar(fill["symbol"], session)
    factor = world.market.factors.get(fill["symbol"], 1.0)
    if bar is None:
        return f"{session}: {fill['symbol']} filled without a bar"
    possible = [p * f for p in (bar[0], bar[3]) for f in {1.0, factor}]
    if not any(abs(fill["price"] / price - 1) < 0.002 for price in possible):
        return f"{session}: {fill['symbol']} filled at {fill['price']}, the market was at {possible}"
    return ""
