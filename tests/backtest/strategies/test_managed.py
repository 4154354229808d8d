"""A strategy under risk rules: off is the strategy itself, on everybody gets the managed decision."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from backtest.core.bars import Bars, FloatArray
from backtest.core.candidate import Candidate
from backtest.core.decision import Book, OpenPosition, Situation
from backtest.core.errors import ParameterError
from backtest.core.execution_rules import ExecutionRules
from backtest.simulator.allocation.simulate import simulate
from backtest.strategies.code_hash import code_sha256, strategy_files_sha256
from backtest.strategies.managed import ManagedStrategy, managed
from backtest.strategies.registry import build_strategy, load_strategy
from tests.support.scripted_strategy import ScriptedWeights, days, make_bars

DAY = date(2024, 3, 4)
BEFORE = date(2024, 3, 1)
HEAT = {"heat": {"max_pct": 5}, "stops": {"trailing_pct": 5.0, "initial_atr": 2.0}}


def earnings(section: Any = None) -> Any:
    return build_strategy("earnings_swing", "mine", {} if section is None else {"risk": section})


def bars(symbol: str) -> Bars:
    dates = np.array([BEFORE - timedelta(days=n) for n in range(59, -1, -1)], dtype="M8[D]")
    close = np.linspace(100.0, 120.0, 60)
    return Bars(symbol, dates, close, close + 1, close - 1, close, np.ones(60))


@pytest.mark.parametrize("section", [{}, {"max_exposure_pct": 50}, None])
def test_a_section_that_asks_for_nothing_is_not_there(section: Any) -> None:
    plain = earnings()
    assert type(earnings(section)) is type(plain)
    assert earnings(section).parameters == plain.parameters
    assert code_sha256(earnings(section)) == code_sha256(plain)


def test_the_section_of_a_file_is_a_parameter_of_the_strategy() -> None:
    document = {"strategy": {"name": "earnings_swing", "variant": "mine", "risk": HEAT}}
    found = load_strategy(document)
    assert isinstance(found, ManagedStrategy)
    assert found.parameters["risk"]["heat"] == {"max_pct": 5.0, "correlated": False}
    assert found.overridden[-1] == "risk"
    assert found.terms.reads_bars_of_candidates
    again = build_strategy(found.name, found.variant, found.parameters)
    assert again == found
    assert found.with_parameters({"max_positions": 3}).terms.max_positions == 3
    assert found.with_parameters({"max_positions": 3}).parameters["risk"] == found.parameters["risk"]
    assert not isinstance(found.with_parameters({"risk": {}}), ManagedStrategy)
    with pytest.raises(ParameterError, match="risk: section"):
        load_strategy({"strategy": {**document["strategy"], "risk": {"heat": {"max_pct": 0}}}})


def test_everything_but_the_decision_is_the_strategys_own() -> None:
    inner, found = earnings(), earnings(HEAT)
    for name in ("name", "variant", "family", "execution_time", "signal_symbols", "tradable_symbols"):
        assert getattr(found, name) == getattr(inner, name)
    for name in ("context_columns", "price_relations", "warmup_bars", "history_floor", "unusual"):
        assert getattr(found, name) == getattr(inner, name)
    assert found.next_changes({}) == inner.next_changes({})


def test_the_code_of_the_rules_is_part_of_the_digest() -> None:
    assert code_sha256(earnings(HEAT)) != code_sha256(earnings())
    assert strategy_files_sha256(earnings(HEAT)) != strategy_files_sha256(earnings())


def test_a_decision_of_positions_is_sized_and_its_stops_move() -> None:
    candidates = (Candidate("NEW", DAY, "A", 90.0, 120.0), Candidate("BAD", DAY, "A", 80.0, 120.0))
    position = OpenPosition("AAA", 100, 100.0, BEFORE - timedelta(days=30), 90.0, {"score": 50.0})
    situation = Situation(DAY, BEFORE, Book(100_000.0, {"AAA": position}), {}, candidates)
    history = {symbol: bars(symbol) for symbol in ("AAA", "NEW")}
    made = earnings(HEAT).evaluate(history).decide(situation)
    plain = earnings().evaluate(history).decide(situation)
    assert [(move.symbol, move.price, move.before) for move in made.stops] == [("AAA", 114.0, 90.0)]
    assert "risk: AAA: its stop moves from 90 to 114 (trailing_pct)" in made.warnings
    (entry,) = made.entries
    assert entry.symbol == "NEW"
    assert entry.stop_price != plain.entries[0].stop_price
    assert [skip.reason for skip in made.skipped if skip.symbol == "BAD"] == ["risk_no_atr_stop"]
    assert plain.stops == ()


WEEK = days(*(f"2024-01-{day:02}" for day in (2, 3, 4, 5, 8, 9, 10, 11)))
CLOSE = [100.0, 101.0, 100.0, 102.0, 101.0, 110.0, 99.0, 108.0]


def weights(section: Any) -> Any:
    script = {day: {"AAA": 0.9} for day in WEEK[3:]}
    return managed(ScriptedWeights(script, tradable_symbols=("AAA",)), section)


def test_the_simulator_holds_less_of_what_moves_more() -> None:
    history = {name: make_bars(name, dict(zip(WEEK, CLOSE, strict=True))) for name in ("SIG", "AAA")}
    section = {"volatility_target": {"target_pct": 10, "window": 3, "band_pct": 0}}
    rules = ExecutionRules(min_cash_pct=0, max_buying_power_pct=100)

    def run(asked: Any) -> Any:
        return simulate(weights(asked), history, start=WEEK[0], end=WEEK[-1], cash=100_000.0, rules=rules)

    plain, calm = run({}), run(section)
    assert type(weights({})) is ScriptedWeights
    assert plain.weights["AAA"][-1] > 0.85
    assert 0 < calm.weights["AAA"][-1] < calm.weights["AAA"][4] < 0.9
    last = calm.decisions[-1]
    assert last.memory["risk"]["exposure"] == last.diagnostics["risk"]["exposure"]
    scripted = [decision.memory.keys() - {"risk"} for decision in calm.decisions]
    assert all(scripted)  # the strategy's own memory is kept beside


def test_a_decision_can_be_made_again_from_its_diagnostics() -> None:
    found = build_strategy("Hierarchical_Adaptive_v3_5b", "golden", {}).parameters
    section = {"volatility_target": {"target_pct": 5}}
    strategy = build_strategy("Hierarchical_Adaptive_v3_5b", "golden", {**found, "risk": section})
    rng = np.random.default_rng(4)
    count = 500
    dates = np.array([BEFORE - timedelta(days=n) for n in range(count - 1, -1, -1)], dtype="M8[D]")

    def made(symbol: str) -> Bars:
        steps = 0.01 * rng.standard_normal(count)
        close: FloatArray = np.cumprod(1 + steps, dtype=np.float64) * 100.0
        return Bars(symbol, dates, close, close, close, close, np.full(count, 1e6))

    history = {symbol: made(symbol) for symbol in ("QQQ", "TQQQ", "TLT", "TMF", "TMV", "PSQ")}
    decided = strategy.evaluate(history).decide(Situation(BEFORE, BEFORE, Book(1e5), {}))
    again = strategy.decide_again(decided.diagnostics, {}, BEFORE)
    assert decided.targets
    assert again is not None
    assert again.targets == decided.targets
    assert (again.rebalance, again.memory) == (decided.rebalance, decided.memory)
