"""`jutsu reconcile` and `jutsu resolve`: two sides compared, and orders only a person can judge."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from backtest.core.errors import UsageError
from live.actions.audited import recorded
from live.cli.common import ConfigOption, JsonOption, StateOption, actor, echo, emit_json, open_command, table
from live.model.run import DAILY, TENDING
from live.system.number_text import money
from live.views.reconcile import ReconcileView, reconciliation_of

if TYPE_CHECKING:
    from backtest.core.errors import DisagreementError
    from live.reconciliation.model import Reconciliation
    from live.runtime.runtime import Runtime


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(reconcile)
    app.command()(resolve)


def reconcile(
    *,
    adopt: Annotated[bool, typer.Option("--adopt", help="Take the broker's truth, with a record.")] = False,
    json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Compare ledger and broker; exit code 4 when they differ (5 when it looks like a split)."""
    from live.books import unknown_orders
    from live.execution import split_stops
    from live.orders import listing
    from live.reconciliation import compare as rules
    from live.reconciliation.adopt import adopt as adopt_differences
    from live.reconciliation.cash import explain_cash

    run = DAILY if adopt else TENDING  # adopting may place a stop
    with open_command(config=config, state_db=state_db, run=run) as runtime, _alone(runtime, needed=adopt):
        if adopt:
            _refuse_while_unresolved(runtime)
        oversold = _caught_up(runtime, adopting=adopt)
        if adopt:
            explain_cash(runtime.context, runtime.broker, runtime.broker.account())
        result = _compare(runtime)
        if adopt:
            rules.require_still(runtime.ledger, result, where="reconcile --adopt")
        adopted: tuple[str, ...] = ()
        if adopt and not (result.agrees and result.ledger_cash == result.broker_cash):
            before = split_stops.behind(runtime.ledger, result)
            with recorded(
                runtime.ledger, "adopt", actor=actor(), subject=runtime.account, clock=runtime.clock
            ) as effect:
                adopted = adopt_differences(
                    runtime.ledger,
                    runtime.broker.account(),
                    result,
                    at=runtime.clock.now(),
                    by=actor(),
                    owners=_owners(runtime),
                )
                adopted += split_stops.carry_over(runtime.context, runtime.broker, runtime.feed, before)
                effect.after = "; ".join(adopted)
            _remember(runtime, result)
            result = _compare(runtime)
            _answer_adopted(runtime, result)
        view = reconciliation_of(result, adopted=adopted, manual=_manual(runtime))
        if json:
            emit_json(view)
        else:
            show(view, result)
            _show_unprotected(runtime)
        if oversold is not None:
            raise oversold
        if not result.agrees:
            raise rules.error_of(result)
        unknown_orders.require_known(runtime.context, listing.listed(runtime.broker, runtime.clock))
        if runtime.ledger.generation.settle(at=runtime.clock.now()) and not json:
            echo("the restored ledger agrees with the broker and counts as the newest from now on")


def _caught_up(runtime: Runtime, *, adopting: bool) -> DisagreementError | None:
    """Book what filled; return what could not be booked: both sides are shown all the same."""
    from backtest.core.errors import DisagreementError
    from live.orders.recovery import catch_up

    try:
        with runtime.ledger.adopting() if adopting else nullcontext():
            catch_up(runtime.context, runtime.broker)
    except DisagreementError as error:
        return error
    return None


def _answer_adopted(runtime: Runtime, result: Reconciliation) -> None:
    """Remember orders whose fills came into the books with the positions; shares of no book are in none."""
    from live.books import unknown_orders
    from live.orders import listing

    outside = {line.symbol for line in result.lines if line.kind == "foreign"}
    unknown = unknown_orders.unknown(runtime.context, listing.listed(runtime.broker, runtime.clock))
    filled = unknown_orders.ended([shown for shown in unknown if shown.symbol not in outside])
    unknown_orders.remember(
        runtime.ledger, runtime.clock, filled, verdict="adopted with the positions", by=actor()
    )


def _alone(runtime: Runtime, *, needed: bool = True) -> AbstractContextManager[None]:
    """Keep an executor out while the books are changed: it would book the same fills a second time."""
    from live.system.lock import single_instance

    return single_instance(runtime.state, runtime.account, run_id="jutsu") if needed else nullcontext()


def _refuse_while_unresolved(runtime: Runtime) -> None:
    """Refuse to adopt what an order of unknown fate may have done: finding it later would book it again."""
    from backtest.core.errors import UnresolvedError

    waiting = runtime.ledger.orders.unresolved()
    if waiting:
        raise UnresolvedError(
            f"{waiting[0].client_order_id} is {waiting[0].state}: its shares would be counted twice",
            where="reconcile --adopt",
            remedy="`jutsu resolve` it first, then adopt",
        )


def _remember(runtime: Runtime, result: Reconciliation) -> None:
    """Strategies remember what is held when that changed; a split and cash alone change no weight."""
    from live.books.memory import remember_held

    if not any(line.ratio is None for line in result.differences):
        return
    account, now = runtime.broker.account(), runtime.clock.now()
    for book in runtime.settings.books:
        remember_held(runtime.ledger, book.primary, account, budget_pct=book.budget_pct, at=now)


def _owners(runtime: Runtime) -> dict[str, str]:
    """Return symbol -> the one book whose strategy names it."""
    from live.runtime.declared import declared_symbols

    books = declared_symbols(runtime.settings, runtime.strategies)
    symbols = {symbol for named in books.values() for symbol in named}
    naming = {symbol: [variant for variant, named in books.items() if symbol in named] for symbol in symbols}
    return {symbol: variants[0] for symbol, variants in naming.items() if len(variants) == 1}


