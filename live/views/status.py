"""What `jutsu status` shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from live.runtime.runtime import Runtime


def gather(runtime: Runtime) -> dict[str, Any]:
    """Return everything the status screen shows."""
    from backtest.calendar import sessions as calendar
    from backtest.core.errors import JutsuError
    from live.books.variants import groups

    ledger, today = runtime.ledger, runtime.today()
    session = calendar.session(today)
    upcoming = session or calendar.next_session(today)
    if session is not None and runtime.clock.now() > session.close:
        upcoming = calendar.next_session(today)
    books: list[dict[str, Any]] = []
    problems: list[str] = []
    try:
        daily = {book.primary for book in runtime.settings.books if book.run == "daily"}
        for group in groups(
            runtime.settings,
            runtime.strategies,
            overrides=runtime.loaded.parameter_overrides,
            everything=True,
        ):
            for line in group.lines:
                if line.follows not in daily and not ledger.runs.recent(1, line.variant):
                    continue
                window = calendar.window(upcoming, line.strategy.execution_time)
                books.append(_book_facts(runtime, line, upcoming, window))
    except JutsuError as error:
        problems.append(error.line())
    kill = ledger.state.kill_level()
    if kill != "none":
        problems.append(f"kill switch is on ({kill}); turn it off with `jutsu resume`")
    unresolved = [order.client_order_id for order in ledger.orders.unresolved()]
    problems += [
        f"order {name}: fate unknown; run the executor or `jutsu resolve {name}`" for name in unresolved
    ]
    naked = [
        f"{row.variant}/{row.symbol}"
        for row in ledger.positions.open_positions()
        if row.needs_stop and not row.stop_broker_order_id
    ]
    problems += [f"position {name} has no protective stop; run the executor" for name in naked]
    problems += [text for book in books for text in _trouble(runtime, book)]
    return {
        "account": runtime.account,
        "mode": runtime.settings.mode,
        "data_source": runtime.settings.data.source,
        "kill_switch": kill,
        "next_session": upcoming.day,
        "books": books,
        "unfinished_orders": [order.client_order_id for order in ledger.orders.unfinished()],
        "unresolved_orders": unresolved,
        "naked_positions": naked,
        "missed_sessions": [str(row.session) for row in ledger.runs.recent(20) if row.missed],
        "problems": problems,
    }


def _book_facts(runtime: Runtime, line: Any, session: Any, window: Any) -> dict[str, Any]:
    latest = runtime.ledger.snapshots.latest(line.variant)
    run = next(iter(runtime.ledger.runs.recent(1, line.variant)), None)
    if line.role == "primary":
        held = [
            {
                "symbol": row.symbol,
                "quantity": row.quantity,
                "entry_price": float(row.entry_price),
                "stop_price": None if row.stop_price is None else float(row.stop_price),
                "protected": bool(row.stop_broker_order_id) if row.needs_stop else None,
            }
            for row in runtime.ledger.positions.open_positions(line.variant)
        ]
    else:
        virtual = runtime.ledger.shadow.book(line.variant)
        held = [
            {
                "symbol": p.symbol,
                "quantity": p.quantity,
                "entry_price": p.entry_price,
                "stop_price": p.stop_price,
            }
            for p in (() if virtual is None else virtual.book.positions.values())
        ]
    return {
        "variant": line.variant,
        "role": line.role,
        "strategy": line.strategy.name,
        "window_opens": window.opens_at,
        "window_closes": window.closes_at,
        "early_close": session.early_close,
        "last_session": None if run is None else run.session,
        "last_outcome": None if run is None else run.outcome,
        "equity": None if latest is None else latest.equity,
        "cash": None if latest is None else latest.cash,
        "drawdown": None if latest is None else latest.drawdown,
        "cumulative_return": None if latest is None else latest.cumulative_return,
        "positions": held,
    }


def _trouble(runtime: Runtime, book: dict[str, Any]) -> list[str]:
    """Say what the newest run of a primary could not do."""
    run = next(iter(runtime.ledger.runs.recent(1, book["variant"])), None)
    if run is None or book["role"] != "primary":
        return []
    detail = dict(run.detail or {})
    found = list(detail.get("critical", ())) or (
        [] if run.outcome != "failed" else detail.get("warnings", ())
    )
    if not found and run.outcome == "failed":
        found = ["no order was filled"]
    return [f"{book['variant']} {run.session}: {text}; see `jutsu explain SYMBOL`" for text in found]
