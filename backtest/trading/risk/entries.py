"""Which entries of a decision are made, and how many shares each gets: size, stop, heat, correlation.

Entries are judged by rank, each beside what stays and what was taken before it. Limits bind entries, never
exits. All of it is judged at the prices the decision was made on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import numpy as np

from backtest.core.bars import FloatArray
from backtest.core.decision import RISK_SKIP, Book, Decision, EntrySignal, OpenPosition, Skip
from backtest.trading.risk.heat import AtRisk, fitting_shares
from backtest.trading.risk.position_size import (
    fixed_fractional,
    kelly_fraction,
    shares_of_weight,
    whole_shares,
)
from backtest.trading.risk.rules import CorrelationLimit, FixedFractional, Kelly, RiskRules
from backtest.trading.risk.series import PriceSeries
from backtest.trading.risk.stop_levels import initial_stop
from backtest.trading.risk.volatility import exposure

#: detail of an entry, kept with its position: distance of its first stop, percent of the fill
INITIAL_STOP_PCT: Final = "initial_stop_pct"
STOP_LOSS_PCT: Final = "stop_loss_pct"
MAX_ORDER_VALUE: Final = "max_order_value"


@dataclass(frozen=True, slots=True)
class _Book:
    """What entries are judged beside.

    Attributes:
        day: newest session that may be read. equity: currency of the account.
        staying: positions that are not being sold, then entries already taken.
    """

    day: date
    equity: float
    staying: tuple[AtRisk, ...]


def book_equity(book: Book, prices: PriceSeries, day: date) -> float:
    """Return cash plus positions at their newest closes (their entry price without one), in whole cents."""
    held = sum(p.quantity * _price(p, prices, day) for _, p in sorted(book.positions.items()))
    return round(book.cash + held, 2)


def managed_entries(
    decision: Decision, book: Book, prices: PriceSeries, rules: RiskRules, day: date
) -> Decision:
    """Return the decision with its entries sized and cut; an entry that gets no share is a skip.

    A rotation whose entry is not made is not made at all, and the rest is judged again beside the position
    that stays.

    Args:
        decision: of a positions strategy.
        book: before the session.
        prices: of holdings and entries.
        rules: what is asked for.
        day: newest session that may be read.
    """
    leaving = {signal.symbol for signal in decision.exits}
    staying = [p for symbol, p in sorted(book.positions.items()) if symbol not in leaving]
    beside = _Book(
        day, book_equity(book, prices, day), tuple(_at_risk(position, prices, day) for position in staying)
    )
    kept, skips, cut = _taken(decision.entries, beside, prices, rules)
    broken = {s.makes_room_for for s in decision.exits if s.makes_room_for is not None} - kept.keys()
    if broken:
        return managed_entries(_without(decision, broken, skips), book, prices, rules, day)
    return replace(
        decision,
        entries=tuple(kept[entry.symbol] for entry in decision.entries if entry.symbol in kept),
        skipped=(*decision.skipped, *skips),
        warnings=(*decision.warnings, *cut),
    )


def _without(decision: Decision, broken: set[str], skips: Iterable[Skip]) -> Decision:
    return replace(
        decision,
        exits=tuple(s for s in decision.exits if s.makes_room_for not in broken),
        entries=tuple(entry for entry in decision.entries if entry.symbol not in broken),
        skipped=(*decision.skipped, *(skip for skip in skips if skip.symbol in broken)),
    )


def _taken(
    entries: Iterable[EntrySignal], beside: _Book, prices: PriceSeries, rules: RiskRules
) -> tuple[dict[str, EntrySignal], list[Skip], list[str]]:
    """Return the entries that are made by symbol, the skips, and a line for every cut."""
    kept: dict[str, EntrySignal] = {}
    skips: list[Skip] = []
    cut: list[str] = []
    for entry in sorted(entries, key=lambda e: (-e.rank, e.symbol)):
        sized = _sized(entry, beside, prices, rules)
        fitted = sized if isinstance(sized, Skip) else _fitted(sized, beside, prices, rules)
        if isinstance(fitted, Skip):
            skips.append(fitted)
            continue
        if not isinstance(sized, Skip) and fitted.quantity < sized.quantity:
            cut.append(f"risk: {entry.symbol}: {fitted.quantity} of {sized.quantity} shares fit the limits")
        kept[entry.symbol] = _with_cap(entry, fitted)
        taken = AtRisk(fitted.symbol, fitted.quantity, fitted.reference_price, fitted.stop_price)
        beside = replace(beside, staying=(*beside.staying, taken))
    return kept, skips, cut


def _sized(entry: EntrySignal, beside: _Book, prices: PriceSeries, rules: RiskRules) -> EntrySignal | Skip:
    """Return the entry with its stop and the shares its size asks for."""
    entry_or_skip = _with_stop(entry, beside.day, prices, rules)
    if isinstance(entry_or_skip, Skip) or rules.sizing is None:
        return entry_or_skip
    weight = _weight(entry_or_skip, beside, prices, rules)
    if weight is None:
        return _skip(entry, "no_volatility")
    shares = shares_of_weight(beside.equity, weight, entry.reference_price)
    if isinstance(rules.sizing, FixedFractional):
        cost = entry.reference_price * rules.cost_pct / 100
        lost = rules.sizing.risk_pct / 100
        stop = entry_or_skip.stop_price
        sized = fixed_fractional(beside.equity, lost, entry.reference_price, stop, cost=cost)
        shares = min(shares, sized)
    if not shares:
        return _skip(entry, "no_shares", equity=beside.equity)
    return replace(entry_or_skip, quantity=shares)


def _with_stop(entry: EntrySignal, day: date, prices: PriceSeries, rules: RiskRules) -> EntrySignal | Skip:
    """Return the entry with its first stop, and the distance of it that is kept with the position."""
    stops, reference = rules.stops, entry.reference_price
    if stops is None or stops.initial_atr is None:
        if entry.stop_price is None:
            return entry
        percent = entry.details.get(STOP_LOSS_PCT) or _percent_below(reference, entry.stop_price)
        return replace(entry, details={**entry.details, INITIAL_STOP_PCT: percent})
    atr = prices.atr(entry.symbol, day, stops.atr_window)
    level = None if atr is None else initial_stop(reference, atr, stops.initial_atr)
    if level is None or not 0 < level < reference:
        return _skip(entry, "no_atr_stop", atr=atr)
    percent = _percent_below(reference, level)
    details = {**entry.details, STOP_LOSS_PCT: percent, INITIAL_STOP_PCT: percent}
    return replace(entry, stop_price=round(reference * (1 - percent / 100), 2), details=details)


def _percent_below(reference: float, level: float) -> float:
    return round((reference - level) / reference * 100, 6)


def _weight(entry: EntrySignal, beside: _Book, prices: PriceSeries, rules: RiskRules) -> float | None:
    """Return the most of the equity an entry may be worth by its size; None where it cannot be measured."""
    sizing = rules.sizing
    assert sizing is not None
    cap = sizing.max_position_pct / 100
    if isinstance(sizing, FixedFractional):
        return cap
    if isinstance(sizing, Kelly):
        return kelly_fraction(sizing.record, part=sizing.part, cap=cap)
    sigma = prices.sigma({entry.symbol: 1.0}, beside.day, sizing)
    return None if sigma is None else exposure(sizing.target_pct / 100, sigma, cap=cap)


def _fitted(entry: EntrySignal, beside: _Book, prices: PriceSeries, rules: RiskRules) -> EntrySignal | Skip:
    """Return the entry with the shares that correlation, heat and exposure leave of it."""
    close = _too_close(entry, beside, prices, rules.correlation)
    if close is not None:
        return close
    shares = entry.quantity
    if rules.heat is not None:
        asked = AtRisk(entry.symbol, shares, entry.reference_price, entry.stop_price)
        together = _correlations(asked, beside, prices, rules) if rules.heat.correlated else None
        most = rules.heat.max_pct / 100
        shares = fitting_shares(asked, beside.staying, beside.equity, most, correlations=together)
        if not shares:
            return _skip(entry, "heat", max_pct=rules.heat.max_pct)
    room = beside.equity * rules.max_exposure_pct / 100 - sum(p.quantity * p.price for p in beside.staying)
    shares = min(shares, whole_shares(room / entry.reference_price))
    if not shares:
        return _skip(entry, "exposure", max_exposure_pct=rules.max_exposure_pct)
    return replace(entry, quantity=shares)


def _too_close(
    entry: EntrySignal, beside: _Book, prices: PriceSeries, limit: CorrelationLimit | None
) -> Skip | None:
    if limit is None:
        return None
    for other in beside.staying:
        found = prices.correlation(entry.symbol, other.symbol, beside.day, limit)
        if found > limit.max:
            return _skip(entry, "correlated", beside=other.symbol, value=round(found, 4))
    return None


def _skip(entry: EntrySignal, reason: str, **figures: object) -> Skip:
    """Return the skip of an entry, with what the decision can be made again from: price, score, grade."""
    known: dict[str, object] = {
        name: entry.details[name] for name in ("score", "grade") if name in entry.details
    }
    return Skip(entry.symbol, f"{RISK_SKIP}{reason}", {**known, "price": entry.reference_price, **figures})


def _correlations(entry: AtRisk, beside: _Book, prices: PriceSeries, rules: RiskRules) -> FloatArray:
    how = rules.correlation or CorrelationLimit()
    names: Sequence[str] = [p.symbol for p in (*beside.staying, entry)]
    out = np.ones((len(names), len(names)))
    for row, name in enumerate(names):
        for column in range(row):
            found = prices.correlation(name, names[column], beside.day, how)
            out[row, column] = out[column, row] = found
    return out


def _with_cap(before: EntrySignal, entry: EntrySignal) -> EntrySignal:
    """Return the entry with its value cap scaled like its shares."""
    cap = before.details.get(MAX_ORDER_VALUE)
    if not isinstance(cap, int | float) or entry.quantity == before.quantity:
        return entry
    scaled = round(cap * entry.quantity / before.quantity, 2)
    return replace(entry, details={**entry.details, MAX_ORDER_VALUE: scaled})


def _at_risk(position: OpenPosition, prices: PriceSeries, day: date) -> AtRisk:
    return AtRisk(position.symbol, position.quantity, _price(position, prices, day), position.stop_price)


def _price(position: OpenPosition, prices: PriceSeries, day: date) -> float:
    known = prices.close(position.symbol, day)
    return position.entry_price if known is None else known
