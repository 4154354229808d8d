"""Symbols in the spellings of vendors: file names, symbol columns, symbol rows."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

#: A ticker with an optional class or vendor part: QQQ, BRK-B, BRK.B, ^NDX.
_T: Final = r"(?P<symbol>\^?[A-Z][A-Z0-9]{0,5}(?:[.-][A-Z])?)"
_EXCHANGE: Final = r"(?:NASDAQ|NYSE|NYSEARCA|ARCA|AMEX|BATS|CBOE|OTC|TVC|INDEX)(?:_DLY)?"
_HISTORY: Final = r"(?:HISTORICAL|HISTORY|PRICE)(?:[ _-](?:DATA|PRICES?|QUOTES?|HISTORY))?"
_DAY: Final = r"\d{4}[-_]?\d\d[-_]?\d\d"
_VENDORS: Final = (
    rf"{_T}[._-]US(?:[._-]D)?",  # qqq_us_d, qqq.us
    rf"{_T}[ ]US(?: EQUITY)?",  # QQQ US Equity
    rf"(?:TIME_SERIES_)?DAILY(?:_ADJUSTED)?[ _-]{_T}",  # daily_QQQ, daily_adjusted_QQQ
    rf"{_T}[ _-](?:ETF[ _-])?(?:STOCK[ _-])?{_HISTORY}",  # QQQ Historical Data
    rf"{_T}[ _-](?:DAILY|1D|OHLCV?|PRICES?|DATA|EOD|D1)",
    rf"{_EXCHANGE}[:_ -]{_T}(?:, ?1D(?:_[0-9A-F]+)?)?",  # NASDAQ_QQQ, 1D; NASDAQ:QQQ
    rf"{_T}[ _-]{_DAY}(?:[ _-](?:TO[ _-])?{_DAY})?",  # QQQ_2009-01-02_2026-08-21
    r"\$(?P<symbol>[A-Z]{1,6})",  # $SPX
)
_COPY: Final = re.compile(r" ?\(\d{1,3}\)$|[ _-]copy$", re.IGNORECASE)
_PLAIN: Final = re.compile(r"\^?[A-Z0-9][A-Z0-9.=/-]{0,11}")
#: Names that people and programs give to any file; they say nothing about a symbol.
_GENERIC: Final = frozenset(
    (
        *("BARS", "CSV", "DAILY", "DATA", "DOWNLOAD", "DOWNLOADS", "EXPORT"),
        *("FILE", "HIST", "HISTORY", "HISTORICAL", "NASDAQ", "NYSE", "OHLC"),
        *("OHLCV", "OUTPUT", "PRICE", "PRICES", "QUOTE", "QUOTES", "SHEET1"),
        *("STOCK", "STOCKS", "SYMBOL", "TABLE", "TICKER", "TICKERS", "UNTITLED"),
    )
)


def symbol_of(name: str) -> str | None:
    """Return the symbol that a name of a file (without ending) or a cell spells, None when it is not clear.

    Vendors' decorations are taken off (`qqq_us_d`, `daily_QQQ`, `QQQ Historical Data`, `NASDAQ:QQQ`, copies
    such as `QQQ (1)`); a plain ticker stays as it is, in capitals. Two possible symbols are none.
    """
    text = _COPY.sub("", name.strip())
    matches = (pattern.fullmatch(text) for pattern in _patterns())
    found = {match["symbol"].upper() for match in matches if match is not None}
    plain = text.upper()
    if not found and _PLAIN.fullmatch(plain):
        found = {plain}
    found -= _GENERIC
    return found.pop() if len(found) == 1 else None


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in _VENDORS)


def key(symbol: str) -> str:
    """Return a form in which the spellings of one share class are equal: BRK.B, BRK/B, BRK_B, BRK-B."""
    return re.sub(r"[./_]", "-", symbol.upper())
