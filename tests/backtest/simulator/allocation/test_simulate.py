"""The allocation simulator: a scenario worked out by hand, and what must hold in any run."""

import csv
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies._internal.core import DataObject

from backtest.cli.run import equity_csv
from backtest.core.bars import Bars
from backtest.core.decision import Book, Decision, ExecutionTime, OpenPosition, Situation, Target
from backtest.core.errors import DataError, JutsuError, LimitError, UsageError
from backtest.core.execution_rules import ExecutionRules, Limits
from backtest.core.planned_orders import PlannedOrder
from backtest.data.sources.csv import read_directory
from backtest.reporting.metrics import compare, returns
from backtest.simulator.allocation.result import Result
from backtest.simulator.allocation.simulate import simulate
from backtest.simulator.allocation.step import book_fill, mark
from backtest.simulator.windows import daily_bar_warning
from backtest.strategies.family import POSITIONS
from backtest.trading.fills import Fill
from tests.support.scripted_strategy import CloseFollower, ScriptedWeights, days, make_bars

FREE = ExecutionRules()
COSTS = ExecutionRules(slippage_pct=0.1, commission_per_order=1.0, commission_per_share=0.01)
WEEK = days("2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09")


def scenario() -> dict[str, Bars]:
    """Signal, two legs; BBB has no bar on January 5."""
    gap = [day for day in WEEK if day != date(2024, 1, 5)]
    return {
        "SIG": make_bars("SIG", dict(zip(WEEK, [100.0, 101.0, 102.0, 103.0, 104.0, 105.0], strict=True))),
        "AAA": make_bars("AAA", dict(zip(WEEK, [50.0, 52.0, 55.0, 60.0, 58.0, 57.0], strict=True))),
        "BBB": make_bars("BBB", dict(zip(gap, [20.0, 19.0, 18.0, 21.0, 22.0], strict=True))),
    }


SCRIPT = {
    date(2024, 1, 2): {"AAA": 0.6, "BBB": 0.4},
    date(2024, 1, 4): {"AAA": 0.2},
    date(2024, 1, 5): {"AAA": 0.5, "BBB": 0.5},
    date(2024, 1, 8): {"BBB": 1.0},
}


def run(
    history: dict[str, Bars],
    strategy: Any,
    *,
    start: date = WEEK[0],
    end: date = WEEK[-1],
    cash: float = 10_000.0,
    rules: ExecutionRules = COSTS,
    **more: Any,
) -> Result:
    return simulate(strategy, history, start=start, end=end, cash=cash, rules=rules, **more)


@pytest.fixture(scope="module")
def hand_computed() -> Result:
    """The scenario whose answers are in tests/golden/allocation_*.csv.

    Costs: slippage 0.1 %, 1.00 an order and 0.01 a share; reserve 5 %.

    Jan 2  weights .6/.4 sum to 1, so both shrink by .95: .57/.38. Equity 10,000.
           AAA .57 * 10,000 / 50 = 114 shares, BBB .38 * 10,000 / 20 = 190 shares.
           Recount: 10,000 - 500 = 9,500. AAA 114 * 50.05 + 2.14 = 5,707.84; 3,792.16 left.
           BBB 190 * 20.02 + 2.90 = 3,806.70 is too much, 189 * 20.02 + 2.89 = 3,786.67 fits.
           Cash 505.49. Close: 505.49 + 114 * 50 + 189 * 20 = 9,985.49.
    Jan 3  no rebalance: 505.49 + 114 * 52 + 189 * 19 = 10,024.49.
    Jan 4  weights .2/0. Equity 505.49 + 114 * 55 + 189 * 18 = 10,177.49; AAA .2 * 10,177.49 / 55 = 37.009.
           Sell 77 AAA at 54.945 = 4,230.765, the even cent is 4,230.76, less 1.77 = 4,228.99;
           gain 4,228.99 - 77 * 50.05 = 375.14.
           Sell 189 BBB at 17.982 = 3,398.598 -> 3,398.60, less 2.89 = 3,395.71;
           loss 3,783.78 - 3,395.71 = 388.07.
           Cash 8,130.19. Close: + 37 * 55 = 10,165.19.
    Jan 5  weights .5/.5 -> .475 each; BBB has no bar, its weight stays in cash.
           Equity 8,130.19 + 37 * 60 = 10,350.19; AAA .475 * 10,350.19 / 60 = 81.94, buy 44 at 60.06 + 1.44
           = 2,644.08. Cash 5,486.11. Close: + 81 * 60 = 10,346.11.
    Jan 8  weights 0/1 -> .95. Equity 5,486.11 + 81 * 58 = 10,184.11; BBB .95 * 10,184.11 / 21 = 460.7.
           Sell 81 AAA at 57.942 = 4,693.302 -> 4,693.30, less 1.81 = 4,691.49; paid 37 * 50.05 + 44 * 60.06
           = 4,494.49, gain 197.00. Cash 10,177.60; the reserve is 508.88, 9,668.72 may be spent:
           460 * 21.021 + 5.60 = 9,675.26 is too much, 459 * 21.021 = 9,648.639 -> 9,648.64 + 5.59 = 9,654.23.
           Cash 523.37. Close: + 459 * 21 = 10,162.37.
    Jan 9  no rebalance: 523.37 + 459 * 22 = 10,621.37.
    """
    return run(scenario(), ScriptedWeights(SCRIPT))


