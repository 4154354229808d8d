"""A report that came late or was corrected replaces the one a file was made from, until orders are sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from live.handoff.canonical import bytes_sha256
from live.handoff.read import read_bytes

if TYPE_CHECKING:
    from live.books.variants import BookVariant
    from live.generation.candidates import CandidateInput
    from live.generation.due import Due
    from live.ledger.ledger import Ledger
    from live.ledger.tables import SignalRow

Answer = Literal["same", "take", "sent", "edited"]
WORDS = {
    "sent": "a newer report came after orders were sent: it is not used",
    "edited": "a newer report is there, but a person edited the file: run again with --force to take it",
}


def newer_report(
    ledger: Ledger, variant: BookVariant, due: Due, row: SignalRow, path: Path, report: CandidateInput
) -> Answer:
    """Tell whether a session's file has to be made again because of its report.

    Args:
        ledger: of the account.
        variant: whose file it is; a shadow takes the report its primary has taken.
        due: the session.
        row: the file as it was generated.
        path: where the file lies.
        report: the newest report; one that may not be traded on never replaces another.

    Returns:
        ``same``: nothing new. ``take``: make the file again. ``sent``, ``edited``: it comes too late.
    """
    if report.candidates is None or report.sha256 in {None, _sha256(row)}:
        return "same"
    day = due.session.day
    if variant.role == "shadow":
        primary = ledger.signals.get(day, variant.follows)
        return "take" if primary is not None and _sha256(primary) == report.sha256 else "same"
    if any(order.state != "PLANNED" for order in ledger.orders.of_session(day, variant.name)):
        return "sent"
    edited = path.exists() and bytes_sha256(read_bytes(path)) != row.bytes_sha256
    return "edited" if edited else "take"


def _sha256(row: SignalRow) -> str | None:
    """Return the digest of the report a file was made from, None without a report."""
    facts = json.loads(row.content)["inputs"].get("candidates") or {}
    found = facts.get("sha256") if facts.get("accepted") else None
    return None if found is None else str(found)
