"""Corporate actions: what happened to a share, how prices follow, how what is held follows.

A ratio counts new shares per old share: 2 is a two-for-one split, 1/10 a one-for-ten reverse split. It is
kept as an exact fraction (4:3 has no decimal form).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Literal

import numpy as np

from backtest.core.bars import Bars, FloatArray
from backtest.core.errors import DataError, UsageError

ActionKind = Literal["split", "dividend"]

_PRECISE = Context(prec=28, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class CorporateAction:
    """One corporate action of one symbol.

    Attributes:
        symbol: ticker.
        ex_date: first session that trades without it.
        kind: split or dividend.
        ratio: split: new shares per old share; dividend: 1.
        amount: dividend: cash per share, in the quote's currency; split: 0.
        source: who said so, e.g. ``person`` or a vendor's name.
        announced: day of the announcement, None when not known.
        known_from: first day on which a run could know it, None when not known.
        batch: number of the import that brought it, 0 when no import did.
        supersedes: batch of the record that this one corrects, None for none.

    Raises:
        DataError: a ratio or an amount that cannot be.
    """

    symbol: str
    ex_date: date
    kind: ActionKind
    ratio: Fraction = Fraction(1)
    amount: Decimal = Decimal(0)
    source: str = ""
    announced: date | None = None
    known_from: date | None = None
    batch: int = 0
    supersedes: int | None = None

    def __post_init__(self) -> None:
        possible = (
            self.ratio > 0 and self.ratio != 1
            if self.kind == "split"
            else self.amount.is_finite() and self.amount > 0
        )
        if not possible:
            said = f"ratio {ratio_text(self.ratio)}" if self.kind == "split" else f"amount {self.amount}"
            raise DataError(
                f"a {self.kind} with {said} cannot be",
                where=f"{self.symbol} {self.ex_date}",
                remedy="give new shares : old shares, e.g. 2:1 or 1:10",
            )

    def describe(self) -> str:
        """Return the action in words: ``split 2:1 on 2024-06-10``."""
        if self.kind == "split":
            return f"split {ratio_text(self.ratio)} on {self.ex_date}"
        return f"dividend {self.amount} on {self.ex_date}"

    def price_factor(self, previous_close: float) -> float:
        """Return what the price is multiplied by overnight: split 1 / ratio, dividend 1 - d / p."""
        if self.kind == "split":
            return self.ratio.denominator / self.ratio.numerator
        return 1 - float(self.amount) / previous_close


def _no_ratio(text: str) -> UsageError:
    remedy = "give new:old shares, e.g. 2:1 or 1:10"
    return UsageError(f"{text!r} is not a ratio", where="RATIO", remedy=remedy)


def parse_ratio(text: str) -> Fraction:
    """Return new shares per old share of ``2:1``, ``1:10``, ``4:3`` or ``2``.

    Raises:
        UsageError: it is none.
    """
    new, _, old = text.partition(":")
    try:
        ratio = Fraction(new.strip()) / Fraction(old.strip() or "1")
    except (ValueError, ZeroDivisionError) as error:
        raise _no_ratio(text) from error
    if ratio <= 0 or ratio == 1:
        raise _no_ratio(text)
    return ratio


def ratio_text(ratio: Fraction) -> str:
    """Return ``new:old``, e.g. ``2:1``."""
    return f"{ratio.numerator}:{ratio.denominator}"


def scale_bars(bars: Bars, split: CorporateAction) -> Bars:
    """Return the history on the share basis after a split: rows before its ex-date / ratio, volumes x ratio.

    For a history of basis split that still has the old shares before `ex_date`; a raw history stays as it is.
    """
    old = bars.dates < np.datetime64(split.ex_date, "D")
    new, per = float(split.ratio.numerator), float(split.ratio.denominator)

    def prices(column: FloatArray) -> FloatArray:
        scaled = column.copy()
        scaled[old] = column[old] * per / new
        return scaled

    volume = bars.volume.copy()
    volume[old] = bars.volume[old] * new / per
    return replace(
        bars,
        open=prices(bars.open),
        high=prices(bars.high),
        low=prices(bars.low),
        close=prices(bars.close),
        volume=volume,
    )


def split_adjusted(bars: Bars, actions: Iterable[CorporateAction]) -> Bars:
    """Return a raw history on the share basis after all splits of `actions`; dividends change nothing.

    A split that is named twice counts once.
    """
    splits = {(a.ex_date, a.ratio): a for a in actions if a.kind == "split" and a.symbol == bars.symbol}
    for _, split in sorted(splits.items()):
        bars = scale_bars(bars, split)
    return replace(bars, basis="split")


@dataclass(frozen=True, slots=True)
class Holding:
    """Shares of one symbol with the prices that belong to them; `quantity` may have a fraction.

    Attributes:
        symbol: ticker.
        quantity: shares, decimal; a split may leave a fraction, which is kept.
        entry_price: average price paid per share.
        stop_price: level of the protective stop, None without one.
    """

    symbol: str
    quantity: Decimal
    entry_price: Decimal
    stop_price: Decimal | None = None

    @property
    def whole_shares(self) -> int:
        """Shares that can be ordered: the fraction is never sold or bought."""
        return int(self.quantity.to_integral_value(ROUND_FLOOR))

    @property
    def fraction(self) -> Decimal:
        """The part of a share that no order can reach, to be named to the owner."""
        return self.quantity - self.whole_shares


def scale_holding(holding: Holding, split: CorporateAction) -> Holding:
    """Return what is held after a split: quantity x ratio, entry and stop / ratio; the value stays.

    The stop is not rounded to a tick: who places it rounds by the rules of that market.
    """
    stop = holding.stop_price
    return replace(
        holding,
        quantity=_times(holding.quantity, split.ratio),
        entry_price=_times(holding.entry_price, 1 / split.ratio),
        stop_price=None if stop is None else _times(stop, 1 / split.ratio),
    )


def scale_book(holdings: Iterable[Holding], actions: Iterable[CorporateAction]) -> tuple[Holding, ...]:
    """Return a (virtual) book after the splits of `actions`, oldest first; dividends change nothing."""
    splits = sorted((a for a in actions if a.kind == "split"), key=lambda a: a.ex_date)
    scaled = []
    for held in holdings:
        after = held
        for split in splits:
            after = scale_holding(after, split) if split.symbol == held.symbol else after
        scaled.append(after)
    return tuple(scaled)


def _times(value: Decimal, ratio: Fraction) -> Decimal:
    product = _PRECISE.multiply(value, Decimal(ratio.numerator))
    return _PRECISE.divide(product, Decimal(ratio.denominator))