def test_equity_by_hand(hand_computed: Result, project_root: Path) -> None:
    expected = (project_root / "tests/golden/allocation_equity.csv").read_text()
    assert equity_csv(hand_computed) == expected


def test_trades_by_hand(hand_computed: Result, project_root: Path) -> None:
    with (project_root / "tests/golden/allocation_trades.csv").open() as stream:
        expected = list(csv.DictReader(stream))
    actual = [{key: str(trade.row()[key]) for key in expected[0]} for trade in hand_computed.trades]
    assert actual == expected


def test_cash_warnings_and_context_by_hand(hand_computed: Result) -> None:
    assert hand_computed.cash.tolist() == [505.49, 505.49, 8130.19, 5486.11, 523.37, 523.37]
    assert hand_computed.warnings == (
        "2024-01-02: BBB: bought 189 of 190 shares (cash after sells)",
        "2024-01-05: BBB: no price, its weight of 47.5% stays in cash",
        "2024-01-08: BBB: bought 459 of 460 shares (cash after sells)",
    )
    # plan of Jan 2: 10,000 - 5,700 - 3,800; of Jan 4: 505.49 + 77 * 55 + 189 * 18
    assert hand_computed.residual_cash[[0, 2]].tolist() == [500.0, 8142.49]
    # Jan 2 is exact; Jan 4: .2 * 10,177.49 - 37 * 55
    assert hand_computed.rounding_cash[:3].tolist() == [0.0, 0.0, 0.5]
    assert hand_computed.weights["AAA"][0] == pytest.approx(5700 / 9985.49)
    first = hand_computed.trades[0]
    assert first.context == {
        "cell": 0,
        "trend_state": "Sideways",
        "vol_state": None,
        "T_norm": None,
        "z_score": None,
    }
    assert first.decided_on == first.session == date(2024, 1, 2)


def test_opening_windows_decide_on_the_bar_before_and_fill_at_the_open() -> None:
    three = WEEK[:3]
    history = {
        "SIG": make_bars("SIG", dict.fromkeys(three, 1.0)),
        "AAA": make_bars("AAA", dict(zip(three, [10.0, 12.0, 15.0], strict=True)), opens=[9.0, 11.0, 14.0]),
    }
    strategy = ScriptedWeights({three[0]: {"AAA": 0.5}, three[1]: {}}, "open", ("AAA",))
    result = run(history, strategy, end=three[-1], cash=1000.0, rules=FREE)
    buy, sale = result.trades
    # sized at the close of Jan 2 (10): 50 shares, bought at the open of Jan 3 (11)
    assert (buy.session, buy.decided_on, buy.quantity) == (three[1], three[0], 50)
    assert (buy.reference_price, buy.fill_price) == (10.0, 11.0)
    # decided on Jan 3, sold at the open of Jan 4 (14)
    assert (sale.session, sale.fill_price, sale.realised_pnl) == (three[2], 14.0, 150.0)
    # Jan 2: nothing known yet; Jan 3: 1000 - 550 + 50 * 12; Jan 4: 450 + 50 * 14
    assert result.equity.tolist() == [1000.0, 1050.0, 1150.0]
    assert [s.decided_on for s in strategy.seen] == three[:2]
    assert result.warnings == ()


