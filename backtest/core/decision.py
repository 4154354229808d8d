"""The values that strategies, sizing and simulators exchange. All frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal, Protocol

from backtest.core.candidate import Candidate

Json = dict[str, Any]
FamilyName = Literal["allocation", "positions"]
ExecutionTime = Literal["open", "15min_after_open", "15min_before_close", "5min_before_close", "close"]
CASH = "cash"


@dataclass(frozen=True, slots=True)
class Target:
    """Target weight of one symbol, decimal fraction of equity. Cash is not a target: it is the rest."""

    symbol: str
    weight: float


class PositionRecord(Protocol):
    """A position as a ledger keeps it."""

    @property
    def symbol(self) -> str:
        """Ticker."""
        ...

    @property
    def quantity(self) -> int:
        """Whole shares held."""
        ...

    @property
    def entry_price(self) -> Decimal | float:
        """Average fill price."""
        ...

    @property
    def entry_session(self) -> date:
        """Session of the entry."""
        ...

    @property
    def stop_price(self) -> Decimal | float | None:
        """Level of the protective stop, None without one."""
        ...

    @property
    def details(self) -> dict[str, Any]:
        """Fields of the candidate that led to the entry."""
        ...


@dataclass(frozen=True, slots=True)
class OpenPosition:
    """A position the variant owns, as its rules see it.

    Attributes:
        symbol: ticker.
        quantity: whole shares held.
        entry_price: average fill price.
        entry_date: session of the entry.
        stop_price: level of the protective stop, None when the strategy uses none.
        details: fields of the candidate that led to the entry (score, grade, ...).
    """

    symbol: str
    quantity: int
    entry_price: float
    entry_date: date
    stop_price: float | None = None
    details: Json = field(default_factory=dict)

    @classmethod
    def of(cls, row: PositionRecord) -> OpenPosition:
        """Return the position of a ledger's row."""
        return cls(
            symbol=row.symbol,
            quantity=row.quantity,
            entry_price=float(row.entry_price),
            entry_date=row.entry_session,
            stop_price=None if row.stop_price is None else float(row.stop_price),
            details=row.details,
        )


@dataclass(frozen=True, slots=True)
class Book:
    """What a variant owns: cash in its budget and positions by symbol."""

    cash: float
    positions: Mapping[str, OpenPosition] = field(default_factory=dict)

    def shares(self) -> dict[str, int]:
        """Return symbol -> whole shares, sorted by symbol."""
        return {symbol: self.positions[symbol].quantity for symbol in sorted(self.positions)}


@dataclass(frozen=True, slots=True)
class ExitSignal:
    """Sell a whole position.

    `makes_room_for`: symbol of the entry it makes room for; both happen or neither does.
    """

    symbol: str
    reason: str
    makes_room_for: str | None = None


@dataclass(frozen=True, slots=True)
class EntrySignal:
    """Open a position.

    `quantity` and `stop_price` follow from `reference_price`; `rank` orders entries, higher first.
    """

    symbol: str
    quantity: int
    reference_price: float
    stop_price: float | None
    rank: float
    reason: str
    details: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StopMove:
    """The stop of a held position goes to a tighter level before the session trades.

    Attributes:
        symbol: of the position.
        price: the new level, currency per share.
        before: the level it has.
        reason: the rule that asks for it.
    """

    symbol: str
    price: float
    before: float
    reason: str


#: how the reason of a skip begins that risk rules made
RISK_SKIP: Final = "risk_"


@dataclass(frozen=True, slots=True)
class Skip:
    """A candidate or leg not taken, with a reason code."""

    symbol: str
    reason: str
    details: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a strategy returns for one session.

    Attributes:
        decided_on: session of the newest bar used.
        rebalance: allocation only: trade to `targets` now.
        targets: allocation only: weights by symbol, cash left out.
        exits, entries: positions only.
        stops: positions only: stops of holdings that move; none of a position that is sold.
        skipped: candidates not taken.
        diagnostics: typed values for people and for the ledger (cell, trend, ...), JSON-ready.
        memory: what the strategy must be given back next time, once this decision was carried out.
        warnings: things a reviewer should know.
    """

    decided_on: date
    rebalance: bool = False
    targets: tuple[Target, ...] = ()
    exits: tuple[ExitSignal, ...] = ()
    entries: tuple[EntrySignal, ...] = ()
    stops: tuple[StopMove, ...] = ()
    skipped: tuple[Skip, ...] = ()
    diagnostics: Json = field(default_factory=dict)
    memory: Json = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything besides bars that a decision may depend on.

    Attributes:
        session: the session that trades.
        decided_on: the newest session whose bar may be read (the same in a closing window, the one before
            in an opening window).
        book: what the variant owns.
        memory: `Decision.memory` of the last decision that was carried out, {} for a new account.
        candidates: positions family: today's candidates, None when there is no (valid) report.
    """

    session: date
    decided_on: date
    book: Book
    memory: Json
    candidates: tuple[Candidate, ...] | None = None


Side = Literal["buy", "sell"]
