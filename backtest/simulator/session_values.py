"""One session of a virtual book: what it is settled from, and what settling it gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from backtest.calendar.sessions import Session
from backtest.core.bars import Bars
from backtest.core.candidate import Candidate
from backtest.core.decision import Book, Json
from backtest.core.execution_rules import ExecutionRules
from backtest.core.planned_orders import Plan
from backtest.strategies.base import Strategy

#: gives the bars known now, by symbol; a symbol without any is absent
BarsOf = Callable[[Sequence[str]], Mapping[str, Bars]]


@dataclass(frozen=True, slots=True)
class VirtualSession:
    """A finished session and the decision made for it.

    Attributes:
        session: it is over, and its bars can be read.
        strategy: of the book.
        plan: what the decision ordered.
        candidates: what the decision could enter.
        book: as of the session before.
        rules: costs and reserve, those of every book.
    """

    session: Session
    strategy: Strategy
    plan: Plan
    candidates: tuple[Candidate, ...]
    book: Book
    rules: ExecutionRules


@dataclass(frozen=True, slots=True)
class Settled:
    """A settled session: the book after it, its equity at the close, and what filled (JSON-ready)."""

    book: Book
    equity: float
    fills: Json