@pytest.mark.parametrize(
    ("window", "price"),
    [("15min_after_open", "open"), ("15min_before_close", "close"), ("5min_before_close", "close")],
)
def test_windows_that_daily_bars_do_not_have_are_named_once(window: ExecutionTime, price: str) -> None:
    result = run(scenario(), ScriptedWeights(SCRIPT, window))
    warnings = [text for text in result.warnings if window in text]
    assert warnings == [f"daily bars have no {window} price: orders fill at the {price}"]
    same = run(scenario(), ScriptedWeights(SCRIPT, "open" if price == "open" else "close"))
    assert result.equity.tolist() == same.equity.tolist()


def test_an_order_whose_leg_does_not_open_is_not_filled() -> None:
    # decided on Jan 4 with BBB at 18; BBB has no bar on Jan 5
    history = scenario()
    result = run(history, ScriptedWeights({WEEK[2]: {"BBB": 0.5}}, "open"), rules=FREE)
    assert result.trades == ()
    assert result.warnings == ("2024-01-05: BBB: no price to buy at, order not filled",)


def test_a_held_leg_without_a_bar_keeps_its_last_close_and_is_not_sold() -> None:
    # 25 BBB at 20 from 1000; on Jan 5 it should go, but has no bar: marked at 18, still there on Jan 8 at 21
    script = {WEEK[0]: {"BBB": 0.5}, WEEK[3]: {"AAA": 0.95}}
    result = run(scenario(), ScriptedWeights(script), cash=1000.0, rules=FREE)
    assert result.equity[:3].tolist() == [1000.0, 975.0, 950.0]
    # Jan 5: 450 of 950 is stuck; .95 - 450 / 950 = .4763 is left: .4763 * 950 / 60 = 7.54, 7 shares of AAA
    assert [(t.symbol, t.quantity) for t in result.trades] == [("BBB", 25), ("AAA", 7)]
    assert result.equity[3] == 950.0
    assert result.equity[4] == 500 - 7 * 60 + 7 * 58 + 25 * 21
    assert result.warnings == (
        "2024-01-05: BBB: no price, 25 shares kept as they are",
        "2024-01-05: targets shrunk to leave room for 450.00 in holdings that cannot be sold",
        "2024-01-05: BBB: held, but has no bar from here on; marked at its last close",
    )


def test_memory_travels_from_decision_to_decision() -> None:
    strategy = ScriptedWeights(SCRIPT)
    run(scenario(), strategy)
    assert [len(situation.memory) for situation in strategy.seen] == [0, 1, 2, 3, 4, 5]
    assert strategy.seen[1].book.shares() == {"AAA": 114, "BBB": 189}


def test_a_later_start_begins_with_nothing() -> None:
    strategy = ScriptedWeights(SCRIPT)
    result = run(scenario(), strategy, start=WEEK[3])
    assert strategy.seen[0].memory == {}
    assert result.dates.tolist() == WEEK[3:]
    assert result.trades[0].session == WEEK[3]


def test_wandering_holdings_trade_when_the_rules_say_so() -> None:
    """Same targets every session, one rebalance: AAA rises from 50 to 60 until its weight left the target."""
    day_one = WEEK[0]

    class Steady(ScriptedWeights):
        def decide(self, situation: Situation) -> Decision:
            decision = super().decide(situation)
            return replace(decision, targets=(Target("AAA", 0.5),))

    calm = run(scenario(), Steady({day_one: {"AAA": 0.5}}), rules=FREE)
    assert [t.session for t in calm.trades] == [day_one]
    # Jan 5: 100 * 60 of 11,000 is .545, drift .045; 5,500 / 60 = 91.67 leaves 91 shares
    rules = ExecutionRules(max_holdings_drift=0.04)
    drifted = run(scenario(), Steady({day_one: {"AAA": 0.5}}), rules=rules)
    assert [(t.session, t.intent, t.quantity) for t in drifted.trades] == [
        (day_one, "entry", 100),
        (WEEK[3], "reduce", 9),
    ]


