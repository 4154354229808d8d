"""What a walk may put in the place of the simulator's own course of a session."""

from dataclasses import dataclass
from datetime import date

from backtest.core.decision import OpenPosition
from backtest.core.execution_rules import ExecutionRules
from backtest.simulator.allocation.hooks import SIMULATED, SessionHooks
from backtest.simulator.allocation.simulate import simulate
from tests.support.scripted_strategy import SIGNAL, ScriptedWeights, days, make_bars

DAYS = days("2024-01-02", "2024-01-03", "2024-01-04")
RULES = ExecutionRules(min_cash_pct=0, max_buying_power_pct=100)
BARS = {
    SIGNAL: make_bars(SIGNAL, dict.fromkeys(DAYS, 1.0)),
    "AAA": make_bars("AAA", dict(zip(DAYS, (10.0, 11.0, 12.0), strict=True))),
}


@dataclass
class Paid(SessionHooks):
    """Cash comes before the second session's decision and goes after it."""

    def cash_before(self, session: date) -> float:
        return 110.0 if session == DAYS[1] else 0.0

    def cash_after(self, session: date) -> float:
        return -7.5 if session == DAYS[1] else 0.0

    def carried_out(self, session: date) -> bool:
        return session != DAYS[0]


def run(
    hooks: SessionHooks, positions: dict[str, OpenPosition] | None = None
) -> tuple[list[float], list[int]]:
    strategy = ScriptedWeights({DAYS[1]: {"AAA": 1.0}}, tradable_symbols=("AAA",))
    found = simulate(
        strategy, BARS, start=DAYS[0], end=DAYS[2], cash=1100.0, rules=RULES, positions=positions, hooks=hooks
    )
    return found.equity.tolist(), [len(situation.memory) for situation in strategy.seen]


def test_without_hooks_nothing_is_told() -> None:
    assert run(SIMULATED) == ([1100.0, 1100.0, 1200.0], [0, 1, 2])


def test_cash_moves_and_memory_waits() -> None:
    # 1,210 buy 110 shares at 11; 7.50 leave after it
    assert run(Paid()) == ([1100.0, 1202.5, 1312.5], [0, 0, 1])


def test_a_book_may_begin_with_positions() -> None:
    held = {"AAA": OpenPosition("AAA", 10, 9.0, date(2023, 12, 29))}
    # 100 + 1,100; at 11 it buys what is missing to 110 shares
    assert run(SIMULATED, held)[0] == [1200.0, 1210.0, 1320.0]
