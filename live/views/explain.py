"""Why a session went as it did: decision, file, approval, run, orders."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from live.handoff.model import SignalFile, SignalOrder
    from live.ledger.tables import Order, SignalRow
    from live.runtime.runtime import Runtime


def gather(runtime: Runtime, symbol: str, day: date | None) -> dict[str, Any]:
    """Return the story of one symbol and session, one entry per variant."""
    from backtest.core.errors import UsageError

    recent = runtime.ledger.signals.recent(2000)
    session = day or next((row.session for row in recent), None)
    rows = [row for row in recent if row.session == session]
    if session is None or not rows:
        if session is None:
            raise UsageError(
                "there are no decisions yet", where=symbol, remedy="run python -m live.signal_generator"
            )
        newest = f"; the newest one is {recent[0].session}" if recent else ""
        raise UsageError(
            f"the ledger has no decision of this session{newest}", where=str(session), remedy="name another"
        )
    rows.sort(key=lambda row: (row.role != "primary", row.variant))

    return {
        "symbol": symbol,
        "session": session,
        "variants": [_of_variant(runtime, row, symbol) for row in rows],
    }


def _of_variant(runtime: Runtime, row: SignalRow, symbol: str) -> dict[str, Any]:
    from live.handoff.model import SignalFile

    generated = SignalFile.model_validate_json(row.content)
    executed = None if row.executed_content is None else SignalFile.model_validate_json(row.executed_content)
    orders = [o for o in (executed or generated).orders if o.symbol == symbol]
    journal = [o for o in runtime.ledger.orders.of_session(row.session, row.variant) if o.symbol == symbol]
    run = runtime.ledger.runs.get(row.session, row.variant)
    facts: dict[str, Any] = {
        "variant": row.variant,
        "role": row.role,
        "held_before": generated.inputs.account.positions.get(symbol, 0),
        "target_weight": _target(generated, symbol),
        "rebalance": generated.decision.rebalance,
        "diagnostics": generated.decision.diagnostics,
        "orders": [_file_order(order) for order in orders],
        "edits": _edits(generated, executed, symbol),
        "skipped": [s.model_dump() for s in generated.skipped if s.symbol == symbol],
        "approval": _approval(row),
        "journal": [_journal(runtime, order) for order in journal],
        "outcome": row.outcome,
        "run": None if run is None else _run(run),
    }

    return facts | {"why": _why(facts)}


def _why(facts: dict[str, Any]) -> str:
    """Return the shortest true answer, looking from the end of the chain to its beginning."""
    if facts["journal"]:
        return "; ".join(order_line(order) for order in facts["journal"])
    if facts["orders"] and facts["role"] == "shadow":
        return f"{plan_line(facts['orders'])} in the virtual book only: a shadow never reaches a broker"
    if facts["orders"]:
        return f"{plan_line(facts['orders'])} was planned but not sent: {_not_sent(facts)}"
    if any(edit["kind"] == "deleted" for edit in facts["edits"]):
        return "a person deleted the order from the file"
    if facts["skipped"]:
        return "not taken: " + "; ".join(str(skip["reason"]) for skip in facts["skipped"])
    held, weight = facts["held_before"], facts["target_weight"]
    if weight is None and not held:
        return "not a target and not held: nothing to do"
    if not facts["rebalance"]:
        return f"{held} held: the strategy saw no reason to change anything"

    return f"{held} held already fit the target weight {weight or 0:.1%}"


def _not_sent(facts: dict[str, Any]) -> str:
    """Say what kept planned orders back."""
    if not any(order["enabled"] for order in facts["orders"]):
        return "disabled in the file"
    if facts["approval"]["answer"] == "skip":
        return "a person said skip"
    run = facts["run"]
    if run is None or run["executed_at"] is None:
        return "missed: the executor did not run" if run and run["missed"] else "the executor has not run yet"
    reasons = [
        *_reasons(run["detail"], facts),
        f"outcome {facts['outcome']}, exit code {run['executor_exit']}",
    ]

    return "; ".join(reasons)


def _reasons(detail: dict[str, Any], facts: dict[str, Any]) -> list[str]:
    """Return what the executor noted about these orders, whatever it noted it under."""
    names = {order["client_order_id"] for order in facts["orders"]}

    return [value for key, value in _leaves(detail) if key in names or _mentions(value, names)]


def _leaves(value: Any, key: str = "note") -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [leaf for name, item in value.items() for leaf in _leaves(item, str(name))]
    if isinstance(value, list):
        return [leaf for item in value for leaf in _leaves(item, key)]

    return [(key, str(value))]


def _mentions(text: str, names: set[str]) -> bool:
    return any(name in text for name in names)


def _target(signal: SignalFile, symbol: str) -> float | None:
    return next((target.weight for target in signal.targets if target.symbol == symbol), None)


def _file_order(order: SignalOrder) -> dict[str, Any]:
    return order.model_dump(exclude={"details"})


def _edits(generated: SignalFile, executed: SignalFile | None, symbol: str) -> list[dict[str, Any]]:
    from live.handoff.canonical import as_data
    from live.handoff.diff import changes

    if executed is None:
        return []
    mine = {o.client_order_id for o in (*generated.orders, *executed.orders) if o.symbol == symbol}
    found = changes(as_data(generated), as_data(executed))

    return [{"kind": c.kind, "line": c.line()} for c in found if c.order in mine]


def _approval(row: SignalRow) -> dict[str, Any]:
    return {
        "answer": row.answer,
        "by": row.approved_by,
        "at": row.approved_at,
        "expires_at": row.approval_expires_at,
    }


def _run(run: Any) -> dict[str, Any]:
    names = (
        "generated_at",
        "approved_at",
        "executed_at",
        "missed",
        "generator_exit",
        "executor_exit",
        "outcome",
    )

    return {name: getattr(run, name) for name in names} | {"detail": dict(run.detail or {})}


def _journal(runtime: Runtime, order: Order) -> dict[str, Any]:
    fills = runtime.ledger.executions.of_order(order.client_order_id)

    return {
        "client_order_id": order.client_order_id,
        "side": order.side,
        "intent": order.intent,
        "quantity": order.quantity,
        "filled_quantity": order.filled_quantity,
        "average_price": order.average_price,
        "reference_price": order.reference_price,
        "state": order.state,
        "state_reason": order.state_reason,
        "reason": order.reason,
        "fills": [{"at": fill.at, "quantity": fill.quantity, "price": fill.price} for fill in fills],
    }


def order_line(order: dict[str, Any]) -> str:
    """Return one line about an order of the journal: what, state, fill, why."""
    head = f"{order['side']} {order['quantity']:,} ({order['intent']}) {str(order['state']).lower()}"
    if order["filled_quantity"]:
        head += f", {order['filled_quantity']:,} filled at {float(order['average_price'] or 0):,.4f}"

    return f"{head}: {order['state_reason']}" if order["state_reason"] else head


def plan_line(orders: list[dict[str, Any]]) -> str:
    """Return one line naming every order of a plan and its reason."""
    return ", ".join(f"{o['side']} {o['quantity']:,} ({o['intent']}: {o['reason']})" for o in orders)
