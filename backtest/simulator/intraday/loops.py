"""Walks over minute bars with the rules of the strategy, one loop each: interpreted, or compiled for a batch.

Every function fills columns that it is given. Prices are doubles of one unit; rows are positions in the bars.
"""

from __future__ import annotations

from typing import Any

from backtest.strategies.opening_range_breakout import rules


def confirm_row(close: Any, row: int, end: int, side: int, high: float, low: float, needed: int) -> int:
    """Return the row on which the count of closes in a row reaches `needed`, -1 when none does."""
    count = 0
    closes = close[row:end]
    for after in range(len(closes)):
        count = rules.confirm_count(count, closes[after], side, high, low)
        if count == needed:
            return row + after
    return -1


def limit_row(high: Any, low: Any, row: int, end: int, side: int, edge: float, stop: float) -> int:
    """Return the row that fills a limit order at the edge, -1 when it ends unfilled."""
    highs = high[row:end]
    lows = low[row:end]
    for after in range(len(highs)):
        answer = rules.limit_answer(side, highs[after], lows[after], edge, stop)
        if answer == rules.FILLED:
            return row + after
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
    the row -1. Targets lie further away one after the other: what does not reach one reaches none behind it.
    The excursions, not negative, are those of the bars after the entry up to the exit; of the
    entry bar alone when the exit is on it.
    """
    high = prices[1][entry_row:end]
    low = prices[2][entry_row:end]
    count = len(targets)
    nearest = 0
    against = 0.0
    along = 0.0
    target = targets[0]
    for after in range(0 if rules.watches_entry_bar(model) else 1, len(high)):
        top = high[after]
        bottom = low[after]
        if after > 0:
            against = max(against, rules.adverse(side, top, bottom, entry))
            along = max(along, rules.favourable(side, top, bottom, entry))
        found = rules.exit_answer(side, top, bottom, stop, target)
        while found != rules.OPEN:
            answer[nearest] = found
            row[nearest] = entry_row + after
            worst[nearest] = against if after > 0 else max(0.0, rules.adverse(side, top, bottom, entry))
            best[nearest] = along if after > 0 else max(0.0, rules.favourable(side, top, bottom, entry))
            nearest += 1
            if nearest == count:
                return
            target = targets[nearest]
            found = rules.exit_answer(side, top, bottom, stop, target)
    for n in range(nearest, count):
        answer[n] = rules.OPEN
        row[n] = -1
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

    Shapes: `prices` columns (n,) open, high, low, close; the next five (events,); `entry_row` and
    `entry_price` (events, models, confirms), row -1 for no entry; the last five (events, models, confirms,
    ratios), the ratios ascending.
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
