"""Today on one page: is all well, what waits for an answer, what comes next."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backtest.core.errors import JutsuError
from live.handoff.approval import State
from live.ledger.system_state import KillSwitch
from live.views.review_case import present_file, read_case
from live.views.stale import read_stale
from live.views.status import StatusView, read_status
from live.views.words import outcome_words

_ANSWERED: Final = frozenset({"approved", "auto", "skipped"})

if TYPE_CHECKING:
    from live.ledger.tables import SignalRow
    from live.views.inputs import ViewInputs


@dataclass(frozen=True, slots=True)
class FileLine:
    """A signal file as a list shows it.

    Attributes:
        standing, standing_reason: what approval and settings say about its bytes now.
        outcome: what became of it in words, empty before it was executed.
        opens_at, closes_at: its execution window, ISO 8601; None when the file is broken.
        orders, enabled: how many it has, and how many of them may be sent.
        waits: whether a person's answer is wanted and still possible.
    """

    session: date
    variant: str
    role: str
    file: Path
    sha256: str
    standing: State
    standing_reason: str
    outcome: str
    opens_at: str | None
    closes_at: str | None
    orders: int
    enabled: int
    waits: bool


@dataclass(frozen=True, slots=True)
class TodayView:
    """What a person should know now.

    Attributes:
        well: nothing is wrong. to_do: one line each, what waits for a person.
        kill_switch: level, reason, author and time.
        files: primary files of the newest session.
        waiting_alerts: how many are not delivered yet.
        stale: why what is shown may be older than it looks, one line each.
    """

    well: bool
    to_do: tuple[str, ...]
    status: StatusView
    kill_switch: KillSwitch
    files: tuple[FileLine, ...]
    waiting_alerts: int
    stale: tuple[str, ...] = ()


def read_today(inputs: ViewInputs, further: Iterable[str] = (), doctor: datetime | None = None) -> TodayView:
    """Return the page.

    Args:
        inputs: of the account.
        further: problems found where a view does not look.
        doctor: when the scheduled `jutsu doctor` last ended, None where none was noted.
    """
    status = read_status(inputs, further)
    newest = inputs.ledger.signals.recent(20)
    session = newest[0].session if newest else None
    files = tuple(
        file_line(inputs, row) for row in newest if row.session == session and row.role == "primary"
    )
    return TodayView(
        well=not status.problems,
        to_do=tuple(_to_do(files)),
        status=status,
        kill_switch=inputs.ledger.state.kill_switch(),
        files=files,
        waiting_alerts=len(inputs.ledger.alerts.unsent()),
        stale=read_stale(inputs, status, doctor),
    )


def file_line(inputs: ViewInputs, row: SignalRow) -> FileLine:
    """Return the line of a signal file; one that cannot be read says so where its reason stands."""
    path, content = present_file(inputs, row), json.loads(row.content)
    try:
        case = read_case(inputs, path)
    except JutsuError as error:
        return FileLine(
            session=row.session,
            variant=row.variant,
            role=row.role,
            file=path,
            sha256="",
            standing="unknown",
            standing_reason=error.line(),
            outcome=_outcome(row),
            opens_at=None,
            closes_at=None,
            orders=len(content["orders"]),
            enabled=0,
            waits=False,
        )
    signal = case.signal
    orders = () if signal is None else signal.orders
    open_ = row.executed_sha256 is None and not case.window_over
    return FileLine(
        session=row.session,
        variant=row.variant,
        role=row.role,
        file=path,
        sha256=case.sha256,
        standing=case.standing.state,
        standing_reason=case.standing.reason,
        outcome=_outcome(row),
        opens_at=None if signal is None else signal.execution_window.opens_at,
        closes_at=None if signal is None else signal.execution_window.closes_at,
        orders=len(orders),
        enabled=sum(order.enabled for order in orders),
        waits=open_ and bool(orders) and row.role == "primary" and case.standing.state not in _ANSWERED,
    )


def _outcome(row: SignalRow) -> str:
    return "" if row.executed_sha256 is None else outcome_words(row.outcome, opened=True)


def _to_do(files: Iterable[FileLine]) -> Iterator[str]:
    for line in files:
        if line.waits:
            what = f"review the file of {line.session} ({line.variant})"
            yield f"{what}: {line.enabled} order(s), until {(line.closes_at or '')[11:16]} New York"
