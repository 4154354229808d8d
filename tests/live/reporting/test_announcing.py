"""A report that cannot be made or kept takes nothing from the run it is about."""

from __future__ import annotations

from pathlib import Path

import pytest

from live.reporting import announcing
from tests.support.exec_world import DAY, ENTRY, signal, world


def test_a_report_that_cannot_be_made_or_kept_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exit code is that of the orders, and the alert leaves with what the run itself said."""

    def broken(*_: object) -> None:
        raise KeyError("a template is gone")

    made = world(tmp_path)
    made.write(signal([ENTRY]))
    monkeypatch.setattr(announcing, "execution_of", broken)
    assert made.executor() == 0
    (alert,) = [one for one in made.open().ledger.alerts.recent() if one.key.startswith("executed")]
    assert (alert.title, alert.level) == (f"golden {DAY}: completed, 1 order(s)", "info")
    assert "the report could not be made" in alert.body


def test_reports_on_a_full_disk_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    made = world(tmp_path)
    made.write(signal([ENTRY]))
    monkeypatch.setattr(announcing, "keep", full)
    assert made.executor() == 0
    (alert,) = [one for one in made.open().ledger.alerts.recent() if one.key.startswith("executed")]
    assert alert.title == f"[PAPER] golden {DAY} SUCCESS"


def test_a_position_that_cannot_be_told_keeps_no_report_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise TypeError("a price is None")

    made = world(tmp_path)
    made.write(signal([ENTRY]))
    monkeypatch.setattr(announcing, "tell_positions", broken)
    assert made.executor() == 0
    (alert,) = [one for one in made.open().ledger.alerts.recent() if one.key.startswith("executed")]
    assert alert.title == f"[PAPER] golden {DAY} SUCCESS"
