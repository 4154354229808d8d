"""Post-market validation, the pure part: what was decided and done against what the final bars say.

======  ==============================================================================================
GREEN   the same decision on the final bars, and every price within 0.2 %
YELLOW  the same decision, largest drift from 0.2 % to 0.5 % (both included); or something to look at:
        an order held back, a decision that cannot be recomputed, a fill worse than its quote by more than
        `safety.slippage_warn_pct`
RED     another decision, a drift above 0.5 %, an order without an end, a fill that is missing, or one worse
        than its quote by more than `safety.slippage_flag_pct`
======  ==============================================================================================

Source of the thresholds: the daily report and the success criteria of the founding documents (drift of 15:55
against 16:00; over 20 sessions logic match, drift, slippage and fill rate).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from backtest.strategies.family import Choice

Verdict = Literal["GREEN", "YELLOW", "RED"]

YELLOW_FROM_PCT: Final = 0.2
RED_ABOVE_PCT: Final = 0.5
WINDOW: Final = 20
MIN_LOGIC_MATCH_PCT: Final = 95.0
MAX_AVERAGE_DRIFT_PCT: Final = 0.3
MAX_AVERAGE_SLIPPAGE_PCT: Final = 0.3
MIN_FILL_RATE_PCT: Final = 99.0

_SEVERITY: Final[Mapping[Verdict, int]] = {"GREEN": 0, "YELLOW": 1, "RED": 2}
_WEIGHT_TOLERANCE: Final = 1e-9
# 100.2 / 100 - 1 is a hair above 0.2 % in binary; six decimals of a percent make the edges what they say.
_DECIMALS: Final = 6
# A slippage is judged as it is shown.
_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Drift:
    """Price the decision used against the final close of the same bar; percent, negative: it fell since."""

    symbol: str
    reference_price: float
    final_price: float
    drift_pct: float


@dataclass(frozen=True, slots=True)
class OrderFate:
    """What became of one intent, its retries included.

    Attributes:
        name: client order id of the first try.
        ordered: shares of the first try. filled: shares of all tries.
        open_states: states of tries that have not ended.
        recorded: whether every filled try is in the trade book.
    """

    name: str
    ordered: int
    filled: int
    open_states: tuple[str, ...] = ()
    recorded: bool = True


@dataclass(frozen=True, slots=True)
class Slippage:
    """Slippage of one filled order, percent, positive is worse for us; None where it is not known."""

    symbol: str
    quote_pct: float | None
    reference_pct: float | None


@dataclass(frozen=True, slots=True)
class Observed:
    """Everything one validation is made of.

    Attributes:
        at_execution: the decision in the signal file.
        on_final: the decision on the final bars, None when it cannot be recomputed.
        decided_on: session whose bar both read.
        problems: further reasons for RED. cautions: for YELLOW. notes: things to know.
        slippage_limits: percent above which a fill is YELLOW, and RED.
    """

    session: date
    variant: str
    role: str
    decided_on: date
    at_execution: Choice
    on_final: Choice | None
    drifts: tuple[Drift, ...] = ()
    orders: tuple[OrderFate, ...] = ()
    slippages: tuple[Slippage, ...] = ()
    problems: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    slippage_limits: tuple[float, float] = (0.3, 0.5)


@dataclass(frozen=True, slots=True)
class Figures:
    """What the rolling statistics keep of one session.

    Attributes:
        logic_match: None when the decision could not be recomputed.
        drift_pct: mean size of the drifts, None without any.
        ordered, filled: shares of the orders sent.
        slippages: size of the slippage against the quote, percent, one per filled order.
    """

    session: date
    logic_match: bool | None
    drift_pct: float | None
    ordered: int = 0
    filled: int = 0
    slippages: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Validation:
    """The verdict of one session and variant; `fill_rate_pct` is None when nothing was sent."""

    observed: Observed
    verdict: Verdict
    logic_match: bool | None
    differences: tuple[str, ...]
    reasons: tuple[str, ...]
    max_drift_pct: float | None
    average_drift_pct: float | None
    fill_rate_pct: float | None

    @property
    def figures(self) -> Figures:
        """Return what the rolling statistics keep."""
        seen = self.observed
        return Figures(
            session=seen.session,
            logic_match=self.logic_match,
            drift_pct=self.average_drift_pct,
            ordered=sum(order.ordered for order in seen.orders),
            filled=sum(order.filled for order in seen.orders),
            slippages=tuple(abs(s.quote_pct) for s in seen.slippages if s.quote_pct is not None),
        )


@dataclass(frozen=True, slots=True)
class SessionCheck:
    """One rolling statistic; `passed` and `value` are None without data, which is never a pass.

    Attributes:
        limit: what must hold, e.g. ``>= 95 %``.
        sessions: how many sessions had something to say about it.
    """

    name: str
    passed: bool | None
    value: float | None
    limit: str
    sessions: int


def drift(symbol: str, reference_price: float, final_price: float) -> Drift:
    """Return the drift of one price, percent, rounded to six decimals.

    Raises:
        ValueError: a price is not positive and finite.
    """
    for price in (reference_price, final_price):
        if not (math.isfinite(price) and price > 0):
            raise ValueError(f"{symbol}: {price!r} is not a price")
    return Drift(
        symbol, reference_price, final_price, round((final_price / reference_price - 1) * 100, _DECIMALS)
    )


def differences(at_execution: Choice, on_final: Choice) -> tuple[str, ...]:
    """Return one line per point in which the decision on the final bars is another one; empty: they match."""
    found: list[str] = []
    for name in dict.fromkeys((*at_execution.facts, *on_final.facts)):
        before_fact, after_fact = at_execution.facts.get(name), on_final.facts.get(name)
        if before_fact != after_fact:
            found.append(
                f"{name}: {_shown(before_fact)} at execution, {_shown(after_fact)} on the final bars"
            )
    for symbol in sorted({*at_execution.targets, *on_final.targets}):
        before, after = at_execution.targets.get(symbol, 0.0), on_final.targets.get(symbol, 0.0)
        if abs(before - after) > _WEIGHT_TOLERANCE:
            found.append(f"target {symbol}: {before:.2%} at execution, {after:.2%} on the final bars")
    for kind, before_, after_ in (
        ("exit", at_execution.exits, on_final.exits),
        ("entry", at_execution.entries, on_final.entries),
    ):
        found += [f"{kind} {symbol}: only at execution" for symbol in sorted({*before_} - {*after_})]
        found += [f"{kind} {symbol}: only on the final bars" for symbol in sorted({*after_} - {*before_})]
    return tuple(found)


def order_problems(orders: Iterable[OrderFate]) -> tuple[str, ...]:
    """Return what is wrong with the orders sent.

    A rest that was not filled is tolerated as long as the session's fill rate stays at 99 %; an order of
    which nothing was filled is not.
    """
    known = tuple(orders)
    found = [f"{o.name}: no end yet ({', '.join(o.open_states)})" for o in known if o.open_states]
    ended = [o for o in known if not o.open_states]
    rate = fill_rate(known)
    short = rate is not None and rate < MIN_FILL_RATE_PCT
    found += [
        f"{o.name}: {o.filled} of {o.ordered} shares filled"
        for o in ended
        if not o.filled or (short and o.filled < o.ordered)
    ]
    found += [f"{o.name}: filled, but not in the trade book" for o in known if not o.recorded]
    return tuple(found)


def slippage_problems(
    slippages: Iterable[Slippage], limits: tuple[float, float]
) -> tuple[list[str], list[str]]:
    """Return which fills are too far from their quote: reasons for RED, and for YELLOW."""
    found: tuple[list[str], list[str]] = ([], [])
    for item in slippages:
        worse = round(item.quote_pct or 0.0, _SHOWN)
        above = [limit for limit in limits if worse > limit]
        if above:
            text = f"{item.symbol} filled {worse:.3f} % worse than its quote, above {above[-1]:g} %"
            found[0 if len(above) == len(limits) else 1].append(text)
    return found


def fill_rate(orders: Iterable[OrderFate]) -> float | None:
    """Return filled / ordered shares in percent, None when nothing was ordered."""
    known = tuple(orders)
    ordered = sum(order.ordered for order in known)
    return 100.0 * sum(order.filled for order in known) / ordered if ordered else None


def judge(observed: Observed) -> Validation:
    """Return the verdict of one session and variant (see the table at the top)."""
    final = observed.on_final
    unlike = () if final is None else differences(observed.at_execution, final)
    sizes = [abs(item.drift_pct) for item in observed.drifts]
    red = [*unlike, *order_problems(observed.orders), *observed.problems]
    yellow = list(observed.cautions)
    slipped = slippage_problems(observed.slippages, observed.slippage_limits)
    red, yellow = [*red, *slipped[0]], [*yellow, *slipped[1]]
    for item in observed.drifts:
        size = abs(item.drift_pct)
        if size > RED_ABOVE_PCT:
            red.append(f"{item.symbol} drifted {item.drift_pct:+.3f} %, above {RED_ABOVE_PCT} %")
        elif size >= YELLOW_FROM_PCT:
            yellow.append(
                f"{item.symbol} drifted {item.drift_pct:+.3f} %, {YELLOW_FROM_PCT} % to {RED_ABOVE_PCT} %"
            )
    if final is None:
        yellow.append("the decision could not be recomputed")
    return Validation(
        observed=observed,
        verdict="RED" if red else "YELLOW" if yellow else "GREEN",
        logic_match=None if final is None else not unlike,
        differences=unlike,
        reasons=(*red, *yellow),
        max_drift_pct=max(sizes, default=None),
        average_drift_pct=_mean(sizes),
        fill_rate_pct=fill_rate(observed.orders),
    )


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the most severe verdict, GREEN of none."""
    return max(verdicts, key=_SEVERITY.__getitem__, default="GREEN")


