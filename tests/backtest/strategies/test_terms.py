"""The context of a decision: the columns it has a value of, under the ledger's names."""

from __future__ import annotations

from backtest.strategies.terms import NO_TERMS, Boundary, ContextColumn, TradingTerms, context_of

COLUMNS = (ContextColumn("cell", "cell", is_state=True), ContextColumn("t_norm", "T_norm"))


def test_only_what_has_a_value_is_kept_under_its_column() -> None:
    assert context_of(COLUMNS, {"cell": 0, "T_norm": None, "other": 5}) == {"cell": 0}
    assert context_of(COLUMNS, {"T_norm": 0.0}) == {"t_norm": 0.0}  # zero is a value
    assert context_of((), {"cell": 1}) == {}


def test_states_alone_leave_measurements_out() -> None:
    assert context_of(COLUMNS, {"cell": 3, "T_norm": 0.2}, states_only=True) == {"cell": 3}


def test_a_strategy_without_terms_limits_nothing() -> None:
    assert TradingTerms() == NO_TERMS
    assert (NO_TERMS.stop_loss_pct, NO_TERMS.max_positions, NO_TERMS.daily_entry_limit) == (None, None, None)


def test_the_distance_to_a_limit_is_never_negative() -> None:
    assert Boundary("cell", "z", "above", 1.0, 0.75).distance == 0.25
    assert Boundary("cell", "z", "below", 1.0, 1.5).distance == 0.5
    assert Boundary("cell", "z", "above", 1.0, 1.5).distance == 0.0