def test_benchmark_is_held_from_the_first_close() -> None:
    result = run(scenario(), ScriptedWeights({}), start=WEEK[1], cash=1010.0, benchmark="SIG")
    assert result.benchmark.tolist() == pytest.approx([1010.0, 1020.0, 1030.0, 1040.0, 1050.0])
    assert result.equity.tolist() == [1010.0] * 5


def test_a_benchmark_that_ends_early_is_held_with_a_warning() -> None:
    history = scenario()
    history["OLD"] = make_bars("OLD", dict(zip(WEEK[:3], [10.0, 11.0, 12.0], strict=True)))
    result = run(history, ScriptedWeights({}), cash=1000.0, benchmark="OLD")
    assert result.benchmark.tolist() == pytest.approx([1000.0, 1100.0, 1200.0, 1200.0, 1200.0, 1200.0])
    assert len(result.warnings) == 1
    assert (
        "OLD: the benchmark's bars end on 2024-01-04; its last close is held for 3 more" in result.warnings[0]
    )


def test_a_sale_that_costs_more_than_it_brings_leaves_no_debt() -> None:
    # one share at 2.00 with a commission of 5.00 an order; 0.10 of cash is left when it must go
    rules = ExecutionRules(commission_per_order=5.0, min_cash_pct=0, max_buying_power_pct=100)
    history = {name: make_bars(name, dict.fromkeys(WEEK, 2.0)) for name in ("SIG", "AAA")}
    result = run(history, ScriptedWeights({WEEK[0]: {"AAA": 1.0}, WEEK[2]: {}}), cash=7.1, rules=rules)
    assert [(t.side, t.quantity, t.commission, t.cash_flow) for t in result.trades] == [
        ("buy", 1, 5.0, -7.0),
        ("sell", 1, 2.0, 0.0),
    ]
    assert result.cash.min() == 0.1


@pytest.mark.shared
def test_beta_is_the_exact_quotient_whatever_the_processor(shared_data: Path) -> None:
    history = read_directory(shared_data / "daily", ["QQQ", "TQQQ"], until=date(2013, 1, 2))
    own, other = (history[symbol].close[-700:] / history[symbol].close[-700] for symbol in ("TQQQ", "QQQ"))
    got = compare(own, 1.0, other, symbol="QQQ")
    mine, theirs = ([Fraction(r) for r in returns(c, 1.0).tolist()] for c in (own, other))
    mean = sum(theirs) / len(theirs)
    covariance = sum((a - sum(mine) / len(mine)) * (b - mean) for a, b in zip(mine, theirs, strict=True))
    beta = covariance / sum((b - mean) ** 2 for b in theirs)
    assert got.beta == pytest.approx(float(beta), rel=1e-14)


def test_a_benchmark_that_begins_later_is_left_out_with_a_warning() -> None:
    history = scenario()
    history["BBB"] = history["BBB"].since(WEEK[1])
    result = run(history, ScriptedWeights({}), benchmark="BBB")
    assert result.benchmark is None
    assert result.warnings == ("BBB: no bar by 2024-01-02, so no benchmark",)


def test_a_limit_stops_the_run_and_names_the_session() -> None:
    rules = replace_limits(max_position_pct=50)
    with pytest.raises(LimitError, match="2024-01-02") as caught:
        run(scenario(), ScriptedWeights(SCRIPT), rules=rules)
    assert caught.value.exit_code == 7


def replace_limits(**limits: Any) -> ExecutionRules:
    return ExecutionRules(limits=Limits(**limits))


