"""Dividends and splits in columns of their own, and prices that contradict a split."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from backtest.core.bar_words import Basis
from backtest.core.errors import DataError
from backtest.data.quality.actions import CorporateAction
from backtest.data.sources.csv_dialect.actions import read_actions, refuse_wrong_basis
from backtest.data.sources.csv_dialect.options import CsvOptions
from tests.support.scripted_strategy import make_bars

MON, TUE = date(2024, 3, 4), date(2024, 3, 5)


@pytest.mark.parametrize(
    ("cell", "ratio"),
    [
        ("2.0", Fraction(2)),
        ("1.3333", Fraction(4, 3)),
        ("0.1", Fraction(1, 10)),
        ("3:2", Fraction(3, 2)),
        ("1/20", Fraction(1, 20)),
        ("1", None),
        ("0", None),
        ("", None),
    ],
)
def test_a_split(cell: str, ratio: Fraction | None) -> None:
    found, problems = read_actions("AAA", [MON], {"split": [cell]}, "dot")
    assert [(a.symbol, a.ex_date, a.kind, a.ratio) for a in found] == (
        [] if ratio is None else [("AAA", MON, "split", ratio)]
    )
    assert problems == ()


def test_cash_is_a_dividend_to_the_last_digit_and_actions_come_by_date() -> None:
    columns = {"split": ["", "2"], "dividend": ["0.1234567", "0"], "capital_gain": ["", "1.5"]}
    found, problems = read_actions("AAA", [TUE, MON], columns, "dot")
    assert [(a.ex_date, a.kind, a.amount) for a in found] == [
        (MON, "dividend", Decimal("1.5")),
        (MON, "split", Decimal(0)),
        (TUE, "dividend", Decimal("0.1234567")),
    ]
    assert problems == ()


@pytest.mark.parametrize(
    ("role", "cell"),
    [("split", "x"), ("split", "-2"), ("split", "2:0"), ("dividend", "a"), ("dividend", "-1")],
)
def test_a_cell_that_is_none_is_named(role: str, cell: str) -> None:
    assert read_actions("AAA", [MON], {role: [cell]}, "dot") == (
        (),
        ((0, f"{role} {cell!r} is not a number"),),
    )


def test_a_row_without_a_day_has_no_action() -> None:
    assert read_actions("AAA", [None], {"split": ["2"]}, "dot") == ((), ())


@pytest.mark.parametrize(
    ("closes", "basis", "remedy"),
    [
        ((100.0, 50.0), None, "--basis raw"),
        ((100.0, 50.0), "split", "--basis raw"),
        ((100.0, 50.0), "raw", None),
        ((50.0, 50.5), "raw", "--basis split"),
        ((50.0, 50.5), None, None),
    ],
)
def test_prices_and_basis_must_agree_at_a_split(
    closes: tuple[float, float], basis: Basis | None, remedy: str | None
) -> None:
    bars = make_bars("AAA", dict(zip((MON, TUE), closes, strict=True)))
    split, options = [CorporateAction("AAA", TUE, "split", Fraction(2))], CsvOptions(basis=basis)
    if remedy is None:
        refuse_wrong_basis(bars, split, options)
        return
    with pytest.raises(DataError, match="split 2:1 on 2024-03-05") as failed:
        refuse_wrong_basis(bars, split, options)
    assert str(failed.value.remedy).endswith(remedy)


@pytest.mark.parametrize(("day", "ratio"), [(MON, 2), (date(2024, 3, 6), 2), (TUE, Fraction(5, 4))])
def test_what_prices_cannot_tell_is_not_refused(day: date, ratio: Fraction) -> None:
    """The first row has nothing before it, a day may be absent, and 5:4 is a move stocks make."""
    bars = make_bars("AAA", {MON: 100.0, TUE: 50.0})
    refuse_wrong_basis(bars, [CorporateAction("AAA", day, "split", Fraction(ratio))], CsvOptions())
