"""Walks over minute bars with the rules of the strategy, one loop each: interpreted, or compiled for a batch.

Every function fills columns that it is given. Prices are doubles of one unit; rows are positions in the bars.
"""

from __future__ import annotations

from typing import Any

from backtest.strategies.opening_range_breakout import rules


def confirm_row(close: Any, row: int, end: int, side: int, high: float, low: float, needed: int) -> int:
    """Return the row on which the count of closes in a row reaches `needed`, -1 when none does."""
    count = 0
    for at in range(row, end):
        count = rules.confirm_count(count, close[at], side, high, low)
        if count == needed:
            return at
    return -1


def limit_row(high: Any, low: Any, row: int, end: int, side: int, edge: float, stop: float) -> int:
    """Return the row that fills a limit order at the edge, -1 when it ends unfilled."""
    for at in range(row, end):
        answer = rules.limit_answer(side, high[at], low[at], edge, stop)
        if answer == rules.FILLED:
            return at
        if answer == rules.DEAD:
            return -1
    return -1


def entry_of(
    prices: Any, model: int, confirmed: int, end: int, side: int, edge: float, stop: float
) -> tuple[int, float]:
    """Return row and price of the entry after a confirming row; row -1 when there is none.

    `prices` holds the columns open, high, low and close. The order of E3 rests from the bar after the
    confirming one.
    """
    if confirmed >= 0 and model == rules.E1 and confirmed + 1 < end:
        return confirmed + 1, prices[0][confirmed + 1]
    if confirmed >= 0 and model == rules.E2:
        return confirmed, prices[3][confirmed]
    if confirmed >= 0 and model == rules.E3:
        return limit_row(prices[1], prices[2], confirmed + 1, end, side, edge, stop), edge
    return -1, edge


def exit_rows(
    prices: Any,
    entry_row: int,
    end: int,
    model: int,
    side: int,
    entry: float,
    stop: float,
    targets: Any,
    row: Any,
    answer: Any,
    worst: Any,
    best: Any,
) -> None:
    """Fill where and how a trade ends for every target, and how far bars went against it and with it.

    `prices` holds the columns open, high, low and close. A trade that nothing ends has the answer OPEN and
    the row -1. The excursions, not negative, are those of the bars after the entry up to the exit; of the
    entry bar alone when the exit is on it.
    """
    high = prices[1]
    low = prices[2]
    still = len(targets)
    for n in range(still):
        row[n] = -1
        answer[n] = rules.OPEN
    against = 0.0
    along = 0.0
    for at in range(entry_row if rules.watches_entry_bar(model) else entry_row + 1, end):
        bar_against = rules.adverse(side, high[at], low[at], entry)
        bar_along = rules.favourable(side, high[at], low[at], entry)
        if at > entry_row:
            against = max(against, bar_against)
            along = max(along, bar_along)
        for n in range(len(targets)):
            if answer[n] == rules.OPEN:
                found = rules.exit_answer(side, high[at], low[at], stop, targets[n])
                if found != rules.OPEN:
                    answer[n] = found
                    row[n] = at
                    worst[n] = against if at > entry_row else max(0.0, bar_against)
                    best[n] = along if at > entry_row else max(0.0, bar_along)
                    still -= 1
        if still == 0:
            return
    for n in range(len(targets)):
        if answer[n] == rules.OPEN:
            worst[n] = against
            best[n] = along


def outcomes(
    prices: Any,
    break_row: Any,
    day_end: Any,
    sides: Any,
    range_high: Any,
    range_low: Any,
    models: Any,
    confirm: Any,
    numerators: Any,
    denominators: Any,
    entry_row: Any,
    entry_price: Any,
    targets: Any,
    exit_row: Any,
    answer: Any,
    worst: Any,
    best: Any,
) -> None:
    """Fill the outcome of every break for every entry model, confirm count and ratio.

    Shapes: `prices` (4, n) open, high, low, close; the next five (events,); `entry_row` and `entry_price`
    (events, models, confirms), row -1 for no entry; the last five (events, models, confirms, ratios).
    """
    for event in range(len(break_row)):
        end = day_end[event]
        side = sides[event]
        edge = rules.edge_of(side, range_high[event], range_low[event])
        stop = rules.stop_of(side, range_high[event], range_low[event])
        for c in range(len(confirm)):
            confirmed = confirm_row(
                prices[3], break_row[event], end, side, range_high[event], range_low[event], confirm[c]
            )
            for m in range(len(models)):
                at, price = entry_of(prices, models[m], confirmed, end, side, edge, stop)
                risk = rules.risk_of(price, stop)
                entry_row[event, m, c] = at if risk > 0.0 else -1
                if entry_row[event, m, c] < 0:
                    continue
                entry_price[event, m, c] = price
                for n in range(len(numerators)):
                    targets[event, m, c, n] = rules.target_of(
                        side, price, risk, numerators[n], denominators[n]
                    )
                exit_rows(
                    prices,
                    at,
                    end,
                    models[m],
                    side,
                    price,
                    stop,
                    targets[event, m, c],
                    exit_row[event, m, c],
                    answer[event, m, c],
                    worst[event, m, c],
                    best[event, m, c],
                )
