"""Positions of a book with stops that carry none are named."""

from decimal import Decimal
from pathlib import Path

from live.books.stopless import stopless
from live.views.status import read_status
from tests.support.review_world import DAY, NOW, inputs, runtime


def test_only_a_book_whose_strategy_has_stops_misses_one(tmp_path: Path) -> None:
    made = runtime(tmp_path)
    positions = made.ledger.positions
    for variant, symbol, needs_stop in (
        ("golden", "QQQ", False),
        ("ema_p10", "LUMA", False),
        ("ema_p10", "WAIT", True),  # the executor places it
        ("gone", "ODD", False),
    ):
        positions.buy(
            variant, symbol, 10, Decimal(62), session=DAY, mode="offline_mock", at=NOW, needs_stop=needs_stop
        )
    assert [row.symbol for row in stopless(positions, made.context.strategies)] == ["LUMA"]
    named = [line for line in read_status(inputs(made)).problems if "LUMA" in line]
    assert named[0].startswith("position ema_p10/LUMA was bought without its strategy's stop; ")
