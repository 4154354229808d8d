"""Why a session went as it did: decision, file, approval, run, orders."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from backtest.calendar.sessions import NEW_YORK
from live.ledger.shadow_books import SETTLED
from live.model.order_ids import parse
from live.views.orders import NotTaken, PlannedOrder, not_taken, planned
from live.views.words import boundary_line, skipped_because, sold_because

if TYPE_CHECKING:
    from live.handoff.model import SignalFile
    from live.ledger.ledger import Ledger
    from live.ledger.tables import Order, RunLog, SignalRow
    from live.views.inputs import ViewInputs


@dataclass(frozen=True, slots=True)
class EditLine:
    """What a person changed in the file: kind of the change and one line about it."""

    kind: str
    line: str


@dataclass(frozen=True, slots=True)
class ApprovalFacts:
    """The answer of a person (approve or skip), who and when; None where nobody answered."""

    answer: str | None
    by: str | None
    at: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What both stages left in the run log; `detail` is the executor's notes (JSON values)."""

    generated_at: datetime | None
    approved_at: datetime | None
    executed_at: datetime | None
    missed: bool
    generator_exit: int | None
    executor_exit: int | None
    outcome: str | None
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FillFacts:
    """One execution: instant, shares, price in account currency."""

    at: datetime
    quantity: int
    price: Decimal


@dataclass(frozen=True, slots=True)
class JournalOrder:
    """One order of the journal with its fills; prices in account currency."""

    client_order_id: str
    side: str
    intent: str
    quantity: int
    filled_quantity: int
    average_price: Decimal | None
    reference_price: Decimal | None
    state: str
    state_reason: str | None
    reason: str
    fills: tuple[FillFacts, ...]


@dataclass(frozen=True, slots=True)
class VirtualFill:
    """What a shadow's virtual book bought or sold at the session's price, account currency."""

    side: str
    intent: str
    quantity: int
    price: float


@dataclass(frozen=True, slots=True)
class VariantStory:
    """One symbol in one session of one variant, from decision to fill.

    Attributes:
        held_before: shares the decision started from.
        target_weight: decimal fraction of equity, None when the symbol is no target.
        diagnostics: the strategy's own figures (JSON values).
        orders: of the executed file when there is one, else of the generated file.
        journal: what was sent. run: None before the first stage of the session.
        virtual: what a shadow's book did, None while its session is not settled and for a primary.
        next_changes: limits that would change the decision, one line each.
        why: the shortest true answer.
    """

    variant: str
    role: str
    held_before: int
    target_weight: float | None
    rebalance: bool
    diagnostics: Mapping[str, Any]
    orders: tuple[PlannedOrder, ...]
    edits: tuple[EditLine, ...]
    skipped: tuple[NotTaken, ...]
    approval: ApprovalFacts
    journal: tuple[JournalOrder, ...]
    outcome: str | None
    run: RunFacts | None
    virtual: tuple[VirtualFill, ...] | None = None
    next_changes: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class ExplainView:
    """One symbol in one session, primaries first."""

    symbol: str
    session: date
    variants: tuple[VariantStory, ...]


def read_explanation(inputs: ViewInputs, symbol: str, day: date | None) -> ExplainView:
    """Return the story of a symbol in a session, the newest one when `day` is None.

    Raises:
        UsageError: the ledger has no decision of this session.
    """
    from backtest.core.errors import UsageError

    recent = inputs.ledger.signals.recent(2000)
    session = day or next((row.session for row in recent), None)
    if session is None:
        raise UsageError(
            "there are no decisions yet", where=symbol, remedy="run python -m live.signal_generator"
        )
    rows = [row for row in recent if row.session == session]
    if not rows:
        newest = f"; the newest one is {recent[0].session}" if recent else ""
        raise UsageError(
            f"the ledger has no decision of this session{newest}{_traded(inputs.ledger, symbol, session)}",
            where=str(session),
            remedy="name another",
        )
    rows.sort(key=lambda row: (row.role != "primary", row.variant))

    return ExplainView(symbol, session, tuple(story_of(inputs.ledger, row, symbol) for row in rows))


def _traded(ledger: Ledger, symbol: str, day: date) -> str:
    """Return what was traded of a symbol on a day without a decision: a panic, a stop, a sale by hand."""
    return "".join(
        f"; {trade.variant}: {trade.action} {trade.quantity:,} ({trade.intent}) at {trade.fill_price:,.4f}"
        for trade in ledger.trades.between(day, day)
        if trade.symbol == symbol
    )


