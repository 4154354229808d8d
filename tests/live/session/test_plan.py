from __future__ import annotations

from backtest.simulator.intraday.plan import PAPER, planned, windows_of
from backtest.strategies.opening_range_breakout.instruments import INSTRUMENTS
from backtest.strategies.opening_range_breakout.labels import FUTURES_DAY
from live.handoff.orb_plan_check import instrument_of_plan, plan_of
from live.session.plan import fill_terms, session_plan
from tests.support.orb_live import DAY, STRATEGIES, OrbWorld, portfolio


def test_a_plan_file_is_the_plan_that_a_replay_makes_of_the_portfolio(played: OrbWorld) -> None:
    with played.ledger() as ledger:
        row = ledger.signals.get(DAY, "orb")
        assert row is not None
    made = session_plan(plan_of(row.content))
    strategies = planned(
        [one.key for one in STRATEGIES], INSTRUMENTS["MGC"], [one.max_contracts for one in STRATEGIES]
    )
    assert made.day == FUTURES_DAY.day(DAY)
    assert made.strategies == strategies
    assert made.windows == windows_of(made.day, strategies)
    assert made.limits == portfolio().limits
    assert made.instrument == INSTRUMENTS["MGC"]
    assert made.sizing == portfolio().sizing
    assert made.grid is not None
    assert made.grid.scale == 20  # ticks of 0.1, halved for the ratio of 3/2
    assert made.options.flat_by == made.end
    assert {name: getattr(made.options, name) for name in ("e2_as_e1", "realistic_gaps", "orb_min_bars")} == {
        name: getattr(PAPER, name) for name in ("e2_as_e1", "realistic_gaps", "orb_min_bars")
    }


def test_a_disabled_strategy_is_not_in_it(played: OrbWorld) -> None:
    with played.ledger() as ledger:
        row = ledger.signals.get(DAY, "orb")
        assert row is not None
    plan = plan_of(row.content)
    first = plan.strategies[0].model_copy(update={"enabled": False})
    made = session_plan(plan.model_copy(update={"strategies": (first, *plan.strategies[1:])}))
    assert [one.id for one in made.strategies] == [one.strategy_id for one in plan.strategies[1:]]
    terms, contract = fill_terms(plan), instrument_of_plan(plan.instrument)
    assert (terms.point_value, terms.friction) == (contract.point_value, contract.friction) == (10.0, 8.4)
    assert terms.realistic_gaps
    assert not terms.limit_may_win_at_once