def _compare(runtime: Runtime) -> Reconciliation:
    from live.reconciliation import compare as rules

    symbols = sorted(runtime.ledger.positions.shares())
    quotes = runtime.feed.quotes(symbols, runtime.clock.now()) if symbols else {}
    prices = {symbol: quote.mid for symbol, quote in quotes.items() if quote.mid is not None}
    return rules.compared(runtime.context, runtime.broker.account(), prices)


def _manual(runtime: Runtime) -> tuple[str, ...]:
    from datetime import timedelta

    from live.reconciliation.compare import manual_fills

    now = runtime.clock.now()
    return manual_fills(runtime.ledger, runtime.broker, since=now - timedelta(days=7), at=now)


def show(view: ReconcileView, result: Reconciliation) -> None:
    """Print both sides, then what was adopted and what is not ours."""
    rows: list[list[object]] = [
        [line.symbol, line.ledger, line.broker, _words(line.kind)] for line in view.positions
    ]
    rows.append(["cash", money(view.cash.ledger), money(view.cash.broker), _cash_words(result)])
    table("ledger and broker", ["", "ledger", "broker", ""], rows, right=["ledger", "broker"])
    for change in view.adopted:
        echo(f"adopted: {change}")
    for trade in view.manual_trades:
        echo(f"not ours, filled in the last 7 days: {trade}")
    for rest in result.rests():
        echo(rest)
    echo("ledger and broker agree" if view.agrees else "ledger and broker DIFFER")


def _show_unprotected(runtime: Runtime) -> None:
    """Name positions without their stop: shares that agree say nothing about what protects them."""
    for row in runtime.ledger.positions.unprotected():
        place = "`python -m live.executor` places it"
        echo(f"{row.variant}: {row.quantity:,} {row.symbol} have NO STOP: {place}")


def _words(kind: str) -> str:
    return {
        "same": "",
        "differs": "DIFFERS",
        "split_like": "DIFFERS, looks like a split",
        "foreign": "not ours, never touched",
    }[kind]


def _cash_words(result: Reconciliation) -> str:
    if result.ledger_cash is None:
        return "no run yet"
    if result.overdrawn:
        return "less than none"
    return f"equity moved {result.cash_jump_pct:.1f} % without trades" if result.cash_jumped else ""


def resolve(
    client_order_id: Annotated[str | None, typer.Argument(help="Our order whose fate is unknown.")] = None,
    broker_id: Annotated[str | None, typer.Argument(help="With --adopt: it is this order there.")] = None,
    *,
    broker_order: Annotated[
        str | None,
        typer.Option("--broker-order", help="An order at the broker that the ledger does not know."),
    ] = None,
    adopt: Annotated[bool, typer.Option("--adopt", help="It is ours: take it into the books.")] = False,
    absent: Annotated[bool, typer.Option("--absent", help="I looked: the broker never had it.")] = False,
    foreign: Annotated[bool, typer.Option("--foreign", help="It is not of this program.")] = False,
    variant: Annotated[str | None, typer.Option("--variant", help="The book it belongs to.")] = None,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Tell the ledger what became of an order after looking at the broker's own screen.

    `jutsu resolve OURS --adopt BROKER_ID | --absent` for an order of ours whose fate is unknown;
    `jutsu resolve --broker-order ID --foreign | --adopt --variant V` for one that only the broker knows.
    """
    answers = (adopt, absent, foreign)
    ours = client_order_id is not None and broker_order is None
    theirs = client_order_id is None and broker_order is not None
    fits = (
        (ours and variant is None and not foreign and adopt == (broker_id is not None))
        or (theirs and broker_id is None and not absent and adopt == (variant is not None))
    )  # fmt: skip
    if sum(answers) != 1 or not fits:
        raise UsageError(
            "say OURS --adopt BROKER_ID, OURS --absent, --broker-order ID --foreign, "
            "or --broker-order ID --adopt --variant V",
            where="resolve",
        )
    with open_command(config=config, state_db=state_db) as runtime, _alone(runtime):
        subject = client_order_id or f"broker order {broker_order}"
        with recorded(
            runtime.ledger, "resolve", actor=actor(), subject=subject, clock=runtime.clock
        ) as effect:
            if client_order_id is not None:
                effect.after = _resolve_ours(runtime, client_order_id, broker_id)
            elif broker_order is not None:
                effect.after = _resolve_theirs(runtime, broker_order, variant)
        echo(effect.after)


def _resolve_ours(runtime: Runtime, client_order_id: str, broker_id: str | None) -> str:
    from live.orders.resolve import declare_absent, declare_adopted

    if broker_id is None:
        order = declare_absent(runtime.ledger, client_order_id, by=actor(), at=runtime.clock.now())
    else:
        order = declare_adopted(
            runtime.ledger, runtime.broker, runtime.clock, client_order_id, broker_id, by=actor()
        )
    return f"{order.client_order_id}: {order.state}, {order.filled_quantity} filled"


def _resolve_theirs(runtime: Runtime, order_id: str, variant: str | None) -> str:
    from live.books import unknown_orders

    if variant is None:
        shown = unknown_orders.declare_foreign(
            runtime.broker, runtime.ledger, runtime.clock, order_id, by=actor()
        )
        return f"foreign from now on: {unknown_orders.described(shown)}"
    made = unknown_orders.adopt(runtime.context, runtime.broker, order_id, variant, by=actor())
    return f"taken into the book of {variant} as {made}"
