"""The families of strategies: what the stages must know about a strategy besides its decisions.

An *allocation* returns target weights, a *positions* strategy exits and entries. Generation, proposal, shadow
books, replay and validation ask the family and never compare its name. To add one: a class here, its name in
`FamilyName`, and its virtual session in `backtest.simulator.virtual_session`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, Protocol

from backtest.core.decision import FamilyName
from backtest.core.planned_orders import EntryOrderType, Intent
from backtest.strategies.terms import TradingTerms

MemoryAfter = Literal["carried_out", "decided"]
REBALANCE: Final = "rebalance"


@dataclass(frozen=True, slots=True)
class Choice:
    """What a decision says, in the terms that two decisions are compared in.

    Attributes:
        facts: the states of the strategy (`ContextColumn.is_state`) and ``rebalance``.
        targets: weight by symbol after the cash reserve.
        exits, entries: symbols, sorted.
    """

    facts: Mapping[str, Any] = field(default_factory=dict)
    targets: Mapping[str, float] = field(default_factory=dict)
    exits: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()


class Family(Protocol):
    """How the stages treat the strategies of a family."""

    @property
    def name(self) -> FamilyName:
        """Its name in signal files and in the manifest."""
        ...

    @property
    def holds_weights(self) -> bool:
        """Decides weights from bars and memory alone; what is held matters for sizing only."""
        ...

    @property
    def reads_candidates(self) -> bool:
        """Entries come from today's candidates and are priced by them, not by a bar."""
        ...

    @property
    def memory_after(self) -> MemoryAfter:
        """Which memory the next decision gets: of the newest file carried out, or of the newest file."""
        ...

    @property
    def needs_fresh_bars_of_holdings(self) -> bool:
        """A held symbol without a bar of the decision's session stops the decision."""
        ...

    @property
    def opening_jump_is_split(self) -> bool:
        """An opening that moved by the factor of a split is taken for one (funds, never single stocks)."""
        ...

    @property
    def plays_every_session(self) -> bool:
        """A virtual book can change in a session without a decision (stops)."""
        ...

    def choice_of(self, found: Choice) -> Choice:
        """Return the part of a decision that this family's decisions are compared in."""
        ...

    def order_type_for(self, terms: TradingTerms, intent: Intent) -> EntryOrderType:
        """Return the order type of an order in the signal file."""
        ...


@dataclass(frozen=True, slots=True)
class AllocationFamily:
    """Target weights of a few funds."""

    name: FamilyName = "allocation"
    holds_weights: bool = True
    reads_candidates: bool = False
    memory_after: MemoryAfter = "carried_out"
    needs_fresh_bars_of_holdings: bool = True
    opening_jump_is_split: bool = True
    plays_every_session: bool = False

    def choice_of(self, found: Choice) -> Choice:
        """Compare states, the wish to rebalance and target weights."""
        return replace(found, exits=(), entries=())

    def order_type_for(self, terms: TradingTerms, intent: Intent) -> EntryOrderType:
        """Return a market order."""
        del terms, intent
        return "market"


@dataclass(frozen=True, slots=True)
class PositionsFamily:
    """Exits and entries of single stocks.

    A halted stock must not stop the others: it is kept, named in the warnings and proposed again until it is
    sold, so memory follows what was decided and a missing bar does not end the decision.
    """

    name: FamilyName = "positions"
    holds_weights: bool = False
    reads_candidates: bool = True
    memory_after: MemoryAfter = "decided"
    needs_fresh_bars_of_holdings: bool = False
    opening_jump_is_split: bool = False
    plays_every_session: bool = True

    def choice_of(self, found: Choice) -> Choice:
        """Compare states, exits and entries."""
        facts = {name: value for name, value in found.facts.items() if name != REBALANCE}
        return replace(found, facts=facts, targets={})

    def order_type_for(self, terms: TradingTerms, intent: Intent) -> EntryOrderType:
        """Return market-on-open for entries meant for the opening auction, else a market order."""
        auction = terms.entry_order_type == "opening_auction" and intent == "entry"
        return "market_on_open" if auction else "market"


ALLOCATION: Final[Family] = AllocationFamily()
POSITIONS: Final[Family] = PositionsFamily()
FAMILIES: Final[Mapping[FamilyName, Family]] = {family.name: family for family in (ALLOCATION, POSITIONS)}
