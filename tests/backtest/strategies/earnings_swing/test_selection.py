"""Properties of capacity and rotation, and parity of the live decision with the simulator."""

from datetime import date
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from backtest.calendar import sessions as calendar
from backtest.candidates.schedule import entry_session
from backtest.core.bars import Bars
from backtest.core.candidate import Candidate
from backtest.core.decision import Book, Json, OpenPosition, Situation
from backtest.core.execution_rules import ExecutionRules
from backtest.simulator.positions.model import PortfolioRules
from backtest.simulator.positions.simulate import simulate
from backtest.strategies.earnings_swing.parameters import EarningsParameters
from backtest.strategies.earnings_swing.selection import Holding, select
from backtest.strategies.earnings_swing.strategy import EarningsSwing, build
from backtest.trading.fills import fill_market, fill_stop
from tests.support.bar_columns import bars_of_columns

NAMES = [f"T{i}" for i in range(12)]
score = st.one_of(st.none(), st.integers(0, 100).map(float))
holdings = st.lists(
    st.tuples(st.sampled_from(NAMES), st.one_of(st.none(), st.floats(-500, 500)), score),
    max_size=6,
    unique_by=lambda row: row[0],
).map(lambda rows: [Holding(*row) for row in rows])
candidates = st.lists(
    st.builds(
        Candidate,
        ticker=st.sampled_from(NAMES),
        report_date=st.just(date(2024, 4, 1)),
        grade=st.sampled_from("ABCD"),
        score=score,
        price=st.one_of(st.none(), st.floats(1, 20_000)),
        gap_size=st.one_of(st.none(), st.floats(-5, 30)),
    ),
    max_size=8,
)
rule_sets = st.builds(
    EarningsParameters,
    max_positions=st.integers(1, 6),
    daily_entry_limit=st.one_of(st.none(), st.integers(0, 4)),
    enable_rotation=st.booleans(),
    min_grade=st.sampled_from("ABCD"),
    quality_filter=st.booleans(),
)


@settings(max_examples=300)
@given(candidates, holdings, rule_sets)
def test_selection_respects_capacity_limit_and_rotation(
    found: list[Candidate], held: list[Holding], rules: EarningsParameters
) -> None:
    chosen = select(found, {row.symbol for row in held}, held, rules)
    taken = [entry.candidate for entry in chosen.entries]
    names = [row.ticker for row in taken]
    after = len(held) - (chosen.rotated_out is not None) + len(taken)
    assert after <= max(rules.max_positions, len(held))
    assert rules.daily_entry_limit is None or len(taken) <= rules.daily_entry_limit
    assert len(set(names)) == len(names)
    assert not set(names) & {row.symbol for row in held}
    assert all(entry.quantity >= 1 for entry in chosen.entries)
    assert all(entry.quantity * entry.reference_price <= rules.position_size for entry in chosen.entries)
    assert len(taken) + len(chosen.skipped) + chosen.below_grade == len(found)
    if chosen.rotated_out is not None:
        out = next(row for row in held if row.symbol == chosen.rotated_out)
        assert rules.enable_rotation
        assert len(held) == rules.max_positions
        assert out.unrealized == min(row.unrealized for row in held if row.unrealized is not None) < 0
        assert len(taken) == 1
        assert taken[0].rank > (-1 if out.score is None else out.score)


@given(candidates, holdings, rule_sets)
def test_a_better_score_is_never_skipped_for_a_worse_one(
    found: list[Candidate], held: list[Holding], rules: EarningsParameters
) -> None:
    chosen = select(found, {row.symbol for row in held}, held, rules)
    worst = min((entry.candidate.rank for entry in chosen.entries), default=200.0)
    turned_away = [skip for skip in chosen.skipped if skip.reason in {"capacity_full", "daily_limit"}]
    for skip in turned_away:
        rank = -1.0 if skip.details["score"] is None else skip.details["score"]
        assert rank <= worst


def random_market(
    seed: int, symbols: int = 8, start: date = date(2023, 1, 3), end: date = date(2023, 9, 29)
) -> tuple[NDArray[np.datetime64], dict[str, Bars], list[Candidate]]:
    rng = np.random.default_rng(seed)
    days = np.array([s.day for s in calendar.sessions(start, end)], dtype="datetime64[D]")
    prices = {}
    for name in NAMES[:symbols]:
        close = 80 * np.exp(np.cumsum(rng.normal(0, 0.03, len(days))))
        open_ = close * np.exp(rng.normal(0, 0.02, len(days)))
        high = np.maximum(open_, close) * (1 + rng.random(len(days)) * 0.02)
        low = np.minimum(open_, close) * (1 - rng.random(len(days)) * 0.02)
        columns = [*(np.round(x, 6) for x in (open_, high, low, close)), np.full(len(days), 1e6)]
        kept = rng.random(len(days)) > 0.02  # some sessions have no bar
        prices[name] = bars_of_columns(name, days[kept], [column[kept] for column in columns])
    found = [
        Candidate(
            str(rng.choice(NAMES[:symbols])),
            days[int(rng.integers(0, len(days)))].item(),
            "B",
            None if rng.random() < 0.1 else float(rng.integers(40, 100)),
            float(np.round(rng.uniform(40, 150), 2)),
            float(np.round(rng.uniform(0, 20), 2)),
        )
        for _ in range(120)
    ]
    return days, prices, found


