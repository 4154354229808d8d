"""A damaged or new ledger: moved aside, never deleted; replaced by a backup; completed from the broker."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from backtest.core.files import read_regular
from live.ledger.backup import backups
from live.ledger.errors import LedgerError, LedgerUnavailable, NotALedger
from live.ledger.opening import check_file, open_database, recovery_marker
from live.ledger.orders import OrderPlan
from live.ledger.unused import unused_file
from live.model.broker import BrokerOrder
from live.model.order_ids import OrderName, parse
from live.model.order_state import JournalState

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger

_LARGEST: Final = 4 << 30


@dataclass(frozen=True, slots=True)
class Restored:
    """What happened to the file.

    Attributes:
        damage: what was wrong with it, empty when nothing was and nothing was done.
        aside: where the file that it replaced is now.
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
        unowned: orders with an id of ours that more than one book may have sent, or whose stop nobody knows.
    """

    adopted: tuple[str, ...]
    unknown: tuple[BrokerOrder, ...]
    unowned: tuple[BrokerOrder, ...] = ()


@dataclass(frozen=True, slots=True)
class Intended:
    """What an order was meant to do besides what the broker shows.

    Attributes:
        planned_stop: price of the protective stop its position must get, None for none.
        attached_stop: price of the stop the broker attached to it, None for none.
        details: what the position remembers.
    """

    planned_stop: Decimal | None = None
    attached_stop: Decimal | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


Owner = Callable[[OrderName], str | None]
Intention = Callable[[str, OrderName, Sequence[BrokerOrder]], Intended | None]


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


def trouble_of(path: Path, backup_folder: Path) -> str:
    """Return why a backup has to take the place of a ledger file, empty when nothing has to.

    It is damaged, or it was made anew and a backup knows the sessions that it does not.

    Raises:
        LedgerUnavailable: it cannot be read now.
    """
    damage = damage_of(path)
    if damage or not unused_file(path):
        return damage
    _, copy, _ = _newest_intact(backup_folder)
    if copy is None or unused_file(copy):
        return ""
    return (
        f"it is new and knows no session and no order; {copy.name} does (settings changed in the new one are "
        "not taken over)"
    )


def _newest_intact(backup_folder: Path) -> tuple[date | None, Path | None, tuple[Path, ...]]:
    """Return day and path of the copy to restore, and the damaged ones that are newer.

    A copy of a ledger that was just made is the last choice: it would hide what the one before it knew.
    """
    rejected: list[Path] = []
    empty: tuple[date | None, Path | None] = (None, None)
    for day, copy in backups(backup_folder):
        if damage_of(copy):
            rejected.append(copy)
        elif not unused_file(copy):
            return day, copy, tuple(rejected)
        elif empty[1] is None:
            empty = (day, copy)
    return *empty, tuple(rejected)


def refuse_what_never_was_one(path: Path, backup_folder: Path) -> None:
    """Refuse to move a file away that nothing shows to have been a ledger.

    Signs of a ledger: an SQLite header, nothing but zeros (what a crash leaves), the words of our tables
    inside, its write-ahead log, generation or recovery marker beside it, or backups and its usual name.

    Raises:
        NotALedger: none of them.
    """
    if not path.exists() or recovery_marker(path).exists():
        return
    beside = [path.with_name(path.name + suffix) for suffix in ("-wal", ".generation")]
    usual = path.name == "ledger.db" and backups(backup_folder)
    if usual or any(_size(trace) for trace in beside) or not _size(path):
        return
    if not _has_signs(path):
        raise NotALedger(
            "this file is not a ledger and nothing shows that it was one: it is left where it is",
            where=str(path),
            remedy="name the ledger with --state-db, or move this file away yourself",
        )


def _has_signs(path: Path) -> bool:
    content = read_regular(path, _LARGEST)
    if content.startswith(b"SQLite format 3"):
        try:
            check_file(path)
        except LedgerError as error:
            return not error.problem.startswith("this is a database of something else")
        return True
    return not content.strip(b"\0") or b"order_events" in content


def restore(path: Path, backup_folder: Path, *, now: datetime) -> Restored:
    """Put the newest intact backup in the place of a ledger that is damaged or new.

    Every step may be interrupted: while the marker exists nobody opens the ledger, and running this again
    finishes the work. An intact ledger that was ever used is left alone.

    Raises:
        LedgerUnavailable: no space or permission. NotALedger: the file never was one.
    """
    damage = trouble_of(path, backup_folder)
    if damage:
        refuse_what_never_was_one(path, backup_folder)
    log = path.with_name(path.name + "-wal")
    nothing_lost = not path.exists() and not _size(log) and not backups(backup_folder)
    if not damage or (nothing_lost and not recovery_marker(path).exists()):
        return Restored("")
    day, copy, rejected = _newest_intact(backup_folder)
    aside = _free_name(path, now)
    try:
        recovery_marker(path).touch()
        _move_aside(path, aside)
        if copy is not None:
            _put_in_place(copy, path)
        recovery_marker(path).unlink()
    except OSError as error:
        raise LedgerUnavailable(
            f"the recovery stopped: {error.strerror}", where=str(path), remedy="fix that, then run it again"
        ) from error
    if copy is None:
        open_database(path, create=True).close()
    return Restored(damage, aside if aside.exists() else None, copy, day, rejected)


def rejoin(
    ledger: Ledger,
    orders: Iterable[BrokerOrder],
    *,
    mode: str,
    owner: Owner,
    intended: Intention,
    at: datetime,
) -> Rejoined:
    """Write orders of ours that only the broker remembers back into the ledger, oldest first.

    Args:
        ledger: the restored ledger.
        orders: what the broker lists since before the backup.
        mode: mode of the account.
        owner: variant that sent an order of this name, None when that cannot be told.
        intended: stop and details of an order, None when they cannot be told.
        at: instant of the recovery.
    """
    adopted: list[str] = []
    unknown: list[BrokerOrder] = []
    unowned: list[BrokerOrder] = []
    listed = sorted(orders, key=lambda o: (o.entered_at is not None, o.entered_at, o.order_id))
    known = ledger.orders.bound_broker_ids()
    for shown in listed:
        name = parse(shown.client_order_id or "")
        if shown.order_id in known:
            continue
        if name is None:
            unknown.append(shown)
            continue
        variant = owner(name)
        others = [o for o in listed if o is not shown]
        meant = None if variant is None else intended(variant, name, (shown, *others))
        if variant is None or meant is None:
            unowned.append(shown)
            continue
        take(ledger, shown, name, variant=variant, meant=meant, mode=mode, at=at)
        adopted.append(str(shown.client_order_id))
    return Rejoined(tuple(adopted), tuple(unknown), tuple(unowned))


def take(
    ledger: Ledger,
    shown: BrokerOrder,
    name: OrderName,
    *,
    variant: str,
    meant: Intended,
    mode: str,
    at: datetime,
    reason: str = "recovered from the broker",
) -> str:
    """Write one order that only the broker knows into the ledger as `name`, with its fills; return its id."""
    plan = OrderPlan(
        client_order_id=str(name),
        variant=variant,
        session=name.session,
        mode=mode,
        symbol=shown.symbol,
        side=shown.side,
        intent=name.intent,
        quantity=shown.quantity,
        order_type=shown.order_type,
        time_in_force=shown.time_in_force,
        attempt=name.attempt,
        reason=reason,
        details=meant.details,
        stop_price=shown.stop_price if shown.order_type == "stop" else meant.attached_stop,
        planned_stop_price=meant.planned_stop if shown.side == "buy" else None,
        limit_price=shown.limit_price,
    )
    _adopt(ledger, plan, shown, at)
    return plan.client_order_id


def _adopt(ledger: Ledger, plan: OrderPlan, shown: BrokerOrder, at: datetime) -> None:
    with ledger.transaction():
        order = ledger.orders.get(plan.client_order_id) or ledger.orders.plan(plan, at=at)
        detail = {"recovered": True, "raw_status": shown.raw_status}
        # Bound first, so that the executions find their order.
        ledger.orders.transition(
            order.client_order_id,
            JournalState.ACKED,
            at=at,
            broker_order_id=shown.order_id,
            sent_at=order.sent_at or shown.entered_at or at,
            detail=detail,
        )
        ledger.book(shown.executions, at=at)
        executed = sum(execution.quantity for execution in shown.executions)
        late = shown.state.terminal and executed < shown.filled_quantity
        ledger.orders.transition(
            order.client_order_id,
            JournalState.UNKNOWN_LIVE if late else JournalState(shown.state.value),
            at=at,
            filled_quantity=executed,
            detail=detail,
        )
        held = ledger.positions.get(plan.variant, plan.symbol)
        if order.intent == "stop" and held is not None and not shown.state.terminal:
            ledger.positions.set_stop(
                held.id,
                needs_stop=True,
                stop_price=shown.stop_price,
                stop_client_order_id=order.client_order_id,
                stop_broker_order_id=shown.order_id,
                stop_expires_at=shown.expires_at,
            )


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
