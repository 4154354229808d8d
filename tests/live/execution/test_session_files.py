"""Which files a session has, and what it means when one is not there."""

import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import SignalFileError
from live.books.variants import BookVariant
from live.execution.session_files import lies_there, nothing_due, session_files
from live.handoff.write import file_name
from tests.support.exec_world import AT, DAY, ENTRY, StubStrategy, signal


def test_a_generated_file_that_is_gone_stops_until_it_is_skipped(made: Any) -> None:
    made.write(signal([ENTRY])).unlink()
    with pytest.raises(SignalFileError, match="was generated, but is not here"):
        made.executor()
    made.ledger.signals.answer(DAY, "golden", "skip")
    assert made.executor() == 0
    assert not made.ledger.orders.of_session(DAY, "golden")


def test_the_file_of_a_session_that_is_over_may_go(made: Any) -> None:
    path = made.write(signal([ENTRY]))
    assert made.executor() == 0
    path.unlink()
    assert made.executor() == 0


def test_a_session_without_a_generated_file_has_nothing_due(made: Any) -> None:
    assert made.executor() == 0
    runtime = made.open()
    variants = [BookVariant(StubStrategy(variant="golden"), "primary", "golden")]
    path = runtime.context.signals / file_name(DAY.isoformat(), "golden")
    said = nothing_due(runtime.context, path, variants)
    assert "(`python -m live.signal_generator" in said


@pytest.mark.parametrize(("needs_stop", "listed"), [(True, True), (False, False)])
def test_a_book_on_request_is_looked_at_while_its_shares_need_stops(
    made: Any, *, needs_stop: bool, listed: bool
) -> None:
    """Its positions are guarded every day, whether or not it decides anything that day."""
    names = ("golden", "ema_p10")
    variants = [BookVariant(StubStrategy(variant=name), "primary", name) for name in names]
    daily, asked = (file_name(DAY.isoformat(), name) for name in names)
    assert [path.name for path in session_files(made.open().context, variants, None)] == [daily]
    made.ledger.positions.buy(
        "ema_p10", "AAA", 10, Decimal(20), session=DAY, mode="offline_mock", at=AT, needs_stop=needs_stop
    )
    found = [path.name for path in session_files(made.open().context, variants, None)]
    assert found == [daily, asked][: 1 + listed]


def test_what_cannot_be_read_lies_there(tmp_path: Path) -> None:
    broken, below = tmp_path / "broken", tmp_path / "file" / "below"
    broken.symlink_to("nowhere")
    (tmp_path / "file").write_text("")
    os.mkfifo(tmp_path / "pipe")
    assert not lies_there(tmp_path / "missing")
    assert all(lies_there(path) for path in (broken, below, tmp_path / "pipe"))
