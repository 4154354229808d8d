"""Families: what the stages ask them, and that nobody compares their names."""

import ast
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

import backtest
import live
from backtest.core.decision import FamilyName
from backtest.core.planned_orders import Intent
from backtest.simulator.virtual_session import _SETTLE
from backtest.strategies.family import ALLOCATION, FAMILIES, POSITIONS, REBALANCE, Choice
from backtest.strategies.registry import RULE_SETS, build_strategy, context_columns_of
from backtest.strategies.terms import NO_TERMS, TradingTerms, context_of

INTENTS = get_args(Intent)
AUCTION = TradingTerms(entry_order_type="opening_auction")


def test_every_name_has_a_family_and_a_virtual_session() -> None:
    assert set(FAMILIES) == set(_SETTLE) == set(get_args(FamilyName))
    assert all(family.name == name for name, family in FAMILIES.items())


@pytest.mark.parametrize("package", [backtest, live])
def test_nobody_compares_the_name_of_a_family(package: Any) -> None:
    compared = [
        f"{path.name}:{node.lineno}"
        for path in Path(package.__path__[0]).rglob("*.py")
        if path.parent.name != "cli"  # the demos are called after families
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Compare)
        and any(isinstance(side, ast.Constant) and side.value in FAMILIES for side in ast.walk(node))
    ]
    assert compared == []


@pytest.mark.parametrize("intent", INTENTS)
@pytest.mark.parametrize("terms", [NO_TERMS, AUCTION])
def test_only_entries_of_positions_meant_for_the_auction_go_there(intent: Any, terms: Any) -> None:
    assert ALLOCATION.order_type_for(terms, intent) == "market"
    expected = "market_on_open" if terms is AUCTION and intent == "entry" else "market"
    assert POSITIONS.order_type_for(terms, intent) == expected


symbols = st.lists(st.sampled_from("ABCDE"), unique=True).map(lambda found: tuple(sorted(found)))
choices = st.builds(
    Choice,
    facts=st.dictionaries(st.sampled_from(["cell", REBALANCE]), st.integers()),
    targets=st.dictionaries(st.sampled_from("ABCDE"), st.floats(0, 1)),
    exits=symbols,
    entries=symbols,
)


@given(choices)
def test_a_family_compares_its_own_part_of_a_decision(found: Any) -> None:
    weights, positions = ALLOCATION.choice_of(found), POSITIONS.choice_of(found)
    assert weights == Choice(found.facts, found.targets)
    assert (positions.exits, positions.entries, positions.targets) == (found.exits, found.entries, {})
    assert positions.facts == {name: value for name, value in found.facts.items() if name != REBALANCE}


def test_the_terms_of_an_earnings_book_are_its_parameters() -> None:
    changed = {
        "stop_loss_pct": 7.5,
        "max_positions": 3,
        "daily_entry_limit": None,
        "entry_mode": "next_day_open",
        "entry_order_type": "opening_auction",
        "quality_filter": False,
        "position_size": 5_000.0,
    }
    terms = build_strategy("earnings_swing", "mine", changed).terms
    found = {field.name: getattr(terms, field.name) for field in fields(terms)}
    assert found == {**changed, "reads_bars_of_candidates": False}


def test_an_allocation_has_no_terms() -> None:
    assert build_strategy("Hierarchical_Adaptive_v3_5b", "golden", {}).terms == NO_TERMS


@pytest.mark.parametrize("name", RULE_SETS)
def test_context_columns_are_known_without_a_parameter_set(name: Any) -> None:
    columns = context_columns_of(name.upper())
    assert columns == build_strategy(name, "any", {}).context_columns
    assert len({column.name for column in columns}) == len(columns)


def test_an_unknown_rule_set_has_no_context() -> None:
    assert context_columns_of("retired_rules") == ()


def test_the_context_is_what_the_diagnostics_know() -> None:
    columns = context_columns_of("hierarchical_adaptive_v3_5b")
    diagnostics = {"date": "2024-01-02", "T_norm": 0.25, "cell": 3, "vol_state": None}
    assert context_of(columns, diagnostics) == {"cell": 3, "t_norm": 0.25}
    assert context_of(columns, diagnostics, states_only=True) == {"cell": 3}
