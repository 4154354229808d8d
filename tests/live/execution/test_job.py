"""Which files are executed, and which of their orders."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from backtest.calendar import sessions as calendar
from backtest.core.errors import (
    SignalFileError,
)
from live.execution.job import window_of
from live.handoff.canonical import bytes_sha256, render
from tests.support.calendar_days import session_on
from tests.support.exec_world import (
    AT,
    DAY,
    ENTRY,
    NEXT_DAY,
    edit,
    enter,
    next_order,
    order,
    outcome,
    signal,
    states,
    tomorrow,
    world,
)
from tests.support.handoff_samples import sample


def test_exit_2_for_an_edit_nobody_approved(made: Any) -> None:
    path = made.write(signal([ENTRY]))
    edit(path, quantity=50, estimated_value=5000.0)
    with pytest.raises(SignalFileError) as caught:
        made.executor()
    assert caught.value.exit_code == 2
    assert "quantity" in caught.value.line()
    assert states(made) == []


def test_accept_edits_trades_the_edited_quantity(made: Any) -> None:
    path = made.write(signal([ENTRY]))
    edit(path, quantity=50, estimated_value=5000.0)
    assert made.executor(accept_edits=True) == 0
    assert made.broker.account().shares() == {"AAA": 50}


def test_a_disabled_order_is_not_sent(made: Any) -> None:
    path = made.write(signal([ENTRY]))
    edit(path, enabled=False)
    assert made.executor(accept_edits=True) == 0
    assert made.broker.account().shares() == {}


def test_silence_lets_exits_go_and_holds_entries(made: Any) -> None:
    enter(made)
    made.overrides = {"approval": {"policy": "required"}}
    tomorrow(
        made,
        [next_order("AAA", "exit", 100, 100.0), next_order("BBB", "entry", 10, 50.0, stop=45.0)],
        positions={"AAA": 100},
        cash=90_000.0,
    )
    assert made.executor() == 0
    assert made.broker.account().shares() == {}
    assert outcome(made, NEXT_DAY) == "partial"


def test_a_file_may_not_contain_stop_orders_of_its_own(made: Any) -> None:
    stop = {
        **order("AAA", "exit", 10, 100.0),
        "intent": "stop",
        "client_order_id": f"{DAY:%Y%m%d}_AAA_stop_sell",
    }
    made.write(signal([stop], positions={"AAA": 10}))
    with pytest.raises(SignalFileError) as raised:
        made.executor()
    assert any("belongs to an entry" in str(finding) for finding in raised.value.findings)


def test_the_original_does_not_replace_the_edit_that_was_approved(tmp_path: Path) -> None:
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


SESSION = session_on(date(2024, 3, 15))


def test_it_is_the_window_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(render(sample()))
    assert window_of(path, SESSION) == calendar.window(SESSION, sample().execution_window.name)


@pytest.mark.parametrize(
    "document",
    ["", "[]", "{}", '{"execution_window": 5}', '{"execution_window": {"name": "midnight"}}', "{broken"],
)
def test_a_file_without_one_is_left_to_its_judge(tmp_path: Path, document: str) -> None:
    path = tmp_path / "file.json"
    path.write_text(document)
    assert window_of(path, SESSION) is None


def test_a_name_that_is_no_text_is_no_window(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_text(json.dumps({"execution_window": {"name": ["close"]}}))
    assert window_of(path, SESSION) is None
