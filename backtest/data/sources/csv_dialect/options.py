"""What a person may state about a CSV file that the file does not say itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar, get_args

from backtest.core.bar_words import Basis
from backtest.core.errors import UsageError
from backtest.data.sources.csv_dialect.symbols import symbol_of

Decimal = Literal["dot", "comma"]
Word = TypeVar("Word", bound=str)
BASES: tuple[Basis, ...] = get_args(Basis)
DECIMALS: tuple[Decimal, ...] = get_args(Decimal)

#: The parts of a row; the first six are needed (time belongs to a date kept in a column of its own).
NEEDED = ("date", "open", "high", "low", "close", "volume")
ROLES = (*NEEDED, "time", "adj_close", "symbol", "dividend", "capital_gain", "split", "period")
_NEXT_PAIR = re.compile(rf",(?=(?:{'|'.join(ROLES)})=)")


@dataclass(frozen=True, slots=True)
class CsvOptions:
    """Answers to what a file leaves open.

    Attributes:
        columns: column name, or ``#n`` (counted from 1), by role (`ROLES`).
        symbol: the symbol of the file, or the one to take from a file of several.
        date_format: format of `datetime.strptime`, ``YYYY-MM-DD`` style, or ``epoch_s|ms|us|ns``.
        basis: what the prices hold: raw, split-adjusted, or adjusted for dividends too; None is ``split``.
        use_adj_close: scale all four prices by adjusted close / close; the basis is ``total`` then.
        decimal: the decimal sign.
        importing: the command that reads takes these flags (`jutsu data import`).
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    symbol: str | None = None
    date_format: str | None = None
    basis: Basis | None = None
    use_adj_close: bool = False
    decimal: Decimal | None = None
    importing: bool = False

    def __post_init__(self) -> None:
        if self.use_adj_close and self.basis in {"raw", "split"}:
            raise UsageError(
                f"--use-adj-close makes the basis total, --basis says {self.basis}",
                remedy="give one of the two",
            )

    @property
    def effective_basis(self) -> Basis:
        """The basis of the bars that come out."""
        return "total" if self.use_adj_close else self.basis or "split"

    def remedy(self, *flags: str) -> str:
        """Return what to do when the file needs one of `flags`."""
        choice = " or ".join(flags)
        if self.importing:
            return f"say which: {choice}"
        return f"this file needs a flag: jutsu data import FILE {choice}"


def parse_columns(pairs: Sequence[str]) -> dict[str, str]:
    """Return the columns named by `--map ROLE=COLUMN`, several also as ``date=Day,close=Last``.

    Raises:
        UsageError: no such role, no column, or a role given twice.
    """
    columns: dict[str, str] = {}
    for pair in (part for text in pairs for part in _NEXT_PAIR.split(text)):
        role, equals, column = pair.partition("=")
        role, column = role.strip().lower(), column.strip()
        if not equals or not column or role not in ROLES:
            raise UsageError(
                f"--map {pair!r} is not ROLE=COLUMN",
                remedy=f"ROLE is one of {', '.join(ROLES)}; COLUMN is a name of the header or #number",
            )
        if role in columns:
            raise UsageError(f"--map names {role} twice", remedy="give it once")
        columns[role] = column
    return columns


def csv_options(
    *,
    columns: Sequence[str],
    symbol: str | None,
    date_format: str | None,
    basis: str | None,
    use_adj_close: bool,
    decimal: str | None,
) -> CsvOptions:
    """Return the options of an import from the words of a command line; UsageError for a wrong one."""
    from backtest.data.sources.csv_dialect.date_formats import named_format

    if symbol is not None and symbol_of(symbol) is None:
        raise UsageError(f"--symbol {symbol!r} is no symbol", remedy="for example --symbol QQQ")
    if date_format is not None:
        named_format(date_format)
    return CsvOptions(
        columns=parse_columns(columns),
        symbol=None if symbol is None else symbol_of(symbol),
        date_format=date_format,
        basis=_one_of("--basis", basis, BASES),
        use_adj_close=use_adj_close,
        decimal=_one_of("--decimal", decimal, DECIMALS),
        importing=True,
    )


def _one_of(flag: str, word: str | None, words: tuple[Word, ...]) -> Word | None:
    if word is None:
        return None
    for known in words:
        if known == word:
            return known
    raise UsageError(f"{flag} {word!r} is unknown", remedy=f"one of {', '.join(words)}")
