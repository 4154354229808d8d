"""Both sides at the end: what the imitation has against what the ledger says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from tests.fakes.schwab.harness import Remote
from tests.support.http_imitation import NEW_YORK
from tests.support.http_world import Project


@dataclass(frozen=True)
class Theirs:
    """The account as the imitation knows it, whichever broker it plays."""

    cash: Decimal
    positions: dict[str, int]
    orders: list[dict[str, Any]]

    @classmethod
    def of(cls, project: Project, remote: Remote) -> Theirs:
        state = remote.state()
        positions = {s: int(n) for s, n in state["positions"].items()}
        rows = state["orders"] if project.broker == "schwab" else [_alpaca(o) for o in state["orders"]]
        fills = [] if project.broker == "schwab" else remote.call("fills")
        for row in rows:
            own = [f for f in fills if f["order_id"] == row["id"]]
            row.setdefault("fills", [{"quantity": float(f["qty"]), "price": float(f["price"])} for f in own])
            row["live"] = row["status"] in {"WORKING", "PENDING_CANCEL", "PENDING_ACTIVATION", "QUEUED"}
        return cls(Decimal(str(state["cash"])), positions, rows)


def _alpaca(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "symbol": row["symbol"],
        "side": row["side"].upper(),
        "type": row["type"].upper(),
        "quantity": float(row["qty"]),
        "filled": float(row["filled_qty"]),
        "status": {"new": "WORKING", "accepted": "QUEUED", "partially_filled": "WORKING"}.get(
            row["status"], row["status"].upper()
        ),
    }


def verdict(
    project: Project,
    remote: Remote,
    *,
    orders: dict[tuple[str, str], int],
    shares: dict[str, int],
    stops: bool,
) -> list[str]:
    """Compare both sides at the end; every string is something wrong."""
    theirs = Theirs.of(project, remote)
    taken = [o for o in theirs.orders if o["type"] in {"MARKET", "LIMIT"} and o["status"] != "REJECTED"]
    wrong = []
    for (symbol, side), quantity in orders.items():
        got = [o for o in taken if (o["symbol"], o["side"]) == (symbol, side)]
        if len(got) != 1 or got[0]["filled"] != quantity:
            shown = [(o["quantity"], o["filled"]) for o in got]
            wrong.append(f"{side} {symbol}: accepted {shown}, wanted one of {quantity}")
    wrong += [
        f"never asked for: {o['side']} {o['symbol']}" for o in taken if (o["symbol"], o["side"]) not in orders
    ]
    with project.ledger() as ledger:
        wrong += _books(theirs, ledger, shares)
        kept = sorted(
            (p.symbol, p.quantity, p.stop_broker_order_id) for p in ledger.positions.open_positions()
        )
    alive = [o for o in theirs.orders if o["live"]]
    resting = sorted((o["symbol"], int(o["quantity"]), o["id"]) for o in alive if o["type"] == "STOP")
    if resting != (kept if stops else []) or len(alive) != len(resting):
        wrong.append(f"stops: broker {resting}, ledger {kept}, alive {len(alive)}")
    return wrong


def _books(theirs: Theirs, ledger: Any, shares: dict[str, int]) -> list[str]:
    wrong = []
    fills = sorted(
        (o["id"], int(f["quantity"]), float(f["price"])) for o in theirs.orders for f in o["fills"]
    )
    since = datetime(2020, 1, 1, tzinfo=NEW_YORK)
    booked = sorted((e.broker_order_id, e.quantity, float(e.price)) for e in ledger.executions.since(since))
    if fills != booked:
        wrong.append(f"fills: broker {fills}, ledger {booked}")
    if not theirs.positions == ledger.positions.shares() == shares:
        wrong.append(f"positions: broker {theirs.positions}, ledger {ledger.positions.shares()}")
    estimate = ledger.cash.estimate()
    if estimate is None or estimate.cash != theirs.cash:
        wrong.append(f"cash: broker {theirs.cash}, ledger {estimate}")
    open_rows = [o.client_order_id for o in ledger.orders.unfinished() if o.intent != "stop"]
    if open_rows:
        wrong.append(f"unfinished: {open_rows}")
    if ledger.state.kill_level() != "none":
        wrong.append(f"kill switch: {ledger.state.kill_switch().reason}")
    return wrong


def blocked_because(project: Project) -> str:
    """Return why the kill switch is on, empty while it is off."""
    with project.ledger() as ledger:
        switch = ledger.state.kill_switch()
        return "" if switch.level == "none" else switch.reason


def wanted_person(project: Project, remote: Remote) -> list[tuple[str, str | None]]:
    """Return what a person would answer to exit code 8: the id of the one order it can be, or absent."""
    listed = Theirs.of(project, remote).orders
    answers: list[tuple[str, str | None]] = []
    with project.ledger() as ledger:
        bound = ledger.orders.bound_broker_ids()
        for row in ledger.orders.unresolved():
            known = bound | set(row.ids_before or ())
            like = (row.symbol, row.side.upper(), row.order_type.upper(), row.quantity)
            mine = [
                o["id"]
                for o in listed
                if o["id"] not in known and (o["symbol"], o["side"], o["type"], o["quantity"]) == like
            ]
            answers.append((row.client_order_id, mine[0] if mine else None))
    return answers
