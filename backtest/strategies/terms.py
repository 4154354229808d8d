"""What live needs to know of a strategy's parameters: typed, so that nobody reads them by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from backtest.candidates.schedule import EntryMode

EntryTiming = Literal["day", "opening_auction"]


@dataclass(frozen=True, slots=True)
class TradingTerms:
    """Parameters that matter after the decision; a strategy without one of them leaves its default.

    Attributes:
        stop_loss_pct: the protective stop, percent below the entry fill; None without stops.
        max_positions: open positions at one time, None for no limit.
        daily_entry_limit: entries per session, None for no limit.
        entry_mode: at which session the candidates of a report are traded.
        entry_order_type: ``opening_auction`` sends entries into the opening auction.
        position_size: money per position, None where the size is a share of the equity.
        quality_filter: whether candidates pass a filter that reads more than a signal file keeps of them.
        reads_bars_of_candidates: whether the bars of a candidate decide about its entry (risk rules).
    """

    stop_loss_pct: float | None = None
    max_positions: int | None = None
    daily_entry_limit: int | None = None
    entry_mode: EntryMode = "report_open"
    entry_order_type: EntryTiming = "day"
    position_size: float | None = None
    quality_filter: bool = False
    reads_bars_of_candidates: bool = False


NO_TERMS: Final = TradingTerms()
"""Of a strategy that has none of these parameters."""


@dataclass(frozen=True, slots=True)
class ContextColumn:
    """A diagnostic that is kept with every trade and every snapshot of a book.

    Attributes:
        name: its name in the ledger and in exports.
        diagnostic: its key in `Decision.diagnostics`.
        is_state: the decision on final bars must have the same value (a measurement may drift).
    """

    name: str
    diagnostic: str
    is_state: bool = False


Direction = Literal["above", "below"]
"""On which side of a limit a figure must come to change something."""


@dataclass(frozen=True, slots=True)
class Boundary:
    """A limit that a decision would change at.

    Attributes:
        changes: what happens beyond the limit, e.g. ``cell changes``.
        figure: the diagnostic that is compared, in words.
        direction: on which side of the limit the change lies.
        limit: in the unit of the figure. now: the figure of the decision.
        inclusive: it changes on the limit itself already.
        symbol: the position it is about, empty when it is about the whole decision.
    """

    changes: str
    figure: str
    direction: Direction
    limit: float
    now: float
    inclusive: bool = False
    symbol: str = ""

    @property
    def distance(self) -> float:
        """How far the figure is from the limit, never negative, in the unit of the figure."""
        return max(0.0, self.limit - self.now if self.direction == "above" else self.now - self.limit)


def context_of(
    columns: Sequence[ContextColumn], diagnostics: Mapping[str, Any], *, states_only: bool = False
) -> dict[str, Any]:
    """Return column name -> value for every column that the diagnostics have a value of."""
    return {
        column.name: diagnostics[column.diagnostic]
        for column in columns
        if diagnostics.get(column.diagnostic) is not None and (column.is_state or not states_only)
    }
