"""Client order ids: `{YYYYMMDD}_{SYMBOL}_{intent}_{side}`, `_rN` for a retry, variant first when needed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

_PATTERN: Final = re.compile(
    r"^(?:(?P<variant>[a-z][a-z0-9_]*)_)?(?P<day>\d{8})_(?P<symbol>[A-Z][A-Z0-9./-]{0,9})"
    r"_(?P<intent>exit|reduce|entry|increase|stop)_(?P<side>buy|sell)(?:_r(?P<attempt>[1-9]\d*))?$"
)


@dataclass(frozen=True, slots=True)
class OrderName:
    """The parts of a client order id."""

    session: date
    symbol: str
    intent: str
    side: str
    variant: str = ""
    attempt: int = 0

    def __str__(self) -> str:
        """Return the id."""
        prefix = f"{self.variant}_" if self.variant else ""
        tail = f"_r{self.attempt}" if self.attempt else ""
        return f"{prefix}{self.session:%Y%m%d}_{self.symbol}_{self.intent}_{self.side}{tail}"


def parse(client_order_id: str) -> OrderName | None:
    """Return the parts of an id, None when it is not well formed (or its date does not exist)."""
    match = _PATTERN.match(client_order_id)
    if match is None:
        return None
    try:
        day = date.fromisoformat(match["day"])
    except ValueError:
        return None
    return OrderName(
        session=day,
        symbol=match["symbol"],
        intent=match["intent"],
        side=match["side"],
        variant=match["variant"] or "",
        attempt=int(match["attempt"] or 0),
    )
