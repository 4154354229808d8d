"""A report as a person reads it, whatever shows it: subject, headline, sections of facts, tables and lines.

Everything is text by then, so that text and HTML cannot differ in a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from backtest.calendar.sessions import NEW_YORK
from live.system.number_text import money

Tone = Literal["good", "notice", "bad", "plain"]

UNKNOWN: Final = "unknown"
VERDICT_TONE: Final[Mapping[str, Tone]] = {"GREEN": "good", "YELLOW": "notice", "RED": "bad"}


@dataclass(frozen=True, slots=True)
class Fact:
    """One labelled value."""

    name: str
    value: str
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Table:
    """Cells under column names; at most six columns, so that a telephone shows them.

    Attributes:
        rows: one text per column each.
        numbers: names of the columns that are aligned right.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A titled part: facts, then the table, then lines; `tone` is that of its lines."""

    title: str
    facts: tuple[Fact, ...] = ()
    table: Table | None = None
    lines: tuple[str, ...] = ()
    tone: Tone = "plain"

    @property
    def empty(self) -> bool:
        """Whether it says nothing."""
        return not (self.facts or self.lines or (self.table and self.table.rows))


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report; sections that say nothing are left out by whoever shows it."""

    subject: str
    headline: str
    tone: Tone
    sections: tuple[Section, ...]

    @property
    def shown(self) -> tuple[Section, ...]:
        """The sections that say something."""
        return tuple(section for section in self.sections if not section.empty)


def percent(fraction: float | None, *, signed: bool = False, digits: int = 2) -> str:
    """Return a decimal fraction as percent, "unknown" for None."""
    if fraction is None:
        return UNKNOWN
    return points(fraction * 100, signed=signed, digits=digits)


def points(value: float | None, *, signed: bool = True, digits: int = 3) -> str:
    """Return a value that is in percent already, "unknown" for None."""
    if value is None:
        return UNKNOWN
    return f"{round(value, digits) + 0.0:{'+' if signed else ''}.{digits}f} %"  # never "-0.00 %"


def amount(value: float | None, *, signed: bool = False) -> str:
    """Return an amount of money, "unknown" for None."""
    if value is None:
        return UNKNOWN
    return f"{value:+,.2f}" if signed else money(value)


def price(value: float | None) -> str:
    """Return a price per share with four decimals, "-" for None."""
    return "-" if value is None else f"{value:,.4f}"


def instant(at: datetime | None) -> str:
    """Return an instant on New York's clock, "never" for None."""
    return "never" if at is None else f"{at.astimezone(NEW_YORK):%Y-%m-%d %H:%M:%S} New York"


def days(first: date, last: date) -> str:
    """Return a span of dates."""
    return str(first) if first == last else f"{first} to {last}"
