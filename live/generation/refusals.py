"""What the generator refuses: to overwrite, to rewrite what was executed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from backtest.core.errors import SignalFileError
from backtest.core.files import read_regular
from live.handoff.canonical import is_sealed
from live.handoff.read import parse
from live.ledger.ledger import Ledger


def refuse_to_overwrite(path: Path, rendered: bytes, *, force: bool) -> None:
    """Refuse to replace a file this ledger does not know and a person may have edited (exit 2)."""
    if force or not path.exists() or read_regular(path) == rendered:
        return
    parsed = parse(read_regular(path))
    if parsed.findings or not isinstance(parsed.data, dict) or not is_sealed(parsed.data):
        raise SignalFileError(
            "a file with a person's edits lies there and this ledger does not know it",
            where=str(path),
            remedy="move it away, or run again with --force to replace it",
        )


def refuse_after_orders(ledger: Ledger, session: date, variant: str) -> None:
    """Refuse `--force` once an order of the session was sent (settled point 18)."""
    sent = [order for order in ledger.orders.of_session(session, variant) if order.state != "PLANNED"]
    if sent:
        raise SignalFileError(
            f"{len(sent)} order(s) of {session} were already sent",
            where=variant,
            remedy="the file that was executed stays; use `jutsu status` to see what happened",
        )
