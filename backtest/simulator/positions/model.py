"""Values of the positions simulator: its settings, its book, one session of a market, and what happened."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from backtest.core.candidate import Candidate
from backtest.core.execution_rules import StopFill
from backtest.strategies.earnings_swing.parameters import EarningsParameters, Percent
from backtest.strategies.parameters import Flag, Number, Whole
from backtest.trading.risk.rules import RiskRules
from backtest.trading.risk.series import PriceSeries

PRICE_DECIMALS = 4


class PortfolioRules(EarningsParameters):
    """Everything a simulation of the earnings system takes.

    Besides the strategy's own parameters:

    Attributes:
        data_end_date: nothing after this day is known.
        book: ``shared`` has `max_positions` slots; ``independent`` trades every candidate on its own.
        size_from: shares from the ``open`` of the entry, or from the candidate's ``reference`` price as live.
        selection: ``one_by_one`` walks the day's candidates at the open (the original backtest);
            ``live`` chooses before the open exactly as the live strategy does, its filters, daily limit and
            cent-rounded stops included. None: live when `size_from` is reference.
        stop_fill: a stop gapped through fills at the open (``gap``) or at the stop (``stop``).
        entry_slippage_pct: added to buys.
        fill_decimals: fills are rounded to this many decimals, None for the unrounded original.
        keep_pending_exits: an exit whose session has no bar stays pending.
        final_price: what an open position without a last bar is closed at.
        record_unscheduled: candidates that never meet a bar are recorded as skipped.
        max_entry_delay_sessions: how many sessions after its first possible one an entry may still happen.
        rotate_same_day_entries: positions opened today may be judged by yesterday's close.
        last_bar_ends_week: independent book only: the last bar of the data counts as a week end.
        judge_missing_week_end: a week is judged at its end even when the symbol did not trade that session.
        risk: the `risk:` section of the strategy; needs the selection of live.
        initial_cash: what the book begins with where risk rules size by its equity; None: `max_positions` x
            `position_size`.
    """

    data_end_date: date | None = None
    book: Literal["shared", "independent"] = "shared"
    size_from: Literal["open", "reference"] = "open"
    selection: Literal["one_by_one", "live"] | None = None
    stop_fill: StopFill = "gap"
    entry_slippage_pct: Percent = 0.0
    fill_decimals: Annotated[Whole, Field(ge=0, le=10)] | None = 6
    keep_pending_exits: Flag = True
    final_price: Literal["last_close", "entry"] = "last_close"
    record_unscheduled: Flag = True
    max_entry_delay_sessions: Annotated[Whole, Field(ge=0)] | None = 5
    rotate_same_day_entries: Flag = False
    last_bar_ends_week: Flag = False
    judge_missing_week_end: Flag = True
    risk: RiskRules | None = None
    initial_cash: Annotated[Number, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _risk_needs_the_live_choice(self) -> Self:
        if self.risk is not None and not (self.chooses_live and self.book == "shared"):
            raise ValueError("risk rules need size_from: reference and a shared book")
        return self

    @property
    def unasked(self) -> set[str]:
        """Settings of risk rules that nobody gave: documents of a run leave them out."""
        return {name for name in ("risk", "initial_cash") if getattr(self, name) is None}

    @property
    def capital(self) -> float:
        """What the book begins with, currency of the account."""
        return self.max_positions * self.position_size if self.initial_cash is None else self.initial_cash

    @property
    def chooses_live(self) -> bool:
        """Whether entries are chosen before the open, as live."""
        return (self.selection or ("live" if self.size_from == "reference" else "one_by_one")) == "live"


# Rules of the live strategy that the one-by-one selection leaves alone unless they are asked for.
LIVE_ONLY: Mapping[str, Any] = {"daily_entry_limit": None, "quality_filter": False}

# The original backtest knew no filters, daily limit or fixes.
COMPATIBLE: Mapping[str, Any] = {
    "size_from": "open",
    "selection": "one_by_one",
    "min_grade": "D",
    "daily_entry_limit": None,
    "quality_filter": False,
    "fill_decimals": None,
    "keep_pending_exits": False,
    "final_price": "entry",
    "record_unscheduled": False,
    "max_entry_delay_sessions": None,
    "rotate_same_day_entries": True,
    "last_bar_ends_week": True,
    "judge_missing_week_end": False,
}


@dataclass(frozen=True, slots=True)
class SessionBar:
    """One daily bar; `previous_close` is the symbol's close before it, None for its first bar."""

    open: float
    high: float
    low: float
    close: float
    previous_close: float | None = None


