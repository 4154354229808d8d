"""The execution report as a document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from backtest.calendar import sessions as calendar
from live.books.targets import off_target_lines
from live.reporting.document import (
    Document,
    Fact,
    Section,
    Table,
    Tone,
    amount,
    instant,
    percent,
    points,
    price,
)
from live.reporting.files import StoredReport
from live.runtime.account import is_paper
from live.views.words import outcome_words

if TYPE_CHECKING:
    from live.books.targets import Leg
    from live.views.execution_report import ExecutionReport, OrderResult

_WORDS: Final[Mapping[str, tuple[str, Tone]]] = {
    "completed": ("SUCCESS", "good"),
    "partial": ("PARTIAL", "notice"),
    "gated": ("HELD BACK", "notice"),
    "skipped": ("SKIPPED", "notice"),
    "placed": ("PLACED", "plain"),
    "expired": ("EXPIRED", "bad"),
    "missed": ("MISSED", "bad"),
    "failed": ("FAILED", "bad"),
    "pending": ("PENDING", "plain"),
    "": ("NOT RUN", "bad"),
}


def execution_report(model: ExecutionReport) -> StoredReport:
    """Return the report of one session of one variant."""
    return StoredReport("execution", model.session, model.variant, model, _document(model))


def _document(model: ExecutionReport) -> Document:
    word, tone = _verdict(model)
    return Document(
        subject=f"[{_label(model)}] {model.variant} {model.session} {word}",
        headline=_headline(model),
        tone=tone,
        sections=(
            Section("act now", lines=model.critical, tone="bad"),
            Section("warnings", lines=tuple(_warnings(model)), tone="notice"),
            _orders(model),
            Section("not sent", lines=tuple(_held(model)), tone="notice"),
            _allocation(model),
            Section("value", facts=tuple(_value(model))),
            Section("run", facts=tuple(_run(model))),
        ),
    )


def _verdict(model: ExecutionReport) -> tuple[str, Tone]:
    """Return the word of the subject; an error or something to act on at once is never a success."""
    word, tone = _WORDS.get(model.outcome, (model.outcome.upper(), "notice"))
    if model.exit_code and model.outcome in {"completed", "pending", "placed"}:
        word, tone = "FAILED", "bad"
    if tone == "good" and model.critical:
        return "ACT NOW", "bad"
    return word, "bad" if model.critical or model.exit_code else tone


def _label(model: ExecutionReport) -> str:
    return "PAPER" if is_paper(model.account) or model.mode == "offline_mock" else "LIVE"


def _headline(model: ExecutionReport) -> str:
    words = outcome_words(model.outcome, opened=_after_open(model)) or "no run is recorded"
    sent = [order for order in model.orders if order.intent != "stop"]
    stops = f", {len(model.orders) - len(sent)} stop(s)" if len(sent) < len(model.orders) else ""
    orders = (f"{len(sent)} order(s)" if sent else "no order was sent") + stops
    held = f", {len(model.held)} not sent" if model.held else ""
    stopped = f": {model.error}" if model.error else ""
    return f"{words}, {orders}{held}{stopped}"


def _after_open(model: ExecutionReport) -> bool:
    session = calendar.session(model.session)
    return session is not None and model.executed_at is not None and model.executed_at >= session.open


def _orders(model: ExecutionReport) -> Section:
    rows = tuple(
        (
            f"{order.side} {order.symbol} ({order.intent})",
            f"{order.filled:,} of {order.ordered:,}",
            price(order.average_price),
            price(order.target_price),
            "-" if order.slippage_pct is None else points(order.slippage_pct),
        )
        for order in model.orders
    )
    table = Table(
        ("order", "filled", "price", "target", "slippage"), rows, ("filled", "price", "target", "slippage")
    )
    return Section("orders", table=table, lines=tuple(_unfilled(model.orders)))


def _unfilled(orders: tuple[OrderResult, ...]) -> Iterator[str]:
    for order in orders:
        if order.filled < order.ordered:
            why = f": {order.reason}" if order.reason else ""
            yield f"{order.client_order_id} {order.state.lower()}{why}"


def _held(model: ExecutionReport) -> Iterator[str]:
    for held in model.held:
        yield f"{held.client_order_id}: {held.why}" if held.why else held.client_order_id


def _warnings(model: ExecutionReport) -> Iterator[str]:
    """Yield the warnings that no other section says."""
    held = tuple(f"{one.client_order_id}: not sent" for one in model.held)
    for text in model.warnings:
        if not held or not text.startswith(held):
            yield text


def _allocation(model: ExecutionReport) -> Section:
    return _positions(model) if model.holdings else _targets(model)


def _positions(model: ExecutionReport) -> Section:
    rows = tuple(
        (
            holding.symbol,
            f"{holding.shares:,}",
            percent(holding.held),
            amount(holding.value),
            price(holding.entry_price),
            "NONE" if holding.stop_price is None else price(holding.stop_price),
        )
        for holding in model.holdings
    )
    columns = ("symbol", "shares", "held", "value", "entry", "stop")
    return Section("allocation", table=Table(columns, rows, columns[1:]))


def _targets(model: ExecutionReport) -> Section:
    rows = tuple(_leg(leg, model.equity) for leg in model.legs)
    off = tuple(f"OFF TARGET {line}" for line in off_target_lines(model.legs))
    columns = ("symbol", "shares", "held", "value", "target")
    return Section("allocation", table=Table(columns, rows, columns[1:]), lines=off, tone="bad")


def _leg(leg: Leg, equity: float | None) -> tuple[str, ...]:
    worth = amount(_worth(leg, equity))
    return (leg.symbol, f"{leg.shares:,}", percent(leg.held), worth, percent(leg.target))


def _worth(leg: Leg, equity: float | None) -> float | None:
    return None if leg.held is None or equity is None else leg.held * equity


def _value(model: ExecutionReport) -> Iterator[Fact]:
    if model.equity is None:
        yield Fact("equity", "the book was not marked in this session")
        return
    yield Fact("equity", amount(model.equity))
    if model.cash is not None:
        share = model.cash / model.equity if model.equity else None
        yield Fact("cash", f"{amount(model.cash)} ({percent(share)})")
    if model.day is None:
        yield Fact("day's profit", "unknown: no close before this session")
        return
    tone: Tone = "good" if model.day.profit > 0 else "bad" if model.day.profit < 0 else "plain"
    made = percent(model.day.made, signed=True, digits=3)
    yield Fact("day's profit", f"{amount(model.day.profit, signed=True)} ({made})", tone)
    if model.day.deposits:
        yield Fact("paid in", amount(model.day.deposits, signed=True))


def _run(model: ExecutionReport) -> Iterator[Fact]:
    yield Fact("account", f"{model.account}, {model.mode or 'no mode'}")
    yield Fact("decided", instant(model.generated_at))
    if model.approved_at is not None:
        yield Fact("approved", instant(model.approved_at))
    yield Fact("executed", instant(model.executed_at))
    if model.window_opens is not None and model.window_closes is not None:
        opens = model.window_opens.astimezone(calendar.NEW_YORK)
        closes = model.window_closes.astimezone(calendar.NEW_YORK)
        yield Fact("window", f"{opens:%Y-%m-%d %H:%M} to {closes:%H:%M} New York")
    if model.exit_code is not None:
        yield Fact("exit code", str(model.exit_code), "bad" if model.exit_code else "plain")
    if model.next_opens is not None:
        yield Fact(
            "next window", f"{model.next_opens.astimezone(calendar.NEW_YORK):%a %Y-%m-%d %H:%M} New York"
        )
    if model.log:
        yield Fact("log", model.log)
