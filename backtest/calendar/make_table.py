"""Write `backtest/calendar/table.py` anew from pandas-market-calendars.

    python -m backtest.calendar.make_table --until 2029

The library extrapolates its rules for ever; the exchange publishes its holidays about three years ahead. Give
the last year the exchange has published, read the difference, then run the tests (they compare table and
library).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path

from backtest.calendar import table as calendar_table
from backtest.calendar.sessions import REGULAR_CLOSE, REGULAR_OPEN

FIRST_YEAR = 1990
TARGET = Path(calendar_table.__file__)

_TEMPLATE = '''"""Days on which the New York Stock Exchange is closed, opens late or closes early.

Generated from pandas-market-calendars {version} by `python -m backtest.calendar.make_table`: never edit it.
One line per year lists the closed weekdays (month-day); the other two lists hold New York times.
"""

FIRST = "{first}"
LAST = "{last}"

CLOSED = """
{closed}
"""

LATE_OPENS = """
{opens}
"""

EARLY_CLOSES = """
{closes}
"""
'''


def table_text(until_year: int) -> str:
    """Return the source of the table from 1990 to the end of `until_year`."""
    import pandas_market_calendars as markets

    first, last = date(FIRST_YEAR, 1, 1), date(until_year, 12, 31)
    schedule = markets.get_calendar("NYSE").schedule(first.isoformat(), last.isoformat())
    opens = schedule["market_open"].dt.tz_convert("America/New_York")
    closes = schedule["market_close"].dt.tz_convert("America/New_York")
    trading = {stamp.date() for stamp in schedule.index}
    return _TEMPLATE.format(
        version=markets.__version__,
        first=first,
        last=last,
        closed="\n".join(_closed_lines(first, last, trading)),
        opens="\n".join(f"{at:%Y-%m-%d %H:%M}" for at in opens if at.time() != REGULAR_OPEN),
        closes="\n".join(f"{at:%Y-%m-%d %H:%M}" for at in closes if at.time() != REGULAR_CLOSE),
    )


def _closed_lines(first: date, last: date, trading: set[date]) -> Iterable[str]:
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    for year in range(first.year, last.year + 1):
        closed = [d for d in days if d.year == year and d.weekday() < 5 and d not in trading]
        yield f"{year} " + " ".join(f"{d:%m-%d}" for d in closed)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the table; return 0."""
    parser = argparse.ArgumentParser(description="Refresh the exchange calendar table.")
    parser.add_argument("--until", type=int, required=True, metavar="YEAR", help="last published year")
    parser.add_argument("--output", type=Path, default=TARGET)
    options = parser.parse_args(arguments)
    options.output.write_text(table_text(options.until), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
