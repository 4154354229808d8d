"""What comes out of reading a CSV file: bars, findings, actions, and what was recognised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np

from backtest.core.bar_words import Basis
from backtest.core.bars import Bars
from backtest.core.errors import Finding
from backtest.data.quality import DatedFinding
from backtest.data.quality.actions import CorporateAction


@dataclass(frozen=True, slots=True)
class Dialect:
    """What was recognised in one file: everything that decides how its cells became bars.

    Attributes:
        file: its name.
        symbol: the symbol, and in `symbol_from` where it was found.
        columns: header name by role; `unused` are the names nothing was taken from.
        header_lines: lines before the first row of data; `skipped` of them are no header.
        writing: encoding, delimiter, quotes and compression in words.
        dates: date format in words; `newest_first` is the order of the rows.
        decimal: decimal sign, ``dot`` or ``comma``.
        basis: what the prices hold; `notes` says more, a sentence each.
        plain: the file is written exactly as ours are.
    """

    file: str
    symbol: str
    symbol_from: str
    columns: Mapping[str, str]
    dates: str
    newest_first: bool
    basis: Basis
    unused: tuple[str, ...] = ()
    header_lines: int = 1
    skipped: int = 0
    writing: str = "utf-8, comma"
    decimal: str = "dot"
    notes: tuple[str, ...] = ()
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """The readable rows of one file and everything wrong with it.

    Attributes:
        bars: rows that could be read, oldest first.
        findings: defects with the session each concerns; with any of them the file is refused.
        dialect: what was recognised; None when the file could not be read at all.
        actions: dividends and splits that the file names.
        gaps: sessions that the file has without prices (a row of nulls); they have no bar.
    """

    bars: Bars
    findings: tuple[DatedFinding, ...]
    dialect: Dialect | None = None
    actions: tuple[CorporateAction, ...] = ()
    gaps: tuple[date, ...] = ()

    def recognised(self) -> str:
        """Return one line that says what the file was taken for; empty when nothing was recognised."""
        if self.dialect is None or not len(self.bars):
            return ""
        parts = (
            f"{len(self.bars)} bars {self.bars.first} to {self.bars.last}",
            _format(self.dialect),
            f"basis {self.dialect.basis}",
            *self._extras(),
            *self.dialect.notes,
        )
        about = self.dialect
        return f"{about.file}: {about.symbol} ({about.symbol_from}), {'; '.join(parts)}"

    def document(self) -> dict[str, Any]:
        """Return what was recognised as a JSON-ready value."""
        about = {} if self.dialect is None else asdict(self.dialect)
        return {
            **about,
            "line": self.recognised(),
            "actions": [action.describe() for action in self.actions],
            "gaps": [day.isoformat() for day in self.gaps],
        }

    def _extras(self) -> list[str]:
        extras = []
        if self.actions:
            named = ", ".join(action.describe() for action in self.actions[:3])
            more = f" and {len(self.actions) - 3} more" if len(self.actions) > 3 else ""
            extras.append(f"{named}{more}")
        if self.gaps:
            days = ", ".join(map(str, self.gaps[:3])) + (" ..." if len(self.gaps) > 3 else "")
            rows = "1 row" if len(self.gaps) == 1 else f"{len(self.gaps)} rows"
            extras.append(f"{rows} without prices, kept as a gap: {days}")
        return extras


def _format(about: Dialect) -> str:
    order = "newest first" if about.newest_first else "oldest first"
    if about.plain:
        return f"plain format, {about.dates}, {order}"
    columns = ", ".join(
        role if role == name.lower() else f"{role}={name}" for role, name in about.columns.items()
    )
    unused = f", not used: {', '.join(about.unused)}" if about.unused else ""
    skipped = f", {about.skipped} line(s) above the header skipped" if about.skipped else ""
    heads = f", {about.header_lines} header rows" if about.header_lines != 1 and not about.skipped else ""
    return (
        f"columns {columns}{unused}{heads}{skipped}; dates {about.dates}, {order}; "
        f"{about.writing}, decimal {about.decimal}"
    )


def no_bars(symbol: str) -> Bars:
    """Return bars without a row."""
    nothing = np.array([], dtype=np.float64)
    days = np.array([], dtype="datetime64[D]")
    return Bars(symbol.upper(), days, nothing, nothing, nothing, nothing, nothing, source="csv")


def refused(symbol: str, place: str, problem: str, remedy: str) -> Judged:
    """Return the judgement of a file that could not be read as a whole."""
    return Judged(no_bars(symbol), (DatedFinding(None, Finding(place, problem, remedy)),))
