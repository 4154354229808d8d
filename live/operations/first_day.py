"""The first day at a broker, its half that only reads: what differs from what we expect of every account.

The steps with orders are `docs/first_day_live.md`. Checks are pure; `look` asks broker and feed and judges.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from backtest.calendar import sessions as calendar
from backtest.core.errors import JutsuError
from live.model.broker import Account
from live.model.feed import Quote
from live.model.quote_quality import spread_problem
from live.operations.health import HealthCheck, Verdict

if TYPE_CHECKING:
    from backtest.core.bars import Bars
    from live.model.broker import Broker
    from live.model.feed import Feed
    from live.runtime.runtime import RunContext

#: a ticker that no exchange has: what does the vendor answer?
NONSENSE: Final = "ZZQXZ"
MAX_QUOTE_AGE: Final = timedelta(seconds=60)
MAX_OFFSET: Final = timedelta(seconds=1)


def figures(account: Account) -> HealthCheck:
    """Judge which figures the broker gives for this kind of account; None is "not given", never 0."""
    given = {
        "cash": account.cash,
        "settled cash": account.settled_cash,
        "buying power": account.buying_power,
        "equity": account.equity,
    }
    missing = [name for name, value in given.items() if value is None]
    detail = f"{account.kind} account {account.reference}"
    if missing:
        return HealthCheck(
            "figures", "failed", f"{detail}: no {', '.join(missing)}", "buys need these figures"
        )
    return HealthCheck("figures", "ok", detail)


def idle_cash(account: Account) -> HealthCheck:
    """Warn when cash is nothing while other things than shares are held: it may lie in a sweep fund."""
    others = sorted(row.symbol or row.asset_type for row in account.holdings if row.asset_type != "equity")
    if account.cash is not None and account.cash <= 0 and others:
        detail = f"cash is {account.cash}, and the account holds {', '.join(others)}"
        return HealthCheck(
            "idle cash", "warning", detail, "cash in a sweep or money fund buys nothing: move it"
        )
    return HealthCheck("idle cash", "ok", "in the account" if account.cash else "none")


def restriction(account: Account) -> HealthCheck:
    """Fail when the broker blocks the account."""
    if account.restriction:
        return HealthCheck("restriction", "failed", account.restriction, "ask the broker")
    return HealthCheck("restriction", "ok", "none")


def fresh_quotes(symbols: Sequence[str], quotes: Mapping[str, Quote], now: datetime) -> Iterator[HealthCheck]:
    """Judge the quote of every symbol: real time, both sides, narrow, at most a minute old.

    Args:
        symbols: what trades.
        quotes: what the vendor gave.
        now: aware instant.
    """
    for symbol in symbols:
        problem = _quote_problem(quotes.get(symbol), now)
        name = f"quote {symbol}"
        yield (
            HealthCheck(name, "warning", problem, "look again at 09:31 and 15:45")
            if problem
            else HealthCheck(name, "ok", "")
        )


def _quote_problem(quote: Quote | None, now: datetime) -> str:
    if quote is None:
        return "none"
    if not quote.realtime:
        return "delayed: no real-time entitlement"
    if quote.bid is None or quote.ask is None:
        return "one side is missing"
    times = [at for at in (quote.quote_time, quote.trade_time) if at is not None]
    if len(times) < 2:
        return "it has no time"
    if now - min(times) > MAX_QUOTE_AGE:
        return f"{(now - min(times)).total_seconds():.0f} s old"
    return spread_problem(quote)


def newest_bars(symbols: Sequence[str], history: Mapping[str, Bars], now: datetime) -> HealthCheck:
    """Fail when a symbol lacks the bar of the last finished session."""
    if not symbols:
        return HealthCheck("history", "ok", "no book decides by fixed symbols")
    newest = calendar.last_closed_session(now).day
    late = [name for name in symbols if name not in history or history[name].last != newest]
    if late:
        return HealthCheck("history", "failed", f"no bar of {newest}: {', '.join(late)}", "look again later")
    return HealthCheck("history", "ok", f"{', '.join(symbols)} up to {newest}")


def clock(offset: timedelta | None) -> HealthCheck:
    """Judge the broker's clock against ours."""
    if offset is None:
        return HealthCheck("clock", "warning", "the broker does not tell its time")
    verdict: Verdict = "ok" if abs(offset) <= MAX_OFFSET else "warning"
    detail = f"the broker is {offset.total_seconds():+.1f} s from us"
    return HealthCheck(
        "clock", verdict, detail, "" if verdict == "ok" else "synchronise this machine's clock"
    )


def look(context: RunContext, broker: Broker, feed: Feed) -> Iterator[HealthCheck]:
    """Ask broker and feed everything that can be asked without an order, and judge it."""
    from live.books.variants import groups

    now = context.clock.now()
    try:
        found = groups(context.settings, context.strategies, overrides=context.parameter_overrides)
        symbols = sorted({s for g in found if g.primary for s in g.primary.strategy.signal_symbols})
        account = broker.account()
        yield from (figures(account), idle_cash(account), restriction(account))
        yield clock(broker.clock_offset())
        yield newest_bars(symbols, feed.history(symbols, now), now)
        yield from fresh_quotes(symbols, feed.quotes(symbols, now), now)
        answer = feed.history([NONSENSE], now)
        yield HealthCheck(
            "unknown symbol", "warning" if answer else "ok", "left out" if not answer else "has bars"
        )
    except JutsuError as error:
        yield HealthCheck("first day", "failed", error.line())
