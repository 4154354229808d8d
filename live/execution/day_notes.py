"""The notes of a session over all its runs: what an earlier run said is not lost, and not told again."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from live.execution.context import RunNotes
    from live.ledger.tables import RunLog


def detail_of_day(row: RunLog | None, notes: RunNotes, sent: Collection[str]) -> dict[str, Any]:
    """Return what the run log keeps of a session after one more run.

    Args:
        row: the run log before this run is noted.
        notes: of this run.
        sent: ids of the orders that have left by now: they are not held back any more.

    Returns:
        ``warnings`` of all runs, ``critical`` of this run, ``earlier`` criticals of the runs before that this
        one did not find again (left out when there are none), ``held`` ids that never left.
    """
    before: dict[str, Any] = {} if row is None or row.executed_at is None else dict(row.detail or {})
    earlier = (*before.get("earlier", ()), *before.get("critical", ()))
    held = {*before.get("held", ()), *notes.gated} - set(sent)
    over = [text for text in dict.fromkeys(earlier) if text not in notes.critical]
    return {
        "warnings": list(dict.fromkeys((*before.get("warnings", ()), *notes.warnings))),
        "critical": list(notes.critical),
        **({"earlier": over} if over else {}),
        "held": sorted(held),
    }


def earlier_notes(row: RunLog | None) -> frozenset[str]:
    """Return every critical and warning that the earlier runs of a session told."""
    detail: dict[str, Any] = {} if row is None or row.executed_at is None else dict(row.detail or {})
    return frozenset(text for key in ("critical", "earlier", "warnings") for text in detail.get(key, ()))
