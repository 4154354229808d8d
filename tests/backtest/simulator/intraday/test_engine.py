"""The session engine: every transition, the order inside a bar, options, restarts."""

import ast
import inspect
from datetime import timedelta

import pytest

from backtest.core.errors import DataError
from backtest.simulator.intraday import engine as engine_module
from backtest.simulator.intraday.engine import MinuteBar, SessionEngine, run_session
from backtest.simulator.intraday.plan import REPLAY, EngineOptions
from backtest.strategies.opening_range_breakout.limits import RiskLimits
from backtest.strategies.opening_range_breakout.sizing import Sizing
from tests.support.minute_world import Ohlc
from tests.support.orb_sessions import BREAK, QUIET, RANGE, START, bars, key, plan, session, shown

WIN: Ohlc = (2702.0, 2724.0, 2701.0, 2723.0)
LOSS: Ohlc = (2700.0, 2700.0, 2689.0, 2690.0)
BOTH: Ohlc = (2700.0, 2725.0, 2689.0, 2690.0)


@pytest.mark.parametrize(
    ("after", "end"),
    [
        ((QUIET, WIN), "EXIT 2723 target_hit"),
        ((QUIET, LOSS), "EXIT 2690 stop_hit"),
        ((QUIET, BOTH), "EXIT 2690 ambiguous_stop"),
        ((QUIET, QUIET), "SCRATCH 2701 session_end"),
    ],
)
def test_a_market_entry_and_its_ends(after: tuple[Ohlc, ...], end: str) -> None:
    assert shown(session(plan(), *after)) == [
        "ARMED 2701 break",
        "CONFIRMED 2701 confirm_bars_met",
        "ENTRY 2701 confirm_bars_met",
        end,
    ]


def test_a_win_is_worth_what_the_table_says() -> None:
    (trade,) = session(plan(), QUIET, WIN).trades.values()
    assert (trade.outcome, trade.result_r, trade.contracts) == ("win", 1.7872, 1)
    assert trade.dollars == pytest.approx(211.60)


def test_the_close_of_the_confirming_bar_is_not_ended_by_it() -> None:
    wide: Ohlc = (2698.0, 2724.0, 2689.0, 2701.0)
    found = run_session(plan(key("E2")), bars([*RANGE, wide, QUIET]))
    assert shown(found)[2:] == ["ENTRY 2701 confirm_bars_met", "SCRATCH 2701 session_end"]


@pytest.mark.parametrize(
    ("after", "end"),
    [
        (((2701.0, 2701.0, 2700.0, 2701.0), QUIET), ["ENTRY 2700 limit_touched", "SCRATCH 2701 session_end"]),
        (((2701.0, 2701.0, 2690.0, 2701.0),), ["CANCEL stop_hit"]),
        ((QUIET,), ["CANCEL session_end"]),
        (((2701.0, 2720.0, 2700.0, 2701.0),), ["ENTRY 2700 limit_touched", "EXIT 2720 target_hit"]),
    ],
)
def test_a_limit_order_at_the_edge(after: tuple[Ohlc, ...], end: list[str]) -> None:
    assert shown(session(plan(key("E3")), *after))[2:] == end


def test_the_break_bar_counts_once_and_a_close_inside_starts_anew() -> None:
    inside: Ohlc = (2701.0, 2701.0, 2699.0, 2700.0)
    found = session(plan(key("E1", 2)), inside, QUIET, QUIET, QUIET)
    assert [event.ts - START for event in found.events] == [timedelta(minutes=n) for n in (5, 8, 9, 9)]
    assert shown(session(plan(key("E1", 3)), QUIET))[-1] == "CANCEL session_end"


def test_no_break_no_event_and_a_break_after_the_deadline_is_none() -> None:
    quiet: Ohlc = (2695.0, 2699.0, 2691.0, 2695.0)
    assert run_session(plan(), bars([*RANGE, *[quiet] * 60, BREAK])).events == []
    late = run_session(plan(), bars([*RANGE, *[quiet] * 60, BREAK]), ended=False)
    assert {one.state for one in late.ranges.values()} == {"EXPIRED"}


def test_filters_turn_away_at_the_break() -> None:
    found = session(plan(key(name="ORB_G11"), key(name="ORB_G10")), QUIET)
    assert shown(found)[:2] == ["REJECT filter:ORB_G11", "ARMED 2701 break"]


