"""The exit code of a sync."""

from datetime import date
from pathlib import Path

import pytest

from live.feeds.sync.plan import Days
from live.feeds.sync.report import SyncedSymbol, SyncReport

DAY = Days(date(2024, 3, 12), date(2024, 3, 12))
GOOD, COMPLETE = SyncedSymbol("A", "stored"), SyncedSymbol("B", "complete")
LEFT, REFUSED = SyncedSymbol("C", "stored", missing=(DAY,)), SyncedSymbol("D", "refused")
SILENT = SyncedSymbol("E", "no answer", missing=(DAY,))


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([], 0),
        ([GOOD, COMPLETE], 0),
        ([SyncedSymbol("F", "planned", missing=(DAY,))], 0),
        ([GOOD, LEFT], 5),
        ([GOOD, REFUSED], 5),
        ([GOOD, SILENT], 6),
        ([SILENT, REFUSED], 5),
    ],
)
def test_the_worst_symbol_decides(lines: list[SyncedSymbol], code: int) -> None:
    assert SyncReport(Path(), "1d", ("made",), tuple(lines)).exit_code == code
