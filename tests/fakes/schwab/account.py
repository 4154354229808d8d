"""Cash, settlement and positions of the imitation's one account."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

ETFS = {"QQQ", "TQQQ", "SQQQ", "PSQ", "QLD", "TMF", "TMV", "TLT", "SPY"}


@dataclass
class Position:
    """Shares of one symbol."""

    quantity: float
    average: float
    settled: float = 0.0


@dataclass
class Account:
    """Balances are derived from cash, unsettled amounts and positions at current prices."""

    number: str = "87654321"
    hash: str = "FAKEHASH0123456789ABCDEF"
    kind: str = "MARGIN"
    cash: float = 100_000.0
    unsettled: list[tuple[date, float]] = field(default_factory=list)
    positions: dict[str, Position] = field(default_factory=dict)
    extra_rows: list[dict[str, Any]] = field(default_factory=list)

    def book(self, symbol: str, side: str, quantity: float, price: float, settles: date) -> None:
        """Apply one fill; sale proceeds settle on `settles`."""
        amount = round(quantity * price, 2)
        held = self.positions.setdefault(symbol, Position(0.0, 0.0))
        if side == "BUY":
            total = held.average * held.quantity + quantity * price
            held.quantity += quantity
            held.average = total / held.quantity
            self.cash = round(self.cash - amount, 2)
        else:
            held.quantity -= quantity
            self.cash = round(self.cash + amount, 2)
            self.unsettled.append((settles, amount))
        if held.quantity == 0:
            del self.positions[symbol]

    def settle(self, today: date) -> None:
        self.unsettled = [(day, amount) for day, amount in self.unsettled if day > today]

    def unsettled_cash(self) -> float:
        return round(sum(amount for _, amount in self.unsettled), 2)

    def spendable(self) -> float:
        if self.kind == "CASH":
            return self.cash - self.unsettled_cash()
        return self.cash * 2

    def row(self, prices: dict[str, float], *, positions: bool) -> dict[str, Any]:
        """The account as GET shows it."""
        market = sum(p.quantity * prices.get(s, p.average) for s, p in self.positions.items())
        value = round(self.cash + market, 2)
        current = self._cash_balances(value, market) if self.kind == "CASH" else self._margin(value, market)
        body: dict[str, Any] = {
            "type": self.kind,
            "accountNumber": self.number,
            "roundTrips": 0,
            "isDayTrader": False,
            "isClosingOnlyRestricted": False,
            "pfcbFlag": False,
            "initialBalances": {"cashBalance": self.cash, "liquidationValue": value},
            "currentBalances": current,
            "projectedBalances": {},
        }
        if positions and (self.positions or self.extra_rows):
            rows = [self._position(s, p, prices) for s, p in sorted(self.positions.items())]
            body["positions"] = rows + self.extra_rows
        return {
            "securitiesAccount": body,
            "aggregatedBalance": {"currentLiquidationValue": value, "liquidationValue": value},
        }

    def _cash_balances(self, value: float, market: float) -> dict[str, Any]:
        return {
            "cashBalance": self.cash,
            "totalCash": self.cash,
            "unsettledCash": self.unsettled_cash(),
            "cashAvailableForTrading": self.cash,
            "cashAvailableForWithdrawal": self.cash - self.unsettled_cash(),
            "longMarketValue": market,
            "liquidationValue": value,
            "cashCall": 0.0,
        }

    def _margin(self, value: float, market: float) -> dict[str, Any]:
        return {
            "cashBalance": self.cash,
            "liquidationValue": value,
            "longMarketValue": market,
            "equity": value,
            "availableFunds": self.cash,
            "buyingPower": self.cash * 2,
            "buyingPowerNonMarginableTrade": self.cash,
            "maintenanceCall": 0.0,
            "regTCall": 0.0,
        }

    def _position(self, symbol: str, held: Position, prices: dict[str, float]) -> dict[str, Any]:
        price = prices.get(symbol, held.average)
        kind = "COLLECTIVE_INVESTMENT" if symbol in ETFS else "EQUITY"
        instrument = {"assetType": kind, "cusip": "000000000", "symbol": symbol, "instrumentId": 1}
        if kind == "COLLECTIVE_INVESTMENT":
            instrument["type"] = "EXCHANGE_TRADED_FUND"
        return {
            "shortQuantity": max(-held.quantity, 0.0),
            "averagePrice": round(held.average, 6),
            "currentDayProfitLoss": 0.0,
            "longQuantity": max(held.quantity, 0.0),
            "settledLongQuantity": max(held.settled, 0.0),
            "settledShortQuantity": 0.0,
            "instrument": instrument,
            "marketValue": round(held.quantity * price, 2),
            "currentDayCost": 0.0,
        }
