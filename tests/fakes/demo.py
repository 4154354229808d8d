"""The product's synthetic demo market, loaded into an imitation server."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars
from backtest.data.sources import demo as demo_market
from tests.fakes.market import Bar, Market

SEED = 7


def load_demo(market: Market, stocks: Sequence[str] = ()) -> None:
    """Load the demo indexes and funds, and `stocks` by made-up history, up to the end of the calendar."""
    market.bars |= {symbol: list(rows) for symbol, rows in _rows(tuple(stocks)).items()}


@cache
def _rows(stocks: tuple[str, ...]) -> dict[str, list[Bar]]:
    end = calendar.table_ends()
    histories = dict(demo_market.demo_market(SEED, end))
    if stocks:
        histories |= demo_market.demo_stocks(SEED, stocks, end)
    return {symbol: _bars(bars) for symbol, bars in histories.items()}


def _bars(bars: Bars) -> list[Bar]:
    columns = (bars.open, bars.high, bars.low, bars.close, bars.volume)
    days = bars.dates.tolist()
    return [Bar(day, *map(float, row)) for day, *row in zip(days, *columns, strict=True)]