def test_volume_against_earlier_days_must_be_known() -> None:
    name = "VOL_RV12_N2"
    assert shown(session(plan(key(name=name)))) == [f"REJECT filter:{name}"]
    assert shown(session(plan(key(name=name), usual_volume={2: {65: 80.0}})))[0] == "ARMED 2701 break"
    assert shown(session(plan(key(name=name), usual_volume={2: {65: 90.0}})))[0] == f"REJECT filter:{name}"


def test_every_accepted_entry_is_seen_by_the_next_check_of_the_same_bar() -> None:
    limits = RiskLimits(max_concurrent_positions=2, max_per_orb_positions=9)
    found = session(plan(key(), key("E1", ratio=3), key("E1", ratio=4), limits=limits), QUIET)
    assert shown(found)[6:9] == [
        "ENTRY 2701 confirm_bars_met",
        "ENTRY 2701 confirm_bars_met",
        "REJECT risk:max_concurrent_positions",
    ]


def test_an_exit_makes_room_in_the_same_bar_only_for_what_enters_later_in_it() -> None:
    """Market entries come before exits, entries at the close after them."""
    limits = RiskLimits(max_concurrent_positions=1)
    out: Ohlc = (2701.0, 2724.0, 2701.0, 2723.0)
    found = session(plan(key(), key("E2", 3), key("E1", 2), limits=limits), QUIET, out)
    assert [
        (event.type, event.ts.minute) for event in found.events if event.type in {"ENTRY", "REJECT", "EXIT"}
    ] == [
        ("ENTRY", 6),
        ("REJECT", 7),
        ("EXIT", 7),
        ("ENTRY", 7),
    ]


def test_a_halt_ends_entries_and_leaves_open_trades_unless_told_otherwise() -> None:
    limits = RiskLimits(drawdown_halt_r=-1.0, drawdown_warning_r=-0.5, max_per_orb_positions=5)
    tight, wide = key("E2"), key("E1", ratio=4)
    other = key("E1", label="1100")
    rows = [*RANGE, BREAK, QUIET, LOSS]
    found = run_session(plan(tight, wide, other, limits=limits), bars(rows), ended=False)
    assert found.risk.halted
    assert not found.risk.ask("1800").allowed


def test_flatten_on_halt_closes_the_rest() -> None:
    limits = RiskLimits(drawdown_halt_r=-1.0, drawdown_warning_r=-0.5, flatten_on_halt=True)
    both = plan(key(), key("E1", label="0900"), limits=limits)
    early = START - timedelta(minutes=60)
    low: list[Ohlc] = [(2680.0, 2685.0, 2600.0, 2680.0)] * 5
    quiet: list[Ohlc] = [(2680.0, 2685.0, 2650.0, 2680.0)] * 54
    rows = [*low, *quiet, (2690.0, 2690.0, 2690.0, 2690.0), *RANGE, BREAK, QUIET, LOSS]
    found = run_session(both, bars(rows, early), ended=False)
    assert shown(found)[-2:] == ["EXIT 2690 stop_hit", "EXIT 2690 risk:halt"]


def test_contracts_come_from_the_sizing_and_none_is_a_refusal() -> None:
    big = session(plan(sizing=Sizing(equity=25_000, risk_pct=2)), QUIET)
    assert [event.contracts for event in big.events] == [0, 0, 4, 4]
    small = session(plan(sizing=Sizing(equity=1_000, risk_pct=1)), QUIET)
    assert shown(small)[-1] == "REJECT risk:no_contracts"
    assert small.risk.entries == 0


@pytest.mark.parametrize(
    ("options", "model", "after", "end"),
    [
        (
            EngineOptions(e2_as_e1=True),
            "E2",
            ((2705.0, 2705.0, 2705.0, 2705.0),),
            "ENTRY 2705 confirm_bars_met",
        ),
        (
            EngineOptions(reject_beyond_stop=True),
            "E1",
            ((2689.0, 2689.0, 2689.0, 2689.0),),
            "REJECT entry_beyond_stop",
        ),
        (REPLAY, "E1", ((2689.0, 2689.0, 2688.0, 2689.0),), "ENTRY 2689 confirm_bars_met"),
        (REPLAY, "E1", ((2690.0, 2691.0, 2690.0, 2690.0),), "REJECT entry_beyond_stop"),
        (EngineOptions(confirm_deadline_min=0), "E1", (QUIET,), "ENTRY 2701 confirm_bars_met"),
        (EngineOptions(e3_max_wait_min=1), "E3", (QUIET, QUIET, QUIET), "CANCEL deadline"),
        (
            EngineOptions(e3_max_wait_min=2),
            "E3",
            (QUIET, (2700.0, 2701.0, 2700.0, 2700.0)),
            "ENTRY 2700 limit_touched",
        ),
        (EngineOptions(orb_min_bars=6), "E1", (QUIET,), ""),
    ],
)
def test_options(options: EngineOptions, model: str, after: tuple[Ohlc, ...], end: str) -> None:
    found = shown(session(plan(key(model), options=options), *after, ended=False))  # type: ignore[arg-type]
    assert (found[2] if len(found) > 2 else "") == end


