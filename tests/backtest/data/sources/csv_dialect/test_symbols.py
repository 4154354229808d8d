"""Symbols in the spellings of vendors; two possible ones are none."""

from __future__ import annotations

import pytest

from backtest.data.sources.csv_dialect.symbols import key, symbol_of


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("QQQ", "QQQ"),
        ("qqq", "QQQ"),
        ("qqq_us_d", "QQQ"),
        ("qqq.us", "QQQ"),
        ("QQQ US Equity", "QQQ"),
        ("daily_QQQ", "QQQ"),
        ("daily_adjusted_QQQ", "QQQ"),
        ("QQQ Historical Data", "QQQ"),
        ("QQQ ETF Stock Price History", "QQQ"),
        ("NASDAQ_QQQ, 1D", "QQQ"),
        ("NASDAQ:QQQ", "QQQ"),
        ("QQQ_2009-01-02_2026-08-21", "QQQ"),
        ("QQQ (1)", "QQQ"),
        ("QQQ copy", "QQQ"),
        ("$SPX", "SPX"),
        ("^NDX", "^NDX"),
        ("BRK-B", "BRK-B"),
        ("brk.b", "BRK.B"),
        (" QQQ ", "QQQ"),
        ("data", None),
        ("prices", None),
        ("download (2)", None),
        ("", None),
        ("a whole sentence of words", None),
        ("../../etc/passwd", None),
    ],
)
def test_a_name_spells_one_symbol_or_none(name: str, symbol: str | None) -> None:
    assert symbol_of(name) == symbol


def test_spellings_of_one_share_class_are_equal() -> None:
    assert {key(text) for text in ("BRK.B", "BRK/B", "brk_b", "BRK-B")} == {"BRK-B"}
    assert key("BRKB") != key("BRK-B")
