"""Post-market validation, the gathering part: ledger, signal files and final bars become `Observed`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars
from backtest.core.decision import Book, Decision, OpenPosition, Situation
from backtest.core.errors import DataError, Finding
from backtest.strategies.base import Strategy
from backtest.strategies.family import FAMILIES, REBALANCE, Choice
from backtest.strategies.registry import build_strategy
from backtest.strategies.terms import context_of
from backtest.trading.sizing import scaled_weights
from live.books.memory import memory_of_primary, memory_of_shadow
from live.books.realign import REALIGN, realigned
from live.handoff.model import QuoteInput, SignalFile
from live.ledger.tables import LiveTrade, Order, SignalRow
from live.model import order_ids as ids
from live.model.order_state import JournalState
from live.settings.digest import settings_sha256
from live.validation.file_candidates import candidates_of_file, measured
from live.validation.verdict import Drift, Observed, OrderFate, Slippage, drift

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger
    from live.model.feed import Feed
    from live.runtime.runtime import RunContext
    from live.settings.model import Settings

#: outcomes of a file with orders -> what a validation says about them
_UNDONE: Final = {
    "pending": "the executor never ran",
    "placed": "nothing looked at the orders after the open",
    "failed": "the executor failed",
}
_HELD_BACK: Final = {
    "gated": "safety gates held orders back",
    "expired": "the approval expired",
    "partial": "only a part was carried out",
}


def observe(context: RunContext, feed: Feed, row: SignalRow) -> Observed:
    """Collect what happened in one session and what the final bars say about it.

    Raises:
        DataError: a bar of the session that is needed is missing or still provisional.
    """
    signal = SignalFile.model_validate_json(row.content)
    session = calendar.session(row.session)
    if session is None:
        raise DataError("the ledger has a signal file of a day without trading", where=str(row.session))
    window = calendar.window(session, signal.execution_window.name)
    strategy = build_strategy(signal.strategy.name, signal.strategy.variant, signal.strategy.parameters)
    references = reference_prices(signal, fills_at_open=window.fills_at_open)
    bars = final_bars(
        feed,
        context.clock.now(),
        {
            *strategy.signal_symbols,
            *strategy.tradable_symbols,
            *signal.inputs.account.positions,
            *measured(signal, strategy),
        },
        {*strategy.signal_symbols, *references},
        window.decides_on,
    )
    on_final, notes = decide_again(context.ledger, context.settings, row, signal, strategy, bars, window)
    orders, slippages = _orders(context.ledger, row)
    problems, cautions, remarks = _outcome(row, signal)
    return Observed(
        session=row.session,
        variant=row.variant,
        role=row.role,
        decided_on=window.decides_on,
        at_execution=choice_of_file(signal, strategy),
        on_final=on_final,
        drifts=_drifts(references, bars),
        orders=orders,
        slippages=slippages,
        slippage_limits=(
            context.settings.safety.slippage_warn_pct,
            context.settings.safety.slippage_flag_pct,
        ),
        problems=problems,
        cautions=cautions,
        notes=(
            *notes,
            *remarks,
            *_about_settings(context.settings, signal, strategy, on_final),
            *_about_sources(signal, bars),
        ),
    )


def final_bars(
    feed: Feed, at: datetime, wanted: Iterable[str], required: Iterable[str], day: date
) -> dict[str, Bars]:
    """Return history up to `day`; DataError 5 when a required symbol has no final bar of that day."""
    needed = sorted(set(required))
    symbols = sorted({*wanted, *needed})
    known = feed.history(symbols, at) if symbols else {}
    bars = {symbol: item.until(day) for symbol, item in known.items() if len(item.until(day))}
    findings = [finding for symbol in needed if (finding := _not_final(symbol, bars.get(symbol), day))]
    if findings:
        raise DataError(
            f"no final bar of {day} for {', '.join(finding.path for finding in findings)}",
            where="validate",
            remedy="import that session, or run it again when the vendor has published it",
            findings=findings,
        )
    return bars


def _not_final(symbol: str, bars: Bars | None, day: date) -> Finding | None:
    if bars is None:
        return Finding(symbol, "no data at all", "import its history")
    if bars.last != day:
        return Finding(symbol, f"newest bar is {bars.last}, needed {day}")
    return Finding(symbol, f"the bar of {day} is still provisional") if bars.provisional else None


def reference_prices(signal: SignalFile, *, fills_at_open: bool) -> dict[str, float]:
    """Return the price the decision used, for every symbol the file tells it of.

    Closing windows: the reference price of an order, else the quote that became the provisional bar. Opening
    windows decide on the previous bar, so a quote says nothing about it and only orders count. Entries
    priced by a report, not by a bar, have no drift.
    """
    priced_by_report = FAMILIES[signal.strategy.family].reads_candidates
    prices: dict[str, float] = {}
    if not fills_at_open:
        quoted = {quote.symbol: _quoted(quote) for quote in signal.inputs.quotes}
        prices |= {symbol: price for symbol, price in quoted.items() if price}
    for order in signal.orders:
        if not (priced_by_report and order.intent == "entry"):
            prices[order.symbol] = order.reference_price
    return prices


def _quoted(quote: QuoteInput) -> float | None:
    if quote.last is not None:
        return quote.last
    return None if quote.bid is None or quote.ask is None else (quote.bid + quote.ask) / 2


def _drifts(references: Mapping[str, float], bars: Mapping[str, Bars]) -> tuple[Drift, ...]:
    return tuple(
        drift(symbol, price, float(bars[symbol].close[-1])) for symbol, price in sorted(references.items())
    )


def choice_of_file(signal: SignalFile, strategy: Strategy) -> Choice:
    """Return the decision a signal file carries.

    An exit that found no price is a decision too: it stands among the skipped.
    """
    exits = {order.symbol for order in signal.orders if order.intent == "exit"}
    exits |= {skip.symbol for skip in signal.skipped if skip.reason == "no_price"} & {
        *signal.inputs.account.positions
    }
    return strategy.family.choice_of(
        Choice(
            facts=_facts(strategy, signal.decision.diagnostics, signal.decision.rebalance),
            targets={target.symbol: target.weight for target in signal.targets},
            exits=tuple(sorted(exits)),
            entries=tuple(sorted(o.symbol for o in signal.orders if o.intent == "entry")),
        )
    )


def _choice_of(settings: Settings, strategy: Strategy, decision: Decision) -> Choice:
    return strategy.family.choice_of(
        Choice(
            facts=_facts(strategy, decision.diagnostics, decision.rebalance),
            targets=scaled_weights(decision, settings.execution),
            exits=tuple(sorted(signal.symbol for signal in decision.exits)),
            entries=tuple(sorted(signal.symbol for signal in decision.entries)),
        )
    )


def _facts(strategy: Strategy, diagnostics: Mapping[str, Any], rebalance: bool) -> dict[str, Any]:
    states = context_of(strategy.context_columns, diagnostics, states_only=True)
    return {**states, REBALANCE: rebalance}


def decide_again(
    ledger: Ledger,
    settings: Settings,
    row: SignalRow,
    signal: SignalFile,
    strategy: Strategy,
    bars: Mapping[str, Bars],
    window: calendar.ExecutionWindow,
) -> tuple[Choice | None, tuple[str, ...]]:
    """Return the decision of a file made again on `bars`, None with a note when its book is not known."""
    book = _book(ledger, row, signal, strategy)
    if book is None:
        return None, ("how the book stood at the decision is no longer known",)
    candidates = None
    if strategy.family.reads_candidates:
        candidates = candidates_of_file(signal, strategy, row.session)
        if strategy.terms.quality_filter:
            # whoever is in the file has passed it, and skipped ones no longer carry what it reads
            strategy = strategy.with_parameters({"quality_filter": False})
    decide = strategy.evaluate(bars).decide
    situation = Situation(
        session=row.session,
        decided_on=window.decides_on,
        book=book,
        memory=_memory(ledger, row, strategy),
        candidates=candidates,
    )
    asked = signal.decision.diagnostics.get(REALIGN)
    decision = decide(situation) if asked is None else realigned(decide, situation, str(asked))
    return _choice_of(settings, strategy, decision), ()


def _memory(ledger: Ledger, row: SignalRow, strategy: Strategy) -> dict[str, Any]:
    """Return what the strategy remembered when it decided."""
    if row.role == "shadow":
        return memory_of_shadow(ledger, row.variant, before=row.session)
    return memory_of_primary(ledger, strategy, before=row.session, as_decided=True)


def _book(ledger: Ledger, row: SignalRow, signal: SignalFile, strategy: Strategy) -> Book | None:
    """Return the book of the decision; None when a position's entry cannot be found any more."""
    account = signal.inputs.account
    if strategy.family.holds_weights or not account.positions:
        # weights are decided from bars and memory; the shares only matter for sizing
        return Book(cash=account.cash)
    known = _positions_before(ledger, row)
    if not set(account.positions) <= set(known):
        return None
    return Book(
        cash=account.cash,
        positions={s: replace(known[s], quantity=shares) for s, shares in account.positions.items()},
    )