def story_of(ledger: Ledger, row: SignalRow, symbol: str) -> VariantStory:
    """Return the story of a symbol in one file of the ledger."""
    from live.handoff.model import SignalFile

    generated = SignalFile.model_validate_json(row.content)
    executed = None if row.executed_content is None else SignalFile.model_validate_json(row.executed_content)
    journal = _orders_of_day(ledger, row)
    run = ledger.runs.get(row.session, row.variant)
    story = VariantStory(
        variant=row.variant,
        role=row.role,
        held_before=generated.inputs.account.positions.get(symbol, 0),
        target_weight=next((t.weight for t in generated.targets if t.symbol == symbol), None),
        rebalance=generated.decision.rebalance,
        diagnostics=generated.decision.diagnostics,
        orders=tuple(planned(order) for order in (executed or generated).orders if order.symbol == symbol),
        edits=_edits(generated, executed, symbol),
        skipped=tuple(not_taken(s) for s in generated.skipped if s.symbol == symbol),
        approval=ApprovalFacts(row.answer, row.approved_by, row.approved_at, row.approval_expires_at),
        journal=tuple(_journal(ledger, order) for order in journal if order.symbol == symbol),
        outcome=row.outcome,
        run=None if run is None else _run(run),
        virtual=_virtual(ledger, row, symbol),
        next_changes=_next_changes(generated, symbol),
    )

    return replace(story, why="; ".join((_why(story), *_noted(story, symbol))))


def _noted(story: VariantStory, symbol: str) -> list[str]:
    """Return what the executor noted about the orders it sent of a symbol: a price cap, a gap, a halt."""
    if not story.journal or story.run is None:
        return []
    head = f"{symbol}: "
    noted = [text.removeprefix(head) for _, text in _leaves(story.run.detail) if text.startswith(head)]
    return list(dict.fromkeys(noted))


def _virtual(ledger: Ledger, row: SignalRow, symbol: str) -> tuple[VirtualFill, ...] | None:
    """Return what a shadow's book did with a symbol once its session was settled."""
    known = ledger.shadow.signal(row.variant, row.session) if row.role == "shadow" else None
    if known is None or known.status != SETTLED:
        return None
    return tuple(
        VirtualFill(fill["side"], fill.get("intent", ""), fill["quantity"], fill["price"])
        for fill in (known.fills or {}).get("executed", ())
        if fill.get("symbol") == symbol
    )


def _next_changes(file: SignalFile, symbol: str) -> tuple[str, ...]:
    """Return how far the decision is from another one, as its strategy says; none of an unknown one."""
    from backtest.core.errors import JutsuError
    from backtest.strategies.registry import build_strategy

    try:
        strategy = build_strategy(file.strategy.name, file.strategy.variant, file.strategy.parameters)
    except JutsuError:
        return ()
    found = strategy.next_changes(file.decision.diagnostics)
    return tuple(boundary_line(limit) for limit in found if limit.symbol in {"", symbol})


def _orders_of_day(ledger: Ledger, row: SignalRow) -> list[Order]:
    """Return the orders of a session, and those of earlier ones that filled in it: stops above all."""
    placed = list(ledger.orders.of_session(row.session, row.variant))
    known = {order.id for order in placed}
    filled = [
        order
        for trade in ledger.trades.between(row.session, row.session)
        if trade.variant == row.variant and trade.order_id not in known and trade.broker_order_id
        if (order := ledger.orders.by_broker_id(trade.broker_order_id)) is not None
    ]
    return [*placed, *filled]


def _why(story: VariantStory) -> str:
    """Return the shortest true answer, looking from the end of the chain to its beginning."""
    if story.journal:
        return "; ".join(order_line(order) for order in story.journal)
    if story.virtual:
        return "; ".join(virtual_line(fill) for fill in story.virtual)
    if story.orders and story.role == "shadow":
        return f"{plan_line(story.orders)} in the virtual book only: a shadow never reaches a broker"
    if story.orders:
        return f"{plan_line(story.orders)} was planned but not sent: {_not_sent(story)}"
    if any(edit.kind == "deleted" for edit in story.edits):
        return "a person deleted the order from the file"
    if story.skipped:
        return "not taken: " + "; ".join(skipped_because(s.reason, s.details) for s in story.skipped)
    held, weight = story.held_before, story.target_weight
    if weight is None and not held:
        return "not a target and not held: nothing to do"
    if not story.rebalance:
        return f"{held} held: the strategy saw no reason to change anything"

    return f"{held} held already fit the target weight {weight or 0:.1%}"


