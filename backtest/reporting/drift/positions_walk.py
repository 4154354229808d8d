"""What the orders of a session become in one walk over a book of single positions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from backtest.reporting.drift.facts import LiveFill, LiveSession, Shares, Step
from backtest.simulator.positions.fills import Fills, Sale
from backtest.simulator.positions.model import Held, PortfolioRules, Trade
from backtest.simulator.positions.step import STOP_LOSS, rounded, sell_price


def money(value: float) -> float:
    """Return an amount in cents."""
    return round(value, 2)


def trades_of(live: LiveSession, upto: Step, *, has_file: bool) -> Shares | None:
    """Return the shares that live facts trade in a walk, None where the simulator decides by itself.

    Args:
        live: the session.
        upto: the newest fact of the walk.
        has_file: whether a decision was made.
    """
    if upto < Step.DATA:
        return None
    if upto >= Step.MISSED and live.missed:
        return {}
    known = {Step.DATA: live.planned, Step.HELD_EDITED: live.wanted, Step.MISSED: live.wanted}.get(
        upto, live.sent if upto < Step.SLIPPAGE else live.filled
    )
    return known if has_file or known else None


@dataclass(frozen=True, slots=True)
class WalkFills(Fills):
    """Entries, exits and stops of one session with the facts of one walk.

    Attributes:
        live, stops: the session and the fills of its resting stops.
        edited_stops: symbol -> stop price of a person.
        rules: of the simulator.
        upto: the newest fact.
        trades: shares that are traded, None where the simulator decides.
        held: shares that live held before.
    """

    live: LiveSession
    stops: tuple[LiveFill, ...]
    edited_stops: Mapping[str, float]
    rules: PortfolioRules
    upto: Step
    trades: Shares | None
    held: Mapping[str, int]

    def entry(self, held: Held) -> Held | None:
        """Return the position with live's shares, price and stop, as far as this walk has them."""
        count = held.shares if self.trades is None else self.trades.get(held.symbol, 0)
        if count <= 0:
            return None
        price = held.entry_price
        if self.upto >= Step.TIMING and held.symbol in self.live.quotes:
            price = rounded(self.live.quotes[held.symbol], self.rules, self.rules.entry_slippage_pct)
        if self.upto >= Step.SLIPPAGE:
            price = _average(self._filled("buy", held.symbol)) or price
        stop = round(self.rules.stop_price(price), 2)
        if self.upto >= Step.HELD_EDITED:
            stop = self.edited_stops.get(held.symbol, stop)
        return replace(held, shares=count, entry_price=price, stop_price=stop)

    def exit(self, held: Held, price: float, reason: str) -> Sale | None:
        """Return the sale of the same part of the position that live sold."""
        count = held.shares
        if self.trades is not None:
            mine = self.held.get(held.symbol, 0)
            sold = -self.trades.get(held.symbol, 0)
            count = held.shares if sold >= mine else round(held.shares * sold / mine)
        if count <= 0:
            return None
        if self.upto >= Step.SLIPPAGE:
            known = _average(self._filled("sell", held.symbol))
            return None if known is None else Sale(known, count)
        if self.upto >= Step.TIMING and reason != STOP_LOSS and held.symbol in self.live.quotes:
            price = sell_price(self.live.quotes[held.symbol], self.rules)
        return Sale(price, count)

    def stop(self, held: Held, price: float | None) -> Sale | None:
        """Return the stop as the final bars fill it, or as live's was filled."""
        if self.upto < Step.SLIPPAGE:
            return None if price is None else Sale(price, held.shares)
        fills = [fill for fill in self.stops if fill.symbol == held.symbol]
        known = _average(fills)
        if known is None:
            return None
        return Sale(known, min(held.shares, sum(fill.quantity for fill in fills)))

    def paid(self, held: Held) -> float:
        """Return what an entry cost."""
        return self._amount(held.entry_price, held.shares, self._filled("buy", held.symbol))

    def received(self, trade: Trade) -> float:
        """Return what a sale brought."""
        stopped = trade.reason == STOP_LOSS and any(f.symbol == trade.position.symbol for f in self.stops)
        fills = self.stops if stopped else self._filled("sell", trade.position.symbol)
        mine = [fill for fill in fills if fill.symbol == trade.position.symbol]
        return self._amount(trade.exit_price, trade.position.shares, mine)

    def _amount(self, price: float, shares: int, known: list[LiveFill]) -> float:
        """Return price times shares in cents; each of live's own fills is rounded by itself."""
        if self.upto >= Step.SLIPPAGE and sum(fill.quantity for fill in known) == shares:
            return sum(money(float(fill.price) * fill.quantity) for fill in known)
        return money(price * shares)

    def _filled(self, side: str, symbol: str) -> list[LiveFill]:
        return [fill for fill in self.live.fills if fill.side == side and fill.symbol == symbol]


def _average(fills: Iterable[LiveFill]) -> float | None:
    known = list(fills)
    shares = sum(fill.quantity for fill in known)
    return sum(float(fill.price) * fill.quantity for fill in known) / shares if shares else None