def test_refused_arguments() -> None:
    strategy = ScriptedWeights({})
    with pytest.raises(UsageError, match="after end"):
        run(scenario(), strategy, start=WEEK[1], end=WEEK[0])
    with pytest.raises(DataError, match="2024-01-02 to 2024-01-09"):
        run(scenario(), strategy, start=date(2025, 1, 1), end=date(2025, 2, 1))
    for cash in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(UsageError, match="cash"):
            run(scenario(), strategy, cash=cash)
    with pytest.raises(DataError, match="SIG"):
        run({"AAA": scenario()["AAA"]}, strategy)
    with pytest.raises(DataError, match="ZZZ"):
        run(scenario(), strategy, benchmark="ZZZ")
    with pytest.raises(JutsuError, match="not an allocation"):
        run(scenario(), replace(strategy, family=POSITIONS))


def test_books_refuse_impossible_fills() -> None:
    order = PlannedOrder("AAA", "sell", "exit", 5, 1.0, 0.0, "test")
    fill = Fill("sell", 5, 1.0, 0.0, 5.0)
    held = Book(0.0, {"AAA": OpenPosition("AAA", 4, 1.0, WEEK[0])})
    with pytest.raises(JutsuError, match="holds 4"):
        book_fill(held, order, fill, WEEK[0])
    with pytest.raises(JutsuError, match="holds 0"):
        book_fill(Book(0.0), order, fill, WEEK[0])
    with pytest.raises(DataError, match="AAA"):
        mark(held, {})


def test_a_position_remembers_its_entry() -> None:
    order = PlannedOrder("AAA", "buy", "entry", 5, 10.0, 1.0, "test", stop_price=9.0, details={"score": 80})
    book = book_fill(Book(100.0), order, Fill("buy", 5, 10.0, 1.0, -51.0), WEEK[0])
    more = replace(order, intent="increase", quantity=15)
    book = book_fill(book, more, Fill("buy", 15, 12.0, 0.0, -180.0), WEEK[1])
    assert book.cash == -131.0
    assert book.positions["AAA"] == OpenPosition("AAA", 20, 11.5, WEEK[0], 9.0, {"score": 80})


# --- what holds in any run --------------------------------------------------------------------------------

rates = st.lists(st.floats(-0.12, 0.12), min_size=8, max_size=25)
rule_sets = st.builds(
    ExecutionRules,
    min_cash_pct=st.floats(0, 20),
    slippage_pct=st.floats(0, 2),
    commission_per_order=st.floats(0, 2),
    commission_per_share=st.floats(0, 0.05),
    min_trade_pct=st.sampled_from([0.0, 2.0]),
)
times = st.sampled_from(["open", "close"])


def walk(symbol: str, moves: list[float], first: float) -> Bars:
    sessions = [date(2024, 1, 1) + timedelta(days=i) for i in range(len(moves))]
    closes = np.round(first * np.cumprod(1 + np.array(moves)), 6)
    opens = np.round(closes * (1 - np.array(moves) / 3), 6)
    return make_bars(symbol, dict(zip(sessions, closes.tolist(), strict=True)), opens=opens.tolist())


@st.composite
def markets(draw: Callable[..., Any]) -> dict[str, Bars]:
    moves = draw(rates)
    other = draw(st.lists(st.floats(-0.12, 0.12), min_size=len(moves), max_size=len(moves)))
    return {"SIG": walk("SIG", moves, 37.3), "AAA": walk("AAA", moves, 11.0), "BBB": walk("BBB", other, 93.0)}


