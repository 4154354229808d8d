"""Filters: on which break days a strategy may trade. Evaluated once, at the break."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final, Literal

from backtest.core.errors import ParameterError
from backtest.strategies.opening_range_breakout.instruments import Instrument

FilterKind = Literal["none", "size_at_least", "size_below", "cost_below", "relative_volume"]
NO_FILTER: Final = "NO_FILTER"
_NUMBER: Final = r"\d{1,9}(?:\.\d{1,9})?"
_FORMS: Final[tuple[tuple[FilterKind, re.Pattern[str]], ...]] = (
    ("none", re.compile(NO_FILTER, re.ASCII)),
    ("size_at_least", re.compile(rf"ORB_G(?P<limit>{_NUMBER})", re.ASCII)),
    ("size_below", re.compile(rf"ORB_L(?P<limit>{_NUMBER})", re.ASCII)),
    ("cost_below", re.compile(rf"ORB_COSTLT_(?P<limit>{_NUMBER})", re.ASCII)),
    ("relative_volume", re.compile(r"VOL_RV(?P<limit>\d{2,3})_N(?P<days>\d{1,3})", re.ASCII)),
)
_KNOWN: Final = "NO_FILTER, ORB_G4, ORB_L3, ORB_COSTLT_12, VOL_RV12_N20 (numbers as you like)"


@dataclass(frozen=True, slots=True)
class BreakFacts:
    """What a filter may know at the break.

    Attributes:
        size: points from low to high of the range.
        relative_volume: volume of the break bar by the median of its minute on earlier days, by their number;
            a number of days that is missing means that it is not known.
    """

    size: float
    relative_volume: dict[int, float]


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter by name.

    Attributes:
        name: as written, e.g. ``ORB_G4``.
        kind: what it looks at.
        limit: points, percent, or times the usual volume.
        days: earlier days that the usual volume is taken from.
    """

    name: str
    kind: FilterKind
    limit: Decimal = Decimal(0)
    days: int = 0

    def allows(self, facts: BreakFacts, instrument: Instrument) -> bool:
        """Tell whether a strategy with this filter may trade; what is not known does not pass."""
        if self.kind == "size_at_least":
            return facts.size >= float(self.limit)
        if self.kind == "size_below":
            return facts.size < float(self.limit)
        if self.kind == "cost_below":
            return 100 * instrument.cost_share(facts.size) < float(self.limit)
        if self.kind == "relative_volume":
            return facts.relative_volume.get(self.days, 0.0) >= float(self.limit)
        return True


def filter_of(name: str) -> Filter:
    """Return the filter of a name; ParameterError when it is none."""
    for kind, form in _FORMS:
        match = form.fullmatch(name)
        if match is not None:
            parts = match.groupdict()
            limit = _limit(kind, parts.get("limit"))
            return Filter(name, kind, limit, int(parts.get("days") or 0))
    raise ParameterError(f"unknown filter {name!r}", where="filters", remedy=f"one of {_KNOWN}")


def _limit(kind: FilterKind, text: str | None) -> Decimal:
    """Return the number of a name; that of a volume is written in tenths."""
    try:
        found = Decimal(text or "0")
    except InvalidOperation as error:  # digits of another script
        raise ParameterError(f"{text!r} is not a number", where="filters") from error
    return found / 10 if kind == "relative_volume" else found
