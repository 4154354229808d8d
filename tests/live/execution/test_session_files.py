"""Which files a session has, and what it means when one is not there."""

import os
from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import SignalFileError
from live.execution.session_files import lies_there
from tests.support.exec_world import DAY, ENTRY, signal


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


def test_what_cannot_be_read_lies_there(tmp_path: Path) -> None:
    broken, below = tmp_path / "broken", tmp_path / "file" / "below"
    broken.symlink_to("nowhere")
    (tmp_path / "file").write_text("")
    os.mkfifo(tmp_path / "pipe")
    assert not lies_there(tmp_path / "missing")
    assert all(lies_there(path) for path in (broken, below, tmp_path / "pipe"))
