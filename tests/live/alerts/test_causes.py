"""Keys and their causes."""

from __future__ import annotations

import logging
from datetime import date

import pytest

from backtest.core.errors import (
    AuthenticationFailed,
    BrokerUnknown,
    CashJumpError,
    CorporateActionError,
    DataError,
    DisagreementError,
    JutsuError,
    SignalFileError,
)
from live.alerts.causes import (
    CAUSE_NAMES,
    LONGEST,
    CauseName,
    cause_of,
    cause_of_error,
    key_of,
    require_listed,
    stage_of,
    urgency_of,
    with_remedy,
)
from live.ledger.errors import LedgerDamaged

DAY = date(2026, 11, 20)


@pytest.mark.parametrize("cause", CAUSE_NAMES)
def test_a_key_names_its_cause(cause: CauseName) -> None:
    assert cause_of(key_of(cause, variant="golden", session=DAY)) == cause
    assert cause_of(key_of(cause, session=DAY, detail="x" * 300)) == cause


def test_a_key_is_cause_variant_session_and_what_tells_two_apart() -> None:
    assert key_of("missed", variant="golden", session=DAY) == "missed_golden_2026-11-20"
    assert key_of("doctor", session=DAY, detail="disk") == "doctor_all_2026-11-20_disk"
    assert len(key_of("doctor", session=DAY, detail="x" * 300)) == LONGEST


def test_the_stage_that_stopped_is_read_from_its_key() -> None:
    key = key_of("auth", session=DAY, detail="signal_generator_schwab")
    assert stage_of(key) == "signal_generator"
    assert stage_of(key_of("limit", variant="golden", session=DAY, detail="executor_abc")) == "executor"
    assert stage_of(key_of("doctor", session=DAY, detail="disk")) is None


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (AuthenticationFailed("x", where="w"), "auth"),
        (CashJumpError("x", where="w"), "cash_jump"),
        (DisagreementError("x", where="w"), "difference"),
        (CorporateActionError("x", where="w"), "corporate_action"),
        (DataError("x", where="w"), "data"),
        (LedgerDamaged("x", where="w"), "ledger"),
        (BrokerUnknown("x", where="w"), "unresolved"),
        (SignalFileError("x", where="w"), "settings"),
        (JutsuError("x", where="w"), "unexpected"),
        (ZeroDivisionError("x"), "unexpected"),
    ],
)
def test_an_error_is_of_the_narrowest_cause(error: Exception, cause: str) -> None:
    assert cause_of_error(error) == cause


def test_the_worst_of_a_run_says_how_urgent_it_is() -> None:
    assert urgency_of([], [], None) == ("info", "executed")
    assert urgency_of([], ["slippage"], None) == ("warning", "execution_warning")
    assert urgency_of(["no stop"], ["slippage"], None) == ("critical", "execution_critical")
    assert urgency_of([], [], AuthenticationFailed("x", where="w")) == ("critical", "auth")


def test_an_unlisted_key_is_said_in_the_log_and_lost_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        require_listed(key_of("missed", session=DAY))
        assert caplog.records == []
        require_listed("made_up_golden_2026-11-20")
    assert "made_up_golden" in caplog.text


def test_a_message_without_a_command_says_what_to_do() -> None:
    key = key_of("missed", variant="golden", session=DAY)
    assert with_remedy(key, "warning", "3 sessions").endswith("`jutsu runs` names the likely reason of each.")
    assert with_remedy(key, "warning", "see jutsu runs") == "see jutsu runs"
    assert with_remedy(key, "info", "3 sessions") == "3 sessions"
    assert with_remedy("made_up", "critical", "x") == "x"
