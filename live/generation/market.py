"""Market data as the stages need it: complete, fresh, checked, cut at one instant."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars
from backtest.core.errors import DataError, Finding
from live.feeds.stored_bars import with_synthetic
from live.model.feed import Feed, Quote, last_prices


@dataclass(frozen=True, slots=True)
class SessionMarket:
    """What one session's decision may read.

    Attributes:
        at: instant of the data.
        window: the execution window decided for.
        bars: history by symbol; in a closing window the last row is today's synthetic bar.
        quotes: quotes of the running session by symbol, empty in an opening window before the open.
        doubts: why a quote was not believed, by symbol; it made no bar.
        second_source: price by symbol of the second source, empty without one.
    """

    at: datetime
    window: calendar.ExecutionWindow
    bars: Mapping[str, Bars]
    quotes: Mapping[str, Quote]
    doubts: Mapping[str, str] = field(default_factory=dict)
    second_source: Mapping[str, float] = field(default_factory=dict)

    def reference_prices(self) -> dict[str, float]:
        """Return the newest price the decision used, for every symbol that has a bar on `decides_on`."""
        prices: dict[str, float] = {}
        for symbol in sorted(self.bars):
            bars = self.bars[symbol]
            if len(bars) and bars.last == self.window.decides_on:
                prices[symbol] = float(bars.close[-1])
        return prices

    def last_prices(self) -> dict[str, float]:
        """Return the newest close of every symbol, however old: for marking what does not trade now."""
        return {symbol: float(bars.close[-1]) for symbol, bars in sorted(self.bars.items()) if len(bars)}

    def require(self, symbols: Iterable[str]) -> None:
        """Raise DataError naming every symbol without a fresh bar."""
        prices = self.reference_prices()
        findings = [self._missing(symbol) for symbol in sorted(set(symbols)) if symbol not in prices]
        if findings:
            raise DataError(
                f"no usable bar of {self.window.decides_on} for "
                + ", ".join(finding.path for finding in findings),
                remedy="update the data (jutsu data import) or check the vendor; nothing was traded",
                findings=findings,
            )

    def _missing(self, symbol: str) -> Finding:
        bars = self.bars.get(symbol)
        if bars is None or not len(bars):
            return Finding(symbol, "no data at all", "import its history")
        why = f" ({self.doubts[symbol]})" if symbol in self.doubts else ""
        problem = f"newest finished bar is {bars.last}, needed {self.window.decides_on}{why}"
        return Finding(symbol, problem, self._how_to_get_it())

    def _how_to_get_it(self) -> str:
        if self.window.fills_at_open:
            return "import that session; a bar stored before its close is unfinished and does not count"
        return "import today's bar as it is now, or let the strategy trade at the open"


def gather(
    feed: Feed,
    symbols: Iterable[str],
    window: calendar.ExecutionWindow,
    at: datetime,
    *,
    leading: Collection[str] = (),
    max_age_seconds: float | None = None,
    second: Feed | None = None,
) -> SessionMarket:
    """Read history and quotes known at `at` and put today's synthetic bar in place.

    In a closing window today's quote becomes the provisional last bar of its symbol: it replaces whatever the
    vendor already shows for today. In an opening window the newest bar is the previous session's.

    Args:
        feed: where data comes from.
        symbols: what is wanted.
        window: the execution window decided for.
        at: instant of the data.
        leading: symbols that decide: their quotes are at most `max_age_seconds` old, others of the session.
        max_age_seconds: None for a past session, whose quotes have no age.
        second: another source of quotes to compare with.
    """
    wanted = sorted(set(symbols))
    history = {s: bars.until(window.decides_on) for s, bars in feed.history(wanted, at).items() if len(bars)}
    quotes = dict(feed.quotes(wanted, at))
    others = {} if second is None else last_prices(second, wanted, at)
    if window.fills_at_open:
        return SessionMarket(at, window, history, quotes, second_source=others)
    ages = {symbol: max_age_seconds if symbol in leading else None for symbol in quotes}
    doubts = {
        symbol: why
        for symbol, quote in quotes.items()
        if (why := _doubt(quote, at, ages[symbol], timed=max_age_seconds is not None))
    }
    believed = {symbol: quote for symbol, quote in quotes.items() if symbol not in doubts}
    bars = with_synthetic(history, believed, window.decides_on)
    return SessionMarket(at, window, bars, quotes, doubts, others)


def require_adjusted(market: SessionMarket) -> None:
    """Raise DataError (exit 5) when prices are not adjusted for splits: a split would look like a crash."""
    raw = sorted(symbol for symbol, bars in market.bars.items() if bars.basis == "raw")
    if raw:
        raise DataError(
            f"the prices of {', '.join(raw)} are of basis raw: a split in them looks like a crash, and the "
            "rules were tested on prices adjusted for splits",
            where="data",
            remedy="import a history of basis split (docs/csv.md) into the store",
        )


def _doubt(quote: Quote, at: datetime, max_age_seconds: float | None, *, timed: bool) -> str:
    """Return why a quote must not become today's bar, empty when it may: yesterday's quote is no bar."""
    if None in {quote.last, quote.open, quote.high, quote.low, quote.volume}:
        return "its quote is incomplete"
    if quote.status not in {"normal", "unknown"}:
        return f"it is {quote.status}"
    if not quote.realtime:
        return "its quote is delayed"
    if not timed:
        return ""
    if quote.quote_time is None or quote.trade_time is None:
        return "its quote has no time"
    today = at.astimezone(calendar.NEW_YORK).date()
    if quote.trade_time.astimezone(calendar.NEW_YORK).date() != today:
        return f"its last trade was at {quote.trade_time:%Y-%m-%d %H:%M} UTC"
    age = (at - quote.quote_time).total_seconds()
    return f"its quote is {age:.0f} s old" if max_age_seconds is not None and age > max_age_seconds else ""


def check_history(market: SessionMarket, symbols: Iterable[str]) -> None:
    """Raise DataError (exit 5) when a signal symbol is stale or has a gap anywhere in its history."""
    market.require(symbols)
    findings = [finding for symbol in sorted(set(symbols)) for finding in gaps(market.bars[symbol])]
    if findings:
        raise DataError(
            f"the history has {len(findings)} gap(s): {findings[0]}",
            remedy="import the missing sessions; a decision on a gapped history is not the tested one",
            findings=findings,
        )


def gaps(bars: Bars) -> list[Finding]:
    """Return one finding per exchange session missing between the first and the last row."""
    expected = calendar.session_dates(bars.first, bars.last)
    if len(expected) == len(bars):
        return []
    have: set[date] = set(bars.dates.tolist())
    return [
        Finding(bars.symbol, f"no bar on session {day}", "import it")
        for day in expected.tolist()
        if day not in have
    ]


def check_quotes(market: SessionMarket, symbols: Iterable[str], *, max_difference_pct: float) -> None:
    """Raise DataError when a quote and the newest bar of the same session disagree (settled point 10)."""
    findings: list[Finding] = []
    for symbol in sorted(set(symbols)):
        quote, bars = market.quotes.get(symbol), market.bars.get(symbol)
        if quote is None or bars is None or not len(bars) or bars.last != market.window.decides_on:
            continue
        mid, close = quote.mid, float(bars.close[-1])
        if market.window.fills_at_open or mid is None:
            continue
        if abs(mid / close - 1) * 100 > max_difference_pct:
            findings.append(
                Finding(
                    symbol, f"quote {mid} and newest bar {close} differ by more than {max_difference_pct} %"
                )
            )
    if findings:
        raise DataError(
            f"quotes and bars disagree for {', '.join(f.path for f in findings)}",
            remedy="compare both with a second source before trading",
            findings=findings,
        )
