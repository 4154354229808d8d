"""Schwab's account JSON: which account is ours, what it may spend, what it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from backtest.core.errors import BrokerError, SettingsError
from live.brokers.common import decimal
from live.brokers.schwab.orders import from_vendor
from live.model.broker import Account, AccountKind, Holding
from live.system.redaction import MASK, register_account, register_secret

EQUITY_TYPES = frozenset({"EQUITY", "COLLECTIVE_INVESTMENT"})


def choose_account(rows: Sequence[Mapping[str, Any]], last4: str | None) -> tuple[str, str]:
    """Return (hash, masked reference) of the configured account; never simply the first one.

    Raises:
        SettingsError: no last four digits configured, none matching, or more than one matching.
    """
    numbers = {str(row["accountNumber"]): str(row["hashValue"]) for row in rows}
    for number, value in numbers.items():
        register_account(number)
        register_secret(value)
    shown = ", ".join(sorted(f"{MASK}{number[-4:]}" for number in numbers)) or "none"
    matching = [number for number in numbers if last4 and number.endswith(last4)]
    if len(matching) != 1:
        problem = (
            "no account is chosen"
            if not last4
            else f"{len(matching) or 'no'} account{'s' if len(matching) > 1 else ''} end in {last4}"
        )
        raise SettingsError(
            f"{problem}; this login sees {shown}",
            where="broker.schwab.account_last4",
            remedy="set the last four digits of the account that may trade",
        )
    return numbers[matching[0]], f"{MASK}{matching[0][-4:]}"


def parse_account(data: Mapping[str, Any], reference: str) -> Account:
    """Return balances and positions; a figure that is missing or null stays None.

    Cash accounts may spend settled funds only: min(cashAvailableForTrading, totalCash - unsettledCash).
    Margin accounts may spend min(cashBalance, availableFunds) without borrowing.

    Raises:
        BrokerError: the answer has no account in it.
    """
    body = data.get("securitiesAccount")
    if not isinstance(body, Mapping) or body.get("type") not in {"CASH", "MARGIN"}:
        raise BrokerError(
            "the account answer is not understood", where="Schwab", remedy="nothing was changed"
        )
    kind: AccountKind = "cash" if body["type"] == "CASH" else "margin"
    balances = body.get("currentBalances") or {}
    figure = {name: decimal(value) for name, value in balances.items()}
    if kind == "cash":
        cash = _first(figure.get("totalCash"), figure.get("cashBalance"))
        settled = _least(
            figure.get("cashAvailableForTrading"),
            _minus(figure.get("totalCash"), figure.get("unsettledCash")),
        )
        power = settled
    else:
        cash = figure.get("cashBalance")
        settled = _least(cash, figure.get("availableFunds"))
        power = figure.get("buyingPower")
    return Account(
        reference=reference,
        kind=kind,
        cash=cash,
        settled_cash=settled,
        buying_power=power,
        equity=_first(figure.get("liquidationValue"), figure.get("equity")),
        holdings=tuple(_holding(row) for row in body.get("positions") or []),
        restriction="restricted to closing trades" if body.get("isClosingOnlyRestricted") is True else "",
    )


def _holding(row: Mapping[str, Any]) -> Holding:
    instrument = row.get("instrument") or {}
    kind = str(instrument.get("assetType", "unknown"))
    long, short = decimal(row.get("longQuantity")), decimal(row.get("shortQuantity"))
    return Holding(
        symbol=from_vendor(str(instrument.get("symbol", ""))),
        quantity=(long or Decimal(0)) - (short or Decimal(0)),
        average_price=decimal(row.get("averagePrice")),
        market_value=decimal(row.get("marketValue")),
        asset_type="equity" if kind in EQUITY_TYPES else kind.lower(),
    )


def _first(*values: Decimal | None) -> Decimal | None:
    return next((value for value in values if value is not None), None)


def _least(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else min(one, other)


def _minus(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one - other
