"""The price gate over real files with every kind of fault, and its properties on made-up funds."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.bars import Bars
from backtest.data import quality
from backtest.data.quality.actions import CorporateAction, scale_bars
from backtest.data.quality.confirmations import ConfirmedPrice
from backtest.data.quality.price_gate import LOOKBACK, judge_history, judge_newest, judge_prices
from backtest.data.quality.relations import PriceRelation
from backtest.data.quality.splits import RATIOS
from tests.support.bar_columns import bars_of_columns
from tests.support.price_gate_world import (
    REAL,
    RELATIONS,
    index_and_funds,
    kinds,
    multiplied,
    real_bars,
    rows_multiplied,
)


@pytest.fixture(scope="module")
def real(shared_data: Path) -> dict[str, Bars]:
    return real_bars(shared_data)


def on_the_day(bars: dict[str, Bars], day: date, *, lookback: Any = LOOKBACK + 20) -> dict[str, Bars]:
    """What a run on `day` sees: nothing later, and no more history than the gate reads."""
    return {
        symbol: cut.since(cut.dates[max(0, len(cut) - lookback)].item())
        for symbol, history in bars.items()
        if len(cut := history.until(day))
    }


@pytest.mark.shared
def test_the_real_files_raise_no_alarm_together_alone_or_without_relations(real: dict[str, Bars]) -> None:
    assert judge_history(real, RELATIONS) == ()
    assert judge_history(real) == ()
    for symbol in REAL:
        assert judge_history({symbol: real[symbol]}, RELATIONS) == ()


@pytest.mark.shared
@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2010, 5, 6), date(2010, 5, 10)),
        (date(2020, 3, 9), date(2020, 3, 24)),
        (date(2025, 4, 4), date(2025, 4, 9)),
    ],
)
def test_real_extremes_pass_on_their_day(real: dict[str, Bars], first: date, last: date) -> None:
    bars = real["QQQ"].since(first).until(last)
    assert len(bars) >= 3
    for day in bars.dates.astype(object):
        seen = {symbol: history.until(day) for symbol, history in real.items()}
        assert judge_newest(seen, RELATIONS, since=day) == ()


@pytest.mark.shared
def test_the_extremes_are_in_the_files(real: dict[str, Bars]) -> None:
    moves = real["TQQQ"].close[1:] / real["TQQQ"].close[:-1] - 1
    assert (round(moves.min(), 2), round(moves.max(), 2)) == (-0.34, 0.35)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("symbol", "field", "factor"),
    [
        ("QQQ", "close", 1.9),
        ("QQQ", "close", 0.5),
        ("TLT", "close", 1.6),
        ("TQQQ", "close", 0.33),
        ("TQQQ", "bar", 2.2),
    ],
)
@pytest.mark.parametrize("relations", [RELATIONS, ()])
def test_a_bad_tick_is_an_error_that_names_the_numbers_and_the_answer(
    real: dict[str, Bars], symbol: str, field: str, factor: float, relations: tuple[PriceRelation, ...]
) -> None:
    day = date(2024, 6, 5)
    row = real[symbol].row(day)
    assert row is not None
    if field == "bar":
        wrong = rows_multiplied(real[symbol], slice(row, row + 1), factor)
    else:
        wrong = multiplied(real[symbol], row, field, factor)
    found = judge_newest(on_the_day({**real, symbol: wrong}, day), relations, since=day)
    assert found
    assert {f.symbol for f in found} == {symbol}
    assert {f.severity for f in found} == {"error"}
    last = found[0]
    assert f"{last.price:.6g}" in last.problem
    assert f"{real[symbol].close[row - 1]:.6g}" in last.problem
    assert f"jutsu data confirm {symbol} 2024-06-05 {last.price:.2f}" in last.remedy


def corruptions(bars: Bars, seed: int, count: int = 200) -> Iterator[tuple[int, str, float, bool]]:
    """Seeded single-field faults: row, field, factor, whether high and low follow."""
    random = np.random.default_rng(seed)
    factors = (0.01, 0.1, 0.33, 0.5, 0.8, 0.9, 0.95, 0.98, 1.02, 1.05, 1.1, 1.25, 1.9, 10.0, 100.0, np.nan)
    for _ in range(count):
        field = str(random.choice(["open", "high", "low", "close", "volume"]))
        yield (
            int(random.integers(1, len(bars))),
            field,
            float(random.choice(factors)),
            bool(random.integers(2)) and field in {"open", "close"},
        )


@pytest.mark.shared
def test_200_single_field_faults_a_file_are_caught_on_their_day_but_for_what_is_usual(
    real: dict[str, Bars],
) -> None:
    """The table of docs/decisions/0020-price-gate.md; `pytest -s` prints it."""
    table: defaultdict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    for number, symbol in enumerate(REAL):
        for row, field, factor, stretch in corruptions(real[symbol], seed=number):
            wrong = multiplied(real[symbol], row, field, factor, stretch=stretch)
            day = wrong.dates[row].item()
            seen = on_the_day({**real, symbol: wrong}, day)
            found = [
                f
                for f in judge_newest(seen, RELATIONS, since=day)
                if f.severity == "error" or field == "volume"
            ]
            caught = bool(found or quality.check(seen[symbol].since(day)))
            size = "NaN" if np.isnan(factor) else "10 % or more" if abs(factor - 1) > 0.099 else "2 to 5 %"
            cell = table[symbol, "open, close" if field in {"open", "close"} else field, size]
            cell[0] += 1
            cell[1] += caught
    for (symbol, field, size), (count, hits) in sorted(table.items()):
        print(f"{symbol:5} {field:12} {size:13} {hits:3} of {count:3}")
    for symbol in REAL:
        count, hits = table[symbol, "open, close", "10 % or more"]
        assert hits >= count - 1, symbol  # TLT after its funds' files end, QQQ before TQQQ began
        assert all(table[symbol, f, "NaN"][0] == table[symbol, f, "NaN"][1] for f in ("open, close", "high"))
    cells = [cell for (_, field, _), cell in table.items() if field != "volume"]
    assert sum(hits for _, hits in cells) / sum(count for count, _ in cells) > 0.75


@given(
    symbol=st.sampled_from(["QQQ", "TQQQ", "PSQ"]),
    row=st.integers(30, 399),
    field=st.sampled_from(["open", "close"]),
    factor=st.one_of(st.floats(0.001, 0.85), st.floats(1.2, 1000)),
)
def test_a_step_that_its_fund_or_index_denies_is_found_and_blamed_on_the_right_one(
    symbol: str, row: int, field: str, factor: float
) -> None:
    bars = index_and_funds()
    bars[symbol] = multiplied(bars[symbol], row, field, factor)
    found = [f for f in judge_history(bars, RELATIONS) if f.severity == "error"]
    day = bars[symbol].dates[row].item()
    assert (symbol, day) in {(f.symbol, f.day) for f in found}
    assert {f.symbol for f in found} == {symbol}


@given(factor=st.floats(1e-4, 1e6))
def test_the_unit_of_a_price_does_not_matter(factor: float) -> None:
    bars = index_and_funds()
    bars["QQQ"] = multiplied(bars["QQQ"], 200, "close", 1.3)
    before = judge_history(bars, RELATIONS)
    bars["QQQ"] = rows_multiplied(bars["QQQ"], slice(None), factor)
    after = judge_history(bars, RELATIONS)
    assert [(f.symbol, f.day, f.kind) for f in after] == [(f.symbol, f.day, f.kind) for f in before]


@given(
    faults=st.lists(
        st.tuples(
            st.sampled_from(["QQQ", "TQQQ", "PSQ"]),
            st.integers(5, 399),
            st.sampled_from(["open", "high", "low", "close", "volume"]),
            st.sampled_from([0.3, 0.9, 1.04, 1.5, 2.0, 150.0, 0.0]),
        ),
        max_size=5,
    ),
    back=st.integers(1, 5),
)
def test_the_newest_days_are_judged_as_in_the_whole_history(
    faults: list[tuple[str, int, str, float]], back: int
) -> None:
    bars = index_and_funds()
    for symbol, row, field, factor in faults:
        bars[symbol] = multiplied(bars[symbol], row, field, factor, stretch=field in {"open", "close"})
    since = bars["QQQ"].dates[-back].item()
    whole = [f for f in judge_history(bars, RELATIONS) if f.day >= since]
    newest = judge_newest(bars, RELATIONS, since=since)
    assert [(f.symbol, f.day, f.kind, f.severity) for f in newest] == [
        (f.symbol, f.day, f.kind, f.severity) for f in whole
    ]


def test_a_move_that_all_share_passes_and_one_that_only_the_index_makes_does_not() -> None:
    bars = index_and_funds()
    for symbol, multiple in (("QQQ", 1), ("TQQQ", 3), ("PSQ", -1)):
        row, history = 300, bars[symbol]
        target = history.close[row - 1] * (1 - 0.25 * multiple)
        bars[symbol] = rows_multiplied(history, slice(row, None), target / history.close[row])
    assert judge_history(bars, RELATIONS) == ()
    assert "QQQ" in {f.symbol for f in judge_history({"QQQ": bars["QQQ"]}, RELATIONS)}


def test_a_symbol_that_no_relation_names_says_so() -> None:
    bars = {"QQQ": multiplied(index_and_funds()["QQQ"], 300, "close", 1.45)}
    (out, back) = [f for f in judge_history(bars) if f.severity == "error"]
    assert "judged by its own history and the quote alone" in out.problem
    assert out.day < back.day
    named = judge_history(bars, [PriceRelation("TQQQ", "QQQ", 3.0)])
    assert "alone" not in named[0].problem


def test_a_confirmed_price_passes_to_the_cent_and_only_on_its_day() -> None:
    bars = index_and_funds()
    bars["QQQ"] = multiplied(bars["QQQ"], 399, "close", 1.3)
    day, price = bars["QQQ"].last, round(float(bars["QQQ"].close[-1]), 2)
    assert kinds(judge_history(bars, RELATIONS)) == [("QQQ", str(day), "price")]
    right = ConfirmedPrice("QQQ", day, Decimal(str(price)))
    assert judge_history(bars, RELATIONS, confirmed=[right]) == ()
    for wrong in (
        replace(right, price=right.price + Decimal("0.01")),
        replace(right, session=bars["QQQ"].dates[-2].item()),
        replace(right, symbol="TQQQ"),
    ):
        assert judge_history(bars, RELATIONS, confirmed=[wrong]) != ()


@pytest.mark.parametrize("ratio", RATIOS, ids=str)
@pytest.mark.parametrize("relations", [RELATIONS, ()], ids=["related", "alone"])
def test_a_split_that_nobody_recorded_is_named_recorded_it_passes(
    ratio: Fraction, relations: tuple[PriceRelation, ...]
) -> None:
    bars, row = index_and_funds(), 250
    before = bars["QQQ"]
    bars["QQQ"] = rows_multiplied(before, slice(row, None), float(1 / ratio))
    bars["QQQ"].volume[row:] *= float(ratio)
    day = before.dates[row].item()
    small_and_alone = not relations and Fraction(2, 3) <= ratio <= Fraction(3, 2)
    found = [f for f in judge_history(bars, relations) if f.symbol == "QQQ" and f.kind != "volume"]
    assert [(f.kind, f.day) for f in found if f.kind == "split"] == [("split", day)]
    if not small_and_alone:
        assert [f.severity for f in found] == ["error"]
    assert f"jutsu data split QQQ {day} {ratio.numerator}:{ratio.denominator}" in found[0].remedy
    split = CorporateAction("QQQ", day, "split", ratio, source="person")
    assert judge_history(bars, relations, actions=[split]) == ()
    bars["QQQ"] = scale_bars(bars["QQQ"], split)
    assert judge_history(bars, relations) == ()
    np.testing.assert_allclose(bars["QQQ"].close * float(ratio), before.close, rtol=1e-12)


@pytest.mark.shared
@pytest.mark.parametrize("ratio", [Fraction(2), Fraction(5, 4), Fraction(4, 3), Fraction(9), Fraction(1, 10)])
def test_a_split_of_a_real_fund_is_found_at_any_time_of_its_history(
    real: dict[str, Bars], ratio: Fraction
) -> None:
    for symbol in REAL:
        for row in range(100, len(real[symbol]), 397):
            bars = {**real, symbol: rows_multiplied(real[symbol], slice(row, None), float(1 / ratio))}
            day = real[symbol].dates[row].item()
            if symbol == "TLT" and day > date(2025, 6, 27):
                continue  # its funds' files have ended
            found = judge_history(on_the_day(bars, day), RELATIONS)
            assert (symbol, str(day)) in [(s, d) for s, d, _ in kinds(found)], (symbol, day)


def test_a_confirmed_opening_at_half_leaves_the_close_to_be_confirmed() -> None:
    bars, row = index_and_funds(), 399
    bars["QQQ"] = rows_multiplied(bars["QQQ"], slice(row, None), 0.5)
    opening = ConfirmedPrice("QQQ", bars["QQQ"].last, Decimal(repr(float(bars["QQQ"].open[-1]))))
    (left,) = judge_history(bars, RELATIONS, confirmed=[opening])
    assert left.price == bars["QQQ"].close[-1]
    closing = replace(opening, price=Decimal(repr(left.price)))
    closing = ConfirmedPrice("QQQ", closing.session, closing.price)
    assert judge_history(bars, RELATIONS, confirmed=[opening, closing]) == ()


def test_missing_sessions_widen_what_a_step_may_be() -> None:
    bars = index_and_funds()["QQQ"]
    moved = rows_multiplied(bars, slice(300, None), 1.22)
    assert judge_history({"QQQ": moved}, [PriceRelation("TQQQ", "QQQ", 3.0)]) != ()
    prices = (moved.open, moved.high, moved.low, moved.close, moved.volume)
    columns = [np.delete(column, slice(280, 300)) for column in prices]
    gone = bars_of_columns(moved.symbol, np.delete(moved.dates, slice(280, 300)), columns)
    assert judge_history({"QQQ": gone}, [PriceRelation("TQQQ", "QQQ", 3.0)]) == ()


@pytest.mark.parametrize("value", [np.nan, np.inf, -1.0, 0.0, 1e300])
@pytest.mark.parametrize("field", ["open", "high", "low", "close"])
def test_what_is_no_price_is_an_error(value: float, field: str) -> None:
    bars = index_and_funds()
    getattr(bars["QQQ"], field)[-1] = value
    found = judge_newest(bars, RELATIONS, since=bars["QQQ"].last)
    assert ("QQQ", str(bars["QQQ"].last), "price") in kinds(found)


def test_empty_and_short_histories_have_no_finding() -> None:
    bars = index_and_funds()
    nothing = bars["QQQ"].until(date(2019, 1, 1))
    assert judge_history({"QQQ": nothing, "TQQQ": bars["TQQQ"].until(date(2020, 1, 2))}, RELATIONS) == ()
    assert judge_history({}) == ()


def test_prices_of_a_running_session_are_held_against_yesterday_and_each_other() -> None:
    bars = index_and_funds()
    session = bars["QQQ"].dates[-1].item()
    prices = {symbol: float(history.close[-1]) for symbol, history in bars.items()}
    assert judge_prices(prices, session, "close", bars, RELATIONS) == ()
    (found,) = judge_prices({**prices, "QQQ": prices["QQQ"] * 1.1}, session, "close", bars, RELATIONS)
    assert found.price is not None
    assert (found.symbol, found.field, found.day) == ("QQQ", "close", session)
    confirmed = [ConfirmedPrice("QQQ", session, Decimal(repr(found.price)))]
    assert (
        judge_prices({**prices, "QQQ": found.price}, session, "close", bars, RELATIONS, confirmed=confirmed)
        == ()
    )
    half = float(bars["TQQQ"].close[-2]) / 2
    (split,) = judge_prices({**prices, "TQQQ": half}, session, "close", bars, RELATIONS)
    assert (split.symbol, split.kind) == ("TQQQ", "split")
    assert judge_prices({"NEW": 5.0}, session, "close", bars, RELATIONS) == ()


def test_at_the_open_a_fund_may_differ_more() -> None:
    bars = index_and_funds()
    session = bars["QQQ"].dates[-1].item()
    prices = {symbol: float(history.close[-2]) for symbol, history in bars.items()}
    prices["TQQQ"] *= 1.06
    assert judge_prices(prices, session, "open", bars, RELATIONS) == ()
    assert judge_prices(prices, session, "close", bars, RELATIONS) != ()


@pytest.mark.shared
def test_opening_and_closing_prices_of_the_real_extremes_pass(real: dict[str, Bars]) -> None:
    days = [date(2015, 8, 24), date(2010, 5, 6), date(2020, 3, 9), date(2020, 3, 12), date(2020, 3, 16)]
    for day in [*days, date(2020, 3, 17), date(2025, 4, 4), date(2025, 4, 9)]:
        for moment in ("open", "close"):
            prices = {s: float(getattr(b, moment)[b.row(day)]) for s, b in real.items()}
            assert judge_prices(prices, day, moment, real, RELATIONS) == ()


def test_an_action_on_a_day_without_a_bar_explains_the_next_one() -> None:
    bars, row = index_and_funds(), 250
    bars["QQQ"] = rows_multiplied(bars["QQQ"], slice(row, None), 0.5)
    day = bars["QQQ"].dates[row - 1].item() + timedelta(days=1)
    split = CorporateAction("QQQ", day, "split", Fraction(2))
    assert judge_history(bars, RELATIONS, actions=[split]) == ()
    assert judge_history(bars, RELATIONS, actions=[replace(split, symbol="TQQQ")]) != ()


def test_findings_of_a_shifted_history_are_few() -> None:
    bars = index_and_funds()
    for name in ("open", "high", "low", "close", "volume"):
        values = getattr(bars["TQQQ"], name)
        values[1:] = values[:-1].copy()
    assert len(judge_history(bars, RELATIONS)) < 20
