"""The price gate before a decision: doubt stops the run until a person confirms the price (exit 5).

What is judged and how far it may go is `backtest.data.quality`; here is what a stage gives it: every bar of
the market with today's provisional one, the openings of an opening window, and each quote against the
vendor's own candle of today and a second source.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from backtest.calendar.sessions import NEW_YORK
from backtest.core.bars import Bars
from backtest.core.errors import DataError, Finding
from backtest.data.quality.findings import PriceFinding, errors, suspicions
from backtest.data.quality.known import Known
from backtest.data.quality.price_gate import judge_history, judge_prices
from backtest.data.quality.quotes import judge_quote
from backtest.data.quality.relations import PriceRelation, judged_alone
from live.generation.market import SessionMarket

#: how many suspicions a signal file lists one by one; of the others it gives the number
LISTED = 5


class PriceJudge(Protocol):
    """Judges bars and openings; a replay judges its whole history once and answers by day."""

    def __call__(self, market: SessionMarket, known: Known) -> tuple[PriceFinding, ...]:
        """Return what is found about the prices of `market`."""
        ...


def judge(market: SessionMarket, known: Known) -> tuple[PriceFinding, ...]:
    """Judge all bars of a market, and in an opening window the quotes of the running session."""
    found = judge_history(market.bars, known.relations, actions=known.actions, confirmed=known.confirmed)
    if not market.window.fills_at_open:
        return found
    openings = {s: price for s, quote in market.quotes.items() if (price := quote.mid) is not None}
    return found + judge_prices(
        openings,
        session_of(market),
        "open",
        market.bars,
        known.relations,
        actions=known.actions,
        confirmed=known.confirmed,
    )


@dataclass
class JudgedOnce:
    """Judges whole histories once for each set of relations; a session is answered with what lies up to it.

    A session sees its own opening, and nothing later, of what was found. Whether a jump was taken back in the
    session after is seen from the whole history: the same day is named, in other words.
    """

    history: Mapping[str, Bars]
    _known: dict[tuple[PriceRelation, ...], tuple[PriceFinding, ...]] = field(default_factory=dict)

    def __call__(self, market: SessionMarket, known: Known) -> tuple[PriceFinding, ...]:
        """Return the findings about the symbols of `market` up to its instant."""
        relations = tuple(known.relations)
        if relations not in self._known:
            self._known[relations] = judge_history(
                {symbol: bars for symbol, bars in self.history.items() if len(bars)},
                relations,
                actions=known.actions,
                confirmed=known.confirmed,
            )
        opened = session_of(market) if market.window.fills_at_open and market.quotes else None
        return tuple(
            found
            for found in self._known[relations]
            if found.symbol in market.bars
            and (
                found.day <= market.window.decides_on
                or (found.day == opened and found.kind in {"price", "split"} and found.field == "open")
            )
        )


def session_of(market: SessionMarket) -> date:
    """Return the day of the session that is decided for."""
    return market.window.opens_at.astimezone(NEW_YORK).date()


def judge_quotes(market: SessionMarket, known: Known, *, max_difference: float) -> tuple[PriceFinding, ...]:
    """Judge every quote that was believed against today's candle and the second source.

    Args:
        market: quotes with the candles of their vendor, prices of the second source.
        known: multiples and confirmed prices.
        max_difference: decimal fraction; a fund may differ by its multiple of it.
    """
    found: list[PriceFinding] = []
    for symbol, quote in sorted(market.quotes.items()):
        price = quote.last if quote.last is not None else quote.mid
        if price is None or symbol in market.doubts:
            continue
        found += judge_quote(
            symbol,
            session_of(market),
            price,
            candle=quote.candle,
            second_source=market.second_source.get(symbol),
            max_difference=max_difference,
            multiple=known.multiple(symbol),
            confirmed=known.confirmed,
        )
    return tuple(found)


def newest_only(
    found: Iterable[PriceFinding], day: date, entered: Mapping[str, date]
) -> tuple[PriceFinding, ...]:
    """Return what concerns the newest session of stocks that were not bought in it.

    Single stocks jump after their earnings, which is why they are bought: older steps were looked at when
    they were new, and the step of the entry's own session has the fill beside it.
    """
    return tuple(f for f in found if f.day >= day and entered.get(f.symbol, date.min) < f.day)


def require_believable(found: Iterable[PriceFinding], known: Known) -> tuple[PriceFinding, ...]:
    """Return the suspicions; raise when there is an error.

    Raises:
        DataError: 5, the numbers of every doubtful price and the command that confirms it.
    """
    judged = tuple(found)
    wrong = [_finding_of(error, known) for error in errors(judged)]
    if wrong:
        raise DataError(
            f"prices that cannot be believed: {wrong[0].path}: {wrong[0].problem}",
            where="price gate",
            remedy=wrong[0].remedy,
            findings=wrong,
        )
    return suspicions(judged)


def _finding_of(error: PriceFinding, known: Known) -> Finding:
    """Return the finding; a split that is recorded has another remedy than one that is not."""
    finding = error.finding()
    recorded = any(
        a.kind == "split" and (a.symbol, a.ex_date) == (error.symbol, error.day) for a in known.actions
    )
    if error.kind != "split" or not recorded:
        return finding
    problem = f"{error.problem}; it is recorded, but these prices still count the old shares"
    return Finding(finding.path, problem, "import the restated history, or correct the files")


def without_splits(known: Known) -> Known:
    """Return what may explain a step of prices that are adjusted for splits: no split is left in them."""
    return Known(known.relations, tuple(a for a in known.actions if a.kind != "split"), known.confirmed)


def warnings_of(suspected: Iterable[PriceFinding], symbols: Iterable[str], known: Known) -> tuple[str, ...]:
    """Return what the signal file says about prices that were used: the newest oddities first."""
    odd = sorted(suspected, key=lambda found: found.day, reverse=True)
    warnings = [f"{found.symbol} {found.day}: {found.problem}" for found in odd[:LISTED]]
    if len(odd) > LISTED:
        warnings.append(f"{len(odd) - LISTED} older oddities in the histories")
    alone = judged_alone(sorted(set(symbols)), known.relations)
    if alone:
        warnings.append(
            f"{', '.join(alone)}: judged by own history and quote alone, no index or fund is named"
        )
    return tuple(warnings)
