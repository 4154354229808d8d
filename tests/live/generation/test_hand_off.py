"""A session's file is recorded before it is written, put back when it vanished, made again on request."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backtest.calendar import sessions as calendar
from backtest.core.errors import SignalFileError
from live.books.variants import BookVariant
from live.generation import hand_off as module
from live.generation.candidates import CandidateInput
from live.generation.due import Due
from live.generation.hand_off import already_done, hand_off
from live.handoff.canonical import render
from live.model.run import DryRun
from live.runtime.runtime import RunContext
from tests.support.exec_world import AT, DAY, ENTRY, StubStrategy, enter, signal, world

STUB: Any = StubStrategy()
GOLDEN = BookVariant(STUB, "primary", "golden")
SIGNAL = signal([ENTRY])


def due() -> Due:
    session = calendar.session(DAY)
    assert session is not None
    return Due(session=session, window=calendar.window(session, STUB.execution_time), at=AT)


@pytest.fixture
def context(tmp_path: Path) -> RunContext:
    return world(tmp_path).open().context


def done(context: RunContext, *, force: bool = False) -> str | None:
    said: list[str] = []
    return already_done(context, GOLDEN, due(), CandidateInput(), force=force, announce=said.append)


def test_the_first_file_is_recorded_and_written_as_it_is(context: RunContext) -> None:
    assert done(context) is None
    text = hand_off(context, GOLDEN, due(), SIGNAL, force=False)
    (path,) = context.signals.glob("*.json")
    assert text == f"wrote {path}: 1 order(s)"
    assert path.read_bytes() == render(SIGNAL)
    row = context.ledger.signals.get(DAY, "golden")
    assert row is not None
    assert (row.content.encode(), row.seal) == (render(SIGNAL), SIGNAL.seal.digest)
    assert done(context) == f"already done: {path}"


def test_a_file_that_could_not_be_written_is_put_back(
    context: RunContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(module, "write_signal", full)
        with pytest.raises(OSError, match="No space"):
            hand_off(context, GOLDEN, due(), SIGNAL, force=False)
    assert not list(context.signals.glob("*.json"))
    assert "is back as generated" in str(done(context))
    (path,) = context.signals.glob("*.json")
    assert path.read_bytes() == render(SIGNAL)


def test_a_dry_run_says_what_it_would_write(context: RunContext) -> None:
    dry = replace(context, run=DryRun())
    assert hand_off(dry, GOLDEN, due(), SIGNAL, force=False).startswith("dry run: would write ")
    assert context.ledger.signals.get(DAY, "golden") is None
    assert not context.signals.exists()


def test_a_file_is_made_again_on_request_until_its_orders_left(tmp_path: Path) -> None:
    made = world(tmp_path)
    made.write(SIGNAL)
    assert done(made.open().context, force=True) is None
    enter(made, ENTRY)
    again = made.open().context
    with pytest.raises(SignalFileError, match="were already sent"):
        done(again, force=True)
    with pytest.raises(SignalFileError, match="were already sent"):
        hand_off(again, GOLDEN, due(), SIGNAL, force=True)
