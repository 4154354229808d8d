"""From bars to cells and from cells to target weights."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import fields
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import DataError
from backtest.strategies.hierarchical_adaptive.parameters import Parameters, parse
from backtest.strategies.hierarchical_adaptive.series import (
    cell_weights,
    compute_columns,
    newest_rows,
    weight_table,
)
from tests.support.market_v35b import bars, market

BONDS = {"none": 0, "bull": 1, "bear": 2}
SMALL = {"sma_fast": 3, "sma_slow": 8, "realized_vol_window": 3, "vol_baseline_window": 6}
SMALL |= {"bond_sma_fast": 2, "bond_sma_slow": 5}


def golden_weights(root: Path) -> list[dict[str, str]]:
    with (root / "tests" / "golden" / "v35b_weights.csv").open() as file:
        return list(csv.DictReader(file))


def test_weights_of_every_cell(project_root: Path) -> None:
    rows = golden_weights(project_root)
    assert len(rows) == 29
    for row in rows:
        changes = dict(pair.split("=") for pair in row["changes"].split())
        parameters = Parameters(**{name: json.loads(value) for name, value in changes.items()})
        got = cell_weights(int(row["cell"]), BONDS[row["bond"]], parameters)
        want = [float(Fraction(row[leg])) for leg in ("TQQQ", "QQQ", "PSQ", "TMF", "TMV", "cash")]
        assert got == pytest.approx(want, abs=1e-15), row


@given(
    cell=st.integers(1, 6),
    bond=st.integers(0, 2),
    leverage=st.floats(0.5, 1.5),
    hedge=st.booleans(),
    hedge_max=st.floats(0.01, 1.0),
    bonds_max=st.floats(0.0, 1.0),
)
def test_weights_sum_to_one_and_are_never_negative(
    cell: int, bond: int, leverage: float, hedge: bool, hedge_max: float, bonds_max: float
) -> None:
    parameters = Parameters(
        leverage_scalar=leverage, use_inverse_hedge=hedge, w_PSQ_max=hedge_max, max_bond_weight=bonds_max
    )
    weights = cell_weights(cell, bond, parameters)
    assert sum(weights) == pytest.approx(1.0, abs=1e-12)
    assert min(weights) >= 0.0


def test_the_table_has_a_row_for_every_cell_and_bond() -> None:
    parameters = Parameters(use_inverse_hedge=True)
    table = weight_table(parameters)
    assert len(table) == 18
    for cell in range(1, 7):
        for bond in range(3):
            assert table[3 * (cell - 1) + bond] == cell_weights(cell, bond, parameters)


@given(st.sets(st.integers(0, 60), min_size=1), st.sets(st.integers(0, 60), min_size=1))
def test_the_newest_row_on_or_before_a_day(signal: set[int], other: set[int]) -> None:
    start = np.datetime64("2024-01-01")
    one, two = (
        bars("X", [100.0] * len(days), dates=start + np.array(sorted(days)).astype("timedelta64[D]"))
        for days in (signal, other)
    )
    order = sorted(other)
    for day, row in zip(sorted(signal), newest_rows(one, two).tolist(), strict=True):
        older = [n for n in order if n <= day]
        assert row == len(older) - 1


@pytest.mark.parametrize("end", [14, 40, 90])
def test_no_row_reads_a_later_one(end: int) -> None:
    parameters = parse(SMALL)
    history = market(120, seed=8)
    whole = compute_columns(parameters, history["QQQ"], history["TLT"])
    until = history["QQQ"].dates[end - 1].item()
    part = compute_columns(parameters, history["QQQ"].until(until), history["TLT"].until(until))
    for field in fields(part):
        if field.name != "first":
            ours, theirs = getattr(part, field.name), getattr(whole, field.name)[:end]
            assert np.array_equal(np.array(ours, float), np.array(theirs, float), equal_nan=True), field.name


def test_the_first_row_needs_the_slow_average_and_both_windows_of_volatility() -> None:
    parameters = parse(SMALL)
    history = market(60, seed=2)
    columns = compute_columns(parameters, history["QQQ"], history["TLT"])
    assert columns.first == parameters.first_decision_bar - 1 == 8
    assert set(columns.cell[: columns.first]) == {0}
    assert set(columns.cell[columns.first :]) <= set(range(1, 7))
    assert not any(math.isnan(columns.z_score[t]) for t in range(columns.first, 60))


def test_without_treasury_bars_there_is_no_bond() -> None:
    history = market(60, seed=2)
    treasury = history["TLT"]
    without = compute_columns(parse(SMALL), history["QQQ"], None)
    nothing = compute_columns(
        parse(SMALL), history["QQQ"], treasury.since(treasury.last).until(treasury.first)
    )
    assert {case % 3 for case in without.case} == {case % 3 for case in nothing.case} == {0}
    assert all(math.isnan(value) for value in without.bond_fast + nothing.bond_slow)


def test_a_filter_that_overflows_is_named() -> None:
    parameters = parse(SMALL | {"process_noise_2": 1e308})
    with np.errstate(all="ignore"), pytest.raises(DataError, match="QQQ: the trend filter overflowed"):
        compute_columns(parameters, market(60, seed=2)["QQQ"], None)
