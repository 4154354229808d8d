"""What a session of the simulated book does under the `risk:` section: the rules live decisions go through.

The book is judged as it stood before the open, at the closes before the session, like stage 1 decides.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from backtest.core.decision import Book, Decision, EntrySignal, ExitSignal, OpenPosition
from backtest.core.errors import JutsuError
from backtest.simulator.positions.model import Held, MarketSession, PortfolioRules, PortfolioState
from backtest.strategies.earnings_swing.selection import Selection
from backtest.strategies.earnings_swing.strategy import entry_signal
from backtest.trading.risk.entries import INITIAL_STOP_PCT, managed_entries
from backtest.trading.risk.moves import moved_stops
from backtest.trading.risk.rules import RiskRules
from backtest.trading.risk.series import PriceSeries


class UnderRisk:
    """The risk rules of one session."""

    def __init__(
        self, state: PortfolioState, session: MarketSession, rules: PortfolioRules, risk: RiskRules
    ) -> None:
        if session.prices is None:
            raise JutsuError("the risk rules need the history of the session's symbols", where="risk")
        self._rules = rules
        self._risk = risk
        self._prices: PriceSeries = session.prices
        self._before = session.day - timedelta(days=1)
        self._book = _book(state, rules)

    def with_moved_stops(self, positions: Mapping[str, Held], leaving: Collection[str]) -> dict[str, Held]:
        """Return the positions with the stops that rest in this session; those that leave keep theirs."""
        moves = moved_stops(self._book, self._prices, self._risk, self._before, leaving=leaving)
        levels = {move.symbol: move.price for move in moves}
        return {
            symbol: replace(held, stop_price=levels[symbol]) if symbol in levels else held
            for symbol, held in positions.items()
        }

    def decide(self, chosen: Selection, staying: Collection[str]) -> Decision:
        """Return the choice of the session as the rules leave it: entries with their sizes and stops, exits.

        Args:
            chosen: what the strategy selects.
            staying: positions that are not sold today, a rotation apart.
        """
        leaving = [ExitSignal(symbol, "") for symbol in self._book.positions if symbol not in staying]
        if chosen.rotated_out is not None:
            taking = chosen.entries[0].candidate.ticker
            leaving.append(ExitSignal(chosen.rotated_out, "", makes_room_for=taking))
        entries: Sequence[EntrySignal] = [entry_signal(entry, self._rules) for entry in chosen.entries]
        decision = Decision(self._before, exits=tuple(leaving), entries=tuple(entries))
        return managed_entries(decision, self._book, self._prices, self._risk, self._before)


def _book(state: PortfolioState, rules: PortfolioRules) -> Book:
    """Return the book before the open, with the cash that profit and purchases left of the capital."""
    invested = sum(held.entry_price * held.shares for held in state.positions)
    capital = rules.capital if state.capital is None else state.capital
    cash = round(capital + state.realized - invested, 2)
    return Book(cash=cash, positions={held.symbol: _position(held) for held in state.positions})


def _position(held: Held) -> OpenPosition:
    percent = held.initial_stop_pct
    return OpenPosition(
        symbol=held.symbol,
        quantity=held.shares,
        entry_price=held.entry_price,
        entry_date=held.entry_date,
        stop_price=held.stop_price,
        details={} if percent is None else {INITIAL_STOP_PCT: percent},
    )
