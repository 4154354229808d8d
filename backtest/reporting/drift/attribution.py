"""The gap between live and backtest, divided among its causes.

The sessions of a book are walked again and again from its real start, each time by the simulator with one
more live fact in the place of its own (`Step`). A cause is the difference between two neighbouring walks, so
the causes add up to the last walk minus the backtest. What live's own books show beyond the last walk is
`unexplained`: it is measured, never the rest of a sum.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Final

import numpy as np

from backtest.core.bars import Bars
from backtest.core.decision import Decision
from backtest.core.execution_rules import ExecutionRules, Limits
from backtest.reporting.drift.facts import CAUSES, LiveBook, Step
from backtest.reporting.drift.walk import Sized, Walk
from backtest.simulator.allocation.hooks import SIMULATED, SessionHooks
from backtest.simulator.allocation.simulate import simulate
from backtest.strategies.base import Strategy

SESSIONS_PER_YEAR: Final = 252
SESSIONS_PER_MONTH: Final = 21
WARN_BPS_A_MONTH: Final = 5
_BPS: Final = 10_000
#: a walk repeats what happened: it is measured, not stopped
_NO_LIMITS: Final = Limits().model_copy(
    update={
        "max_position_pct": math.inf,
        "max_total_exposure_pct": math.inf,
        "max_total_leverage": math.inf,
        "max_order_value": None,
        "max_order_value_pct": math.inf,
        "max_orders_per_run": 10**9,
    }
)


@dataclass(frozen=True, slots=True)
class SessionDrift:
    """One session, counted from the book's start; account currency.

    Attributes:
        live: the book's own equity at the close, None when it was not marked then.
        backtest: the simulator's.
        causes: in the order of `CAUSES`; their sum is the last walk minus the backtest.
    """

    session: date
    live: Decimal | None
    backtest: Decimal
    causes: tuple[Decimal, ...]

    @property
    def explained(self) -> Decimal:
        """The last walk: the backtest with every live fact in it."""
        return self.backtest + sum(self.causes, Decimal(0))


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A session whose file decided otherwise than the final bars do with the same memory."""

    session: date
    of_file: Decision
    final: Decision


@dataclass(frozen=True, slots=True)
class Attribution:
    """Every session of a book, and which of its decisions differ from those on the final bars.

    Attributes:
        rows: oldest first.
        compared: sessions with a file.
        disagreements: those of them that differ.
        flows: session -> cash that came without a trade.
    """

    variant: str
    rows: tuple[SessionDrift, ...]
    compared: tuple[date, ...]
    disagreements: tuple[Disagreement, ...]
    flows: Mapping[date, Decimal]


def attribute(
    book: LiveBook, strategy: Strategy, history: Mapping[str, Bars], rules: ExecutionRules
) -> Attribution:
    """Walk the sessions of a book and return what each cause has added by each of them.

    Args:
        book: of an allocation strategy, with at least one session.
        strategy: with the parameters the book trades.
        history: final bars by symbol.
        rules: sizing and costs of the backtest; its limits do not stop a walk.

    Raises:
        DataError: a bar that a walk needs is missing.
    """
    free = rules.model_copy(update={"limits": _NO_LIMITS})
    sessions = {live.session: live for live in book.sessions}
    start, end = min(sessions), max(sessions)

    def walked(hooks: SessionHooks) -> tuple[Sequence[date], list[Decimal]]:
        result = simulate(
            strategy,
            history,
            start=start,
            end=end,
            cash=float(book.cash),
            rules=free,
            positions=book.positions,
            hooks=hooks,
        )
        return result.dates.astype("M8[D]").tolist(), [_cents(value) for value in result.equity]

    sized = Sized()
    days, last = walked(Walk(strategy, sessions, Step.CASH_FLOWS, sized, first=True))
    walks = [walked(SIMULATED)[1]]
    walks += [walked(Walk(strategy, sessions, step, sized))[1] for step in CAUSES[:-1]]
    walks.append(last)
    return Attribution(
        variant=book.variant,
        rows=tuple(
            SessionDrift(
                day,
                sessions[day].equity if day in sessions else None,
                walks[0][row],
                tuple(after[row] - before[row] for before, after in pairwise(walks)),
            )
            for row, day in enumerate(days)
        ),
        compared=tuple(sized.decided),
        disagreements=tuple(
            Disagreement(day, of_file, final)
            for day, (of_file, final) in sized.decided.items()
            if _differ(strategy, of_file, final)
        ),
        flows={live.session: live.cash_before + live.cash_after for live in book.sessions},
    )


def _differ(strategy: Strategy, of_file: Decision, final: Decision) -> bool:
    """Tell whether two decisions differ in what they want, or in a state of the strategy."""
    states = [column.diagnostic for column in strategy.context_columns if column.is_state]
    return (of_file.targets, of_file.rebalance) != (final.targets, final.rebalance) or any(
        of_file.diagnostics.get(name) != final.diagnostics.get(name) for name in states
    )


def tracking_error(rows: Sequence[SessionDrift], flows: Mapping[date, Decimal]) -> float | None:
    """Return the yearly standard deviation of live's daily return minus the backtest's; None below 2 days.

    Cash that came without a trade is taken out of live's return. A decimal fraction.
    """
    pairs = [(a, b) for a, b in pairwise(rows) if a.live and b.live is not None]
    if len(pairs) < 2 or any(not a.backtest for a, _ in pairs):
        return None
    differences = [
        float((b.live - flows.get(b.session, Decimal(0))) / a.live - b.backtest / a.backtest)
        for a, b in pairs
        if a.live is not None and b.live is not None
    ]
    return float(np.std(differences, ddof=1)) * math.sqrt(SESSIONS_PER_YEAR)


def bps(amount: Decimal, of: Decimal) -> Decimal | None:
    """Return an amount in hundredths of a percent of another, None of nothing."""
    return amount / of * _BPS if of else None


def unexplained_is_large(unexplained: Decimal, backtest: Decimal, sessions: int) -> bool:
    """Tell whether what no walk explains is over 5 bps a month, a stretch below a month counting as one."""
    months = max(Decimal(1), Decimal(sessions) / SESSIONS_PER_MONTH)
    found = bps(abs(unexplained), backtest)
    return found is not None and found / months > WARN_BPS_A_MONTH


def _cents(value: float) -> Decimal:
    return Decimal(f"{value:.2f}")
