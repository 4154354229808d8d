"""The rules, one bar at a time: edges, mirrors, and that there is one definition of each."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.strategies.opening_range_breakout import rules

PRICES = st.integers(1, 60).map(float)


@pytest.mark.parametrize(
    ("close", "side"), [(10.1, rules.LONG), (10.0, 0), (9.5, 0), (9.0, 0), (8.9, rules.SHORT)]
)
def test_a_break_is_a_close_strictly_outside(close: float, side: int) -> None:
    assert rules.break_side(close, 10.0, 9.0) == side


def test_closes_in_a_row_are_counted_and_any_other_starts_anew() -> None:
    counts, count = [], 0
    for close in (11.0, 11.0, 10.0, 11.0, 8.0, 11.0):
        count = rules.confirm_count(count, close, rules.LONG, 10.0, 9.0)
        counts.append(count)
    assert counts == [1, 2, 0, 1, 0, 1]


@pytest.mark.parametrize(
    ("high", "low", "answer"),
    [
        (12.0, 10.1, rules.WAITING),
        (12.0, 10.0, rules.FILLED),
        (12.0, 9.0, rules.DEAD),
        (10.5, 8.0, rules.DEAD),
    ],
)
def test_a_limit_order_at_the_edge(high: float, low: float, answer: int) -> None:
    assert rules.limit_answer(rules.LONG, high, low, 10.0, 9.0) == answer


@pytest.mark.parametrize(
    ("high", "low", "answer"),
    [(11.9, 9.1, rules.OPEN), (12.0, 9.1, rules.TARGET), (11.9, 9.0, rules.STOP), (12.0, 9.0, rules.BOTH)],
)
def test_an_open_trade(high: float, low: float, answer: int) -> None:
    assert rules.exit_answer(rules.LONG, high, low, 9.0, 12.0) == answer


@given(PRICES, PRICES, PRICES, PRICES, PRICES)
def test_shorts_are_the_mirror_of_longs(
    high: float, low: float, entry: float, stop: float, target: float
) -> None:
    long, short = rules.LONG, rules.SHORT
    assert rules.exit_answer(long, high, low, stop, target) == rules.exit_answer(
        short, -low, -high, -stop, -target
    )
    assert rules.limit_answer(long, high, low, entry, stop) == rules.limit_answer(
        short, -low, -high, -entry, -stop
    )
    assert rules.break_side(entry, high, low) == -rules.break_side(-entry, -low, -high) or high < low
    assert rules.adverse(long, high, low, entry) == rules.adverse(short, -low, -high, -entry)
    assert rules.favourable(long, high, low, entry) == rules.favourable(short, -low, -high, -entry)
    assert rules.entry_is_beyond_stop(long, entry, stop) == rules.entry_is_beyond_stop(short, -entry, -stop)
    assert rules.gapped_through(long, entry, stop) == rules.gapped_through(short, -entry, -stop)
    risk = rules.risk_of(entry, stop)
    assert rules.target_of(long, entry, risk, 3.0, 2.0) == -rules.target_of(short, -entry, risk, 3.0, 2.0)
    assert rules.stop_of(long, high, low) == -rules.stop_of(short, -low, -high)
    assert rules.edge_of(long, high, low) == -rules.edge_of(short, -low, -high)


def test_only_a_close_as_entry_is_not_watched_on_its_own_bar() -> None:
    assert [rules.watches_entry_bar(model) for model in (rules.E1, rules.E2, rules.E3)] == [True, False, True]


def test_the_rules_are_defined_once(project_root: Path) -> None:
    """Batch, session, replay and live stage call these functions: no second one has such a name."""
    names = {
        node.name
        for node in ast.parse(Path(str(rules.__file__)).read_text()).body
        if isinstance(node, ast.FunctionDef)
    }
    others = {
        f"{path.relative_to(project_root)}: {node.name}"
        for package in ("backtest", "live")
        for path in (project_root / package).rglob("*.py")
        if path != Path(str(rules.__file__))
        and ("intraday" in str(path) or "opening_range" in str(path) or "session" in str(path))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name.lstrip("_") in names
    }
    assert others == set()


@pytest.mark.parametrize(
    ("module", "asks"),
    [
        ("backtest/simulator/intraday/breaks.py", {"break_side"}),
        ("backtest/simulator/intraday/loops.py", {"confirm_count", "limit_answer", "exit_answer"}),
        ("backtest/simulator/intraday/session_range.py", {"break_side"}),
        ("backtest/simulator/intraday/session_trade.py", {"confirm_count", "exit_answer", "target_of"}),
        ("backtest/simulator/intraday/engine.py", {"limit_answer", "gapped_through", "entry_is_beyond_stop"}),
        ("live/brokers/paper/intraday.py", {"limit_answer", "exit_answer", "gapped_through"}),
    ],
)
def test_who_decides_a_trade_asks_them(project_root: Path, module: str, asks: set[str]) -> None:
    """Outcomes, session, replay and the account of the live stage."""
    tree = ast.parse((project_root / module).read_text())
    called = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    called |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert asks <= called