def _not_sent(story: VariantStory) -> str:
    """Return what kept planned orders back."""
    if not any(order.enabled for order in story.orders):
        return "disabled in the file"
    if story.approval.answer == "skip":
        return "a person said skip"
    run = story.run
    if run is None or run.executed_at is None:
        return "missed: the executor did not run" if run and run.missed else "the executor has not run yet"
    reasons = [
        *_reasons(run.detail, story.orders),
        f"outcome {story.outcome}, exit code {run.executor_exit}",
    ]

    return "; ".join(reasons)


def _reasons(detail: Mapping[str, Any], orders: Sequence[PlannedOrder]) -> list[str]:
    """Return what the executor noted about these orders, whatever it noted it under."""
    names = {order.client_order_id for order in orders}

    found = [value for key, value in _leaves(detail) if key in names or _mentions(value, names)]
    said = (_of_order(text, names) for text in found if text not in names)
    return list(dict.fromkeys(said))


def _of_order(text: str, names: Collection[str]) -> str:
    """Return a note about an order without the name of the order, which the reader asked about."""
    name = next((name for name in names if text.startswith(f"{name}: ")), "")
    return text.removeprefix(f"{name}: not sent: ").removeprefix(f"{name}: ")


def _leaves(value: Any, key: str = "note") -> list[tuple[str, str]]:
    if isinstance(value, Mapping):
        return [leaf for name, item in value.items() for leaf in _leaves(item, str(name))]
    if isinstance(value, list):
        return [leaf for item in value for leaf in _leaves(item, key)]

    return [(key, str(value))]


def _mentions(text: str, names: set[str]) -> bool:
    return any(name in text for name in names)


def _edits(generated: SignalFile, executed: SignalFile | None, symbol: str) -> tuple[EditLine, ...]:
    from live.handoff.canonical import as_data
    from live.handoff.diff import changes

    if executed is None:
        return ()
    mine = {o.client_order_id for o in (*generated.orders, *executed.orders) if o.symbol == symbol}
    found = changes(as_data(generated), as_data(executed))

    return tuple(EditLine(c.kind, c.line()) for c in found if c.order in mine)


def _run(run: RunLog) -> RunFacts:
    return RunFacts(
        generated_at=run.generated_at,
        approved_at=run.approved_at,
        executed_at=run.executed_at,
        missed=run.missed,
        generator_exit=run.generator_exit,
        executor_exit=run.executor_exit,
        outcome=run.outcome,
        detail=dict(run.detail or {}),
    )


def _journal(ledger: Ledger, order: Order) -> JournalOrder:
    fills = ledger.executions.of_order(order.client_order_id)

    return JournalOrder(
        client_order_id=order.client_order_id,
        side=order.side,
        intent=order.intent,
        quantity=order.quantity,
        filled_quantity=order.filled_quantity,
        average_price=order.average_price,
        reference_price=order.reference_price,
        state=order.state,
        state_reason=order.state_reason,
        reason=order.reason,
        fills=tuple(FillFacts(fill.at, fill.quantity, fill.price) for fill in fills),
    )


def order_line(order: JournalOrder) -> str:
    """Return one line about an order of the journal: what, state, fill, why."""
    head = f"{order.side} {order.quantity:,} ({order.intent}) {order.state.lower()}"
    why = order.state_reason
    if order.filled_quantity:
        head += (
            f", {order.filled_quantity:,} filled at {float(order.average_price or 0):,.4f}{_later_day(order)}"
        )
        if order.side == "sell":
            why = why or sold_because(order.reason)

    return f"{head}: {why}" if why else head


def virtual_line(fill: VirtualFill) -> str:
    """Return what a shadow did, in one line."""
    return f"{fill.side} {fill.quantity:,} ({fill.intent}) at {fill.price:,.4f} in the virtual book"


def _later_day(order: JournalOrder) -> str:
    """Return the day of the last fill where it is not the session the order was placed in."""
    name = parse(order.client_order_id)
    day = order.fills[-1].at.astimezone(NEW_YORK).date() if order.fills else None
    return "" if day is None or name is None or day == name.session else f" on {day}"


def plan_line(orders: Sequence[PlannedOrder]) -> str:
    """Return one line naming every order of a plan and its reason."""
    return ", ".join(f"{o.side} {o.quantity:,} ({o.intent}: {sold_because(o.reason)})" for o in orders)
