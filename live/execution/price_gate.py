"""The price gate before a buy leaves: the checks of stage 1 on the quote of this moment.

A doubt holds the buy back and ends the run with exit 5 until `jutsu data confirm` (settled 41). Sells and
stops are not checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from backtest.core.errors import BrokerError, DataError, Finding
from live.model.feed import last_prices

if TYPE_CHECKING:
    from backtest.calendar.sessions import ExecutionWindow, Session
    from backtest.core.bars import Bars
    from backtest.data.quality.known import Known
    from backtest.strategies.base import Strategy
    from live.model.feed import Feed, Quote
    from live.runtime.runtime import RunContext

#: seconds after which today's candle, which comes with the history, is no measure of a quote any more
FRESH: Final = 60.0


@dataclass(frozen=True, slots=True)
class _Facts:
    """Histories, what is known about prices besides the prices, and when (monotonic) both were read."""

    bars: Mapping[str, Bars]
    known: Known
    read_at: float


@dataclass(slots=True)
class PriceGate:
    """Judges quotes of one run; histories and confirmations are read when they are asked for.

    Attributes:
        shared: time, settings, recorded actions and confirmed prices.
        feed: quotes and histories. second_feed: another source of prices, None without one.
        strategy: names the symbols that belong together and their multiples.
        session: the running session. window: an opening allows larger differences.
    """

    shared: RunContext
    feed: Feed
    second_feed: Feed | None
    strategy: Strategy
    session: Session
    window: ExecutionWindow
    _facts: dict[tuple[str, bool], _Facts] = field(default_factory=dict)

    def look(self, symbol: str, *, held: bool = False) -> tuple[Quote | None, Finding | None]:
        """Return the quote of a symbol now, and why its price cannot be believed (None when it can).

        Args:
            symbol: to be bought, or to be sold because its price fell.
            held: owned since an earlier session. A single stock that is to be bought is not held against its
                history: such stocks are bought because they jumped.
        """
        now = self.shared.clock.now()
        if self.shared.run.alone:  # a replay has judged its whole history already
            return self.feed.quotes([symbol], now).get(symbol), None
        try:
            facts = self._facts_of(symbol, held=held)  # some vendors know today's candle only after this
            quotes = self.feed.quotes(self._together(symbol), now)
            second = self._second_source(symbol)
        except (DataError, BrokerError) as error:
            quote = self.feed.quotes([symbol], now).get(symbol)
            return quote, Finding(symbol, f"its price cannot be judged: {error.problem}", error.remedy)
        return quotes.get(symbol), self._doubt(symbol, quotes, second, facts)

    def _doubt(
        self, symbol: str, quotes: Mapping[str, Quote], second: Mapping[str, float], facts: _Facts
    ) -> Finding | None:
        from backtest.data.quality.before_orders import Seen, doubts_before_orders

        seen = {
            name: Seen(price, candle=quote.candle, second_source=second.get(name))
            for name, quote in quotes.items()
            if (price := quote.last or quote.mid)
        }
        found = doubts_before_orders(
            seen,
            self.session.day,
            "open" if self.window.fills_at_open else "close",
            facts.bars,
            facts.known,
            max_difference=self.shared.settings.data.max_price_difference_pct / 100,
        ).get(symbol)
        return None if found is None else found.finding()

    def _together(self, symbol: str) -> list[str]:
        """Return the symbol with its index or funds."""
        pairs = [{relation.symbol, relation.index} for relation in self.strategy.price_relations]
        return sorted({symbol}.union(*(pair for pair in pairs if symbol in pair)))

    def _facts_of(self, symbol: str, *, held: bool) -> _Facts:
        by_history = held or self.strategy.family.needs_fresh_bars_of_holdings
        clock, key = self.shared.clock, (symbol, by_history)
        known = self._facts.get(key)
        if known is None or clock.monotonic() - known.read_at > FRESH:
            from live.runtime.known_prices import known_to

            names = self._together(symbol)
            bars = self.feed.history(names, clock.now()) if by_history else {}
            known = _Facts(
                bars, known_to(self.shared, self.strategy.price_relations, names), clock.monotonic()
            )
            self._facts[key] = known
        return known

    def _second_source(self, symbol: str) -> Mapping[str, float]:
        second = self.second_feed
        return {} if second is None else last_prices(second, [symbol], self.shared.clock.now())