def _positions_before(ledger: Ledger, row: SignalRow) -> dict[str, OpenPosition]:
    if row.role == "shadow":
        decided = next(
            (s for s in ledger.shadow.history(row.variant, row.session) if s.session == row.session), None
        )
        kept = None if decided is None else decided.decision.get("positions")
        if kept is not None:
            return {held["symbol"]: position_of(held) for held in kept}
        virtual = ledger.shadow.book(row.variant)
        # written before decisions kept their book: a settled session has replaced it
        return dict(virtual.book.positions) if virtual is not None and virtual.session < row.session else {}
    rows = (*ledger.positions.closed(row.variant), *ledger.positions.open_positions(row.variant))
    return {
        held.symbol: OpenPosition.of(held)
        for held in rows
        if held.entry_session < row.session
        and (held.exit_session is None or held.exit_session >= row.session)
    }


def position_of(data: Mapping[str, Any]) -> OpenPosition:
    """Return the position that a shadow's decision kept as JSON."""
    return OpenPosition(**{**data, "entry_date": date.fromisoformat(data["entry_date"])})


def _orders(ledger: Ledger, row: SignalRow) -> tuple[tuple[OrderFate, ...], tuple[Slippage, ...]]:
    """Return the fate of every order sent (resting stops left out) and the slippage of every fill."""
    journal = [o for o in ledger.orders.of_session(row.session, row.variant) if o.intent != "stop"]
    trades = {trade.order_id: trade for trade in ledger.trades.between(row.session, row.session)}
    tries: dict[str, list[Order]] = defaultdict(list)
    for order in journal:
        tries[ids.base_id(order.client_order_id)].append(order)
    fates = tuple(fate for name, group in tries.items() if (fate := _fate(name, group, trades)) is not None)
    slippages = tuple(
        Slippage(trade.symbol, trade.quote_slippage_pct, trade.slippage_pct)
        for order in journal
        if (trade := trades.get(order.id)) is not None
    )
    return fates, slippages


