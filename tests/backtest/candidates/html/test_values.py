"""One value out of one text: what could mean something else is none."""

from __future__ import annotations

import pytest

from backtest.candidates.html import values


@pytest.mark.parametrize(
    ("text", "price"),
    [
        ("$17.28", 17.28),
        ("US$1,234.50", 1234.5),
        ("$17.28 (+3 %)", 17.28),
        ("$140 - $143", None),
        ("$140 to $143", None),
        ("$25.8B", None),
        ("$1.2 million", None),
        ("$0", None),
        ("$2,000,000", None),
        ("17.28", None),
        ("17.28%", None),
    ],
)
def test_prices(text: str, price: float | None) -> None:
    assert values.price(text) == price


def test_a_bare_price_only_where_one_is_expected() -> None:
    assert values.price("17.28", bare=True) == 17.28
    assert values.price("17.28 USD", bare=True) is None


@pytest.mark.parametrize(
    ("text", "percent"),
    [
        ("10.88%", 10.88),
        ("+5 %", 5.0),
        ("-3.5%", -3.5),
        ("5% - 7%", None),
        ("70%+", None),
        ("2000%", None),
        ("five", None),
    ],
)
def test_percentages(text: str, percent: float | None) -> None:
    assert values.percent(text) == percent


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("86", 86.0),
        ("86.5/100", 86.5),
        ("82 pts.", 82.0),
        ("5", None),
        ("101", None),
        ("4/5", None),
        ("15/25", None),
    ],
)
def test_a_total_out_of_a_hundred(text: str, score: float | None) -> None:
    assert values.plain_score(text) == score


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("4.05 / 5.0", 81.0),
        ("4.05", 81.0),
        ("4", None),
        ("5.1/5", None),
        ("0/5", None),
        ("4 / 5 (80%)", 80.0),
    ],
)
def test_a_five_point_score_becomes_one_of_a_hundred(text: str, score: float | None) -> None:
    assert values.five_point_score(text) == score


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("B - 82 pts", ("B", 82.0)),
        ("A-Grade 88.5 pts", ("A", 88.5)),
        ("86.0A-Grade (70%+)", ("A", 86.0)),
        ("A", None),
        ("E - 82 pts", None),
        ("B - 182 pts", None),
    ],
)
def test_grade_and_score(text: str, expected: tuple[str, float] | None) -> None:
    assert values.grade_and_score(text) == expected


@pytest.mark.parametrize(
    ("text", "tickers"),
    [
        ("$AEO", ("AEO",)),
        ("BRK.B", ("BRK.B",)),
        ("BRK-B", ("BRK-B",)),
        ("MOG-A", ("MOG-A",)),
        ("BF/B", ("BF/B",)),
        ("A", ("A",)),
        ("UA/UAA", ("UA", "UAA")),
        ("UA / UAA", ("UA", "UAA")),
        ("A-GRADE", ()),
        ("B-GRADE", ()),
        ("GRADE-A", ()),
        ("GRADE", ()),
        ("BUY-NOW", ()),
        ("BRK-BB", ()),
        ("BRK-B-C", ()),
        ("N/A", ()),
        ("American Eagle", ()),
        ("", ()),
    ],
)
def test_a_text_that_is_a_ticker(text: str, tickers: tuple[str, ...]) -> None:
    assert values.exact_tickers(text) == tickers


@pytest.mark.parametrize(
    ("text", "tickers"),
    [
        ("Baidu (BIDU)", ("BIDU",)),
        ("Baidu (BIDU) Inc", ()),
        ("Coca-Cola (DE)", ()),
        ("Baidu (NASDAQ: BIDU)", ("BIDU",)),
        ("Moog (MOG-A)", ("MOG-A",)),
        ("the best of all (A-GRADE)", ()),
        ("growth (EPS)", ()),
    ],
)
def test_the_ticker_in_the_last_brackets(text: str, tickers: tuple[str, ...]) -> None:
    assert values.bracketed_ticker(text) == tickers


@pytest.mark.parametrize(
    ("text", "tickers"),
    [
        ("AEO - $17.28", ("AEO",)),
        ("$CIFR - Cipher Mining Inc", ("CIFR",)),
        ("EPS - beat", ()),
        ("A - first", ()),
        ("BRK-B - Berkshire Hathaway", ("BRK-B",)),
        ("A-GRADE - 91 points", ()),
        ("GRADE-A: 91 points", ()),
        ("TOP-A - the best", ()),
        ("$A - Agilent", ("A",)),
    ],
)
def test_the_ticker_before_a_separator(text: str, tickers: tuple[str, ...]) -> None:
    assert values.leading_ticker(text) == tickers


def test_the_rest() -> None:
    assert values.marked_tickers("listed at NYSE: USB today") == ("USB",)
    assert values.marked_tickers("USB") == ()
    assert values.embedded_percent("Gap Size (10.88%)") == 10.88
    assert values.embedded_percent("weight (25%)") is None
    assert values.labelled_score("Total Score: 86.0 / 100") == (86.0, False)
    assert values.labelled_score("Score: 4.05 / 5.0") == (81.0, True)
    assert values.labelled_score("a story") == (None, False)
    assert values.grades_named("B-Grade Stocks (70-84 points)") == {"B"}
    assert values.is_part_score("momentum 15/25")
    assert not values.is_part_score("86/100")
    assert values.looks_like_weight("(25%)")
    assert not values.looks_like_weight("+25%")
