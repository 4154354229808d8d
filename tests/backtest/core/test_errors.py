"""Errors: one line with what, where and what to do, and an exit code for every kind."""

from __future__ import annotations

import errno

import pytest

from backtest.core import errors
from backtest.core.errors import DataError, Finding, JutsuError, UsageError, exit_code_of

CODES = {
    "JutsuError": 1,
    "UsageError": 2,
    "SettingsError": 2,
    "ParameterError": 2,
    "SignalFileError": 2,
    "KillSwitchOn": 3,
    "DisagreementError": 4,
    "CashJumpError": 4,
    "DataError": 5,
    "CorporateActionError": 5,
    "BrokerError": 6,
    "AuthenticationFailed": 6,
    "BrokerRefused": 6,
    "NotSent": 6,
    "LimitError": 7,
    "UnresolvedError": 8,
    "BrokerUnknown": 8,
}


def test_every_kind_has_its_exit_code() -> None:
    kinds = {k: v for k, v in vars(errors).items() if isinstance(v, type) and issubclass(v, JutsuError)}
    assert {name: kind.exit_code for name, kind in kinds.items()} == CODES


@pytest.mark.parametrize(
    ("where", "remedy", "line"),
    [
        ("", "", "it broke"),
        ("file.yaml", "", "file.yaml: it broke"),
        ("", "mend it", "it broke → mend it"),
        ("file.yaml", "mend it", "file.yaml: it broke → mend it"),
    ],
)
def test_the_line_a_person_sees(where: str, remedy: str, line: str) -> None:
    error = JutsuError("it broke", where=where, remedy=remedy)
    assert error.line() == str(error) == line


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DataError("no bar"), 5),
        (KeyboardInterrupt(), 130),
        (errors.Terminated(), 143),
        (OSError(errno.ENOSPC, "No space left on device"), 2),
        (OSError(errno.EIO, "Input/output error"), 1),
        (KeyError("x"), 1),
    ],
)
def test_every_end_of_a_program_has_its_code(error: BaseException, code: int) -> None:
    assert exit_code_of(error) == code


def test_a_finding_is_one_line_too() -> None:
    assert str(Finding("a.b", "is wrong")) == "a.b: is wrong"
    assert str(Finding("a.b", "is wrong", "mend it")) == "a.b: is wrong (mend it)"
    assert JutsuError("x", findings=iter([Finding("a", "b")])).findings == (Finding("a", "b"),)


def test_a_name_with_a_line_break_stays_on_its_line() -> None:
    error = UsageError("is odd", where="/a\nb/\x07ü 火", remedy="rename it")
    assert error.line() == "/a\\nb/\\x07ü 火: is odd → rename it"


def test_the_advice_stands_below_a_problem_of_several_lines() -> None:
    error = UsageError("edited\n  note: less please", where="file", remedy="approve it")
    assert error.line() == "file: edited\n  note: less please\n→ approve it"