def replay(
    days: NDArray[np.datetime64],
    prices: dict[str, Bars],
    found: list[Candidate],
    strategy: EarningsSwing,
    rules: PortfolioRules,
    execution: ExecutionRules,
) -> tuple[list[tuple[str, date, date, float, int, str]], dict[str, int]]:
    """The live way, written out plainly: decide before the open, fill at it, stops during the session."""
    evaluation = strategy.evaluate(prices)
    book: dict[str, OpenPosition] = {}
    memory: Json = {}
    trades: list[tuple[str, date, date, float, int, str]] = []
    sessions = [day.item() for day in days]
    for yesterday, today in zip([None, *sessions[:-1]], sessions, strict=True):
        due = tuple(c for c in found if entry_session(c.report_date, "report_open") == today)
        decided_on = yesterday or calendar.previous_session(today).day
        decision = evaluation.decide(Situation(today, decided_on, Book(0.0, dict(book)), memory, due))
        memory = decision.memory
        for signal in decision.exits:
            row = prices[signal.symbol].row(today)
            if row is not None:
                held = book.pop(signal.symbol)
                open_ = float(prices[signal.symbol].open[row])
                fill = fill_market("sell", held.quantity, open_, execution)
                # a stop resting at the broker is there before the exit of the morning
                assert held.stop_price is not None
                reason = "stop_loss" if open_ <= held.stop_price else signal.reason
                trades.append((signal.symbol, held.entry_date, today, fill.price, held.quantity, reason))
        for entry in decision.entries:
            row = prices[entry.symbol].row(today)
            if row is not None and len(book) < strategy.rules.max_positions:
                open_ = float(prices[entry.symbol].open[row])
                quantity = min(entry.quantity, int(entry.details["max_order_value"] // open_))
                fill = fill_market("buy", quantity, open_, execution)
                stop = round(fill.price * (1 - strategy.rules.stop_loss_pct / 100), 2)
                book[entry.symbol] = OpenPosition(
                    entry.symbol, quantity, fill.price, today, stop, entry.details
                )
        for symbol, held in list(book.items()):
            row = prices[symbol].row(today)
            bars = prices[symbol]
            if row is None:
                continue
            assert held.stop_price is not None
            stopped = fill_stop(
                held.quantity, held.stop_price, float(bars.open[row]), float(bars.low[row]), execution
            )
            if stopped:
                del book[symbol]
                trades.append((symbol, held.entry_date, today, stopped.price, held.quantity, "stop_loss"))
    return trades, {symbol: held.quantity for symbol, held in book.items()}


@settings(max_examples=12)
@given(st.integers(0, 10_000), st.integers(1, 5), st.sampled_from(["weekly_ema", "weekly_nweek_low"]))
def test_the_live_decision_replayed_equals_the_simulator(seed: int, positions: int, trailing: str) -> None:
    days, prices, found = random_market(seed)
    chosen = {
        "max_positions": positions,
        "trailing_stop": trailing,
        "trailing_ema_period": 4,
        "stop_loss_pct": 6,
        "slippage_pct": 0.3,
        "max_holding_days": 40,
    }
    strategy = build("test", chosen)
    rules = PortfolioRules.model_validate(
        {**strategy.parameters, "size_from": "reference", "entry_slippage_pct": 0.3}
    )
    result = simulate(found, prices, rules)
    closed = [
        trade for trade in result.trades if trade.exit_date != days[-1].item() or trade.reason == "stop_loss"
    ]
    ours = sorted(
        (t.position.symbol, t.position.entry_date, t.exit_date, t.exit_price, t.position.shares, t.reason)
        for t in closed
    )
    replayed, left = replay(days, prices, found, strategy, rules, ExecutionRules(slippage_pct=0.3))
    last = days[-1].item()
    assert sorted(t for t in replayed if t[2] != last or t[5] == "stop_loss") == ours
    assert len(ours) > 5
    at_end = [t for t in result.trades if t not in closed]
    sold_last = [t for t in replayed if t[2] == last and t[5] != "stop_loss"]
    assert len(at_end) == len(left) + len(sold_last)


@settings(max_examples=10)
@given(st.integers(0, 10_000), st.integers(1, 4))
def test_a_book_never_holds_more_than_its_slots_or_a_ticker_twice(seed: int, positions: int) -> None:
    _, prices, found = random_market(seed)
    rules = PortfolioRules.model_validate(
        {"max_positions": positions, "daily_entry_limit": None, "quality_filter": False}
    )
    result = simulate(found, prices, rules)
    assert max(point.positions for point in result.equity) <= positions
    spans: dict[str, list[tuple[date, date]]] = {}
    for trade in result.trades:
        spans.setdefault(trade.position.symbol, []).append((trade.position.entry_date, trade.exit_date))
    for rows in spans.values():
        ordered = sorted(rows)
        assert all(before[1] <= after[0] for before, after in pairwise(ordered))
    assert len(result.trades) + len(result.skipped) == len(found)
