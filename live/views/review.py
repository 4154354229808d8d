"""What a reviewer sees of a signal file before it is executed."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backtest.calendar.sessions import NEW_YORK
from backtest.core.errors import Finding
from backtest.trading.fills import commission
from live.handoff.approval import State
from live.handoff.diff import Change, SessionChange
from live.handoff.model import SignalFile, SignalOrder
from live.orders.attempts import Attempts, by_intent
from live.views.newest_run import no_newer_file
from live.views.orders import NotTaken, PlannedOrder, fields_of, not_taken
from live.views.review_case import ReviewCase
from live.views.words import outcome_words

if TYPE_CHECKING:
    from live.views.inputs import ViewInputs


@dataclass(frozen=True, slots=True)
class CostEstimate:
    """Estimated cost of an order by the configured rules, account currency, cents."""

    slippage: float
    commission: float
    total: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewOrder(PlannedOrder):
    """An order with what it costs and brings.

    Attributes:
        value: quantity x reference price, cents. share_of_equity: decimal fraction, None without equity.
        realised_gain: of a sale, against average cost after estimated cost; None for buys.
        held_because: why the executor would leave it out if it started now, None when it would be sent.
        result: what became of it, None before it was sent.
    """

    value: float
    share_of_equity: float | None
    cost: CostEstimate
    realised_gain: float | None
    held_because: str | None
    result: str | None


@dataclass(frozen=True, slots=True)
class WindowFacts:
    """Execution window: name and ISO 8601 instants as the file has them."""

    name: str
    opens_at: str
    closes_at: str


@dataclass(frozen=True, slots=True)
class TargetFacts:
    """Target weight after the cash reserve, decimal fraction of equity."""

    symbol: str
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FileView:
    """What is known of any file, a broken one too.

    Attributes:
        file, sha256: the exact bytes shown; an approval names this digest.
        standing, standing_reason: what approval and settings say about these bytes now.
        warnings: to be read first. problems, limits: what keeps the file from being executed.
        edits: differences from the generated original. since_previous: from the previous session's file.
        next: what to do now.
    """

    file: Path
    sha256: str
    standing: State
    standing_reason: str
    window_over: bool
    warnings: tuple[str, ...]
    problems: tuple[Finding, ...]
    limits: tuple[Finding, ...]
    edits: tuple[Change, ...]
    since_previous: tuple[SessionChange, ...]
    next: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewView(FileView):
    """A readable file with every figure to judge it by; money in account currency.

    Attributes:
        equity, cash: the decision's. cash_after: once every enabled order filled at its reference price.
        residual_cash: the file's own figure. rounding_cash: what whole shares leave above the target cash,
            None when no targets were traded or the file was edited.
        diagnostics: the strategy's own figures (JSON values).
    """

    trade_date: str
    variant: str
    role: str
    mode: str
    window: WindowFacts
    equity: float
    cash: float
    cash_after: float
    residual_cash: float
    rounding_cash: float | None
    diagnostics: Mapping[str, Any]
    targets: tuple[TargetFacts, ...]
    orders: tuple[ReviewOrder, ...]
    skipped: tuple[NotTaken, ...]


def read_review(inputs: ViewInputs, case: ReviewCase, flags: str = "") -> FileView:
    """Return a `ReviewView` of a file, or only its `FileView` when it cannot be read as a signal file.

    `flags` are those of the call, which the commands of the next step need as well.
    """
    signal, head = case.signal, _head(inputs, case, flags)
    if signal is None:
        return FileView(**head)
    orders = tuple(_orders(inputs, case, signal))

    return ReviewView(
        **head,
        trade_date=signal.trade_date,
        variant=signal.strategy.variant,
        role=signal.strategy.role,
        mode=signal.mode,
        window=WindowFacts(**signal.execution_window.model_dump()),
        equity=signal.inputs.account.equity,
        cash=signal.inputs.account.cash,
        cash_after=_cash_after(signal, orders),
        residual_cash=signal.residual_cash,
        rounding_cash=None if case.edits else _rounding_cash(signal),
        diagnostics=signal.decision.diagnostics,
        targets=tuple(TargetFacts(target.symbol, target.weight) for target in signal.targets),
        orders=orders,
        skipped=tuple(not_taken(skip) for skip in signal.skipped),
    )


def _head(inputs: ViewInputs, case: ReviewCase, flags: str) -> dict[str, Any]:
    """Return the arguments of `FileView`."""
    rest, flags = unsent(inputs, case), flags + played_flag(inputs, case)
    newer = () if case.row is None else no_newer_file(inputs, case.row.variant, case.row.session)
    return {
        "file": case.path,
        "sha256": case.sha256,
        "standing": case.standing.state,
        "standing_reason": _standing_reason(case),
        "window_over": case.window_over,
        "warnings": (*newer, *_warnings(case, rest)),
        "problems": tuple(case.verdict.problems),
        "limits": tuple(case.verdict.limits),
        "edits": case.edits,
        "since_previous": case.moved,
        "next": next_step(case, flags, rest),
    }


def _standing_reason(case: ReviewCase) -> str:
    """Return what stands behind the bytes; of an executed file what became of it."""
    if case.row is None or not _executed(case):
        return case.standing.reason
    return f"executed: {outcome_words(case.row.outcome, opened=True)}"


def _executed(case: ReviewCase) -> bool:
    """Whether exactly these bytes were executed."""
    return case.row is not None and case.row.executed_sha256 == case.sha256


def next_step(case: ReviewCase, flags: str = "", rest: int = 0) -> str:
    """Return what to do now, one line; `rest` orders of an executed file may still be sent."""
    if case.verdict.problems:
        return f"correct the file, or python -m live.signal_generator --force{flags}"
    if case.verdict.limits:
        return "make the orders smaller, then jutsu review again"
    if case.row is None:
        return "this ledger never generated the file: name the right one with --state-db"
    if case.row.executed_sha256 is not None and not rest:
        return "already executed; see jutsu status"
    if case.window_over:
        return "the execution window is over; the next session proposes again"
    if case.signal is not None and not case.signal.orders and not case.standing.refused:
        return f"nothing to approve: no orders; python -m live.executor{flags} records the session"
    if case.standing.state in {"approved", "auto"}:
        return f"python -m live.executor{flags}"

    return f"jutsu approve {shlex.quote(str(case.path))}{flags}"


def unsent(inputs: ViewInputs, case: ReviewCase) -> int:
    """Return how many enabled orders of exactly these executed bytes a second run may still send.

    None once the session was carried out to its end, its window is over, or a person said skip.
    """
    row = case.row
    if row is None or case.signal is None or not _executed(case) or row.outcome == "completed":
        return 0
    if case.standing.state == "skipped" or case.closes_at is None or inputs.now > case.closes_at:
        return 0
    sent = _results(inputs, case)
    return sum(order.enabled and order.client_order_id not in sent for order in case.signal.orders)


def played_flag(inputs: ViewInputs, case: ReviewCase) -> str:
    """Return the flag that plays a past session, empty where its window is not over by the clock.

    A file of a past run is judged at its own time; without the flag a stage would look for a file of today.
    """
    if case.signal is None or case.closes_at is None or case.window_over or inputs.now <= case.closes_at:
        return ""
    return f" --as-of {case.signal.trade_date}"


def _warnings(case: ReviewCase, rest: int = 0) -> Iterator[str]:
    """Yield everything a reviewer must see first; the file's own warnings come after ours."""
    if case.standing.refused and not _executed(case):
        yield f"{case.standing.reason}: the executor refuses this file"
    if case.window_over and (case.row is None or case.row.executed_sha256 is None):
        yield "the execution window is over"
    if rest and case.closes_at is not None:
        until = f"{case.closes_at.astimezone(NEW_YORK):%H:%M} New York"
        yield f"{rest} order(s) were not sent: until {until} an approval and a second run may still send them"
    if case.standing.state == "skipped":
        yield "marked as skip: nothing will be sent"
    if case.signal is not None:
        if case.signal.session.early_close:
            yield f"early close at {case.signal.session.close[11:16]} New York"
        yield from case.signal.warnings