def test_a_trade_not_confirmed_in_time_is_given_up() -> None:
    found = session(plan(key("E1", 5), options=EngineOptions(confirm_deadline_min=2)), QUIET, QUIET, QUIET)
    assert shown(found)[-1] == "CANCEL deadline"


def test_a_gap_through_the_stop_ends_at_the_open_where_that_is_wanted() -> None:
    gap: Ohlc = (2680.0, 2681.0, 2679.0, 2680.0)
    (exact,) = session(plan(), QUIET, gap).trades.values()
    (real,) = session(plan(options=EngineOptions(realistic_gaps=True)), QUIET, gap).trades.values()
    assert (exact.exit, exact.result_r) == (2690.0, -1.0)
    assert (real.exit, real.result_r) == (2680.0, round((-21 * 10 - 8.4) / 118.4, 4))


def test_a_limit_order_does_not_win_on_its_own_bar_where_that_is_wanted() -> None:
    both_sides: Ohlc = (2701.0, 2720.0, 2700.0, 2701.0)
    off = EngineOptions(e3_entry_bar_target=False)
    assert shown(session(plan(key("E3"), options=off), both_sides, QUIET))[-1] == "SCRATCH 2701 session_end"


def test_the_session_ends_where_it_is_told_to() -> None:
    early = EngineOptions(flat_by=START + timedelta(minutes=7))
    found = session(plan(options=early), QUIET, WIN, WIN, ended=False)
    assert shown(found)[-1] == "SCRATCH 2701 session_end"
    assert found.over


def test_bars_of_another_day_or_out_of_order_are_refused() -> None:
    engine = SessionEngine(plan())
    first, second = bars([QUIET, QUIET])
    engine.on_bar(second)
    for wrong in (first, second):
        with pytest.raises(DataError, match="not after 00:01"):
            engine.on_bar(wrong)
    with pytest.raises(DataError, match="another day than 2024-01-05"):
        engine.on_bar(MinuteBar(START - timedelta(hours=2), *QUIET))


def test_a_day_without_bars_has_no_event() -> None:
    assert run_session(plan(), []).events == []


def test_a_zero_size_range_gives_no_trade() -> None:
    flat: Ohlc = (2700.0, 2700.0, 2700.0, 2700.0)
    found = run_session(plan(key("E3")), bars([*[flat] * 5, BREAK, (2701.0, 2701.0, 2700.0, 2700.0)]))
    assert shown(found)[-1] == "CANCEL stop_hit"


def test_a_restart_at_every_bar_gives_the_same_events() -> None:
    both = plan(key(), key("E3", ratio=1), key("E2", 2), limits=RiskLimits(max_per_orb_positions=2))
    day = bars([*RANGE, BREAK, QUIET, (2700.0, 2701.0, 2699.0, 2700.0), WIN, QUIET, LOSS])
    whole = run_session(both, day).events
    for known in range(len(day) + 1):
        again = run_session(both, day[:known], ended=False)
        assert again.events == whole[: len(again.events)]
        for bar in day[known:]:
            again.on_bar(bar)
        again.end()
        assert again.events == whole


def test_there_is_one_way_to_an_entry_and_it_asks_for_the_risk() -> None:
    tree = ast.parse(inspect.getsource(engine_module))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    entering = [
        f for f in functions if any(isinstance(n, ast.Constant) and n.value == "ENTRY" for n in ast.walk(f))
    ]
    entering += [f for f in functions if "trade.enters(" in ast.unparse(f)]
    assert {f.name for f in entering} == {"_fill"}
    body = ast.unparse(entering[0])
    assert body.index("self.risk.ask(") < body.index("self.risk.enter(") < body.index("'ENTRY'")
