"""Labels: when an opening range begins on a trading day, and until when a break of it counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from backtest.calendar.trading_days import DayAnchor, TradingDay
from backtest.core.errors import ParameterError
from backtest.strategies.parameters import suggest

BRISBANE: Final = "Australia/Brisbane"
#: Lengths of an opening range, in minutes.
ORB_MINUTES: Final = (5, 15, 30)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Label:
    """An opening range by name: it begins at `at` on the clock of `zone`."""

    name: str
    zone: str
    at: time

    def start(self, day: TradingDay) -> datetime | None:
        """Return the instant at which the range begins on a trading day, UTC.

        It is the one in the trading day, on whatever date of the zone; None when the clock of the zone does
        not show that time in it (a day that a change of clocks shortened).
        """
        zone = ZoneInfo(self.zone)
        for date in (day.day, day.day + _DAY, day.day - _DAY):
            found = datetime.combine(date, self.at, zone).astimezone(UTC)
            if day.holds(found) and found.astimezone(zone).time() == self.at:
                return found
        return None


#: The labels of the futures day, in the order in which one ends the search for a break of the one before.
TABLE: Final = (
    Label("0900", BRISBANE, time(9)),
    Label("1000", BRISBANE, time(10)),
    Label("1100", BRISBANE, time(11)),
    Label("1800", BRISBANE, time(18)),
    Label("2300", BRISBANE, time(23)),
    Label("0030", BRISBANE, time(0, 30)),
)
#: Labels that keep their meaning over changes of clocks; a break of them counts until the day ends.
SESSIONS: Final = (Label("NYSE0930", "America/New_York", time(9, 30)),)
LABELS: Final = {label.name: label for label in (*TABLE, *SESSIONS)}
FUTURES_DAY: Final = DayAnchor(BRISBANE, time(9))


@dataclass(frozen=True, slots=True)
class Window:
    """An opening range on one trading day, instants in UTC.

    Attributes:
        label: its name.
        start, end: the range is taken from the bars from `start` up to, not including, `end`.
        deadline: a break counts before this instant.
        day_end: the trading day ends here, and every trade with it.
    """

    label: str
    start: datetime
    end: datetime
    deadline: datetime
    day_end: datetime


def label_of(name: str) -> Label:
    """Return a label by its name. ParameterError: there is none of that name."""
    if name not in LABELS:
        raise ParameterError(f"unknown label {name!r}", remedy=suggest(name, list(LABELS)))
    return LABELS[name]


def window_of(label: Label, day: TradingDay, minutes: int) -> Window | None:
    """Return the opening range of `minutes` on a trading day, None where the day does not have it."""
    start = label.start(day)
    if start is None:
        return None
    end = min(start + timedelta(minutes=minutes), day.end)
    return Window(label.name, start, end, _deadline(label, day), day.end)


def _deadline(label: Label, day: TradingDay) -> datetime:
    """Return the start of the next label of the table, the end of the day for the last and for sessions."""
    later = TABLE[TABLE.index(label) + 1 :] if label in TABLE else ()
    following = later[0].start(day) if later else None
    return following or day.end
