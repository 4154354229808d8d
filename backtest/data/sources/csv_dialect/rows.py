"""The rows of data under a head: as wide as it, of one symbol, of one day each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from backtest.core.errors import DataError
from backtest.data.sources.csv_dialect.columns import Columns, several
from backtest.data.sources.csv_dialect.options import CsvOptions
from backtest.data.sources.csv_dialect.symbols import key, symbol_of
from backtest.data.sources.csv_dialect.table import Row, Table

_DAILY: Final = frozenset(("", "D", "1D", "DAY", "DAILY", "1440"))


@dataclass(frozen=True, slots=True)
class DataRows:
    """Rows of data and the head they stand under; `symbol` is theirs, found in `symbol_from`."""

    rows: tuple[Row, ...]
    columns: Columns
    symbol: str
    symbol_from: str

    def column(self, role: str) -> list[str]:
        """Return the cells of a role; blank ones where the head has no such column or the row is short."""
        place = self.columns.roles.get(role)
        if place is None:
            return [""] * len(self.rows)
        return [row.cells[place] if place < len(row.cells) else "" for row in self.rows]

    def dates(self) -> list[str]:
        """Return the date cells, with the time behind it when that is kept in a column of its own."""
        cells = self.column("date")
        if "time" not in self.columns.roles:
            return cells
        return [f"{day} {_clock(time)}".strip() for day, time in zip(cells, self.column("time"), strict=True)]

    def misshapen(self) -> list[tuple[int, str]]:
        """Return the rows that do not have a cell for every column, and what is wrong with each."""
        width = len(self.columns.names)
        return [
            (n, _shape(row, width, last=n == len(self.rows) - 1))
            for n, row in enumerate(self.rows)
            if len(row.cells) != width or row.blank
        ]


def data_rows(table: Table, columns: Columns, options: CsvOptions, named: str | None) -> DataRows:
    """Return the rows of the one symbol.

    Args:
        table: the whole file.
        columns: its head.
        options: `symbol` names the symbol whatever the file says.
        named: the symbol that the file name spells, None when it spells none.

    Raises:
        DataError: no rows, rows of several symbols or of another symbol than the name says, no symbol at
            all, or bars of another length than a day.
    """
    rows = DataRows(table.rows[columns.first :], columns, "", "")
    if not rows.rows:
        raise DataError("no rows below the header", where=":1", remedy="get the rows from your data source")
    _refuse_other_periods(rows)
    inside = _symbols_inside(rows)
    if options.symbol is not None:
        wanted = options.symbol.upper()
        if len(inside) > 1:
            return _only(rows, inside, wanted)
        says = (
            f", the file says {next(iter(inside))}"
            if inside and key(next(iter(inside))) != key(wanted)
            else ""
        )
        return DataRows(rows.rows, columns, wanted, f"by --symbol{says}")
    if len(inside) > 1:
        raise several(set(inside), options)
    return DataRows(rows.rows, columns, *_one_symbol(next(iter(inside), None), named, options))


def _one_symbol(inside: str | None, named: str | None, options: CsvOptions) -> tuple[str, str]:
    if inside is not None and named is not None and key(inside) != key(named):
        raise DataError(
            f"the file says it is {inside}, its name says {named}",
            remedy=options.remedy(f"--symbol {inside}", f"--symbol {named}"),
        )
    if named is not None:
        return named, "from its name"
    if inside is not None:
        return inside, "from the file"
    raise DataError("neither the file nor its name says the symbol", remedy=options.remedy("--symbol SYMBOL"))


def _symbols_inside(rows: DataRows) -> dict[str, set[str]]:
    """Return the symbols that the file itself names, each with its spellings."""
    found: dict[str, set[str]] = {}
    cells: Sequence[str] = [rows.columns.symbol or ""]
    if "symbol" in rows.columns.roles:
        cells = rows.column("symbol")
    for cell in dict.fromkeys(cells):
        if cell:
            found.setdefault(symbol_of(cell) or cell.upper(), set()).add(cell)
    return found


def _only(rows: DataRows, inside: dict[str, set[str]], wanted: str) -> DataRows:
    spellings = {s for name, cells in inside.items() if key(name) == key(wanted) for s in cells}
    if not spellings:
        raise DataError(
            f"no rows of {wanted}; the file holds {', '.join(sorted(inside)[:5])}", remedy="correct --symbol"
        )
    pairs = zip(rows.rows, rows.column("symbol"), strict=True)
    kept = tuple(row for row, cell in pairs if cell in spellings)
    return DataRows(kept, rows.columns, wanted, "by --symbol, one of several in the file")


def _refuse_other_periods(rows: DataRows) -> None:
    for period in dict.fromkeys(rows.column("period")):
        if period.upper() not in _DAILY:
            raise DataError(f"period {period!r}: these are no daily bars", remedy="give daily bars")


def _shape(row: Row, width: int, *, last: bool) -> str:
    if row.blank and len(row.cells) < 2:
        return "blank line"
    if row.blank and len(row.cells) == width:
        return "blank row"
    cut = "; the last line looks cut off" if last and len(row.cells) < width else ""
    return f"{len(row.cells)} cells instead of {width}{cut}"


def _clock(cell: str) -> str:
    """Return a time with colons: 160000 and 1600 are 16:00."""
    if re.fullmatch(r"\d{4}|\d{6}", cell, re.ASCII):
        return ":".join(cell[n : n + 2] for n in range(0, len(cell), 2))
    return cell
