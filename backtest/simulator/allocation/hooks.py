"""Where a simulated session may be told what happened instead; the defaults tell it nothing.

Drift (`backtest.reporting.drift`) walks the sessions of a book with the simulator itself and puts one live
fact after the other in the place of the simulator's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from backtest.core.decision import Book, Decision, Situation
from backtest.core.execution_rules import ExecutionRules
from backtest.core.planned_orders import Plan
from backtest.simulator.allocation.step import Outcome, carry_out
from backtest.strategies.base import Evaluation


class SessionHooks:
    """The simulator's own course of a session; a subclass replaces parts of it."""

    def decide(self, evaluation: Evaluation, situation: Situation) -> Decision:
        """Return the decision of a session."""
        return evaluation.decide(situation)

    def acts(self, session: date) -> bool:
        """Tell whether `carry_out` is asked although the decision is to change nothing."""
        del session
        return False

    def carried_out(self, session: date) -> bool:
        """Tell whether the strategy's memory moves on after this session's decision."""
        del session
        return True

    def cash_before(self, session: date) -> float:
        """Return cash that came (negative: went) without a trade before the session's decision."""
        del session
        return 0.0

    def cash_after(self, session: date) -> float:
        """Return cash that came (negative: went) without a trade after it, by the session's close."""
        del session
        return 0.0

    def carry_out(
        self,
        plan: Plan,
        book: Book,
        prices: Mapping[str, float],
        rules: ExecutionRules,
        *,
        session: date,
        marks: Mapping[str, float],
    ) -> Outcome:
        """Fill the orders of a plan; see `backtest.simulator.allocation.step.carry_out`."""
        return carry_out(plan, book, prices, rules, session=session, marks=marks)


SIMULATED = SessionHooks()
"""A simulation that nobody tells anything."""
