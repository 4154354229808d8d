"""Numbers as people write them: currency signs, separators of thousands, decimal sign, K, M and B."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from backtest.core.errors import DataError
from backtest.data.sources.csv_dialect.options import CsvOptions, Decimal

#: Cells that say "no value".
NULLS: Final = frozenset(("", "null", "none", "nan", "n/a", "na", "#n/a", "-", "--", "nil", "."))
_CURRENCY: Final = r"(?:US\$|USD|EUR|[$€£¥])?"
_SUFFIX: Final = {"": "", "K": "e3", "M": "e6", "B": "e9", "T": "e12"}
_SPACE: Final = "[ \u00a0\u202f'’]"


def _pattern(point: str, thousands: str) -> re.Pattern[str]:
    whole = rf"\d+|\d{{1,3}}(?:{thousands}\d{{3}})+"
    number = rf"(?:(?:{whole})(?:{point}\d*)?|{point}\d+)(?P<exponent>e[+-]?\d{{1,3}})?"
    return re.compile(
        rf"(?P<sign>[+-]?){_CURRENCY}\s?(?P<minus>-?)(?P<number>{number})\s?(?P<unit>[KMBT]?)\s?{_CURRENCY}",
        re.IGNORECASE | re.ASCII,
    )


_PATTERNS: Final = {"dot": _pattern(r"\.", rf"(?:,|{_SPACE})"), "comma": _pattern(",", rf"(?:\.|{_SPACE})")}
_BARE: Final = {
    "dot": re.compile(r"\d{1,15}(?:\.\d{1,15})?", re.ASCII),
    "comma": re.compile(r"\d{1,15}(?:,\d{1,15})?", re.ASCII),
}
_THOUSANDS: Final = {
    "dot": str.maketrans("", "", ", \u00a0\u202f'’"),
    "comma": str.maketrans(",", ".", ". \u00a0\u202f'’"),
}


@dataclass(frozen=True, slots=True)
class Numbers:
    """Columns of numbers in one decimal sign; NaN stands for no value, None for a cell that is no number."""

    decimal: Decimal
    columns: Mapping[str, tuple[float | None, ...]]


def is_null(cell: str) -> bool:
    """Tell whether a cell says that there is no value."""
    return cell.lower() in NULLS


def number_of(cell: str, decimal: Decimal) -> float | None:
    """Return the value of a cell, NaN for "no value", None when it is no number in this writing."""
    if _BARE[decimal].fullmatch(cell):  # most cells of most files
        return float(cell.replace(",", "."))
    if is_null(cell):
        return float("nan")
    match = _PATTERNS[decimal].fullmatch(cell)
    if match is None or (match["sign"] and match["minus"]) or (match["exponent"] and match["unit"]):
        return None
    digits = match["number"].translate(_THOUSANDS[decimal])
    value = float(digits + _SUFFIX[match["unit"].upper()])
    return -value if "-" in (match["sign"], match["minus"]) else value


def read_numbers(columns: Mapping[str, Sequence[str]], options: CsvOptions, *, bare_commas: bool) -> Numbers:
    """Return the values of all number columns in the one decimal sign that reads all of them.

    Args:
        columns: cells by role.
        options: `decimal` decides when it is given.
        bare_commas: commas separated the cells and nothing was quoted: no decimal comma can be in them, and
            who writes numbers with one does not separate cells so.

    Raises:
        DataError: both signs fit every cell and the values differ.
    """
    if options.decimal is not None:
        return _read(columns, options.decimal)
    if bare_commas:
        return _read(columns, "dot")
    dot = _read(columns, "dot")
    if not _failures(dot):
        if _fails(columns, "comma") or _same(dot, _read(columns, "comma")):
            return dot
        raise DataError(
            f"numbers such as {_example(columns)!r} can be read with a decimal dot or a decimal comma",
            remedy=options.remedy("--decimal dot", "--decimal comma"),
        )
    comma = _read(columns, "comma")
    return comma if _failures(comma) < _failures(dot) else dot


def _fails(columns: Mapping[str, Sequence[str]], decimal: Decimal) -> bool:
    """Tell whether any cell is no number in this writing; most files show it in their first row."""
    return any(number_of(cell, decimal) is None for cells in columns.values() for cell in cells)


def _read(columns: Mapping[str, Sequence[str]], decimal: Decimal) -> Numbers:
    return Numbers(
        decimal, {role: tuple(number_of(c, decimal) for c in cells) for role, cells in columns.items()}
    )


def _failures(numbers: Numbers) -> int:
    return sum(values.count(None) for values in numbers.columns.values())


def _same(one: Numbers, other: Numbers) -> bool:
    pairs = (
        (a, b) for role in one.columns for a, b in zip(one.columns[role], other.columns[role], strict=True)
    )
    return all(a == b or (a != a and b != b) for a, b in pairs)  # noqa: PLR0124 - NaN is not itself


def _example(columns: Mapping[str, Sequence[str]]) -> str:
    cells = (cell for column in columns.values() for cell in column)
    return next((cell for cell in cells if re.search(r"\d[.,]\d{3}(?!\d)", cell)), "")
