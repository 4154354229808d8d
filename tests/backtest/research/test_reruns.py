"""Whole-share reruns are runs of the simulator."""

from dataclasses import replace

from backtest.core.execution_rules import ExecutionRules
from backtest.reporting.metrics import summarise
from backtest.research.reruns import rerun
from backtest.research.session import results_of_row
from backtest.research.study import Study
from backtest.simulator.allocation.simulate import simulate
from tests.backtest.research.conftest import Searched


def test_a_rerun_is_the_simulators_own_run_before_the_holdout(searched: Searched) -> None:
    opened = searched.opened
    kept = results_of_row(opened.study, searched.row, searched.database).kept[:2]
    rules = ExecutionRules(slippage_pct=opened.study.data.cost_pct)
    found = rerun(opened.study, opened.history, opened.days, kept, rules)
    assert [item.trial for item in found] == [item.trial for item in kept]
    strategy = opened.study.strategy.with_parameters(kept[1].changes)
    first, last = opened.days
    result = simulate(strategy, opened.history, start=first, end=last, cash=100_000.0, rules=rules)
    assert found[1].final_equity == float(result.equity[-1])
    assert found[1].sharpe == summarise(result)["sharpe"]
    assert result.dates[-1].item() == last


def test_whole_shares_pay_the_higher_of_both_costs(searched: Searched) -> None:
    opened = searched.opened
    kept = results_of_row(opened.study, searched.row, searched.database).kept[:1]
    dear = replace(opened.study, data=replace(opened.study.data, cost_pct=0.5))

    def final(study: Study, slippage_pct: float) -> float:
        rules = ExecutionRules(slippage_pct=slippage_pct)
        return rerun(study, opened.history, opened.days, kept, rules)[0].final_equity

    assert final(dear, 0.0) == final(dear, 0.1) == final(opened.study, 0.5) < final(opened.study, 0.1)
