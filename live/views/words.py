"""Codes of decisions and orders as words for a person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from backtest.strategies.terms import Boundary

#: how a strategy's target weights are named among its figures
_WEIGHT: Final = "w_"

_SKIPPED: Final = {
    "already_held": "it is held already",
    "no_price": "it has no price",
    "no_price_data": "nobody has a price of it: an unknown or wrong ticker",
    "qty_zero": "one share costs more than a position may",
    "zero_shares": "its share of the equity does not pay for one share",
    "daily_limit": "the day's limit of entries is used up by better ones",
    "capacity_full": "the book is full",
    "not_this_session": "its report is for another session",
    "below_min_grade": "its grade is below min_grade",
    "below_min_trade": "the trade would be too small (min_trade_pct)",
}
_EXITS: Final = {
    "rotated_out": "it makes room for a better candidate",
    "trend_break": "its weekly close fell below its trend line",
    "max_holding": "it was held for the longest time allowed",
    "stop_loss": "its protective stop was reached",
    "manual_sell_sync": "a person sold it at the broker",
    "panic": "`jutsu panic` closed it",
}


def outcome_words(outcome: str, *, opened: bool = False) -> str:
    """Return what became of a session's file, in words; `opened`: its session has begun."""
    if outcome != "placed":
        return outcome
    return "placed, not filled yet" if opened else "placed, waiting for the open"


def skipped_because(reason: str, details: Mapping[str, Any]) -> str:
    """Return why a candidate or leg was not taken; an unknown code is returned as it is."""
    if reason == "held_elsewhere":
        who = details.get("by")
        return "the account holds it outside the books" if who == "outside" else f"it belongs to {who}"
    if reason == "insufficient_cash":
        cost, left = details.get("cost", 0.0), details.get("available", 0.0)
        return f"it costs {cost:,.2f}, and {left:,.2f} may be spent"
    if reason == "price_far_from_last":
        return f"its report price {details.get('price')} is far from the last known {details.get('last')}"
    if reason == "rotation_incomplete":
        return f"it stays: {details.get('for', 'the entry')}, for which it would make room, is not bought"
    if reason.startswith("filter_low_price_"):
        low, high = reason.split("_")[-2:]
        return f"its price lies from {low} to below {high} (quality filter)"
    if reason.startswith("filter_high_gap_score_"):
        gap, score = reason.split("_")[-2:]
        return f"it gapped {gap} % or more with a score of {score} or more (quality filter)"
    return _SKIPPED.get(reason, reason)


def sold_because(reason: str) -> str:
    """Return why a position ends; a reason in words is returned as it is."""
    return _EXITS.get(reason, reason)


def diagnostic_lines(diagnostics: Mapping[str, Any], symbol: str) -> list[tuple[str, str]]:
    """Return the strategy's figures as (label, text), of the positions it checked only those of `symbol`.

    Dates and weights of nothing are left out: the session is named already, and a target says what is held.
    """
    plain = {key: value for key, value in diagnostics.items() if _says_something(key, value)}
    lines = [("decision", ", ".join(f"{_name(key)} {_value(value)}" for key, value in plain.items()))]
    for key, value in diagnostics.items():
        rows = value if isinstance(value, list) else []
        mine = [row for row in rows if isinstance(row, Mapping) and row.get("symbol") == symbol]
        lines += [(key.rstrip("s")[:10], _facts(row)) for row in mine]
    return lines


def _says_something(key: str, value: object) -> bool:
    if isinstance(value, list | dict) or (key.startswith(_WEIGHT) and value == 0):
        return False
    return not (isinstance(value, str) and is_date(value))


def is_date(text: str) -> bool:
    """Tell whether a text is a date as the files write it."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def boundary_line(found: Boundary) -> str:
    """Return a limit as one line: ``cell changes if z > 1; now 0.93``."""
    sign = {"above": ">", "below": "<"}[found.direction] + ("=" if found.inclusive else "")
    return f"{found.changes} if {found.figure} {sign} {found.limit:.4g}; now {found.now:.4g}"


def _facts(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{_name(k)} {_value(v)}" for k, v in row.items() if k != "symbol" and v is not None)


def _name(key: str) -> str:
    return key.replace("_", " ")


def _value(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else sold_because(str(value))