@given(markets(), rule_sets, times)
def test_any_run(history: dict[str, Bars], rules: ExecutionRules, execution_time: ExecutionTime) -> None:
    last = history["SIG"].last
    result = run(history, CloseFollower({}, execution_time), start=date(2024, 1, 1), end=last, rules=rules)
    assert (result.cash >= 0).all()
    assert len(result.dates) == len(result.equity) == len(result.cash) == len(history["SIG"])
    by_session = defaultdict(list)
    for trade in result.trades:
        by_session[trade.session].append(trade)
    cash = 10_000.0
    shares: defaultdict[str, int] = defaultdict(int)
    for row, day in enumerate(result.dates.tolist()):
        todays = by_session[day]
        assert [t.side for t in todays] == sorted((t.side for t in todays), reverse=True)
        for trade in todays:
            cash = round(cash + trade.cash_flow, 2)
            shares[trade.symbol] += trade.quantity * (1 if trade.side == "buy" else -1)
            assert shares[trade.symbol] >= 0
            column = history[trade.symbol].open if execution_time == "open" else history[trade.symbol].close
            moved = 1 + rules.slippage_pct / 100 * (1 if trade.side == "buy" else -1)
            assert trade.fill_price == pytest.approx(column[row] * moved, abs=1e-6)
        assert result.cash[row] == cash
        held = sum(n * history[s].close[row] for s, n in shares.items())
        assert result.equity[row] == pytest.approx(cash + held, abs=0.006)
    assert result.book.shares() == {s: n for s, n in sorted(shares.items()) if n}
    # gains realised and not yet realised explain the whole change of equity
    open_gain = sum(
        p.quantity * (history[p.symbol].close[-1] - p.entry_price) for p in result.book.positions.values()
    )
    realised = sum(trade.realised_pnl for trade in result.trades)
    tolerance = 0.006 * (len(result.trades) + 1)
    assert result.equity[-1] - 10_000.0 == pytest.approx(realised + open_gain, abs=tolerance)


@given(markets(), times, st.data())
def test_no_later_bar_reaches_back(
    history: dict[str, Bars], execution_time: ExecutionTime, data: DataObject
) -> None:
    last = history["SIG"].last
    before = run(history, CloseFollower({}, execution_time), start=date(2024, 1, 1), end=last)
    at = data.draw(st.integers(0, len(before.dates) - 2))
    changed = {}
    for symbol, bars in history.items():
        factor = np.where(np.arange(len(bars)) > at, data.draw(st.floats(0.3, 3.0)), 1.0)
        columns = {name: getattr(bars, name) * factor for name in ("open", "high", "low", "close", "volume")}
        changed[symbol] = replace(bars, **columns)
    after = run(changed, CloseFollower({}, execution_time), start=date(2024, 1, 1), end=last)
    day = before.dates[at].item()
    assert before.equity[: at + 1].tolist() == after.equity[: at + 1].tolist()
    assert [t for t in before.trades if t.session <= day] == [t for t in after.trades if t.session <= day]
    assert before.decisions[: at + 1] == after.decisions[: at + 1]


def test_the_change_that_look_ahead_would_show_does_change_the_future() -> None:
    """The property above can fail: the strategy's later decisions do hang on the changed bars."""
    history = {
        s: walk(s, [0.01, -0.02, 0.03, 0.01, 0.02, -0.01, 0.02, 0.01], 37.3) for s in ("SIG", "AAA", "BBB")
    }
    signal = history["SIG"]
    factor = np.where(np.arange(len(signal)) > 3, 1.37, 1.0)
    changed = {**history, "SIG": replace(signal, close=signal.close * factor)}
    before, after = (
        run(h, CloseFollower({}, "close"), start=date(2024, 1, 1), end=signal.last)
        for h in (history, changed)
    )
    assert before.trades[:4] == after.trades[:4]
    assert before.trades != after.trades


@pytest.mark.parametrize(
    ("window", "entering", "warned"),
    [
        ("open", "open", (False, False)),
        ("15min_after_open", "open", (True, True)),
        ("15min_before_close", "close", (True, True)),
        ("5min_before_close", "close", (True, True)),
        ("close", "close", (False, True)),
    ],
)
def test_every_window_that_a_daily_bar_does_not_know_warns(
    window: ExecutionTime, entering: str, warned: tuple[bool, bool]
) -> None:
    weights, entries = daily_bar_warning(window), daily_bar_warning(window, enters_at_open=True)
    assert (weights is not None, entries is not None) == warned
    assert weights is None or f"fill at the {entering}" in weights
    result = run(scenario(), ScriptedWeights({}, window))
    assert [text for text in result.warnings if text == weights] == ([weights] if weights else [])