def rolling(history: Sequence[Figures], *, window: int = WINDOW) -> tuple[SessionCheck, ...]:
    """Return the statistics over the newest sessions of `history`, 20 as a rule, each with pass or fail.

    Logic match: matching / recomputable sessions. Drift: mean over sessions of their mean size. Slippage:
    mean size against the quote over all filled orders. Fill rate: shares filled / ordered over all sessions.
    """
    newest = sorted(history, key=lambda figures: figures.session)[-window:]
    logic = [figures.logic_match for figures in newest if figures.logic_match is not None]
    drifts = [figures.drift_pct for figures in newest if figures.drift_pct is not None]
    traded = [figures for figures in newest if figures.slippages]
    sent = [figures for figures in newest if figures.ordered]
    ordered = sum(figures.ordered for figures in sent)
    return (
        _at_least("logic match", _percent(sum(logic), len(logic)), MIN_LOGIC_MATCH_PCT, len(logic)),
        _below("average drift", _mean(drifts), MAX_AVERAGE_DRIFT_PCT, len(drifts)),
        _below(
            "average slippage",
            _mean([size for figures in traded for size in figures.slippages]),
            MAX_AVERAGE_SLIPPAGE_PCT,
            len(traded),
        ),
        _at_least("fill rate", _percent(sum(f.filled for f in sent), ordered), MIN_FILL_RATE_PCT, len(sent)),
    )


def _at_least(name: str, value: float | None, limit: float, sessions: int) -> SessionCheck:
    return SessionCheck(name, None if value is None else value >= limit, value, f">= {limit:g} %", sessions)


def _below(name: str, value: float | None, limit: float, sessions: int) -> SessionCheck:
    return SessionCheck(name, None if value is None else value < limit, value, f"< {limit:g} %", sessions)


def _percent(part: int, whole: int) -> float | None:
    return 100.0 * part / whole if whole else None


def _mean(values: Sequence[float]) -> float | None:
    """Return the mean, rounded like a drift, so that the limits mean what they say."""
    return round(math.fsum(values) / len(values), _DECIMALS) if values else None


def _shown(value: Any) -> str:
    return "none" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Judged:
    """One validation with the rolling statistics that end at its session."""

    validation: Validation
    checks: tuple[SessionCheck, ...]
