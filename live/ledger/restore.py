"""A damaged ledger: moved aside, never deleted; replaced by a backup; completed from the broker's orders."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from live.ledger.backup import backups
from live.ledger.errors import LedgerError, LedgerUnavailable
from live.ledger.opening import check_file, open_database, recovery_marker
from live.ledger.orders import OrderPlan
from live.model.broker import BrokerOrder
from live.model.order_ids import parse
from live.model.order_state import JournalState

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Restored:
    """What happened to the file.

    Attributes:
        damage: what was wrong with it, empty when it was intact and nothing was done.
        aside: where the damaged file is now.
        backup: copy that was restored; None when there was none and an empty ledger was made.
        backup_day: its date.
        rejected: backups that were damaged too.
    """

    damage: str
    aside: Path | None = None
    backup: Path | None = None
    backup_day: date | None = None
    rejected: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejoined:
    """What the broker knew that the restored ledger did not.

    Attributes:
        adopted: orders of ours written back into the ledger, with their fills and positions.
        unknown: orders without an id of ours: manual ones, or ours at a broker that keeps no ids.
    """

    adopted: tuple[str, ...]
    unknown: tuple[BrokerOrder, ...]


def damage_of(path: Path) -> str:
    """Return what is wrong with a ledger file, empty when nothing is."""
    if recovery_marker(path).exists():
        return "an earlier recovery was interrupted"
    if not path.exists():
        return "the file is missing"
    try:
        check_file(path)
    except LedgerError as error:
        if isinstance(error, LedgerUnavailable):
            raise
        return error.problem
    return ""


def restore(path: Path, backup_folder: Path, *, now: datetime) -> Restored:
    """Put the newest intact backup in the place of a damaged ledger.

    Every step may be interrupted: while the marker exists nobody opens the ledger, and running this again
    finishes the work. An intact ledger is left alone.

    Raises:
        LedgerUnavailable: no space or permission.
    """
    damage = damage_of(path)
    log = path.with_name(path.name + "-wal")
    nothing_lost = not path.exists() and not _size(log) and not backups(backup_folder)
    if not damage or (nothing_lost and not recovery_marker(path).exists()):
        return Restored("")
    rejected: list[Path] = []
    chosen: tuple[date | None, Path | None] = (None, None)
    for day, copy in backups(backup_folder):
        if not damage_of(copy):
            chosen = (day, copy)
            break
        rejected.append(copy)
    aside = _free_name(path, now)
    try:
        recovery_marker(path).touch()
        _move_aside(path, aside)
        if chosen[1] is not None:
            _put_in_place(chosen[1], path)
        recovery_marker(path).unlink()
    except OSError as error:
        raise LedgerUnavailable(
            f"the recovery stopped: {error.strerror}", where=str(path), remedy="fix that, then run it again"
        ) from error
    if chosen[1] is None:
        open_database(path, create=True).close()
    return Restored(damage, aside if aside.exists() else None, chosen[1], chosen[0], tuple(rejected))


def rejoin(
    ledger: Ledger, orders: Iterable[BrokerOrder], *, mode: str, variant: str, at: datetime
) -> Rejoined:
    """Write orders of ours that only the broker remembers back into the ledger, oldest first.

    Args:
        ledger: the restored ledger.
        orders: what the broker lists since before the backup.
        mode: mode of the account.
        variant: owner of orders whose id names no variant.
        at: instant of the recovery.
    """
    adopted: list[str] = []
    unknown: list[BrokerOrder] = []
    known = ledger.orders.bound_broker_ids()
    for shown in sorted(orders, key=lambda o: (o.entered_at is not None, o.entered_at, o.order_id)):
        if shown.order_id in known:
            continue
        name = parse(shown.client_order_id or "")
        if name is None or shown.client_order_id is None:
            unknown.append(shown)
            continue
        plan = OrderPlan(
            client_order_id=shown.client_order_id,
            variant=name.variant or variant,
            session=name.session,
            mode=mode,
            symbol=shown.symbol,
            side=shown.side,
            intent=name.intent,
            quantity=shown.quantity,
            order_type=shown.order_type,
            time_in_force=shown.time_in_force,
            attempt=name.attempt,
            reason="recovered from the broker",
            stop_price=shown.stop_price,
        )
        _adopt(ledger, plan, shown, at)
        adopted.append(plan.client_order_id)
    return Rejoined(tuple(adopted), tuple(unknown))


def _adopt(ledger: Ledger, plan: OrderPlan, shown: BrokerOrder, at: datetime) -> None:
    with ledger.transaction():
        if ledger.orders.get(plan.client_order_id) is None:
            ledger.orders.plan(plan, at=at)
        detail = {"recovered": True, "raw_status": shown.raw_status}
        # Bound first, so that the executions find their order.
        ledger.orders.transition(
            plan.client_order_id, JournalState.ACKED, at=at, broker_order_id=shown.order_id, detail=detail
        )
        ledger.book(shown.executions, at=at)
        ledger.orders.transition(plan.client_order_id, JournalState(shown.state.value), at=at, detail=detail)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _free_name(path: Path, now: datetime) -> Path:
    stem = f"{path.name}.damaged-{now:%Y%m%dT%H%M%SZ}"
    tries: Sequence[str] = (stem, *(f"{stem}-{n}" for n in range(1, 100)))
    return next(path.with_name(name) for name in tries if not path.with_name(name).exists())


def _move_aside(path: Path, aside: Path) -> None:
    # The log goes first: SQLite must never apply the old log to the restored file.
    for suffix in ("-wal", "-shm", ""):
        source = path.with_name(path.name + suffix)
        if source.exists():
            source.rename(aside.with_name(aside.name + suffix))


def _put_in_place(copy: Path, path: Path) -> None:
    temporary = path.with_name(f".{path.name}.restore.{os.getpid()}")
    try:
        shutil.copyfile(copy, temporary)
        temporary.chmod(0o600)
        with temporary.open("rb") as stream:
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
