"""An approval binds bytes, ends with its window, and silence means what the settings say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest

from backtest.core.planned_orders import Intent
from live.handoff.approval import Standing, State, effective_policy, orders_to_send, standing, stops_may_move
from live.settings.model import ApprovalSettings
from tests.support.handoff_samples import order, sample

NOW = datetime(2024, 3, 15, 19, 50, tzinfo=UTC)
GENERATED, EDITED = "a" * 64, "b" * 64
REQUIRED, AUTO = ApprovalSettings(policy="required"), ApprovalSettings(policy="auto")


@dataclass
class Row:
    bytes_sha256: str = GENERATED
    approved_sha256: str | None = None
    approval_expires_at: datetime | None = None
    answer: str | None = None


def approved(sha256: str, minutes: int = 5) -> Row:
    return Row(approved_sha256=sha256, approval_expires_at=NOW + timedelta(minutes=minutes), answer="approve")


def test_the_default_is_auto_offline_and_required_online() -> None:
    assert effective_policy(ApprovalSettings(), "offline_mock") == "auto"
    assert effective_policy(ApprovalSettings(), "online_live") == "required"
    assert effective_policy(REQUIRED, "offline_mock") == "required"
    assert effective_policy(AUTO, "online_live") == "auto"


CASES = [
    # row, bytes read, settings, accept_edits, state
    (Row(), GENERATED, AUTO, False, "auto"),
    (Row(), GENERATED, REQUIRED, False, "silent"),
    (approved(GENERATED), GENERATED, REQUIRED, False, "approved"),
    (approved(GENERATED), GENERATED, AUTO, False, "approved"),
    (approved(GENERATED, minutes=-1), GENERATED, REQUIRED, False, "expired"),
    (approved(GENERATED, minutes=-1), GENERATED, AUTO, False, "auto"),
    (Row(), EDITED, AUTO, False, "edited"),
    (Row(), EDITED, REQUIRED, False, "edited"),
    (Row(), EDITED, REQUIRED, True, "approved"),
    (approved(EDITED), EDITED, REQUIRED, False, "approved"),
    (approved(EDITED, minutes=-1), EDITED, AUTO, False, "edited"),
    (approved(EDITED), "c" * 64, AUTO, False, "edited"),  # one more change after the approval
    (approved(GENERATED), EDITED, AUTO, False, "edited"),
    (approved(EDITED), GENERATED, REQUIRED, False, "edited"),  # the original came back: who wanted that?
    (approved(EDITED), GENERATED, AUTO, False, "edited"),
    (approved(EDITED), GENERATED, AUTO, True, "auto"),
    (Row(answer="skip"), GENERATED, AUTO, False, "skipped"),
    (Row(answer="skip"), EDITED, AUTO, True, "skipped"),
    (None, GENERATED, AUTO, False, "unknown"),
    (None, GENERATED, AUTO, True, "approved"),
]


@pytest.mark.parametrize(("row", "sha256", "settings", "accept", "state"), CASES)
def test_standing(row: Row | None, sha256: str, settings: ApprovalSettings, accept: bool, state: str) -> None:
    found = standing(row, sha256, settings, "offline_mock", NOW, accept_edits=accept)
    assert found.state == state
    assert found.refused == (state in {"edited", "unknown"})
    assert found.reason


def test_an_approval_holds_to_the_last_instant_of_its_window() -> None:
    row = approved(GENERATED, minutes=0)
    assert standing(row, GENERATED, REQUIRED, "online_live", NOW).state == "approved"
    later = NOW + timedelta(microseconds=1)
    assert standing(row, GENERATED, REQUIRED, "online_live", later).state == "expired"


FILE = sample(
    orders=(
        order("AAA", "sell", "exit"),
        order("BBB", "sell", "reduce"),
        order("CCC", "sell", "stop"),
        order("DDD", "buy", "entry"),
        order("EEE", "buy", "increase"),
        order("FFF", "sell", "exit", enabled=False),
    )
)


def sent(row: Row | None, sha256: str = GENERATED, settings: ApprovalSettings = REQUIRED) -> tuple[Any, ...]:
    where = standing(row, sha256, settings, "offline_mock", NOW)
    go, held = orders_to_send(FILE, where, settings)
    assert len(go) + len(held) == len(FILE.orders)
    return [o.symbol for o in go], {h.order.symbol: h.reason for h in held}


def test_with_an_approval_everything_enabled_goes() -> None:
    go, held = sent(approved(GENERATED))
    assert go == ["AAA", "BBB", "CCC", "DDD", "EEE"]
    assert held == {"FFF": "disabled in the file"}


def test_after_silence_leaving_goes_and_entering_waits() -> None:
    go, held = sent(Row())
    assert go == ["AAA", "BBB", "CCC"]
    assert held["DDD"] == "nobody answered: entry orders wait for approval"
    assert set(held) == {"DDD", "EEE", "FFF"}


def test_the_settings_decide_what_silence_means() -> None:
    choice: dict[Intent, Literal["skip", "trade"]] = {"exit": "skip", "reduce": "trade", "entry": "trade"}
    settings = ApprovalSettings(policy="required", on_no_answer=choice)
    go, _ = sent(Row(), settings=settings)
    assert go == ["BBB", "DDD"]  # what is not named is skipped


@pytest.mark.parametrize(
    ("row", "sha256"), [(Row(answer="skip"), GENERATED), (Row(), EDITED), (None, GENERATED)]
)
def test_nothing_goes_after_skip_or_for_bytes_nobody_vouches_for(row: Row | None, sha256: str) -> None:
    assert sent(row, sha256, AUTO)[0] == []


@pytest.mark.parametrize(
    ("state", "moves"),
    [("approved", True), ("auto", True), ("silent", True), ("expired", True), ("skipped", False)],
)
def test_stops_move_unless_a_person_said_skip_or_silence_means_skip(state: State, moves: bool) -> None:
    where = Standing(state, "test")
    assert stops_may_move(where, ApprovalSettings()) is moves
    quiet = ApprovalSettings(on_no_answer={"stop": "skip"})
    assert stops_may_move(where, quiet) is (moves and state not in {"silent", "expired"})
