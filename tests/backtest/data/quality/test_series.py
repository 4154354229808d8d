"""Impossible series: every kind is found, with the severity that stops or only warns."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from backtest.core.bars import Bars
from backtest.data.quality.price_gate import judge_history
from tests.support.price_gate_world import (
    PRICES,
    RELATIONS,
    copy,
    index_and_funds,
    kinds,
    real_bars,
    rows_multiplied,
)

Edit = Callable[[Bars], None]
Change = Callable[[Bars], Bars]


def edited(bars: Bars, edit: Edit) -> Bars:
    changed = copy(bars)
    edit(changed)
    return changed


def five_identical(bars: Bars) -> None:
    for name in (*PRICES, "volume"):
        getattr(bars, name)[201:205] = getattr(bars, name)[200]


def day_copied(bars: Bars) -> None:
    for name in (*PRICES, "volume"):
        getattr(bars, name)[203] = getattr(bars, name)[200]


def one_price_all_day(bars: Bars) -> None:
    for name in PRICES:
        getattr(bars, name)[200] = bars.close[200]


def swapped(rows: slice) -> Edit:
    def edit(bars: Bars) -> None:
        bars.open[rows], bars.close[rows] = bars.close[rows].copy(), bars.open[rows].copy()

    return edit


def shifted(first: int) -> Edit:
    def edit(bars: Bars) -> None:
        for name in (*PRICES, "volume"):
            getattr(bars, name)[first + 1 :] = getattr(bars, name)[first:-1].copy()

    return edit


def one_value(field: str, row: int, value: float) -> Edit:
    def edit(bars: Bars) -> None:
        getattr(bars, field)[row] = value

    return edit


ERRORS: dict[str, tuple[Change, str]] = {
    "x100 for a day": (lambda b: rows_multiplied(b, slice(200, 201), 100), "price"),
    "x100 from a day on": (lambda b: rows_multiplied(b, slice(200, None), 100), "split"),
    "x97 from a day on": (lambda b: rows_multiplied(b, slice(200, None), 97.0 * 1.2), "price"),
    "one close x10": (lambda b: edited(b, one_value("close", 200, float(b.close[200]) * 10)), "price"),
    "1e300": (lambda b: edited(b, one_value("close", 200, 1e300)), "price"),
    "shifted from a day on": (lambda b: edited(b, shifted(200)), "shifted"),
    "shifted as a whole": (lambda b: edited(b, shifted(0)), "shifted"),
    "open and close swapped": (lambda b: edited(b, swapped(slice(None))), "swapped"),
    "swapped for a year": (lambda b: edited(b, swapped(slice(140, 395))), "swapped"),
}
SUSPICIONS: dict[str, tuple[Change, str]] = {
    "five identical bars": (lambda b: edited(b, five_identical), "copied"),
    "a day copied": (lambda b: edited(b, day_copied), "copied"),
    "volume 0": (lambda b: edited(b, one_value("volume", 200, 0.0)), "volume"),
    "volume x1000": (lambda b: edited(b, one_value("volume", 200, 2e9)), "volume"),
    "O=H=L=C": (lambda b: edited(b, one_price_all_day), "frozen"),
}


@pytest.mark.parametrize("name", ERRORS)
@pytest.mark.parametrize("symbol", ["QQQ", "TQQQ"])
def test_what_no_market_makes_is_an_error(name: str, symbol: str) -> None:
    change, kind = ERRORS[name]
    bars = index_and_funds()
    bars[symbol] = change(bars[symbol])
    found = judge_history(bars, RELATIONS)
    assert kind in {k for _, _, k in kinds(found)}
    assert all(f.problem and f.remedy for f in found)
    assert all(len(str(f)) < 400 for f in found)


@pytest.mark.parametrize("name", SUSPICIONS)
def test_what_a_quiet_market_could_make_is_a_suspicion(name: str) -> None:
    change, kind = SUSPICIONS[name]
    bars = {"QQQ": change(index_and_funds()["QQQ"])}
    found = judge_history(bars)
    assert [(k, day) for _, day, k in kinds(found, "suspicion")] == [
        (kind, str(bars["QQQ"].dates[{"five identical bars": 204, "a day copied": 203}.get(name, 200)]))
    ]
    assert "compare the rows with a second source" in found[0].remedy


def test_a_run_of_odd_rows_is_one_finding() -> None:
    found = judge_history({"QQQ": edited(index_and_funds()["QQQ"], five_identical)})
    assert [f.problem for f in found] == ["5 identical bars in a row"]


@pytest.mark.shared
@pytest.mark.parametrize("name", ["shifted as a whole", "open and close swapped"])
@pytest.mark.parametrize("symbol", ["QQQ", "TQQQ", "TLT", "TMF", "TMV"])
def test_real_files_shifted_or_swapped_are_errors(shared_data: Path, name: str, symbol: str) -> None:
    bars = real_bars(shared_data)
    change, kind = ERRORS[name]
    bars[symbol] = change(bars[symbol])
    assert kind in {k for _, _, k in kinds(judge_history(bars, RELATIONS))}


def test_a_shift_names_both_symbols_and_the_days() -> None:
    bars = index_and_funds()
    bars["TQQQ"] = edited(bars["TQQQ"], shifted(0))
    (found,) = [f for f in judge_history(bars, RELATIONS) if f.kind == "shifted"]
    assert found.day == bars["TQQQ"].dates[398].item()
    assert "QQQ" in found.problem
    assert "2020-01-" in found.problem


def test_equal_days_far_apart_are_not_copies() -> None:
    bars = copy(index_and_funds()["QQQ"])
    for name in (*PRICES, "volume"):
        getattr(bars, name)[390] = getattr(bars, name)[100]
    assert "copied" not in {f.kind for f in judge_history({"QQQ": bars})}


def test_constant_prices_are_frozen_but_never_divide_by_zero() -> None:
    bars = index_and_funds()["QQQ"]
    ten = np.full(len(bars), 10.0)
    flat = replace(bars, open=ten, high=ten, low=ten, close=ten)
    assert kinds(judge_history({"QQQ": flat})) == []
    assert {f.kind for f in judge_history({"QQQ": flat})} == {"frozen", "copied"}


def test_swapped_columns_are_named_first_and_their_consequences_left_out() -> None:
    bars = index_and_funds()
    bars["QQQ"] = edited(bars["QQQ"], swapped(slice(None)))
    found = judge_history(bars, RELATIONS)
    assert (found[0].kind, found[0].symbol, found[0].day) == ("swapped", "QQQ", bars["QQQ"].last)
    assert len(found) < 20
