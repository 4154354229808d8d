"""What happens to account and files between the runs: a person at the broker, the exchange, the disk."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from live.brokers.paper.broker import PaperBroker
from live.model.broker import OrderRequest
from tests.simulation.clock import TrueClock
from tests.simulation.faults import Fault
from tests.simulation.market import FOREIGN, FUNDS, STOCKS, SimulatedFeed

if TYPE_CHECKING:
    from tests.simulation.world import World

Event = Callable[["World", random.Random], bool]


def happen(world: World, fault: Fault) -> None:
    """Let one event happen; nothing when there is nothing it could happen to."""
    chance = random.Random(f"{world.seed}/{fault}")
    known = EVENTS if world.imitation is None else {**EVENTS, **online_events()}
    if known[fault.kind](world, chance):
        world.happened.append(fault)
        world.disturbed = True
        world.diary.append(f"--- {fault}")


def online_events() -> dict[str, Event]:
    """Return the events that happen in another way at an imitation."""
    from tests.simulation.online_events import EVENTS as ONLINE

    return ONLINE


def _held(world: World, symbols: tuple[str, ...]) -> list[str]:
    return [s for s in symbols if world.account().positions.get(s)]


def _split(world: World, chance: random.Random) -> bool:
    """A split 2:1 over night: history, shares, cost and resting stops follow."""
    symbol = chance.choice(_held(world, (*STOCKS, *FUNDS)) or STOCKS)
    world.market.split(symbol, 2.0)
    world.splits.append((symbol, world.session.day))
    keeps = chance.random() < 0.5
    with closing(sqlite3.connect(world.folder.account)) as db, db:
        for quantity, average in db.execute(
            "SELECT quantity, average_price FROM positions WHERE symbol = ?", (symbol,)
        ).fetchall():
            half = str(Decimal(average) / 2)
            db.execute(
                "UPDATE positions SET quantity = ?, average_price = ? WHERE symbol = ?",
                (quantity * 2, half, symbol),
            )
        for number, stop, quantity in db.execute(
            "SELECT id, stop_price, quantity FROM orders"
            " WHERE symbol = ? AND live = 1 AND order_type = 'stop'",
            (symbol,),
        ).fetchall():
            half = str((Decimal(stop) / 2).quantize(Decimal("0.01")))
            if keeps:
                db.execute(
                    "UPDATE orders SET stop_price = ?, quantity = ? WHERE id = ?",
                    (half, quantity * 2, number),
                )
            else:
                db.execute("UPDATE orders SET state = 'CANCELED', live = 0 WHERE id = ?", (number,))
    return True


def _cash(world: World, amount: Decimal) -> bool:
    with closing(sqlite3.connect(world.folder.account)) as db, db:
        (cash,) = db.execute("SELECT cash FROM account").fetchone()
        after = Decimal(cash) + amount
        if after < 0:
            return False
        db.execute("UPDATE account SET cash = ?", (str(after),))
    return True


def _dividend(world: World, chance: random.Random) -> bool:
    return _cash(world, Decimal(chance.randint(5, 60)))


def _deposit(world: World, chance: random.Random) -> bool:
    return _cash(world, Decimal(chance.choice((-5000, 700, 15_000, 30_000))))


def _at_the_broker(world: World, act: Callable[[PaperBroker], None]) -> None:
    """A person at the broker's own screen."""
    from backtest.core.execution_rules import ExecutionRules

    broker = PaperBroker(
        world.folder.account,
        clock=TrueClock(world.clock),
        feed=SimulatedFeed(world.market, world.clock),
        rules=ExecutionRules(commission_per_order=1.0),
        honours_client_id=False,
        durable=False,
    )
    try:
        act(broker)
    finally:
        broker.close()


def _hand_sell(world: World, chance: random.Random) -> bool:
    """A person sells a position, all or half of it."""
    found = _held(world, (*STOCKS, *FUNDS))
    if not found:
        return False
    symbol, part = chance.choice(found), chance.choice((1.0, 1.0, 0.5))
    account = world.account()
    quantity = max(1, int(account.positions[symbol] * part))

    def act(broker: PaperBroker) -> None:
        for order in account.orders:
            if order.symbol == symbol and order.live and not order.waits:
                broker.cancel(order.id)
        broker.submit(OrderRequest("by hand", symbol, "sell", quantity))

    _at_the_broker(world, act)
    return True


