"""Codes against the examples of the RFCs, and that a code works once."""

import base64
from urllib.parse import parse_qs, urlsplit

import pytest

from live.web.auth import totp

SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("step", "expected"),
    list(enumerate(["755224", "287082", "359152", "969429", "338314", "254676"])),
)
def test_examples_of_rfc_4226(step: int, expected: str) -> None:
    assert totp.code(SECRET, step) == expected


@pytest.mark.parametrize(
    ("unix", "expected"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_examples_of_rfc_6238(unix: int, expected: str) -> None:
    assert totp.step_of(SECRET, expected, unix, 0) == unix // 30


def test_a_code_of_a_neighbouring_step_is_taken_and_an_older_one_not() -> None:
    now = 1111111109
    for away, taken in ((-60, False), (-30, True), (0, True), (30, True), (60, False)):
        code = totp.code(SECRET, (now + away) // 30)
        assert (totp.step_of(SECRET, code, now, 0) is not None) is taken


def test_a_code_is_not_taken_again() -> None:
    step = totp.step_of(SECRET, "081804", 1111111109, 0)
    assert step is not None
    assert totp.step_of(SECRET, "081804", 1111111109, step) is None


@pytest.mark.parametrize("given", ["", "08180", "0818040", "abcdef", "é81804", "081805"])
def test_what_is_no_code_is_refused(given: str) -> None:
    assert totp.step_of(SECRET, given, 1111111109, 0) is None


def test_the_address_carries_the_secret() -> None:
    found = urlsplit(totp.address(SECRET, "paper money"))
    assert (found.scheme, found.netloc) == ("otpauth", "totp")
    assert parse_qs(found.query)["secret"] == [SECRET]


def test_recovery_codes_differ() -> None:
    assert len(set(totp.recovery_codes())) == totp.RECOVERY_CODES
