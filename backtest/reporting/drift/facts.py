"""What a ledger knows of the sessions of a book, in the terms of a walk: signed whole shares by symbol.

Prices and share counts are those of today's bars: the caller has carried them across splits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import IntEnum

from backtest.core.decision import Json, OpenPosition, Side

Shares = Mapping[str, int]
"""Symbol -> change of the shares held, positive bought."""


class Step(IntEnum):
    """How many live facts a walk has taken over; each step takes one more than the step before."""

    BACKTEST = 0
    DATA = 1
    HELD_EDITED = 2
    MISSED = 3
    ROUNDING = 4
    TIMING = 5
    SLIPPAGE = 6
    COSTS = 7
    CASH_FLOWS = 8

    @property
    def cause(self) -> str:
        """The name of what this step adds, e.g. ``held/edited``."""
        return _NAMES[self]


_NAMES = {
    Step.BACKTEST: "backtest",
    Step.DATA: "data",
    Step.HELD_EDITED: "held/edited",
    Step.MISSED: "missed",
    Step.ROUNDING: "rounding",
    Step.TIMING: "timing",
    Step.SLIPPAGE: "slippage",
    Step.COSTS: "costs",
    Step.CASH_FLOWS: "cash flows",
}
CAUSES: tuple[Step, ...] = tuple(Step)[1:]
"""The causes in the order they are switched on."""


@dataclass(frozen=True, slots=True)
class LiveFill:
    """One execution: whole shares, price per share and commission in the account's currency."""

    symbol: str
    side: Side
    quantity: int
    price: Decimal
    commission: Decimal = Decimal(0)

    @property
    def change(self) -> int:
        """The signed change of the shares held."""
        return self.quantity if self.side == "buy" else -self.quantity


@dataclass(frozen=True, slots=True)
class LiveSession:
    """One session of a book as it was traded.

    Attributes:
        session: its day.
        figures: diagnostics of the file's decision, None without a file.
        rebalance: whether that decision was to trade to its targets.
        planned: shares of the file as it was generated.
        wanted: what people and gates left of them, with what people added.
        sent: shares ordered at the broker, after the recount.
        fills: executions.
        quotes: price at submission by symbol.
        missed: nothing was traded because a stage did not run.
        carried_out: the strategy's memory moved on after it.
        cash_before: cash that came or went without a trade before the decision.
        cash_after: the same after it, by the close.
        equity: the book at the close, None when it was not marked then.
    """

    session: date
    figures: Json | None = None
    rebalance: bool = False
    planned: Shares = field(default_factory=dict)
    wanted: Shares = field(default_factory=dict)
    sent: Shares = field(default_factory=dict)
    fills: tuple[LiveFill, ...] = ()
    quotes: Mapping[str, float] = field(default_factory=dict)
    missed: bool = False
    carried_out: bool = True
    cash_before: Decimal = Decimal(0)
    cash_after: Decimal = Decimal(0)
    equity: Decimal | None = None

    @property
    def filled(self) -> Shares:
        """The change of the shares held by its executions."""
        found: dict[str, int] = {}
        for fill in self.fills:
            found[fill.symbol] = found.get(fill.symbol, 0) + fill.change
        return found

    @property
    def not_carried_out_by(self) -> Step | None:
        """Which fact kept the memory from moving on, None when it moved."""
        if self.carried_out:
            return None
        if self.missed:
            return Step.MISSED
        return Step.HELD_EDITED if dict(self.planned) != dict(self.wanted) else Step.SLIPPAGE


@dataclass(frozen=True, slots=True)
class LiveBook:
    """A book from its real start: what it began with, and every session since, oldest first."""

    variant: str
    cash: Decimal
    positions: Mapping[str, OpenPosition]
    sessions: Sequence[LiveSession]