def _hand_buy_foreign(world: World, chance: random.Random) -> bool:
    if world.account().cash < 500:
        return False
    _at_the_broker(world, lambda b: _bought(b, OrderRequest("by hand", FOREIGN, "buy", chance.randint(1, 9))))
    return True


def _bought(broker: PaperBroker, request: OrderRequest) -> None:
    broker.submit(request)


def _hand_cancel_stop(world: World, chance: random.Random) -> bool:
    stops = [o for o in world.account().orders if o.kind == "stop" and o.live and not o.waits]
    if not stops:
        return False
    _at_the_broker(world, lambda broker: broker.cancel(chance.choice(stops).id))
    return True


def _hand_move_stop(world: World, chance: random.Random) -> bool:
    stops = [o for o in world.account().orders if o.kind == "stop" and o.live and not o.waits]
    if not stops:
        return False
    old = chance.choice(stops)
    assert old.stop_price is not None
    price = (old.stop_price * Decimal("0.97")).quantize(Decimal("0.01"))

    def act(broker: PaperBroker) -> None:
        broker.cancel(old.id)
        broker.submit(
            OrderRequest("by hand", old.symbol, "sell", old.quantity, "stop", "gtc", stop_price=price)
        )

    _at_the_broker(world, act)
    return True


def _bust(world: World, chance: random.Random) -> bool:
    """The exchange takes back the newest buy that is still held, and the shares with it."""
    del chance
    with closing(sqlite3.connect(world.folder.account)) as db, db:
        rows = db.execute(
            "SELECT e.id, e.order_id, e.symbol, e.quantity, e.price, p.quantity FROM executions e"
            " JOIN positions p ON p.symbol = e.symbol WHERE e.side = 'buy' ORDER BY e.rowid DESC LIMIT 1"
        ).fetchall()
        if not rows or rows[0][5] < rows[0][3]:
            return False
        name, order, symbol, quantity, price, held = rows[0]
        db.execute("DELETE FROM executions WHERE id = ?", (name,))
        db.execute("UPDATE orders SET state = 'CANCELED', live = 0 WHERE id = ?", (order,))
        if held == quantity:
            db.execute("DELETE FROM positions WHERE symbol = ?", (symbol,))
            db.execute(
                "UPDATE orders SET state = 'CANCELED', live = 0 WHERE symbol = ? AND live = 1", (symbol,)
            )
        else:
            db.execute("UPDATE positions SET quantity = ? WHERE symbol = ?", (held - quantity, symbol))
        (cash,) = db.execute("SELECT cash FROM account").fetchone()
        db.execute("UPDATE account SET cash = ?", (str(Decimal(cash) + Decimal(price) * quantity),))
    return True


def _restored_backup(world: World, chance: random.Random) -> bool:
    """Somebody puts an older copy of the ledger back."""
    copies = sorted((world.folder.root / "state" / "backups").glob("ledger-*.db"))
    if not copies:
        return False
    for suffix in ("-wal", "-shm"):
        world.folder.ledger.with_name(world.folder.ledger.name + suffix).unlink(missing_ok=True)
    shutil.copyfile(chance.choice(copies[-2:]), world.folder.ledger)
    return True


EVENTS: Final[dict[str, Event]] = {
    "split": _split,
    "dividend": _dividend,
    "deposit": _deposit,
    "hand_sell": _hand_sell,
    "hand_buy_foreign": _hand_buy_foreign,
    "hand_cancel_stop": _hand_cancel_stop,
    "hand_move_stop": _hand_move_stop,
    "bust": _bust,
    "restored_backup": _restored_backup,
}
WHILE_OPEN: Final = ("hand_sell", "hand_buy_foreign", "hand_cancel_stop", "hand_move_stop")
#: before the market opens; the others need a running session
OVER_NIGHT: Final = frozenset({"split", "dividend", "deposit", "bust", "restored_backup"})
