"""Is all well, what is held, what comes next."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from backtest.core.decision import OpenPosition
from live.orders.attempts import panic_sells
from live.views.alignment import off_target_problems
from live.views.newest_run import newest_run, troubles

if TYPE_CHECKING:
    from backtest.calendar.sessions import ExecutionWindow, Session
    from backtest.reporting.baseline import Baseline
    from live.books.variants import BookVariant
    from live.ledger.system_state import KillLevel, KillSwitch
    from live.ledger.tables import Order
    from live.operations.expected_runs import MissedStep
    from live.views.book_now import BookNow
    from live.views.inputs import ViewInputs


@dataclass(frozen=True, slots=True)
class HeldPosition:
    """One open position.

    Attributes:
        quantity: whole shares. entry_price: average price paid. stop_price: None without a stop.
        protected: whether the stop it needs is at the broker; None when it needs none (or is virtual).
        last_price: at the newest mark. profit: of all shares at that price, account currency.
        to_stop, to_trend: how far the last price lies above the stop and the trend line, decimal fractions.
        weeks_held, weeks_needed: whole weeks since the entry week, and those before the trend line counts.
        trend_line: of the newest week that was over at the newest decision.
        grade, score: of the candidate that led to it.
    """

    symbol: str
    quantity: int
    entry_price: float
    stop_price: float | None
    protected: bool | None = None
    entry_session: date | None = None
    last_price: float | None = None
    profit: float | None = None
    to_stop: float | None = None
    weeks_held: int | None = None
    weeks_needed: int | None = None
    trend_line: float | None = None
    to_trend: float | None = None
    grade: str | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True)
class BookStatus:
    """One variant.

    Attributes:
        window_opens, window_closes: its next execution window, of a later session once it is over or its file
            was carried out. early_close: of that session.
        last_session, last_outcome: of its newest run, None before the first.
        equity, cash: account currency at the newest snapshot. drawdown, cumulative_return: decimal fractions.
        now: regime, limits, allocation, figures and monitoring.
    """

    variant: str
    role: str
    strategy: str
    window_opens: datetime
    window_closes: datetime
    early_close: bool
    last_session: date | None
    last_outcome: str | None
    equity: float | None
    cash: float | None
    drawdown: float | None
    cumulative_return: float | None
    positions: tuple[HeldPosition, ...]
    now: BookNow | None = None


@dataclass(frozen=True, slots=True)
class StatusView:
    """The state of an account.

    Attributes:
        next_session: the first with a window that is still to come or under way.
        books: daily books, and those on request that ever ran.
        unfinished_orders: client order ids that have not ended; a stop that rests is none of them.
        unresolved_orders: of unknown fate.
        naked_positions: `variant/symbol` without the stop they need.
        data_source: of the newest run: a setting of `data.source`, or `prices:` and the folder.
        missed_sessions: among the newest twenty runs.
        missed_steps: what the calendar expected of the daily books by now and the run log does not show.
        problems: one line each, with what to do; none means all is well.
    """

    account: str
    mode: str
    data_source: str
    kill_switch: KillLevel
    next_session: date
    books: tuple[BookStatus, ...]
    unfinished_orders: tuple[str, ...]
    unresolved_orders: tuple[str, ...]
    naked_positions: tuple[str, ...]
    missed_sessions: tuple[date, ...]
    missed_steps: tuple[MissedStep, ...]
    problems: tuple[str, ...]


def read_status(inputs: ViewInputs, further: Iterable[str] = ()) -> StatusView:
    """Return the state of the account. A broken book or strategy file is a problem, not an error.

    Args:
        inputs: what the view is made from.
        further: problems found where a view does not look: login, machine.
    """
    ledger, session = inputs.ledger, _upcoming(inputs)
    books, broken = _readable_books(inputs, session)
    missed: tuple[MissedStep, ...] = ()
    if not broken and not inputs.past:
        missed = _missed_steps(inputs)
    primaries = [book.variant for book in books if book.role == "primary"]
    kill = ledger.state.kill_switch()
    unresolved = tuple(order.client_order_id for order in ledger.orders.unresolved())
    unprotected = tuple(f"{row.variant}/{row.symbol}" for row in ledger.positions.unprotected())
    return StatusView(
        account=inputs.account,
        mode=inputs.settings.mode,
        data_source=_data_source(inputs, primaries),
        kill_switch=kill.level,
        next_session=min((day_of(book) for book in books), default=session.day),
        books=tuple(books),
        unfinished_orders=tuple(
            order.client_order_id for order in ledger.orders.unfinished() if not _rests(order)
        ),
        unresolved_orders=unresolved,
        naked_positions=unprotected,
        missed_sessions=tuple(_missed_sessions(inputs)),
        missed_steps=missed,
        problems=(
            *panic_sells(ledger.orders.unfinished()),
            *further,
            *broken,
            *_restored(inputs),
            *_closed(inputs),
            *_problems(kill, unresolved, unprotected),
            *_stopless(inputs),
            *off_target_problems(inputs, primaries),
            *(step.text for step in missed),
            *(text for book in books for text in _drifted(book)),
            *troubles(
                inputs, primaries, {step.variant for step in missed if step.step in {"executed", "generated"}}
            ),
        ),
    )


def _readable_books(inputs: ViewInputs, session: Session) -> tuple[list[BookStatus], list[str]]:
    """Return the books up to the first that cannot be read, and what is wrong with that one."""
    from backtest.core.errors import JutsuError
    from live.views.monitoring import baselines

    known = {} if inputs.manifest is None else baselines(inputs.manifest, inputs.settings.data.source)
    books: list[BookStatus] = []
    try:
        books.extend(_book(inputs, one, session, known) for one in _shown(inputs))
    except JutsuError as error:
        return books, [error.line()]
    return books, []


def _data_source(inputs: ViewInputs, primaries: Iterable[str]) -> str:
    """Return where the newest run took its bars from; before the first one where the settings say."""
    runs = [run for variant in primaries if (run := newest_run(inputs, variant)) is not None]
    newest = max(runs, key=lambda run: run.session, default=None)
    return newest.source if newest is not None and newest.source else inputs.settings.data.source


def _missed_sessions(inputs: ViewInputs) -> Iterator[date]:
    """Yield those of the newest runs that were missed; a session to come was not."""
    for row in inputs.ledger.runs.recent(20):
        if row.missed and row.session <= inputs.today:
            yield row.session


def _missed_steps(inputs: ViewInputs) -> tuple[MissedStep, ...]:
    from live.operations.watch import expected_books, missed

    books = expected_books(inputs.settings, inputs.strategies, inputs.overrides)
    return missed(inputs.ledger, books, inputs.now)


def _restored(inputs: ViewInputs) -> Iterator[str]:
    if inputs.ledger.generation.restored():
        yield (
            "the ledger was restored, or is a new one in the place of the old: nothing is sent before "
            f"{inputs.ledger.generation.way_back()}"
        )


def _closed(inputs: ViewInputs) -> Iterator[str]:
    """Yield that a run about a day to come (by `--as-of`, or a wrong clock) closed the ledger until then."""
    newest = inputs.ledger.runs.last_session()
    if newest is not None and newest > inputs.today and not inputs.past:
        yield (
            f"the ledger is closed to earlier sessions until {newest}, which has not come yet: every run "
            "before it is refused; `jutsu restore` of a backup made before that run opens it again"
        )


def _problems(kill: KillSwitch, unresolved: Iterable[str], unprotected: Iterable[str]) -> Iterator[str]:
    if kill.level != "none":
        why = f": {kill.reason} (by {kill.by})" if kill.reason else ""
        yield f"kill switch is on ({kill.level}){why}; turn it off with `jutsu resume`"
    for name in unresolved:
        yield f"order {name}: fate unknown; run the executor or `jutsu resolve {name}`"
    for name in unprotected:
        yield f"position {name} has no protective stop; run the executor"


def _stopless(inputs: ViewInputs) -> Iterator[str]:
    from live.books.stopless import REMEDY, stopless

    for row in stopless(inputs.ledger.positions, inputs.strategies):
        yield f"position {row.variant}/{row.symbol} was bought without its strategy's stop; {REMEDY}"


def _drifted(book: BookStatus) -> tuple[str, ...]:
    """Return what monitoring warns of, one line each."""
    if book.now is None or book.now.monitoring is None:
        return ()
    return book.now.monitoring.problems


def _rests(order: Order) -> bool:
    """Whether it is a protective stop that does what it is there for."""
    return order.intent == "stop" and order.state in {"ACKED", "PENDING", "WORKING"}


def _upcoming(inputs: ViewInputs) -> Session:
    """Return the session of today until its close, else the next one."""
    from backtest.calendar import sessions as calendar

    session = calendar.session(inputs.today)
    if session is None or inputs.now > session.close:
        return calendar.next_session(inputs.today)
    return session


def _shown(inputs: ViewInputs) -> Iterator[BookVariant]:
    """Yield the variants of daily books, and every other that ever ran."""
    daily = {book.primary for book in inputs.settings.books if book.run == "daily"}
    for variant in inputs.variants():
        if variant.follows in daily or inputs.ledger.runs.recent(1, variant.name):
            yield variant


def _book(
    inputs: ViewInputs, variant: BookVariant, session: Session, baselines: Mapping[str, Baseline]
) -> BookStatus:
    from live.views.book_now import read_now

    session, window = _next_window(inputs, variant, session)
    latest = inputs.ledger.snapshots.latest(variant.name)
    run = newest_run(inputs, variant.name)
    positions = tuple(
        _held(inputs, variant) if variant.role == "primary" else _held_virtually(inputs, variant)
    )
    now = read_now(inputs, variant, {p.symbol: _worth(p) for p in positions}, baselines.get(variant.name))
    figures = now.figures
    return BookStatus(
        variant=variant.name,
        role=variant.role,
        strategy=variant.strategy.name,
        window_opens=window.opens_at,
        window_closes=window.closes_at,
        early_close=session.early_close,
        last_session=None if run is None else run.session,
        last_outcome=None if run is None else run.outcome,
        equity=None if latest is None else latest.equity,
        cash=None if latest is None else latest.cash,
        drawdown=None if figures is None else figures.drawdown,
        cumulative_return=None if figures is None else figures.total_return,
        positions=positions,
        now=now,
    )


def _worth(held: HeldPosition) -> float | None:
    return None if held.last_price is None else held.last_price * held.quantity


def _next_window(
    inputs: ViewInputs, variant: BookVariant, session: Session
) -> tuple[Session, ExecutionWindow]:
    from backtest.calendar import sessions as calendar

    window = calendar.window(session, variant.strategy.execution_time)
    run = newest_run(inputs, variant.follows)
    done = run is not None and run.session == session.day and run.outcome == "completed"
    if not done and inputs.now <= window.closes_at:
        return session, window
    coming = calendar.next_session(session.day)
    return coming, calendar.window(coming, variant.strategy.execution_time)


def day_of(book: BookStatus) -> date:
    """Return the session of a book's next window."""
    from backtest.calendar.sessions import NEW_YORK

    return book.window_opens.astimezone(NEW_YORK).date()


