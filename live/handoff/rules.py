"""Layer 3 of judging a signal file: session, names, ids and orders against what the run knows.

The rules read plain JSON values and look only at parts that have the right type, so that a file with one
broken field still gets every other finding.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, get_args

from backtest.calendar.sessions import NEW_YORK, ExecutionWindow, session, window
from backtest.core.decision import ExecutionTime
from backtest.core.errors import Finding
from backtest.core.execution_rules import Limits
from live.handoff.jsonpath import at
from live.handoff.model import SignalFile
from live.model import order_ids as ids
from live.model.run import Mode, Role

_SELLS = frozenset({"exit", "reduce", "stop"})
_BUYS = frozenset({"entry", "increase"})
_CENT = 0.011  # half a cent of rounding on each side, plus what binary floats add


@dataclass(frozen=True, slots=True)
class Expectations:
    """What a run knows about the file from elsewhere. None or empty: not checked.

    Attributes:
        session: the session that trades.
        mode: mode of the run.
        roles: known variants with their role.
        names: variant -> name of its rule set.
        symbols: symbols the strategy may hold or reads; symbols held and those in `inputs` come on top.
        role: the role a file must have to be executed.
        decided_on: newest session the decision should have used; None takes it from the file's window.
        window: opening and closing of the execution window, aware; None takes the calendar's for its name.
        holdings: whole shares before the first order of the file; None takes the snapshot in the file, which
            stays right when the executor runs again after a partial execution.
        limits: hard limits.
        account: name of the account that runs, empty without one.
        stop_loss_pct: distance of the strategy's stops, percent; None for one without stops.
    """

    session: date
    mode: Mode | None = None
    roles: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    symbols: frozenset[str] = frozenset()
    role: Role | None = None
    decided_on: date | None = None
    window: tuple[datetime, datetime] | None = None
    holdings: Mapping[str, int] | None = None
    limits: Limits = field(default_factory=Limits)
    account: str | None = None
    stop_loss_pct: float | None = None


def rule_findings(
    data: Mapping[str, Any], expectations: Expectations, original: SignalFile | None = None
) -> Iterator[Finding]:
    """Yield every broken rule of a parsed file."""
    yield from _dates(data, expectations)
    yield from _names(data, expectations)
    yield from _account(data, expectations)
    known = _known_symbols(data, expectations, original)
    yield from _targets(data, known)
    orders = _orders(data)
    for index, order in orders:
        yield from _order(at("$.orders", index), order, known)
        yield from _id(at("$.orders", index), order, data, expectations)
        yield from _value(at("$.orders", index), order, original)
    yield from _together(orders)
    held = _holdings(data, expectations)
    yield from _sells(orders, held)
    yield from _stops(data, held)


def _stops(data: Mapping[str, Any], held: Mapping[str, int]) -> Iterator[Finding]:
    """A stop moves once, only of what is held, and only up."""
    seen: set[str] = set()
    for index, move in _objects(data.get("stops")):
        path, symbol = at("$.stops", index), _text(move.get("symbol"))
        price, before = _number(move.get("price")), _number(move.get("before"))
        if symbol is not None and symbol in seen:
            yield Finding(f"{path}.symbol", f"the stop of {symbol} moves twice")
        elif symbol is not None and not held.get(symbol):
            yield Finding(f"{path}.symbol", f"the stop of {symbol} moves, but none are held")
        if price is not None and before is not None and price <= before:
            yield Finding(f"{path}.price", f"is {price:g}, not above the level it has, {before:g}")
        seen.add(symbol or "")


def _dates(data: Mapping[str, Any], expectations: Expectations) -> Iterator[Finding]:
    """Right session, its window by the exchange calendar, not stale."""
    trade_date, decided_on = _date(data.get("trade_date")), _date(_part(data, "decision").get("decided_on"))
    if trade_date is not None and trade_date != expectations.session:
        yield Finding("$.trade_date", f"is {trade_date}, but the session to trade is {expectations.session}")
    times, as_of = _part(data, "execution_window"), _instant(data.get("as_of"))
    closes = _instant(times.get("closes_at"))
    if as_of and closes and as_of > closes:
        yield Finding("$.as_of", "is after the execution window closes")
    if as_of and decided_on and as_of.astimezone(NEW_YORK).date() < decided_on:
        yield Finding("$.as_of", f"is before the session the decision was made on ({decided_on})")
    named = _window(expectations.session, times.get("name"))
    due = expectations.decided_on or (None if named is None else named.decides_on)
    if decided_on is not None and due is not None and decided_on != due:
        age = "stale" if decided_on < due else "from the future"
        yield Finding("$.decision.decided_on", f"the decision is {age}: made on {decided_on}, due on {due}")
    expected = expectations.window or (() if named is None else (named.opens_at, named.closes_at))
    for key, instant in zip(("opens_at", "closes_at"), expected, strict=False):
        found = _instant(times.get(key))
        if found is not None and found != instant:
            yield Finding(f"$.execution_window.{key}", f"is {times[key]}, but should be {instant}")


def _window(day: date, name: Any) -> ExecutionWindow | None:
    """Return the window of that name on the session, None when there is no such session or name."""
    of = session(day)
    if of is None or name not in get_args(ExecutionTime):
        return None

    return window(of, name)


def _names(data: Mapping[str, Any], expectations: Expectations) -> Iterator[Finding]:
    """Known variant with its rule set, role and mode."""
    strategy = _part(data, "strategy")
    variant, name, role = (_text(strategy.get(key)) for key in ("variant", "name", "role"))
    if expectations.roles and variant is not None and variant not in expectations.roles:
        known = ", ".join(sorted(expectations.roles))
        yield Finding("$.strategy.variant", f"unknown variant {variant!r}", f"known: {known}")
    expected_name = expectations.names.get(variant or "")
    if expected_name is not None and name is not None and name != expected_name:
        yield Finding("$.strategy.name", f"is {name!r}, but {variant} belongs to {expected_name!r}")
    expected_role = expectations.roles.get(variant or "") or expectations.role
    if expectations.role is not None and role is not None and role != expectations.role:
        yield Finding("$.strategy.role", f"is {role}: only a {expectations.role} is executed")
    elif expected_role is not None and role is not None and role != expected_role:
        yield Finding("$.strategy.role", f"is {role}, but {variant} is configured as {expected_role}")
    mode = _text(data.get("mode"))
    if expectations.mode is not None and mode is not None and mode != expectations.mode:
        yield Finding("$.mode", f"is {mode}, but this run is {expectations.mode}", "generate the file again")


def _account(data: Mapping[str, Any], expectations: Expectations) -> Iterator[Finding]:
    """Of several accounts the one that runs: both may have a file of this variant and session."""
    found = _text(_part(_part(data, "inputs"), "account").get("reference"))
    if expectations.account and found is not None and not found.startswith(f"{expectations.account}/"):
        problem = f"is {found}, but this run is for the account {expectations.account}"
        yield Finding("$.inputs.account.reference", problem, "name the file's own account (--account)")


def _targets(data: Mapping[str, Any], known: frozenset[str]) -> Iterator[Finding]:
    total = 0.0
    seen: set[str] = set()
    for index, target in _objects(data.get("targets")):
        symbol, weight = _text(target.get("symbol")), _number(target.get("weight"))
        path = at(at("$.targets", index), "symbol")
        if symbol is not None and symbol in seen:
            yield Finding(path, f"{symbol} has two targets")
        elif symbol is not None and symbol not in known:
            yield Finding(path, f"unknown symbol {symbol!r}")
        seen.add(symbol or "")
        total += weight or 0.0
    if total > 1 + 1e-9:
        yield Finding("$.targets", f"the weights add up to {total:.4f}, more than 1")


def _order(path: str, order: Mapping[str, Any], known: frozenset[str]) -> Iterator[Finding]:
    """Fields of one order against each other."""
    symbol, side, intent = (_text(order.get(key)) for key in ("symbol", "side", "intent"))
    if symbol is not None and symbol not in known:
        yield Finding(f"{path}.symbol", f"unknown symbol {symbol!r}", "not the strategy's, not held")
    if intent == "stop":
        yield Finding(f"{path}.intent", "a stop belongs to an entry (its `stop`), it is no order of its own")
    wrong = (side == "buy" and intent in _SELLS) or (side == "sell" and intent in _BUYS)
    if wrong:
        yield Finding(f"{path}.side", f"a {intent} order cannot {side}")
    if side == "sell" and order.get("order_type") == "marketable_limit":
        yield Finding(f"{path}.order_type", "a sell is never limited", "use market")
    stop = order.get("stop")
    if isinstance(stop, Mapping):
        price, reference = _number(stop.get("price")), _number(order.get("reference_price"))
        if side == "sell":
            yield Finding(f"{path}.stop", "only an order that buys carries a stop")
        elif price is not None and reference is not None and price >= reference:
            yield Finding(f"{path}.stop.price", f"{price:g} is not below the reference price {reference:g}")


def _id(
    path: str, order: Mapping[str, Any], data: Mapping[str, Any], expectations: Expectations
) -> Iterator[Finding]:
    """The id repeats session, symbol, intent and side, and the variant when it is prefixed."""
    text = _text(order.get("client_order_id"))
    name = None if text is None else ids.parse(text)
    if text is None:
        return
    where = f"{path}.client_order_id"
    if name is None:
        yield Finding(where, f"{text!r} is not a client order id", "use {YYYYMMDD}_{SYMBOL}_{intent}_{side}")
        return
    variant = _text(_part(data, "strategy").get("variant"))
    said = (
        (f"{name.session}", f"{expectations.session}", "the session"),
        (name.symbol, _text(order.get("symbol")), "the symbol"),
        (name.intent, _text(order.get("intent")), "the intent"),
        (name.side, _text(order.get("side")), "the side"),
        (name.variant or variant, variant, "the variant"),
    )
    wrong = [f"{what} is {expected}" for found, expected, what in said if expected and found != expected]
    if expectations.account is not None and name.account != expectations.account:
        wrong.append(f"the account is {expectations.account or 'without a name'}")
    if name.attempt:
        wrong.append("retries are named by the executor, not in the file")
    if wrong:
        yield Finding(where, f"{text!r} does not fit: {'; '.join(wrong)}")


def _value(path: str, order: Mapping[str, Any], original: SignalFile | None) -> Iterator[Finding]:
    """The estimated value follows from quantity and reference price.

    A person who changes a quantity need not do the multiplication: the generated value may stay.
    """
    quantity, reference = _number(order.get("quantity")), _number(order.get("reference_price"))
    value = _number(order.get("estimated_value"))
    if quantity is None or reference is None or value is None:
        return
    generated = [
        other.estimated_value
        for other in (original.orders if original is not None else ())
        if other.client_order_id == order.get("client_order_id") and other.quantity != quantity
    ]
    expected = quantity * reference
    if abs(value - expected) > _CENT + 1e-9 * abs(expected) and value not in generated:
        yield Finding(
            f"{path}.estimated_value", f"is {value:,.2f}, but {quantity:g} × {reference:g} is {expected:,.2f}"
        )


def _together(orders: list[tuple[int, Mapping[str, Any]]]) -> Iterator[Finding]:
    """Ids unique, one order per symbol and intent, sells before buys."""
    first: dict[tuple[Any, ...], int] = {}
    bought = False
    for index, order in orders:
        path = at("$.orders", index)
        name, symbol, intent = (_text(order.get(key)) for key in ("client_order_id", "symbol", "intent"))
        if name is not None and first.setdefault(("id", name), index) != index:
            yield Finding(
                f"{path}.client_order_id", f"duplicated: {name} is also $.orders[{first['id', name]}]"
            )
        elif symbol is not None and first.setdefault((symbol, intent), index) != index:
            yield Finding(
                path, f"a second {intent} order for {symbol}: see $.orders[{first[symbol, intent]}]"
            )
        if order.get("side") == "buy":
            bought = True
        elif order.get("side") == "sell" and bought:
            yield Finding(path, "a sell after a buy: sells come first", "move it up")


def _sells(orders: list[tuple[int, Mapping[str, Any]]], held: Mapping[str, int]) -> Iterator[Finding]:
    """Nothing is sold that is not held."""
    left = dict(held)
    for index, order in orders:
        symbol, quantity = _text(order.get("symbol")), _number(order.get("quantity"))
        if order.get("side") != "sell" or order.get("enabled") is not True or symbol is None or not quantity:
            continue
        if quantity > left.get(symbol, 0):
            have = left.get(symbol, 0)
            yield Finding(
                at(at("$.orders", index), "quantity"), f"sells {quantity:g} {symbol}, but {have} are held"
            )
        left[symbol] = left.get(symbol, 0) - int(quantity)


def _known_symbols(
    data: Mapping[str, Any], expectations: Expectations, original: SignalFile | None
) -> frozenset[str]:
    """Symbols of the strategy, held ones, and those the decision was computed from."""
    inputs = _part(data, "inputs")
    known = {*expectations.symbols, *_holdings(data, expectations)}
    known.update(
        str(row["symbol"])
        for key in ("bars", "quotes")
        for _, row in _objects(inputs.get(key))
        if isinstance(row.get("symbol"), str)
    )
    tickers = _part(inputs, "candidates").get("tickers")
    if isinstance(tickers, list):
        known.update(ticker for ticker in tickers if isinstance(ticker, str))
    if original is not None:
        known.update(order.symbol for order in original.orders)
        known.update(target.symbol for target in original.targets)

    return frozenset(known)


def _holdings(data: Mapping[str, Any], expectations: Expectations) -> dict[str, int]:
    if expectations.holdings is not None:
        return dict(expectations.holdings)
    positions = _part(_part(data, "inputs"), "account").get("positions")
    if not isinstance(positions, Mapping):
        return {}

    return {symbol: int(shares) for symbol, shares in positions.items() if _number(shares) is not None}


def _orders(data: Mapping[str, Any]) -> list[tuple[int, Mapping[str, Any]]]:
    return list(_objects(data.get("orders")))


def _objects(value: Any) -> Iterator[tuple[int, Mapping[str, Any]]]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, Mapping):
                yield index, item


def _part(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = data.get(key)

    return part if isinstance(part, Mapping) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None

    return value


def _date(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _instant(value: Any) -> datetime | None:
    try:
        at_ = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None

    return at_ if at_ is not None and at_.tzinfo is not None else None
