"""Column types of the ledger: UTC instants and exact amounts."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    DateTime,
    Dialect,
    Numeric,
)
from sqlalchemy.types import TypeDecorator, TypeEngine


class UtcDateTime(TypeDecorator[datetime]):
    """Aware datetimes in, aware UTC datetimes out; SQLite stores them without a zone."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: object) -> datetime | None:
        """Refuse naive values; store UTC."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime in the ledger")

        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: object) -> datetime | None:
        """Return an aware UTC value."""
        del dialect

        return None if value is None else value.replace(tzinfo=UTC)


class Amount(TypeDecorator[Decimal]):
    """NUMERIC(18, 6) as Decimal everywhere.

    SQLite has no decimal type: six places are rounded before writing and restored after reading, which is
    exact up to 15 significant digits (999,999,999.999999).
    """

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Use the database's own decimals where it has them."""
        if dialect.supports_native_decimal:
            return dialect.type_descriptor(Numeric(18, 6, asdecimal=True))

        return dialect.type_descriptor(Numeric(18, 6, asdecimal=False))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        """Round to six places; refuse NaN and infinity."""
        if value is None:
            return None
        rounded = round_amount(value)

        return rounded if dialect.supports_native_decimal else float(rounded)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Return a Decimal with six places."""
        del dialect

        return None if value is None else round_amount(value)


_SIX_PLACES = Decimal("0.000001")


def round_amount(value: Decimal | float | str) -> Decimal:
    """Return `value` as the ledger keeps it: six places, half to even; ValueError when it is not finite."""
    number = value if isinstance(value, Decimal) else Decimal(str(value))
    if not number.is_finite():
        raise ValueError(f"{value!r} is not an amount of money")

    return number.quantize(_SIX_PLACES)
