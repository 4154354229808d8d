"""What `jutsu status` says of each book: regime, limits, allocation, figures; what is unknown is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from backtest.strategies.terms import Boundary
from live.cli.status_books import show_books_now
from live.views.book_now import BookNow, Share
from live.views.monitoring import BookMonitoring
from tests.live.cli.test_status import book
from tests.support.report_samples import BASELINE, book_sample

SAMPLE = book_sample(date(2026, 11, 23), date(2026, 11, 29))
NOW = BookNow(
    decided_on=date(2024, 3, 14),
    regime={"cell": 3, "trend_state": "Sideways"},
    limits=(
        Boundary("cell", "z", "above", 1.0, 0.93),
        Boundary("exit", "close", "below", 50.0, 52.5, True, "AAA"),
    ),
    allocation=(Share("QQQ", 75_893.43, 0.759), Share("cash", 24_095.21, 0.241)),
    figures=SAMPLE.figures,
    monitoring=SAMPLE.monitoring,
)


def shown(capsys: pytest.CaptureFixture[str], **changes: Any) -> str:
    show_books_now((book(now=replace(NOW, **changes)), book("titan", role="shadow")))
    return " ".join(capsys.readouterr().out.split())


def test_regime_limits_allocation_and_figures(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys)
    assert "golden, decided on the bar of 2024-03-14: cell 3, trend state Sideways" in text
    assert "z" in text
    assert "> 1" in text
    assert "0.07" in text  # the distance
    assert "AAA: exit" in text
    assert "75,893.43" in text
    assert "75.9 %" in text
    assert "1.84" in text
    assert "42 % of 50" in text
    assert "critical" in text


@pytest.mark.parametrize(
    ("monitoring", "word"),
    [
        (BookMonitoring("golden", "unknown", (), None), "no baseline"),
        (BookMonitoring("golden", "unknown", (), BASELINE), "not enough data"),
        (BookMonitoring("golden", "ok", (), BASELINE), "ok"),
    ],
)
def test_monitoring_is_one_word(
    monitoring: BookMonitoring, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert word in shown(capsys, monitoring=monitoring)


def test_a_book_that_has_not_begun_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    show_books_now((book(now=BookNow()), book(now=None)))
    assert capsys.readouterr().out == ""
