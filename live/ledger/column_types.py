"""What is stored for each kind of column: UTC instants, exact amounts, JSON.

SQLite has no types for them: instants and dates are ISO 8601 text without a zone, amounts are numbers, JSON
is text. Another database takes Python's own values.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

_SIX_PLACES: Final = Decimal("0.000001")
_JSON: Final = ("dict[str, Any]", "list[str]")
Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Codec:
    """How one database keeps values: kind of column -> conversion; a kind without one is kept as it is."""

    encode: Mapping[str, Convert]
    decode: Mapping[str, Convert]

    def stored(self, kind: str, value: Any) -> Any:
        """Return a value as a column of this kind keeps it; None in a JSON column is JSON's null."""
        convert = self.encode.get(kind)
        if convert is None or (value is None and kind not in _JSON):
            return value
        return convert(value)

    def compared(self, value: Any) -> Any:
        """Return a value as it is compared with what a column keeps."""
        if isinstance(value, datetime):
            return self.stored("datetime", value)
        return self.stored("date", value) if isinstance(value, date) else value


def round_amount(value: Decimal | float | str) -> Decimal:
    """Return `value` as the ledger keeps it: six places, half to even.

    Raises:
        ValueError: it is no finite number, or one with more than 22 digits before the point.
    """
    try:
        number = value if isinstance(value, Decimal) else Decimal(str(value))
        if number.is_finite():
            return number.quantize(_SIX_PLACES)
    except InvalidOperation:
        pass
    raise ValueError(f"{value!r} is not an amount of money")


def to_json(value: Any) -> str:
    """Return JSON for a details column; NaN is refused because it is not JSON."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):  # datetimes too
        return value.isoformat()
    if isinstance(value, tuple | set | frozenset):
        return list(value)
    raise TypeError(f"{type(value).__name__} cannot be kept in the ledger")


def _utc(value: datetime) -> datetime:
    """Return an instant without its zone, in UTC; naive ones are refused."""
    if value.tzinfo is None:
        raise ValueError("naive datetime in the ledger")
    return value.astimezone(UTC).replace(tzinfo=None)


def _utc_text(value: datetime) -> str:
    return _utc(value).isoformat(" ", "microseconds")


def _from_utc_text(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _number(value: Decimal) -> float:
    # Exact up to 15 significant digits (999,999,999.999999); reading rounds to six places again.
    return float(round_amount(value))


def _flag(value: object) -> int:
    if value not in {True, False}:
        raise TypeError(f"{value!r} is neither true nor false")
    return int(bool(value))


def _day(value: date) -> str:
    return date.isoformat(value)  # of a datetime, too, only the date


def _document(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


_DOCUMENTS_IN: Final[Mapping[str, Convert]] = dict.fromkeys(_JSON, to_json)
_DOCUMENTS_OUT: Final[Mapping[str, Convert]] = dict.fromkeys(_JSON, _document)
SQLITE: Final = Codec(
    encode={"datetime": _utc_text, "date": _day, "Decimal": _number, "bool": _flag, **_DOCUMENTS_IN},
    decode={
        "datetime": _from_utc_text,
        "date": date.fromisoformat,
        "Decimal": round_amount,
        "bool": bool,
        **_DOCUMENTS_OUT,
    },
)
SERVER: Final = Codec(
    encode={"datetime": _utc, "Decimal": round_amount, **_DOCUMENTS_IN},
    decode={"datetime": lambda value: value.replace(tzinfo=UTC), "Decimal": round_amount, **_DOCUMENTS_OUT},
)
