"""Every candidate traded on its own: the same session step, without capacity or rotation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars
from backtest.core.candidate import Candidate
from backtest.simulator.positions.market import Market, WeekEnd
from backtest.simulator.positions.model import (
    PortfolioResult,
    PortfolioRules,
    PortfolioState,
    SkippedCandidate,
    Trade,
)
from backtest.simulator.positions.simulate import NO_PRICE_DATA, closed_at_end, entry_day
from backtest.simulator.positions.step import sell_price, step

DAILY_LIMIT = "daily_limit"


def simulate_independent(
    candidates: Sequence[Candidate],
    prices: Mapping[str, Bars],
    rules: PortfolioRules,
    is_week_end: WeekEnd = calendar.is_week_end,
) -> PortfolioResult:
    """Trade every candidate alone; only `daily_entry_limit` (best scores of an entry date) can refuse one.

    Trades keep the order of the candidates. Skips: those without data first, then by entry date and score.
    There is no common book, hence no equity series.
    """
    alone = rules.model_copy(update={"daily_entry_limit": None, "enable_rotation": False})
    markets = {ticker: _market(ticker, prices, alone, is_week_end) for ticker in _tickers(candidates)}
    days = [_entry(candidate, markets[candidate.ticker], alone) for candidate in candidates]
    refused = _over_limit(candidates, days, rules.daily_entry_limit)
    limited = [SkippedCandidate(candidates[position], DAILY_LIMIT) for position in refused]
    never = [
        SkippedCandidate(candidate, NO_PRICE_DATA)
        for candidate, day in zip(candidates, days, strict=True)
        if day is None
    ]
    trades: list[Trade] = []
    skipped: list[SkippedCandidate] = []
    turned_away = frozenset(refused)
    for position, (candidate, day) in enumerate(zip(candidates, days, strict=True)):
        market = markets[candidate.ticker]
        if day is not None and market is not None and position not in turned_away:
            result = _play(candidate, day, market, alone)
            trades += result.trades
            skipped += result.skipped
    return PortfolioResult(tuple(trades), (*never, *limited, *skipped), ())


def _tickers(candidates: Iterable[Candidate]) -> set[str]:
    return {candidate.ticker for candidate in candidates}


def _market(
    ticker: str, prices: Mapping[str, Bars], rules: PortfolioRules, is_week_end: WeekEnd
) -> Market | None:
    if ticker not in prices:
        return None
    bars = prices[ticker]
    if rules.data_end_date is not None:
        bars = bars.until(rules.data_end_date)
    if not len(bars):
        return None
    last = bars.last

    def ends(day: date) -> bool:
        return is_week_end(day) or (rules.last_bar_ends_week and day == last)

    return Market({ticker: bars}, rules, ends)


def _entry(candidate: Candidate, market: Market | None, rules: PortfolioRules) -> date | None:
    if market is None:
        return None
    return entry_day(candidate, market, rules)


def _over_limit(candidates: Sequence[Candidate], days: Sequence[date | None], limit: int | None) -> list[int]:
    """Return the positions of candidates beyond the `limit` best of their entry date, by date and score."""
    if limit is None:
        return []
    by_day: dict[date, list[int]] = {}
    for position, day in enumerate(days):
        if day is not None:
            by_day.setdefault(day, []).append(position)
    refused: list[int] = []
    for day in sorted(by_day):
        best = sorted(by_day[day], key=lambda position: -candidates[position].rank)
        refused += best[limit:]
    return refused


def _play(candidate: Candidate, day: date, market: Market, rules: PortfolioRules) -> PortfolioResult:
    state = PortfolioState()
    track = market.tracks[candidate.ticker]
    start = track.row_of[day]
    for today in track.days[start:]:
        arriving = (candidate,) if today == day else ()
        state, events = step(state, market.session(today), arriving, rules)
        if events.skipped or events.trades:
            return PortfolioResult(events.trades, events.skipped, ())
    held = state.positions[0]
    trade = closed_at_end(held, market, rules)
    if held.pending is not None:
        trade = replace(trade, exit_price=sell_price(trade.exit_price, rules))
    return PortfolioResult((trade,), (), ())
