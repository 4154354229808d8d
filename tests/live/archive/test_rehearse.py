"""A rehearsal decides the stored sessions again, and notices when they come out otherwise."""

from __future__ import annotations

import errno
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import UsageError
from live.archive import rehearse as module
from live.archive.rehearse import rehearse
from live.ledger.backup import REHEARSED
from live.ledger.system_state import EVERY_ACCOUNT
from live.model.run import DAILY
from live.runtime.open import open_runtime
from live.runtime.options import Options
from tests.live.archive.conftest import NOW
from tests.support.user_world import SECOND, User


def test_the_stored_sessions_come_out_the_same(traded: User, archive: Path) -> None:
    with open_runtime("jutsu", Options(config=traded.config), DAILY) as runtime:
        made, named = (
            rehearse(runtime.context, runtime.feed, None, NOW),
            rehearse(runtime.context, runtime.feed, archive, NOW + timedelta(days=1)),
        )
        kept = json.loads(runtime.ledger.for_account(EVERY_ACCOUNT).state.get(REHEARSED) or "")
    for found in (made, named):
        assert [(one.variant, one.verdict) for one in found.again] == [("golden", "same")] * 2
        assert found.passed
        assert not found.migrated
    assert kept == {"at": (NOW + timedelta(days=1)).isoformat(timespec="seconds"), "passed": True, "why": ""}
    assert not list((traded.root / "state").glob(".jutsu-*"))


def test_another_decision_fails_the_rehearsal(
    traded: User, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real: Any = vars(module)["decide_again"]

    def turned(*arguments: Any) -> Any:
        choice, notes = real(*arguments)
        if str(arguments[2].session) == SECOND:
            choice = replace(choice, targets={"QQQ": 0.1})
        return choice, notes

    monkeypatch.setattr(module, "decide_again", turned)
    with open_runtime("jutsu", Options(config=traded.config), DAILY) as runtime:
        found = rehearse(runtime.context, runtime.feed, archive, NOW)
        kept = json.loads(runtime.ledger.for_account(EVERY_ACCOUNT).state.get(REHEARSED) or "")
    assert [one.verdict for one in found.again if one.session == SECOND] == ["differs"]
    assert not found.passed
    assert kept["passed"] is False


def test_one_that_ends_with_an_error_is_remembered_as_failed(
    traded: User, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = tmp_path / archive.name
    cut.write_bytes(archive.read_bytes()[:-200])
    with open_runtime("jutsu", Options(config=traded.config), DAILY) as runtime:
        state = runtime.ledger.for_account(EVERY_ACCOUNT).state
        state.set(REHEARSED, "{}", at=NOW)
        with pytest.raises(UsageError):
            rehearse(runtime.context, runtime.feed, tmp_path / "gone.tar.gz", NOW)
        assert state.get(REHEARSED) == "{}", "a name that was mistyped is no rehearsal"
        with pytest.raises(UsageError) as refused:
            rehearse(runtime.context, runtime.feed, cut, NOW)
        kept = json.loads(state.get(REHEARSED) or "")
        assert (kept["passed"], kept["why"]) == (False, refused.value.line())

        def full(*_: Any) -> Any:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(module, "make", full)
        with pytest.raises(OSError, match="No space"):
            rehearse(runtime.context, runtime.feed, None, NOW)
        assert "No space left" in json.loads(state.get(REHEARSED) or "")["why"]


def test_other_data_are_named_and_fail_nothing(traded: User, archive: Path) -> None:
    traded.set(data={"demo_seed": 8})
    with open_runtime("jutsu", Options(config=traded.config), DAILY) as runtime:
        found = rehearse(runtime.context, runtime.feed, archive, NOW)
    assert {one.verdict for one in found.again} <= {"same", "other data"}
    assert "other data" in {one.verdict for one in found.again}
    assert found.passed
