"""The rules of v3.5b section by section, with answers worked out by hand."""

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.decision import Book, Decision, Situation, Target
from backtest.core.errors import DataError
from backtest.strategies.earnings_swing.strategy import build as build_earnings
from backtest.strategies.hierarchical_adaptive.strategy import V35bEvaluation, build
from tests.support.market_v35b import bars, market, random_walk

BONDS = {"none": 0, "bull": 1, "bear": 2}
SMALL = {"sma_fast": 3, "sma_slow": 8, "realized_vol_window": 3, "vol_baseline_window": 6}
SMALL |= {"bond_sma_fast": 2, "bond_sma_slow": 5}


def situation(day: date, memory: dict[Any, Any] | None = None) -> Situation:
    return Situation(session=day, decided_on=day, book=Book(0.0), memory=memory or {})


def walk(evaluation: V35bEvaluation, memory: Any = None) -> list[Decision]:
    """Every decision in turn, each carried out."""
    memory, out = memory or {}, []
    for day in evaluation.signal.dates.tolist():
        decision = evaluation.decide(situation(day, memory))
        memory = decision.memory
        out.append(decision)
    return out


def test_constant_prices_stay_in_the_sideways_low_cell() -> None:
    history = {"QQQ": bars("QQQ", [100.1] * 200), "TLT": bars("TLT", [90.3] * 200)}
    decisions = walk(build("golden", {}).evaluate(history))
    assert [d.decided_on for d in decisions if d.diagnostics.get("cell")] == history["QQQ"].dates.tolist()[
        146:
    ]
    assert [d.rebalance for d in decisions] == [False] * 146 + [True] + [False] * 53
    last = decisions[-1]
    assert last.targets == (Target("TQQQ", 0.2), Target("QQQ", 0.8))
    assert last.memory == {"held": {"TQQQ": 0.2, "QQQ": 0.8}}
    assert {k: last.diagnostics[k] for k in ("cell", "vol_state", "trend_state", "z_score", "T_norm")} == {
        "cell": 3,
        "vol_state": "Low",
        "trend_state": "Sideways",
        "z_score": 0.0,
        "T_norm": 0.0,
    }
    assert last.diagnostics["sma_fast"] == last.diagnostics["sma_slow"] == 100.1


def test_steady_growth_is_the_bull_low_cell() -> None:
    history = {"QQQ": bars("QQQ", 100 * 1.01 ** np.arange(220.0)), "TLT": bars("TLT", [90.0] * 220)}
    last = walk(build("golden", {}).evaluate(history))[-1]
    assert last.diagnostics["cell"] == 1
    assert last.targets == (Target("TQQQ", 0.6), Target("QQQ", 0.4))


def test_a_doubling_is_high_volatility() -> None:
    close = [100.0] * 199 + [200.0]
    history = {"QQQ": bars("QQQ", close), "TLT": bars("TLT", np.arange(200.0) + 90.0)}
    decisions = walk(build("golden", {}).evaluate(history))
    last = decisions[-1]
    # 125 zeros and one sigma s: mean s/126, deviation s/sqrt(126), so z = 125/sqrt(126).
    assert last.diagnostics["z_score"] == pytest.approx(125 / 126**0.5)
    assert last.diagnostics["vol_state"] == "High"
    # Oscillators 0 x 14 and 100: 15 * 100 / 120 = 12.5, over 50 is 0.25, above 0.2: a bull.
    assert last.diagnostics["T_norm"] == pytest.approx(0.25)
    assert last.diagnostics["cell"] == 2
    assert last.targets == (Target("QQQ", 1.0),)
    assert last.rebalance is True
    assert last.diagnostics["deviation"] == pytest.approx(0.4)


def with_cases(changes: dict[str, Any], cases: list[tuple[int, int]]) -> V35bEvaluation:
    """An evaluation whose rows are the given (cell, bond) pairs."""
    evaluation = build("test", SMALL | changes).evaluate(market(len(cases), seed=3))
    rows = [3 * (cell - 1) + bond for cell, bond in cases]
    evaluation.columns = replace(evaluation.columns, first=0, case=rows)
    return evaluation