@dataclass(frozen=True, slots=True)
class MarketSession:
    """What a session of the market tells the step.

    Attributes:
        day: session date.
        week: its week number.
        bars: symbol -> bar; a symbol that did not trade is absent.
        broken: symbols whose week ended today, by the exchange calendar, below their indicator.
        known: symbols somebody had a price of, today or before; None when the candidates were looked up.
        prices: the history, for risk rules.
    """

    day: date
    week: int
    bars: Mapping[str, SessionBar]
    broken: Container[str] = frozenset()
    known: Container[str] | None = None
    prices: PriceSeries | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """An open position.

    `mark` is its newest close, `pending` the reason it sells at the next open, `initial_stop_pct` how far its
    first stop was from the entry, where risk rules are on.
    """

    symbol: str
    report_date: date
    grade: str
    score: float | None
    entry_date: date
    entry_price: float
    shares: int
    stop_price: float
    mark: float
    pending: str | None = None
    initial_stop_pct: float | None = None

    @property
    def unrealized(self) -> float:
        """(mark - entry) x shares."""
        return (self.mark - self.entry_price) * self.shares

    @classmethod
    def opened(
        cls, candidate: Candidate, day: date, *, price: float, shares: int, stop: float, mark: float
    ) -> Self:
        """Return the position a candidate becomes."""
        return cls(
            symbol=candidate.ticker,
            report_date=candidate.report_date,
            grade=candidate.grade,
            score=candidate.score,
            entry_date=day,
            entry_price=price,
            shares=shares,
            stop_price=stop,
            mark=mark,
        )


@dataclass(frozen=True, slots=True)
class PortfolioState:
    """The book between two sessions: open positions in order of entry, and profit already taken.

    `capital` is what it began with, for risk rules; None: that of the settings.
    """

    positions: tuple[Held, ...] = ()
    realized: float = 0.0
    capital: float | None = None

    @property
    def unrealized(self) -> float:
        """Open profit at the newest closes."""
        return sum(position.unrealized for position in self.positions)


@dataclass(frozen=True, slots=True)
class Trade:
    """A closed position; prices unrounded, `as_row` rounds as the reports do."""

    position: Held
    exit_date: date
    exit_price: float
    reason: str

    @property
    def pnl(self) -> float:
        """(exit - entry) x shares."""
        return (self.exit_price - self.position.entry_price) * self.position.shares

    def as_row(self) -> dict[str, Any]:
        """Return the record: prices to 4 decimals, money and percent to 2, all from unrounded values."""
        held = self.position
        return {
            "ticker": held.symbol,
            "report_date": held.report_date.isoformat(),
            "grade": held.grade,
            "score": held.score,
            "entry_date": held.entry_date.isoformat(),
            "entry_price": round(held.entry_price, PRICE_DECIMALS),
            "exit_date": self.exit_date.isoformat(),
            "exit_price": round(self.exit_price, PRICE_DECIMALS),
            "shares": held.shares,
            "invested": round(held.entry_price * held.shares, 2),
            "pnl": round(self.pnl, 2),
            "return_pct": round((self.exit_price - held.entry_price) / held.entry_price * 100, 2),
            "holding_days": (self.exit_date - held.entry_date).days,
            "exit_reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class SkippedCandidate:
    """A candidate not taken, with a reason code."""

    candidate: Candidate
    reason: str

    def as_row(self) -> tuple[str, str, str, float | None, str]:
        """Return ticker, report date, grade, score, reason."""
        found = self.candidate
        return found.ticker, found.report_date.isoformat(), found.grade, found.score, self.reason


@dataclass(frozen=True, slots=True)
class Events:
    """What one session did, in order; `most_positions` is the most that was held at one time in it."""

    entered: tuple[Held, ...] = ()
    trades: tuple[Trade, ...] = ()
    skipped: tuple[SkippedCandidate, ...] = ()
    most_positions: int = 0


@dataclass(frozen=True, slots=True)
class EquityPoint:
    """Profit at the close of one session.

    Attributes:
        day: the session.
        realized, unrealized: profit taken until then, and open.
        positions: how many are open at the close.
        most_positions: the most that were open at one time since the session's entries.
    """

    day: date
    realized: float
    unrealized: float
    positions: int
    most_positions: int


@dataclass(frozen=True, slots=True)
class PortfolioResult:
    """A finished simulation."""

    trades: tuple[Trade, ...]
    skipped: tuple[SkippedCandidate, ...]
    equity: tuple[EquityPoint, ...]
