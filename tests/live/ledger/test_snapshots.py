"""Returns and drawdown of a book."""

from datetime import timedelta
from typing import Any

import pytest

from tests.support.ledger_samples import DAY, NOW


def test_snapshots_know_returns_and_drawdown(ledger: Any) -> None:
    equities = [100.0, 110.0, 99.0, 121.0]
    for number, equity in enumerate(equities):
        ledger.snapshots.add(
            "golden", DAY + timedelta(days=number), at=NOW, mode="offline_mock", equity=equity, cash=1.0
        )
    # written again: the same row
    ledger.snapshots.add(
        "golden", DAY + timedelta(days=3), at=NOW, mode="offline_mock", equity=121.0, cash=1.0
    )

    rows = ledger.snapshots.series("golden")
    assert [row.daily_return for row in rows] == [
        None,
        pytest.approx(0.1),
        pytest.approx(-0.1),
        pytest.approx(2 / 9),
    ]
    assert [row.drawdown for row in rows] == [0.0, 0.0, pytest.approx(-0.1), 0.0]
    assert rows[-1].cumulative_return == pytest.approx(0.21)
    assert ledger.snapshots.variants() == ("golden",)
    assert ledger.snapshots.latest("golden").equity == 121.0
