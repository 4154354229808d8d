"""The outbox without a ledger: nothing is lost, doubled or stopped by a line that was cut off."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from live.alerts import plain_outbox
from live.alerts.plain_outbox import FILE, PlainAlert, keep, kept, take_in, was_delivered
from live.ledger.ledger import Ledger

AT = datetime(2026, 11, 20, 20, 55, tzinfo=UTC)


def alert(key: Any = "executor_8_ledger", at: Any = AT, *, delivered: Any = False) -> Any:
    return PlainAlert(key, "critical", "the executor could not start", "the ledger is damaged", at, delivered)


@pytest.fixture
def outbox() -> Iterator[Any]:
    with Ledger.open("sqlite://", account="paper", now=AT) as ledger:
        yield ledger.alerts


def test_what_is_kept_is_private_and_comes_back(tmp_path: Path) -> None:
    keep(tmp_path / "state", alert())
    keep(tmp_path / "state", alert("b"))
    assert kept(tmp_path / "state") == (alert(), alert("b"))
    assert (tmp_path / "state" / FILE).stat().st_mode & 0o777 == 0o600


def test_taken_in_once_and_a_delivered_one_is_not_sent_again(tmp_path: Path, outbox: Any) -> None:
    keep(tmp_path, alert())
    keep(tmp_path, alert("told", delivered=True))
    assert take_in(tmp_path, outbox) == 2
    assert take_in(tmp_path, outbox) == 0
    assert [row.key for row in outbox.unsent()] == ["executor_8_ledger"]
    assert [row.key for row in outbox.recent()] == ["told", "executor_8_ledger"]
    assert list(tmp_path.iterdir()) == []


def test_a_kill_while_taking_in_doubles_nothing(tmp_path: Path, outbox: Any) -> None:
    keep(tmp_path, alert())
    (tmp_path / FILE).rename(tmp_path / plain_outbox._ASIDE)
    outbox.add(alert().key, level="critical", title="t", body="b", at=AT)
    keep(tmp_path, alert("later"))
    assert take_in(tmp_path, outbox) == 0
    assert take_in(tmp_path, outbox) == 1
    assert [row.key for row in outbox.recent()] == ["later", "executor_8_ledger"]


def test_a_line_that_was_cut_off_is_skipped(tmp_path: Path, outbox: Any) -> None:
    keep(tmp_path, alert())
    with (tmp_path / FILE).open("a") as file:
        file.write('{"key": "half')
    assert take_in(tmp_path, outbox) == 1


def test_a_key_rings_once_a_new_york_day(tmp_path: Path) -> None:
    keep(tmp_path, alert(delivered=True))
    assert was_delivered(tmp_path, alert().key, AT + timedelta(hours=3))
    assert not was_delivered(tmp_path, alert().key, AT + timedelta(days=1))
    assert not was_delivered(tmp_path, "another", AT)