def _orders(inputs: ViewInputs, case: ReviewCase, signal: SignalFile) -> Iterator[ReviewOrder]:
    held = {item.order.client_order_id: item.reason for item in case.held}
    results = _results(inputs, case)
    rules, equity = inputs.settings.execution, signal.inputs.account.equity
    for order in signal.orders:
        value = round(order.quantity * order.reference_price, 2)
        slippage, fee = round(value * rules.slippage_pct / 100, 2), commission(order.quantity, rules)
        yield ReviewOrder(
            **fields_of(order),
            value=value,
            share_of_equity=value / equity if equity else None,
            cost=CostEstimate(slippage, fee, round(slippage + fee, 2)),
            realised_gain=_gain(inputs, signal.strategy.variant, order, slippage + fee),
            held_because=None if order.client_order_id in results else held.get(order.client_order_id),
            result=results.get(order.client_order_id),
        )


def _results(inputs: ViewInputs, case: ReviewCase) -> dict[str, str]:
    """Return client order id -> what became of the order, for every order that was sent."""
    if case.row is None or case.row.executed_sha256 is None:
        return {}
    tries = by_intent(inputs.ledger.orders.of_session(case.row.session, case.row.variant))
    return {name: _result(attempts) for name, attempts in tries.items() if attempts.sent}


def _result(attempts: Attempts) -> str:
    filled, last = attempts.filled, attempts.last
    paid = sum(o.filled_quantity * (o.average_price or Decimal(0)) for o in attempts.tries)
    price = f" at {paid / filled:,.2f}" if filled else ""
    state = "" if last is None or filled >= attempts.first.quantity else f", {last.state.lower()}"
    why = f": {last.state_reason}" if state and last is not None and last.state_reason else ""
    return f"{filled:,} of {attempts.first.quantity:,} filled{price}{state}{why}"


def _gain(inputs: ViewInputs, variant: str, order: SignalOrder, cost: float) -> float | None:
    """Return the profit a sale realises against average cost after estimated cost; None for buys."""
    if order.side != "sell":
        return None
    position = inputs.ledger.positions.get(variant, order.symbol)
    if position is None:
        return None
    per_share = Decimal(str(order.reference_price)) - position.entry_price

    return round(float(per_share * order.quantity) - cost, 2)


def _cash_after(signal: SignalFile, orders: Sequence[ReviewOrder]) -> float:
    """Return the cash once every enabled order filled at its reference price and paid its cost."""
    flows = (
        (order.value if order.side == "sell" else -order.value) - order.cost.total
        for order in orders
        if order.enabled
    )

    return float(round(signal.inputs.account.cash + sum(flows), 2))


def _rounding_cash(signal: SignalFile) -> float | None:
    """Return the cash that whole shares leave above the target cash; None when no targets were traded."""
    if not signal.targets or not signal.decision.rebalance:
        return None
    target_cash = (1 - sum(target.weight for target in signal.targets)) * signal.inputs.account.equity

    return round(signal.residual_cash - target_cash, 2)
