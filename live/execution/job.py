"""One signal file, read and judged: what an executor run works on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from backtest.calendar import sessions as calendar
from backtest.core.decision import ExecutionTime
from backtest.core.errors import SignalFileError
from live.books.expectations import expectations_for, variant_of
from live.books.variants import BookVariant
from live.handoff.approval import Standing, orders_to_send, standing
from live.handoff.canonical import as_data, bytes_sha256
from live.handoff.model import SignalFile, SignalOrder
from live.handoff.read import parse, read_bytes
from live.handoff.validate import validate
from live.orders.attempts import by_intent

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger
    from live.ledger.tables import SignalRow
    from live.runtime.runtime import RunContext


Phase = Literal["all", "place", "poll", "session"]


@dataclass(frozen=True, slots=True)
class Job:
    """A valid file with an approval, split into orders that may leave and orders held back.

    Attributes:
        known: the ledger's record of the generated original, None when this ledger never wrote it.
        go: orders that may leave, or left before. held: client order id -> why an order stays.
    """

    path: Path
    content: bytes
    signal: SignalFile
    known: SignalRow | None
    session: calendar.Session
    window: calendar.ExecutionWindow
    book_variant: BookVariant
    standing: Standing
    go: tuple[SignalOrder, ...]
    held: Mapping[str, str]

    @property
    def day(self) -> date:
        """Session date."""
        return self.session.day

    @property
    def variant(self) -> str:
        """Variant name."""
        return self.book_variant.name


def read_job(
    context: RunContext,
    path: Path,
    variants: Sequence[BookVariant],
    session: calendar.Session,
    *,
    accept_edits: bool,
) -> Job:
    """Read and judge one file; touches nothing.

    Raises:
        SignalFileError: 2, invalid, or edited and not approved. LimitError: 7, valid but over a limit.
    """
    content = read_bytes(path)
    data = parse(content).data
    variant = variant_of(data, variants)
    if variant is None:
        raise SignalFileError("no primary variant is configured", where=str(path), remedy="set books")
    known = context.ledger.signals.get(session.day, variant.name)
    sha = bytes_sha256(content)
    trusted = known is not None and known.bytes_sha256 == sha
    original = None if known is None or trusted else SignalFile.model_validate_json(known.content)
    signal = validate(
        content,
        expectations=expectations_for(data, variants, session=session.day, settings=context.settings),
        original=original,
        trusted=trusted,
        where=str(path),
    )
    window = calendar.window(session, signal.execution_window.name)
    now = context.clock.now()
    stands = standing(
        known,
        sha,
        context.settings.approval,
        context.settings.mode,
        now,
        accept_edits=accept_edits,
    )
    if stands.refused:
        raise _refused(path, stands, original, signal)
    allowed, held = orders_to_send(signal, stands, context.settings.approval)
    sent = _sent(context.ledger, session.day, variant.name)
    reasons = {o.order.client_order_id: o.reason for o in held if not _followed(o.order, sent)}
    go = tuple(order for order in signal.orders if order in allowed or _followed(order, sent))
    return Job(path, content, signal, known, session, window, variant, stands, go, reasons)


def _sent(ledger: Ledger, day: date, variant: str) -> frozenset[str]:
    """Return the ids of the orders that left in an earlier run of the session."""
    tries = by_intent(ledger.orders.of_session(day, variant))
    return frozenset(name for name, attempts in tries.items() if attempts.sent)


def _followed(order: SignalOrder, sent: frozenset[str]) -> bool:
    """Whether an order was sent already: it is followed to its end, although its approval is over by now."""
    return order.enabled and order.client_order_id in sent


def window_of(path: Path, session: calendar.Session) -> calendar.ExecutionWindow | None:
    """Return the window a file names, None when it names none that can be read; judges nothing else."""
    data = parse(read_bytes(path)).data
    window = data.get("execution_window") if isinstance(data, dict) else None
    name = window.get("name") if isinstance(window, dict) else None
    found = next((known for known in get_args(ExecutionTime) if known == name), None)
    return None if found is None else calendar.window(session, found)


def _refused(
    path: Path, stands: Standing, original: SignalFile | None, signal: SignalFile
) -> SignalFileError:
    from live.handoff.diff import changes

    edits: list[str] = []
    if original is not None:
        edits = [str(change) for change in changes(as_data(original), as_data(signal))]
    return SignalFileError(
        stands.reason + ("".join(f"\n  {edit}" for edit in edits)),
        where=str(path),
        remedy=f"nothing was executed; `jutsu review {path}` and approve, or use --accept-edits",
    )
