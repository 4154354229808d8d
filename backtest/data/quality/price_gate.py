"""The price gate: is a price believable, given the symbol's own history, its index and its fund?

One set of rules for import, verification, backtest, both stages and every feed. A step between two sessions
is believed when the index (or the fund) moved accordingly, when a known corporate action explains it, when it
is not far beyond what the symbol usually does, or when a person confirmed the price. The thresholds, the
largest real move beside each, and what they cannot see: docs/decisions/0020-price-gate.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

import numpy as np

from backtest.core.bar_words import Moment
from backtest.core.bars import Bars
from backtest.data.quality.actions import CorporateAction
from backtest.data.quality.confirmations import Confirmations, ConfirmedPrice
from backtest.data.quality.findings import PriceFinding
from backtest.data.quality.relations import PriceRelation
from backtest.data.quality.series import judge_pattern, judge_shifts
from backtest.data.quality.steps import Steps

#: sessions before the newest that `judge_newest` reads
LOOKBACK: Final = 260


def judge_history(
    bars: Mapping[str, Bars],
    relations: Sequence[PriceRelation] = (),
    *,
    actions: Iterable[CorporateAction] = (),
    confirmed: Iterable[ConfirmedPrice] = (),
) -> tuple[PriceFinding, ...]:
    """Judge every step of whole histories; a few milliseconds for five symbols of 4,000 bars.

    Args:
        bars: histories by symbol, rows sorted by date.
        relations: which symbol multiplies which index; pairs with a missing side are left out.
        actions: known corporate actions; a step that one of them explains passes.
        confirmed: prices that a person looked at; they pass, to the cent.

    Returns:
        Findings about stretches of days first, then by day and symbol; the steps inside a shifted or swapped
        stretch, of its symbol and those related to it, are its consequence and left out. Single rows
        (high below low, dates) are `rows.judge_rows`' matter.
    """
    looked_at = Confirmations(confirmed)
    known = tuple(actions)
    split_days = {(action.symbol, action.ex_date) for action in known if action.kind == "split"}
    gate = Steps(bars, relations, known, looked_at)
    patterns = [f for history in gate.bars.values() for f in judge_pattern(history)]
    stretches = [*judge_shifts(gate.pairs), *(f for f in patterns if f.first is not None)]
    found = (
        *stretches,
        *(f for f in gate.findings() if not any(_covers(stretch, f, relations) for stretch in stretches)),
        *(
            f
            for f in patterns
            if f.first is None and (f.kind != "volume" or (f.symbol, f.day) not in split_days)
        ),
    )
    left = (f for f in found if not looked_at.cover(f.symbol, f.day, f.price))
    return tuple(sorted(left, key=_order))


def _order(found: PriceFinding) -> tuple[bool, bool, date, str, str, str]:
    """Swapped columns also look shifted and moved days also step: the cause comes first."""
    cause = found.kind != "swapped", found.first is None
    return *cause, found.day, found.symbol, found.kind, found.severity


def _covers(stretch: PriceFinding, found: PriceFinding, relations: Sequence[PriceRelation]) -> bool:
    """Tell whether a step is a consequence of days that are wrong as a whole."""
    assert stretch.first is not None
    if found.kind != "price" or not stretch.first <= found.day <= stretch.day:
        return False
    both = {stretch.symbol, found.symbol}
    return len(both) == 1 or any(both == {relation.symbol, relation.index} for relation in relations)


def judge_newest(
    bars: Mapping[str, Bars],
    relations: Sequence[PriceRelation] = (),
    *,
    since: date,
    actions: Iterable[CorporateAction] = (),
    confirmed: Iterable[ConfirmedPrice] = (),
) -> tuple[PriceFinding, ...]:
    """Return what `judge_history` finds on the days from `since` on, reading only `LOOKBACK` rows before it.

    For a caller that has judged everything before `since` already, e.g. replay session by session.
    """
    cut = {symbol: _tail(history, since) for symbol, history in bars.items()}
    found = judge_history(cut, relations, actions=actions, confirmed=confirmed)
    return tuple(finding for finding in found if finding.day >= since)


def _tail(bars: Bars, since: date) -> Bars:
    first = int(np.searchsorted(bars.dates, np.datetime64(since, "D"))) - LOOKBACK
    return bars.since(bars.dates[first].item()) if first > 0 else bars


def judge_prices(
    prices: Mapping[str, float],
    session: date,
    moment: Moment,
    bars: Mapping[str, Bars],
    relations: Sequence[PriceRelation] = (),
    *,
    actions: Iterable[CorporateAction] = (),
    confirmed: Iterable[ConfirmedPrice] = (),
) -> tuple[PriceFinding, ...]:
    """Judge single prices of a running session, e.g. quotes before orders are sent, against what came before.

    Args:
        prices: newest price by symbol; a symbol without bars before `session` has nothing to be held against.
        session: the running session; rows of it and later ones are not read.
        moment: at the open a fund and its index may differ more than later in the session.
        bars: histories by symbol.
        relations: which symbol multiplies which index.
        actions: known corporate actions.
        confirmed: prices that a person looked at.

    Returns:
        The findings about these prices.
    """
    before = {symbol: bars[symbol].until(session - timedelta(days=1)) for symbol in prices if symbol in bars}
    probed = {
        symbol: history.with_bar(
            session,
            **dict.fromkeys(("open_", "high", "low", "close"), prices[symbol]),
            volume=float(history.volume[-1]),
        )
        for symbol, history in before.items()
        if len(history)
    }
    found = judge_newest(probed, relations, since=session, actions=actions, confirmed=confirmed)
    return tuple(f for f in found if f.kind == "split" or (f.kind == "price" and f.field == moment))
