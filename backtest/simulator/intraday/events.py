"""What happens in a session, in the order in which it happens: events are only ever appended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, Literal

from backtest.core.decision import Json

EventType = Literal["ARMED", "CONFIRMED", "ENTRY", "EXIT", "SCRATCH", "REJECT", "CANCEL"]


class Direction(StrEnum):
    """The side of a break."""

    LONG = "long"
    SHORT = "short"


#: Reasons; those of a check or a filter name it behind a colon.
CONFIRMED: Final = "confirm_bars_met"
LIMIT_TOUCHED: Final = "limit_touched"
TARGET_HIT: Final = "target_hit"
STOP_HIT: Final = "stop_hit"
AMBIGUOUS: Final = "ambiguous_stop"
SESSION_END: Final = "session_end"
BEYOND_STOP: Final = "entry_beyond_stop"
DEADLINE: Final = "deadline"
HALT: Final = "risk:halt"
FILTER: Final = "filter:"
RISK: Final = "risk:"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    Attributes:
        event_id: number in the session, from 1.
        ts: start of the minute of its bar, UTC.
        type: what happened.
        strategy_id: to which strategy.
        direction: of the break.
        price: of an entry or exit, in points; of the close that armed or confirmed; None where there is none.
        contracts: of an entry or exit, else 0.
        reason: why.
        note: a warning that did not keep an entry out.
    """

    event_id: int
    ts: datetime
    type: EventType
    strategy_id: str
    direction: Direction
    price: float | None
    contracts: int
    reason: str
    note: str = ""

    def document(self) -> Json:
        """Return it as a JSON-ready value."""
        return {
            "event_id": self.event_id,
            "ts": self.ts.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "type": self.type,
            "strategy_id": self.strategy_id,
            "direction": self.direction,
            "price": self.price,
            "contracts": self.contracts,
            "reason": self.reason,
            "note": self.note,
        }