def _held(inputs: ViewInputs, variant: BookVariant) -> Iterator[HeldPosition]:
    checks = _checks(inputs, variant.name)
    for row in inputs.ledger.positions.open_positions(variant.name):
        worth = row.current_value
        last = float(worth) / row.quantity if worth and row.quantity else None
        protected = bool(row.stop_broker_order_id) if row.needs_stop else None
        yield _position(OpenPosition.of(row), last, protected, checks.get(row.symbol, {}))


def _held_virtually(inputs: ViewInputs, variant: BookVariant) -> Iterator[HeldPosition]:
    checks = _checks(inputs, variant.name)
    virtual = inputs.ledger.shadow.book(variant.name)
    for held in () if virtual is None else virtual.book.positions.values():
        yield _position(held, held.details.get("mark"), None, checks.get(held.symbol, {}))


def _checks(inputs: ViewInputs, variant: str) -> Mapping[str, Mapping[str, Any]]:
    """Return symbol -> what the newest decision found about the position, {} where it says nothing."""
    row = next(iter(inputs.ledger.signals.recent(1, variant)), None)
    found = {} if row is None else json.loads(row.content)["decision"]["diagnostics"]
    return {check["symbol"]: check for check in found.get("checks", ())}


def _position(
    held: OpenPosition, last: float | None, protected: bool | None, check: Mapping[str, Any]
) -> HeldPosition:
    line = check.get("indicator")
    return HeldPosition(
        symbol=held.symbol,
        quantity=held.quantity,
        entry_price=held.entry_price,
        stop_price=held.stop_price,
        protected=protected,
        entry_session=held.entry_date,
        last_price=None if last is None else round(last, 4),
        profit=None if last is None else round((last - held.entry_price) * held.quantity, 2),
        to_stop=_above(last, held.stop_price),
        weeks_held=check.get("completed_weeks"),
        weeks_needed=check.get("weeks_needed"),
        trend_line=line,
        to_trend=_above(last, line),
        grade=held.details.get("grade"),
        score=held.details.get("score"),
    )


def _above(price: float | None, level: float | None) -> float | None:
    return None if not price or not level else round(price / level - 1, 6)
