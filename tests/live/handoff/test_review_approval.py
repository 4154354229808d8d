"""An approval is of exact bytes: nothing may bring back what a person took out of a file."""

from __future__ import annotations

import pytest

from backtest.core.errors import SignalFileError
from live.handoff.canonical import bytes_sha256, render
from tests.support.exec_world import AT, DAY, order, signal, world

ENTRY = order("AAA", "entry", 100, 100.0, stop=90.0)


def test_the_original_does_not_replace_the_edit_that_was_approved(tmp_path):
    made = world(tmp_path)
    made.write(signal([ENTRY]))
    edited = render(signal([{**ENTRY, "enabled": False}]))
    ledger = made.open().ledger
    ledger.signals.approve(DAY, "golden", sha256=bytes_sha256(edited), by="me", at=AT, expires_at=None)
    ledger.close()
    # the edited file is lost; the generator, started again, has put the original back
    with pytest.raises(SignalFileError, match="approved an edited version"):
        made.executor()
    assert made.open().broker.account().shares() == {}
