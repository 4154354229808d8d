"""One row per session."""

from datetime import timedelta
from typing import Any

from tests.support.ledger_samples import DAY, NOW


def test_the_run_log_has_one_row_per_session_and_names_missing_ones(ledger: Any) -> None:
    days = [DAY - timedelta(days=n) for n in (3, 2, 1, 0)]
    ledger.runs.due(days[0], "golden", role="primary", mode="offline_mock", due_at=NOW)
    ledger.runs.generated(days[0], "golden", role="primary", mode="offline_mock", at=NOW)
    ledger.runs.executed(days[0], "golden", at=NOW, exit_code=0, outcome="completed")
    ledger.runs.generated(days[2], "golden", role="primary", mode="offline_mock", at=NOW, exit_code=5)
    ledger.runs.missed(days[1], "golden")

    row = ledger.runs.get(days[0], "golden")
    assert (row.generator_exit, row.executor_exit, row.outcome, row.missed) == (0, 0, "completed", False)
    assert ledger.runs.missing_sessions(days, "golden") == tuple(days[1:])
    assert ledger.runs.last_session() == days[2]
    assert ledger.runs.get(days[1], "golden").missed
