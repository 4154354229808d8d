"""Live against the backtest of a book of single positions, divided among its causes.

As for an allocation book (`attribution`) the sessions are walked again and again, each time by the simulator
with one more live fact in the place of its own. Reports are not kept: every walk has the candidates that the
files entered, and nothing here judges which others there were.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import pairwise

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars
from backtest.core.candidate import Candidate
from backtest.core.decision import Decision, ExitSignal
from backtest.reporting.drift.attribution import Attribution, Disagreement, SessionDrift
from backtest.reporting.drift.facts import LiveFill, LiveSession, Shares, Step
from backtest.reporting.drift.positions_walk import WalkFills, money, trades_of
from backtest.simulator.positions.market import Market
from backtest.simulator.positions.model import Events, Held, PortfolioRules, PortfolioState
from backtest.simulator.positions.step import step

#: a file has chosen already: nothing of it is filtered, limited or rotated again
_CHOSEN = {"quality_filter": False, "daily_entry_limit": None}
_DIRECTED = {
    **_CHOSEN,
    "enable_rotation": False,
    "max_positions": 10**6,
    "max_holding_days": None,
    "min_grade": "D",
}


@dataclass(frozen=True, slots=True)
class PositionSession:
    """One session of a book as it was traded.

    Attributes:
        live: orders, fills of them, quotes, cash and close; resting stops are not in it.
        candidates: what the file as generated entered.
        stops: fills of resting stops in this session.
        edited_stops: symbol -> stop price that a person wrote into the file.
        exits: symbols that the file sells by its rules, without those that make room.
    """

    live: LiveSession
    candidates: tuple[Candidate, ...] = ()
    stops: tuple[LiveFill, ...] = ()
    edited_stops: Mapping[str, float] = field(default_factory=dict)
    exits: frozenset[str] = frozenset()

    @property
    def has_file(self) -> bool:
        """Whether a decision was made."""
        return self.live.figures is not None


@dataclass(frozen=True, slots=True)
class PositionsBook:
    """A book from its first file, when it held nothing: cash, and every session since, oldest first."""

    variant: str
    cash: Decimal
    sessions: Sequence[PositionSession]


def attribute_positions(
    book: PositionsBook, rules: PortfolioRules, history: Mapping[str, Bars]
) -> Attribution:
    """Walk the sessions of a book and return what each cause has added by each of them.

    Args:
        book: with at least one session.
        rules: of the simulator, with the parameters the book trades.
        history: final bars by symbol.
    """
    market = Market(history, rules, calendar.is_week_end)
    walks = [_Walk(book, rules, market, step_) for step_ in Step]
    values = [walk.run() for walk in walks]
    last = walks[-1]
    return Attribution(
        variant=book.variant,
        rows=tuple(
            SessionDrift(
                known.live.session,
                known.live.equity,
                values[0][row],
                tuple(after[row] - before[row] for before, after in pairwise(values)),
            )
            for row, known in enumerate(book.sessions)
        ),
        compared=tuple(known.live.session for known in book.sessions if known.has_file),
        disagreements=tuple(last.disagreements),
        flows={k.live.session: k.live.cash_before + k.live.cash_after for k in book.sessions},
    )


class _Walk:
    """The book as one more live fact than in the walk before makes it."""

    def __init__(self, book: PositionsBook, rules: PortfolioRules, market: Market, upto: Step) -> None:
        self.book = book
        self.upto = upto
        self.market = market
        self.simulated = rules.model_copy(update=_CHOSEN)
        self.directed = rules.model_copy(update=_DIRECTED)
        self.disagreements: list[Disagreement] = []

    def run(self) -> list[Decimal]:
        """Return the equity at the close of every session."""
        state, cash, found = PortfolioState(capital=float(self.book.cash)), money(float(self.book.cash)), []
        live_held: dict[str, int] = {}
        for known in self.book.sessions:
            state, change = self._session(state, known, live_held)
            cash = money(cash + change)
            found.append(Decimal(f"{money(cash + sum(h.mark * h.shares for h in state.positions)):.2f}"))
            for fill in (*known.live.fills, *known.stops):
                live_held[fill.symbol] = live_held.get(fill.symbol, 0) + fill.change
        return found

    def _session(
        self, state: PortfolioState, known: PositionSession, live_held: Mapping[str, int]
    ) -> tuple[PortfolioState, float]:
        """Play one session; return the book and what its cash changed by."""
        live, day = known.live, known.live.session
        trades = trades_of(live, self.upto, has_file=known.has_file)
        if self.upto is Step.CASH_FLOWS and known.has_file:
            self._compare(state, known)
        rules = self.simulated if trades is None else self.directed
        fills = WalkFills(known.live, known.stops, known.edited_stops, rules, self.upto, trades, live_held)
        if trades is not None:
            state = replace(state, positions=tuple(_ordered(held, trades) for held in state.positions))
        candidates = known.candidates if trades is None else _entered(known, trades)
        after, events = step(state, self.market.session(day), candidates, rules, fills)
        return after, self._cash(live, known, fills, events)

    def _cash(self, live: LiveSession, known: PositionSession, fills: WalkFills, events: Events) -> float:
        spent = sum(fills.paid(held) for held in events.entered)
        received = sum(fills.received(trade) for trade in events.trades)
        change = received - spent
        if self.upto >= Step.COSTS:
            change -= sum(float(fill.commission) for fill in (*live.fills, *known.stops))
        if self.upto >= Step.CASH_FLOWS:
            change += float(live.cash_before + live.cash_after)
        return change

    def _compare(self, state: PortfolioState, known: PositionSession) -> None:
        """Note a file whose exits are not those of the final bars for the very book that live had."""
        day = known.live.session
        final = frozenset(
            held.symbol
            for held in state.positions
            if held.pending or self.simulated.held_long_enough(held.entry_date, day)
        )
        if final != known.exits:
            self.disagreements.append(Disagreement(day, _sells(day, known.exits), _sells(day, final)))


def _ordered(held: Held, trades: Shares) -> Held:
    """Return a position that sells at the open when live facts say so, and not otherwise."""
    return replace(held, pending="live" if trades.get(held.symbol, 0) < 0 else None)


def _entered(known: PositionSession, trades: Shares) -> tuple[Candidate, ...]:
    """Return the candidates of what is bought; an order of a person's own has none and gets one."""
    bought = {candidate.ticker: candidate for candidate in known.candidates}
    return tuple(
        bought.get(symbol) or Candidate(symbol, known.live.session, "A", price=1.0)
        for symbol, count in sorted(trades.items())
        if count > 0
    )


def _sells(day: date, symbols: frozenset[str]) -> Decision:
    return Decision(decided_on=day, exits=tuple(ExitSignal(symbol, "") for symbol in sorted(symbols)))
