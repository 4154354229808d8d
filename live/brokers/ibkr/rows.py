"""What the library remembers of orders and executions, as rows of ours. Pure.

The library keeps an order by (client, order id) while a session lasts, and by permanent id when completed.
Completed rows lack the order id and, once filled, the quantity. It writes Cancelled for nearly every error
message, also for informational ones on live orders; which of IB's lists shows an order is the better word.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from datetime import UTC
from decimal import Decimal
from typing import Any

from live.brokers.ibkr.port import IbFill, IbOrder, Listed

#: the reference of an attached stop is its buy's with this at the end
STOP_SUFFIX = ":stop"
#: codes that say no to an order: price off the tick, unknown contract, rejected, not allowed
REJECTIONS = frozenset({110, 200, 201, 203})
#: 202 reports the end of a cancelled order
_ENDINGS = REJECTIONS | {0, 202}
_UNSET = 1e300


def order_rows(
    open_now: Iterable[Any],
    session: Iterable[Any],
    completed: Iterable[Any],
    *,
    account: str,
    placed_here: Collection[Hashable] = (),
) -> list[IbOrder]:
    """Return one row an order of the account.

    Args:
        open_now: trades IB lists as open.
        session: trades the library remembers.
        completed: trades IB lists as ended.
        account: account id; orders of others are left out.
        placed_here: keys (client, order id) of orders this session sent: only their times are known.
    """
    live = {trade_key(trade) for trade in open_now}
    ended = {trade.order.permId: trade for trade in completed}
    trades = {trade_key(trade): trade for trade in ended.values()}
    known = {trade.order.permId for trade in session if trade.order.permId and trade.order.orderId > 0}
    trades = {key: trade for key, trade in trades.items() if trade.order.permId not in known}
    trades |= {trade_key(trade): trade for trade in session if trade_key(trade) not in trades}
    mine = [trade for trade in trades.values() if trade.order.account in {"", account}]
    parents = _parents(mine)
    return [
        _row(trade, ended.get(trade.order.permId), parents, live=live, placed_here=placed_here)
        for trade in mine
    ]


def trade_key(trade: Any) -> Hashable:
    """Return what identifies a trade: (client, order id), or the permanent id where IB gives no order id."""
    order = trade.order
    return (order.clientId, order.orderId) if order.orderId > 0 else order.permId


def _parents(trades: Iterable[Any]) -> Mapping[Hashable, int]:
    """Return permanent ids by (client, order id) and by reference: completed orders carry no order id."""
    found: dict[Hashable, int] = {}
    for trade in trades:
        if trade.order.orderId > 0:
            found[trade_key(trade)] = trade.order.permId
        if trade.order.orderRef:
            found[trade.order.orderRef] = trade.order.permId
    return found


def _row(
    trade: Any,
    ended: Any | None,
    parents: Mapping[Hashable, int],
    *,
    live: Collection[Hashable],
    placed_here: Collection[Hashable],
) -> IbOrder:
    order, key = trade.order, trade_key(trade)
    listed: Listed = "open" if key in live else "completed" if ended is not None else "session"
    status = (
        ended.orderStatus.status if ended is not None and listed == "completed" else trade.orderStatus.status
    )
    filled = max(
        _number(trade.orderStatus.filled), *(_number(t.order.filledQuantity) for t in (trade, ended or trade))
    )
    return IbOrder(
        perm_id=order.permId,
        reference=order.orderRef,
        symbol=trade.contract.symbol,
        action=order.action,
        quantity=_number(order.totalQuantity) or filled,
        filled=filled,
        order_type=order.orderType,
        tif=order.tif,
        status=status,
        stop_price=_number(order.auxPrice) if order.orderType == "STP" else None,
        limit_price=_number(order.lmtPrice) if order.orderType == "LMT" else None,
        parent_perm_id=_parent(order, parents),
        entered_at=trade.log[0].time.astimezone(UTC) if key in placed_here and trade.log else None,
        message=next((entry.message for entry in reversed(trade.log) if entry.message), ""),
        listed=listed,
        confirmed=listed == "completed" or _says_so(trade),
    )


def _says_so(trade: Any) -> bool:
    """Tell whether IB itself gave the present status: the library's own conclusions carry an error code."""
    words = [entry for entry in trade.log if entry.status == trade.orderStatus.status]
    if trade.orderStatus.status == "Inactive":  # IB's word for rejected as well as for held
        return any(entry.errorCode in REJECTIONS for entry in trade.log)
    return any(entry.errorCode in _ENDINGS for entry in words)


def _parent(order: Any, parents: Mapping[Hashable, int]) -> int:
    if order.parentPermId:
        return int(order.parentPermId)
    if order.parentId and (order.clientId, order.parentId) in parents:
        return parents[order.clientId, order.parentId]
    if order.orderRef.endswith(STOP_SUFFIX):
        return parents.get(order.orderRef.removesuffix(STOP_SUFFIX), 0)
    return 0


def _number(value: Any) -> Decimal:
    """Return a quantity or price of the library; its marker for "not set" counts as nothing."""
    number = Decimal(str(value or 0))
    return number if number < _UNSET else Decimal(0)


def fill_rows(fills: Iterable[Any], *, account: str) -> list[IbFill]:
    """Return the account's executions, of a corrected one only the last version."""
    newest: dict[str, Any] = {}
    for fill in fills:
        if fill.execution.acctNumber in {"", account}:
            name, version = _version(fill)
            known = newest.get(name)
            if known is None or version > _version(known)[1]:
                newest[name] = fill
    return [
        IbFill(
            name,
            fill.execution.permId,
            _number(fill.execution.shares),
            _number(fill.execution.price),
            fill.execution.time.astimezone(UTC),
            _number(fill.commissionReport.commission) if fill.commissionReport.execId else None,
        )
        for name, fill in newest.items()
    ]


def _version(fill: Any) -> tuple[str, tuple[int, str]]:
    """Return the id of an execution and the number of its correction, so that 10 comes after 9."""
    name, _, version = fill.execution.execId.rpartition(".")
    return name, (len(version), version)
