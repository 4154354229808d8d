"""Which column holds what: header rows, names of vendors, symbols written in the head of a file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from backtest.core.errors import DataError
from backtest.data.sources.csv_dialect.options import NEEDED, CsvOptions
from backtest.data.sources.csv_dialect.symbols import key, symbol_of
from backtest.data.sources.csv_dialect.table import Row

HEAD_ROWS: Final = 20
_PRICES: Final = frozenset(("open", "high", "low", "close"))
_NAMES: Final = {
    role: frozenset(names.split())
    for role, names in {
        "date": "date day timestamp datetime tradedate tradingdate tradingday sessiondate pricedate "
        "exchangedate tsevent tsutc t datum fecha data dt windowstart",
        "time": "time tm hour",
        "open": "open o opn opening openprice openingprice pxopen eröffnung eröffn erster apertura ouverture "
        "abertura",
        "high": "high h highprice dayhigh max pxhigh hoch tageshoch máximo maximo plushaut",
        "low": "low l lowprice daylow min pxlow tief tagestief mínimo minimo plusbas",
        "close": "close c closing closeprice closingprice closelast last lastprice pxlast price settle "
        "schluss schlusskurs zuletzt letzter cierre clôture cloture último ultimo dernier",
        "volume": "volume vol v vols totalvolume sharevolume tradedvolume pxvolume volumen volumes",
        "adj_close": "adjclose adjustedclose adjustedclosingprice closeadj closeadjusted adjclosingprice "
        "adjcloseprice",
        "symbol": "symbol ticker tic tickers symbols actsymbol tickersymbol rawsymbol",
        "dividend": "dividend dividends dividendamount divcash exdividend cashdividend div",
        "capital_gain": "capitalgain capitalgains",
        "split": "split splits stocksplit stocksplits splitcoefficient splitfactor splitratio",
        "period": "per period",
    }.items()
}
#: First column of a table that a program wrote with its row labels, and of the two-row heads of yfinance.
_LABELS: Final = frozenset(("", "index", "unnamed0", "price"))


@dataclass(frozen=True, slots=True)
class Columns:
    """The head of a table.

    Attributes:
        first: position of the first row of data among the rows.
        names: the column names as written.
        roles: column position by role.
        skipped: how many lines of other text stand above the head.
        symbol: the symbol that the head itself names, None when it names none.
    """

    first: int
    names: tuple[str, ...]
    roles: Mapping[str, int]
    skipped: int = 0
    symbol: str | None = None

    @property
    def unused(self) -> tuple[str, ...]:
        """Names of the columns that nothing is taken from."""
        used = set(self.roles.values())
        return tuple(name for place, name in enumerate(self.names) if place not in used and name)


def find_columns(rows: Sequence[Row], options: CsvOptions) -> Columns:
    """Return the head of a table.

    Raises:
        DataError: no head, a part of a row has no column, or two columns could be it.
    """
    if options.columns and all(name.startswith("#") for name in options.columns.values()):
        return _by_number(rows, options)
    place = _head_row(rows, options)
    if place is None:
        raise _no_head(rows, options)
    found = _stacked(rows, place, options)
    names, first, ticker = found if found is not None else (rows[place].cells, place + 1, None)
    above = 0 if found is not None else rows[place].line - 1
    columns = Columns(first, names, _roles(names, options), above, ticker)
    _refuse_missing(columns, options)
    return columns


def role_of(name: str) -> str | None:
    """Return the role that a column name has in the spelling of some vendor, None when it is unknown."""
    word = _word(name)
    return next((role for role, names in _NAMES.items() if word in names), None)


def _word(name: str) -> str:
    bare = re.sub(r"\(.*?\)", "", re.sub(r"^\s*\d+\.\s*", "", name.lower()))
    return re.sub(r"[\W_]+", "", bare)


def _head_row(rows: Sequence[Row], options: CsvOptions) -> int | None:
    wanted = {name.lower() for name in options.columns.values() if not name.startswith("#")}
    for place, row in enumerate(rows[:HEAD_ROWS]):
        names = {cell.lower() for cell in row.cells}
        roles = {role_of(cell) for cell in row.cells if cell}
        if (wanted and wanted <= names) or (not wanted and len(roles & _PRICES) >= 2):
            return place
        if not wanted and "close" in roles and roles & {"date", "time"}:
            return place
    return None


def _no_head(rows: Sequence[Row], options: CsvOptions) -> DataError:
    start = ",".join(rows[0].cells)[:80]
    missing = [name for name in options.columns.values() if not name.startswith("#")]
    if missing:
        return DataError(
            f"no row names the columns of --map: {', '.join(missing)}", remedy=f"the first row is {start!r}"
        )
    numbers = " ".join(f"--map {role}=#{n}" for n, role in enumerate(NEEDED, 1))
    return DataError(
        f"wrong header {start!r}", where=":1", remedy=options.remedy(f"{numbers} (columns by number)")
    )


def _stacked(
    rows: Sequence[Row], place: int, options: CsvOptions
) -> tuple[tuple[str, ...], int, str | None] | None:
    """Return names, first row and symbol of a head in several rows (prices, tickers, the word Date)."""
    head = rows[max(place - 1, 0) : place + 3]
    tickers = next((row for row in head if _word(row.cells[0]) in {"ticker", "tickers"}), None)
    if tickers is None or tickers is rows[place]:
        return None
    below = [n for n, row in enumerate(rows[place : place + 4], place) if _only_first(row)]
    first = below[0] + 1 if below else max(place, rows.index(tickers)) + 1
    names = list(rows[place].cells)
    names[0] = rows[below[0]].cells[0] if below else "Date"
    symbol = _ticker(tickers.cells[1:], options)
    for position, cell in enumerate(tickers.cells[1 : len(names)], 1):
        if cell and key(symbol_of(cell) or cell) != key(symbol or cell):
            names[position] = ""
    return tuple(names), first, symbol


def _only_first(row: Row) -> bool:
    return role_of(row.cells[0]) == "date" and not any(row.cells[1:])


def _ticker(cells: Sequence[str], options: CsvOptions) -> str | None:
    """Return the one symbol that a row of tickers names."""
    found = {symbol_of(cell) or cell.upper() for cell in cells if cell}
    if len(found) <= 1:
        return next(iter(found), None)
    if options.symbol is not None and key(options.symbol) in {key(symbol) for symbol in found}:
        return next(symbol for symbol in found if key(symbol) == key(options.symbol))
    raise several(found, options)


def several(symbols: set[str], options: CsvOptions) -> DataError:
    """Return the error of a file that holds several symbols, none of them asked for."""
    names = sorted(symbols)
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return DataError(
        f"the file holds {len(names)} symbols: {', '.join(names[:5])}{more}",
        remedy=options.remedy(*(f"--symbol {name}" for name in names[:2])),
    )


def _roles(names: Sequence[str], options: CsvOptions) -> dict[str, int]:
    roles = {role: _place(name, names) for role, name in options.columns.items()}
    taken = set(roles.values())
    for role in _NAMES:
        if role not in roles:
            places = [n for n, name in enumerate(names) if n not in taken and name and role_of(name) == role]
            _refuse_two(role, places, names, roles, options)
            if places:
                roles[role] = places[0]
    return _with_labels(roles, names)


def _place(name: str, names: Sequence[str]) -> int:
    lower = [other.lower() for other in names]
    if name.lower() in lower:
        return lower.index(name.lower())
    number = int(name[1:]) if re.fullmatch(r"#\d{1,4}", name, re.ASCII) else 0
    if not 1 <= number <= len(names):
        raise DataError(f"no column {name!r}", remedy=f"the columns are: {', '.join(names)}"[:300])
    return number - 1


def _refuse_two(
    role: str, places: list[int], names: Sequence[str], roles: dict[str, int], options: CsvOptions
) -> None:
    """Raise when two columns could be one; a first column named Price is the label of a two-row head."""
    if role == "close" and len(places) > 1 and places[0] == 0 and "date" not in roles:
        places.pop(0)
    if len(places) > 1:
        both = [names[place] for place in places]
        distinct = len({name.lower() for name in both}) == len(both)
        labels = both if distinct else [f"#{place + 1}" for place in places]
        raise DataError(
            f"two columns could be {role}: {', '.join(both)}",
            remedy=options.remedy(*(f"--map '{role}={label}'" for label in labels)),
        )


def _with_labels(roles: dict[str, int], names: Sequence[str]) -> dict[str, int]:
    """Take the time column as the date, or the unnamed first one, when no column is called a date."""
    if "date" not in roles and "time" in roles:
        roles["date"] = roles.pop("time")
    if "date" not in roles and 0 not in roles.values() and _word(names[0]) in _LABELS:
        roles["date"] = 0
    return roles


def _refuse_missing(columns: Columns, options: CsvOptions) -> None:
    missing = [role for role in NEEDED if role not in columns.roles]
    if missing:
        names = ", ".join(name or "(no name)" for name in columns.names)[:200]
        raise DataError(
            f"wrong header: no column for {', '.join(missing)} among: {names}",
            where=":1",
            remedy=options.remedy(" ".join(f"--map {role}=COLUMN" for role in missing)),
        )
    if options.use_adj_close and "adj_close" not in columns.roles:
        raise DataError(
            "no column of adjusted closes", remedy="--map adj_close=COLUMN, or no --use-adj-close"
        )


def _by_number(rows: Sequence[Row], options: CsvOptions) -> Columns:
    """Return columns given by number; the first row is data when its prices are numbers."""
    width = len(rows[0].cells)
    names = tuple(f"#{n}" for n in range(1, width + 1))
    roles = {role: _place(name, names) for role, name in options.columns.items()}
    headed = not re.search(r"\d", rows[0].cells[roles["close"]]) if "close" in roles else False
    columns = Columns(int(headed), rows[0].cells if headed else names, roles)
    if headed:
        columns = Columns(1, rows[0].cells, _roles(rows[0].cells, options))
    _refuse_missing(columns, options)
    return columns
