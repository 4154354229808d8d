"""The states an order of the journal goes through."""

from __future__ import annotations

from enum import StrEnum


class JournalState(StrEnum):
    """Life of an order in our books (broker-side states once acknowledged)."""

    PLANNED = "PLANNED"
    SENDING = "SENDING"
    UNKNOWN = "UNKNOWN"
    AMBIGUOUS = "AMBIGUOUS"
    ACKED = "ACKED"
    PENDING = "PENDING"
    WORKING = "WORKING"
    PARTIAL = "PARTIAL"
    CANCEL_PENDING = "CANCEL_PENDING"
    UNKNOWN_LIVE = "UNKNOWN_LIVE"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    REPLACED = "REPLACED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"
    REFUSED = "REFUSED"
    ABSENT = "ABSENT"
    LAPSED = "LAPSED"

    @property
    def terminal(self) -> bool:
        """Whether nothing can happen to the order any more."""
        return self in _TERMINAL

    @property
    def unresolved(self) -> bool:
        """Whether nobody knows if the broker has the order."""
        return self in {JournalState.SENDING, JournalState.UNKNOWN, JournalState.AMBIGUOUS}


_TERMINAL = frozenset(
    {
        JournalState.FILLED,
        JournalState.CANCELED,
        JournalState.REPLACED,
        JournalState.EXPIRED,
        JournalState.REJECTED,
        JournalState.REFUSED,
        JournalState.ABSENT,
        JournalState.LAPSED,
    }
)
