"""One session of the positions book: a pure step from one frozen state to the next.

The order inside a session is the rule: pending exits at the open, entries at the open, stops, the weekly
trailing stop at the close, the maximum holding time at the close. Replay, shadow books and simulation all
take this step, so they cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backtest.core.candidate import Candidate
from backtest.core.decision import Skip
from backtest.indicators.weekly import completed_weeks
from backtest.simulator.positions.fills import SIMULATED, Fills, Sale
from backtest.simulator.positions.model import (
    Events,
    Held,
    MarketSession,
    PortfolioRules,
    PortfolioState,
    SkippedCandidate,
    Trade,
)
from backtest.simulator.positions.under_risk import UnderRisk
from backtest.strategies.earnings_swing.parameters import most_shares
from backtest.strategies.earnings_swing.selection import (
    MAX_HOLDING,
    ROTATED_OUT,
    TREND_BREAK,
    Holding,
    Selection,
    filtered,
    may_replace,
    select,
    shares_for,
    weakest_loser,
)
from backtest.trading.fills import shifted, stopped_at
from backtest.trading.risk.entries import INITIAL_STOP_PCT

STOP_LOSS = "stop_loss"


def step(
    state: PortfolioState,
    session: MarketSession,
    candidates: Sequence[Candidate],
    rules: PortfolioRules,
    fills: Fills = SIMULATED,
) -> tuple[PortfolioState, Events]:
    """Play one session.

    Args:
        state: the book after the previous session.
        session: today's bars and which weeks broke their trend.
        candidates: those to be entered at today's open, in input order.
        rules: the settings.
        fills: what its orders become.

    Returns:
        The book after the close, and entries, trades and skips in the order they happened.
    """
    day = _Day(state, session, rules, fills)
    day.move_stops()
    day.sell_pending()
    if candidates:
        (day.choose_live if rules.chooses_live else day.choose_one_by_one)(candidates)
    most = len(day.book)  # the sales at the open are done, and nothing is entered later
    day.stops()
    day.trail()
    day.hold_no_longer()
    return day.close(most)


def sell_price(price: float, rules: PortfolioRules) -> float:
    """Return what a market sell or stop receives per share."""
    return rounded(price, rules, -rules.slippage_pct)


def rounded(price: float, rules: PortfolioRules, percent: float = 0.0) -> float:
    """Return a price moved by `percent`: in decimal arithmetic, or a plain float when no decimals are set."""
    if rules.fill_decimals is None:
        return price * (1 + percent / 100)
    return shifted(price, percent, rules.fill_decimals)


def stop_fill(held: Held, session: MarketSession, rules: PortfolioRules) -> float | None:
    """Return what a stop fills at before slippage during the session, None when it is not touched."""
    bar = session.bars.get(held.symbol)
    if bar is None or bar.low > held.stop_price:
        return None
    if rules.stop_mode == "skip_entry_day" and held.entry_date == session.day:
        return None
    return stopped_at(held.stop_price, bar.open, rules.stop_fill)


class _Day:
    """The book while one session runs."""

    def __init__(
        self, state: PortfolioState, session: MarketSession, rules: PortfolioRules, fills: Fills
    ) -> None:
        self.session = session
        self.rules = rules
        self.fills = fills
        self.realized = state.realized
        self.capital = state.capital
        self.book = {held.symbol: held for held in state.positions}
        self.risk = None if rules.risk is None else UnderRisk(state, session, rules, rules.risk)
        self.entered: list[Held] = []
        self.trades: list[Trade] = []
        self.skipped: list[SkippedCandidate] = []
        self.held_before_open = frozenset(self.book)

    def sell(self, held: Held, sale: Sale, reason: str) -> None:
        rest = held.shares - sale.shares
        trade = Trade(
            replace(held, shares=sale.shares) if rest else held, self.session.day, sale.price, reason
        )
        self.trades.append(trade)
        self.realized += trade.pnl
        if rest:
            self.book[held.symbol] = replace(held, shares=rest)
        else:
            del self.book[held.symbol]

    def move_stops(self) -> None:
        if self.risk is not None:
            leaving = [held.symbol for held in self.book.values() if self._leaves(held)]
            self.book = self.risk.with_moved_stops(self.book, leaving)

    def _leaves(self, held: Held) -> bool:
        """Tell whether a position is sold at this open by what was decided before it."""
        return held.pending is not None or self.rules.held_long_enough(held.entry_date, self.session.day)

    def sell_pending(self) -> None:
        today = self.session.day
        for held in tuple(self.book.values()):
            reason = held.pending
            if (
                reason is None
                and self.rules.chooses_live
                and self.rules.held_long_enough(held.entry_date, today)
            ):
                reason = MAX_HOLDING
            if reason is None:
                continue
            if held.symbol in self.session.bars:
                self._sell_at_open(held, reason)
            else:
                kept = reason if self.rules.keep_pending_exits else None
                self.book[held.symbol] = replace(held, pending=kept)

    def _sell_at_open(self, held: Held, reason: str) -> None:
        """Sell at the open; live, a stop resting at the broker comes first when the open is below it."""
        price = self.session.bars[held.symbol].open
        resting = self.rules.chooses_live and self.rules.stop_mode in {"intraday", "skip_entry_day"}
        if resting and price <= held.stop_price:
            reason = STOP_LOSS
            price = stopped_at(held.stop_price, price, self.rules.stop_fill)
        sale = self.fills.exit(held, sell_price(price, self.rules), reason)
        if sale is not None:
            self.sell(held, sale, reason)

    def choose_one_by_one(self, candidates: Sequence[Candidate]) -> None:
        """Walk the candidates by score at the open, with at most one rotation."""
        kept, skips, _ = filtered(candidates, self.rules)
        self._record(skips, candidates)
        may_rotate, opened = self.rules.enable_rotation, 0
        for candidate in kept:
            bar = self.session.bars.get(candidate.ticker)
            limit = self.rules.daily_entry_limit
            if candidate.ticker in self.book:
                self._skip(candidate, "duplicate_ticker")
            elif bar is None or bar.open <= 0:
                self._skip(candidate, "no_price_data")
            elif (shares := self._shares(candidate, bar.open)) < 1:
                self._skip(candidate, "zero_shares")
            elif limit is not None and opened >= limit:
                self._skip(candidate, "daily_limit")
            elif len(self.book) < self.rules.max_positions:
                self._enter(candidate, shares)
                opened += 1
            elif may_rotate and self._rotate_for(candidate):
                may_rotate = False
                self._enter(candidate, shares)
                opened += 1
            else:
                self._skip(candidate, "capacity_full")

    def _shares(self, candidate: Candidate, open_: float) -> int:
        price = open_ if self.rules.size_from == "open" else candidate.price
        return shares_for(self.rules.position_size, price) if price is not None and price > 0 else 0

    def _rotate_for(self, candidate: Candidate) -> bool:
        weakest = weakest_loser(self._holdings())
        if weakest is None or not may_replace(candidate, weakest):
            return False
        self._rotate_out(weakest.symbol)
        return True

    def _rotate_out(self, symbol: str) -> None:
        self._sell_at_open(self.book[symbol], ROTATED_OUT)

    def _holdings(self) -> list[Holding]:
        """Positions rotation may judge: those that trade today, and not those opened today."""
        return [
            Holding(held.symbol, held.unrealized, held.score)
            for held in self.book.values()
            if held.symbol in self.session.bars
            and (self.rules.rotate_same_day_entries or held.entry_date != self.session.day)
        ]

    def choose_live(self, candidates: Sequence[Candidate]) -> None:
        """Fill at the open what the live strategy chose before it, the day's open still unknown.

        Tickers that nobody has a price of are left out first, as stage 1 does: they use up no place.
        """
        candidates = self._priced(candidates)
        staying = [
            Holding(held.symbol, held.unrealized, held.score)
            for held in sorted(self.book.values(), key=lambda held: held.symbol)
            if held.pending is None
        ]
        chosen = select(candidates, self.held_before_open, staying, self.rules)
        self._record(chosen.skipped, candidates)
        if self.risk is not None:
            self._enter_under_risk(chosen, [held.symbol for held in staying])
            return
        # A rotation that finds no market is forgotten, as live: its candidate is gone tomorrow.
        if chosen.rotated_out is not None and chosen.rotated_out in self.session.bars:
            self._rotate_out(chosen.rotated_out)
        for entry in chosen.entries:
            bar = self.session.bars.get(entry.candidate.ticker)
            if bar is None or bar.open <= 0:
                self._skip(entry.candidate, "no_price_data")
            elif len(self.book) >= self.rules.max_positions:
                self._skip(entry.candidate, "capacity_full")
            elif (shares := min(entry.quantity, self.rules.most_shares(bar.open))) < 1:
                self._skip(entry.candidate, "zero_shares")
            else:
                self._enter(entry.candidate, shares)

    def _enter_under_risk(self, chosen: Selection, staying: Sequence[str]) -> None:
        """Fill what the risk rules leave of a choice, as live."""
        assert self.risk is not None
        decided = self.risk.decide(chosen, staying)
        reasons = {skip.symbol: skip.reason for skip in decided.skipped}
        made = {entry.symbol: entry for entry in decided.entries}
        out = chosen.rotated_out
        if out in {signal.symbol for signal in decided.exits if signal.makes_room_for} and (
            out in self.session.bars
        ):
            self._rotate_out(out)
        for entry in chosen.entries:
            signal, bar = made.get(entry.candidate.ticker), self.session.bars.get(entry.candidate.ticker)
            if signal is None:
                self._skip(entry.candidate, reasons[entry.candidate.ticker])
                continue
            cap = float(signal.details["max_order_value"])
            if bar is None or bar.open <= 0:
                self._skip(entry.candidate, "no_price_data")
            elif len(self.book) >= self.rules.max_positions:
                self._skip(entry.candidate, "capacity_full")
            elif (shares := min(signal.quantity, most_shares(cap, bar.open))) < 1:
                self._skip(entry.candidate, "zero_shares")
            else:
                self._enter(entry.candidate, shares, float(signal.details[INITIAL_STOP_PCT]))

    def _priced(self, candidates: Sequence[Candidate]) -> Sequence[Candidate]:
        known = self.session.known
        if known is None:
            return candidates
        for candidate in candidates:
            if candidate.ticker not in known:
                self._skip(candidate, "no_price_data")
        return [candidate for candidate in candidates if candidate.ticker in known]

    def _enter(self, candidate: Candidate, shares: int, stop_pct: float | None = None) -> None:
        bar = self.session.bars[candidate.ticker]
        price = rounded(bar.open, self.rules, self.rules.entry_slippage_pct)
        stop = self.rules.stop_price(price) if stop_pct is None else price * (1 - stop_pct / 100)
        if self.rules.chooses_live:
            stop = round(stop, 2)
        mark = price if bar.previous_close is None else bar.previous_close
        held = Held.opened(candidate, self.session.day, price=price, shares=shares, stop=stop, mark=mark)
        if stop_pct is not None:
            held = replace(held, initial_stop_pct=stop_pct)
        opened = self.fills.entry(held)
        if opened is None:
            return
        self.book[opened.symbol] = opened
        self.entered.append(opened)

    def _skip(self, candidate: Candidate, reason: str) -> None:
        self.skipped.append(SkippedCandidate(candidate, reason))

    def _record(self, skips: Sequence[Skip], candidates: Sequence[Candidate]) -> None:
        rows = list(candidates)
        for left in skips:
            score = left.details.get("score")
            found = next(row for row in rows if row.ticker == left.symbol and row.score == score)
            rows.remove(found)
            self._skip(found, left.reason)

    def stops(self) -> None:
        mode = self.rules.stop_mode
        for held in tuple(self.book.values()):
            if mode in {"intraday", "skip_entry_day"}:
                price = stop_fill(held, self.session, self.rules)
                sale = self.fills.stop(held, None if price is None else sell_price(price, self.rules))
                if sale is not None:
                    self.sell(held, sale, STOP_LOSS)
                continue
            bar = self.session.bars.get(held.symbol)
            if bar is None or bar.close > held.stop_price:
                continue
            if mode == "close":
                self.sell(held, Sale(sell_price(bar.close, self.rules), held.shares), STOP_LOSS)
            else:
                self.book[held.symbol] = replace(held, pending=held.pending or STOP_LOSS)

    def trail(self) -> None:
        if self.rules.trailing_stop is None:
            return
        for held in tuple(self.book.values()):
            if held.pending is not None or held.symbol not in self.session.broken:
                continue
            weeks = completed_weeks(held.entry_date, self.session.week)
            if weeks >= self.rules.trailing_transition_weeks:
                self.book[held.symbol] = replace(held, pending=TREND_BREAK)

    def hold_no_longer(self) -> None:
        if self.rules.chooses_live:
            return  # decided before the next open, like every live exit
        for held in tuple(self.book.values()):
            bar = self.session.bars.get(held.symbol)
            due = self.rules.held_long_enough(held.entry_date, self.session.day)
            if due and held.pending is None and bar is not None:
                self.sell(held, Sale(rounded(bar.close, self.rules), held.shares), MAX_HOLDING)

    def close(self, most_positions: int) -> tuple[PortfolioState, Events]:
        bars = self.session.bars
        positions = tuple(
            held if (bar := bars.get(held.symbol)) is None else replace(held, mark=bar.close)
            for held in self.book.values()
        )
        events = Events(tuple(self.entered), tuple(self.trades), tuple(self.skipped), most_positions)
        return PortfolioState(positions, self.realized, self.capital), events
