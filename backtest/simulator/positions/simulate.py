"""Simulation of a book of positions with stops, weekly trailing exits, capacity and rotation.

Cost is linear: every symbol's weeks are judged once, every session looks only at what is held or entered.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars
from backtest.core.candidate import Candidate
from backtest.simulator.positions.market import Market, WeekEnd
from backtest.simulator.positions.model import (
    EquityPoint,
    Held,
    PortfolioResult,
    PortfolioRules,
    PortfolioState,
    SkippedCandidate,
    Trade,
)
from backtest.simulator.positions.step import rounded, step

END_OF_DATA = "end_of_data"
NO_PRICE_DATA = "no_price_data"


def simulate(
    candidates: Sequence[Candidate],
    prices: Mapping[str, Bars],
    rules: PortfolioRules,
    is_week_end: WeekEnd = calendar.is_week_end,
) -> PortfolioResult:
    """Play every session of the prices with a shared book.

    Args:
        candidates: in processing order; ties on the score keep it.
        prices: symbol -> daily bars, adjusted.
        rules: the settings.
        is_week_end: tells whether a session is the last of its week; the exchange calendar.
    """
    market = Market(prices, rules, is_week_end)
    due, unscheduled = schedule(candidates, market, rules)
    state = PortfolioState()
    trades: list[Trade] = []
    equity: list[EquityPoint] = []
    skipped = [SkippedCandidate(candidate, NO_PRICE_DATA) for candidate in unscheduled]
    for day in market.days:
        arriving = due.get(day, ())
        most = 0
        if arriving or state.positions:
            state, events = step(state, market.session(day), arriving, rules)
            trades += events.trades
            skipped += events.skipped
            most = events.most_positions
        equity.append(EquityPoint(day, state.realized, state.unrealized, len(state.positions), most))
    trades += [closed_at_end(held, market, rules) for held in state.positions]
    return PortfolioResult(tuple(trades), tuple(skipped), tuple(equity))


def closed_at_end(held: Held, market: Market, rules: PortfolioRules) -> Trade:
    """Close what is still open on the last session, without slippage."""
    last = market.days[-1]
    bar = market.tracks[held.symbol].bar(last)
    price = bar.close if bar else held.mark if rules.final_price == "last_close" else held.entry_price
    return Trade(held, last, rounded(price, rules), held.pending or END_OF_DATA)


def schedule(
    candidates: Sequence[Candidate], market: Market, rules: PortfolioRules
) -> tuple[dict[date, list[Candidate]], list[Candidate]]:
    """Give every candidate its entry session; return them by session, and those that never get one."""
    due: dict[date, list[Candidate]] = {}
    never: list[Candidate] = []
    for candidate in candidates:
        day = entry_day(candidate, market, rules)
        if day is not None:
            due.setdefault(day, []).append(candidate)
        elif rules.record_unscheduled:
            never.append(candidate)
    return due, never


def entry_day(candidate: Candidate, market: Market, rules: PortfolioRules) -> date | None:
    """Return the session a candidate enters at, None when its ticker has none (soon enough)."""
    wait = timedelta(days=1 if rules.entry_mode == "next_day_open" else 0)
    possible = bisect_left(market.days, candidate.report_date + wait)
    if rules.chooses_live:  # tried once; whether the ticker trades (or exists) is only known at the open
        return market.days[possible] if possible < len(market.days) else None
    track = market.tracks.get(candidate.ticker)
    if track is None:
        return None
    day = track.first_on_or_after(candidate.report_date + wait)
    if day is None or rules.max_entry_delay_sessions is None:
        return day
    return day if market.order[day] - possible <= rules.max_entry_delay_sessions else None