def test_held_weights_move_only_when_a_rebalance_is_accepted() -> None:
    cases = [(4, 0), (3, 0), (3, 0), (1, 0), (4, 1), (4, 2), (4, 0)]
    decisions = walk(with_cases({}, cases))
    assert [d.rebalance for d in decisions] == [False, True, False, True, True, True, True]
    assert decisions[0].memory == {}
    assert decisions[2].memory == {"held": {"TQQQ": 0.2, "QQQ": 0.8}}
    assert decisions[6].memory == {"held": {}}
    assert [d.diagnostics["deviation"] for d in decisions] == pytest.approx([0, 1, 0, 0.8, 1.4, 0.8, 0.4])


def test_threshold_is_compared_with_the_held_weights_not_with_the_last_targets() -> None:
    # Cell 3 to cell 1 is 0.8, below 0.9: h stays at cell 3, and cell 2 (0.4 away) does not trade either.
    decisions = walk(with_cases({"rebalance_threshold": 0.9}, [(3, 0), (1, 0), (2, 0), (4, 0)]))
    assert [d.rebalance for d in decisions] == [True, False, False, True]
    assert [d.diagnostics["deviation"] for d in decisions] == pytest.approx([1.0, 0.8, 0.4, 1.0])


def test_legs_of_one_symbol_are_one_holding() -> None:
    evaluation = with_cases({"leveraged_long_symbol": "QQQ"}, [(1, 0), (2, 0), (3, 0)])
    decisions = walk(evaluation)
    assert [d.targets for d in decisions] == [(Target("QQQ", 1.0),)] * 3
    assert [d.rebalance for d in decisions] == [True, False, False]
    assert decisions[0].diagnostics["w_TQQQ"] == 0.6


def test_a_held_symbol_that_is_no_leg_counts_as_deviation() -> None:
    evaluation = with_cases({}, [(4, 0)])
    day = evaluation.signal.dates[0].item()
    decision = evaluation.decide(situation(day, {"held": {"UPRO": 0.6}}))
    assert decision.rebalance is True
    assert decision.targets == ()


def test_bonds_are_joined_by_date_and_off_when_not_allowed() -> None:
    history = market(120, seed=8)
    strategy = build("test", SMALL)
    plain = strategy.evaluate(history)
    tlt = history["TLT"]
    late = strategy.evaluate({**history, "TLT": tlt.since(tlt.dates[60].item())})
    assert plain.columns.cell == late.columns.cell
    assert np.isnan(late.columns.bond_slow[:64]).all()
    assert late.columns.bond_slow[64:] == pytest.approx(plain.columns.bond_slow[64:], rel=1e-14)
    day = history["QQQ"].dates[40].item()
    assert "fewer than 5 closes of TLT" in late.decide(situation(day)).warnings[0]

    off = build("test", SMALL | {"allow_treasury": False})
    assert off.signal_symbols == ("QQQ",)
    without = off.evaluate({"QQQ": history["QQQ"]})
    assert without.columns.cell == plain.columns.cell
    assert set(without.columns.case) <= {0, 3, 6, 9, 12, 15}
    assert without.decide(situation(day)).diagnostics["bond_sma_slow"] is None
    assert set(off.tradable_symbols) == {"TQQQ", "QQQ"}


def test_equal_bond_averages_choose_the_bear_bond() -> None:
    close = random_walk("QQQ", 60, 4)
    evaluation = build("test", SMALL).evaluate({"QQQ": close, "TLT": bars("TLT", [90.1] * 60)})
    assert {case % 3 for case in evaluation.columns.case[evaluation.columns.first :]} == {2}


def test_missing_bars_of_signal_symbols_are_data_errors() -> None:
    history = market(60, seed=2)
    evaluation = build("test", SMALL).evaluate(history)
    after = history["QQQ"].last + timedelta(days=30)
    with pytest.raises(DataError, match=f"QQQ: no bar on {after}"):
        evaluation.decide(situation(after))
    tlt = history["TLT"]
    shorter = build("test", SMALL).evaluate({**history, "TLT": tlt.until(tlt.dates[-2].item())})
    with pytest.raises(DataError, match="TLT: no bar on"):
        shorter.decide(situation(history["QQQ"].last))
    with pytest.raises(DataError, match="TLT"):
        build("test", SMALL).evaluate({"QQQ": history["QQQ"]})