def _fate(name: str, tries: list[Order], trades: Mapping[int, LiveTrade]) -> OrderFate | None:
    """Return what became of an intent, None when no try of it ever left."""
    sent = [order for order in tries if order.sent_at or order.broker_order_id or order.filled_quantity]
    if not sent:
        return None
    return OrderFate(
        name=name,
        ordered=sent[0].quantity,
        filled=sum(order.filled_quantity for order in sent),
        open_states=tuple(order.state for order in sent if not JournalState(order.state).terminal),
        recorded=all(order.id in trades for order in sent if order.filled_quantity),
    )


def _outcome(row: SignalRow, signal: SignalFile) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return problems, cautions and notes about how a file was carried out."""
    if row.role == "shadow" or not signal.orders:
        return (), (), ()
    text = f"outcome {row.outcome} with {len(signal.orders)} order(s)"
    if row.outcome in _UNDONE:
        return (f"{text}: {_UNDONE[row.outcome]}",), (), ()
    if row.outcome in _HELD_BACK:
        return (), (f"{text}: {_HELD_BACK[row.outcome]}",), ()
    return (), (), () if row.outcome == "completed" else (text,)


def _about_settings(
    settings: Settings, signal: SignalFile, strategy: Strategy, on_final: Choice | None
) -> tuple[str, ...]:
    """Return a hint when other targets may come from other settings (the cash reserve scales them)."""
    if on_final is None or on_final.targets == choice_of_file(signal, strategy).targets:
        return ()
    if settings_sha256(settings) == signal.inputs.settings_sha256:
        return ()
    return ("the settings have changed since the decision",)


def _about_sources(signal: SignalFile, bars: Mapping[str, Bars]) -> tuple[str, ...]:
    """Return what may explain a difference that is not the market's."""
    used = {item.symbol: item.source for item in signal.inputs.bars}
    demo = any(item.source.startswith("demo") for item in bars.values())
    label = ("DEMO data: a seeded synthetic market, not real prices",) if demo else ()
    return label + tuple(
        f"{symbol}: decided on {used[symbol]} bars, validated on {item.source} bars"
        for symbol, item in sorted(bars.items())
        if symbol in used and used[symbol] != item.source
    )