@pytest.mark.parametrize(("column", "value"), [("close", 0.0), ("close", np.nan), ("volume", -1.0)])
def test_unusable_bars_are_named(column: str, value: float) -> None:
    history = market(60, seed=2)
    getattr(history["QQQ"], column)[7] = value
    with pytest.raises(DataError, match=f"{column} of 2015-01-14"):
        build("test", SMALL).evaluate(history)


def test_before_the_warm_up_there_is_no_decision_but_a_warning() -> None:
    evaluation = build("golden", {}).evaluate(market(160, seed=2))
    days = evaluation.signal.dates.tolist()
    early = evaluation.decide(situation(days[145], {"held": {"QQQ": 1.0}}))
    assert (early.rebalance, early.targets) == (False, ())
    assert early.memory == {"held": {"QQQ": 1.0}}
    assert early.warnings == ("no decision before bar 147 of QQQ, this is bar 146",)
    assert evaluation.decide(situation(days[146])).diagnostics["cell"] in range(1, 7)


def test_diagnostics_are_json_and_name_what_people_ask_for() -> None:
    evaluation = build("test", SMALL).evaluate(market(60, seed=2))
    diagnostics = walk(evaluation)[-1].diagnostics
    assert json.loads(json.dumps(diagnostics)) == diagnostics
    assert {"date", "T_norm", "z_score", "cell", "vol_crush", "vol_state", "w_cash"} <= diagnostics.keys()
    assert date.fromisoformat(diagnostics["date"]) == evaluation.signal.last


@given(seed=st.integers(0, 10**6), end=st.integers(1, 149))
def test_the_last_row_of_a_shorter_history_is_that_row_of_the_longer_one(seed: int, end: int) -> None:
    history = market(150, seed)
    strategy = build("test", SMALL | {"strength_smoothness": 5, "osc_smoothness": 4})
    day = history["QQQ"].dates[end - 1].item()
    whole = strategy.evaluate(history).decide(situation(day))
    short = strategy.evaluate({s: b.until(day) for s, b in history.items()}).decide(situation(day))
    assert repr(whole) == repr(short)


@given(seed=st.integers(0, 10**6), power=st.integers(-8, 8), volume_power=st.integers(-8, 8))
def test_scale_of_prices_and_volumes_does_not_matter(seed: int, power: int, volume_power: int) -> None:
    history = market(120, seed)
    factor = 2.0**power
    scaled = {
        symbol: replace(b, close=b.close * factor, volume=b.volume * 2.0**volume_power)
        for symbol, b in history.items()
    }
    before = walk(build("test", SMALL).evaluate(history))
    after = walk(build("test", SMALL).evaluate(scaled))
    for old, new in zip(before, after, strict=True):
        for name, value in old.diagnostics.items():
            if name.endswith(("sma_fast", "sma_slow")) and value is not None:
                assert new.diagnostics[name] == pytest.approx(value * factor, rel=1e-11)
            elif isinstance(value, float):
                assert new.diagnostics[name] == pytest.approx(value, rel=1e-9, abs=1e-11)
            else:
                assert new.diagnostics[name] == value


def relations(**parameters: Any) -> dict[tuple[str, str], float]:
    return {(r.symbol, r.index): r.multiple for r in build("x", parameters).price_relations}


def test_each_fund_that_can_be_held_multiplies_its_index() -> None:
    assert relations() == {("TQQQ", "QQQ"): 3.0, ("TMF", "TLT"): 3.0, ("TMV", "TLT"): -3.0}
    assert relations(use_inverse_hedge=True)[("PSQ", "QQQ")] == -1.0
    assert relations(allow_treasury=False) == {("TQQQ", "QQQ"): 3.0}


@pytest.mark.parametrize(
    "parameters", [{"leveraged_long_symbol": "UPRO"}, {"signal_symbol": "SPY", "core_long_symbol": "SPY"}]
)
def test_nothing_is_promised_for_a_symbol_put_in_the_place_of_another(parameters: dict[str, str]) -> None:
    assert ("TQQQ", "QQQ") not in relations(**parameters)
    assert ("UPRO", "QQQ") not in relations(**parameters)


def test_single_stocks_have_neither() -> None:
    assert build_earnings("ema_p10", {}).price_relations == ()
