"""Secrets are masked wherever they turn up."""

import logging

import pytest

from live.system.redaction import RedactionFilter, redact, register_account, register_secret


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("Authorization: Bearer I0.abcDEF123456_-/+=@", "abcDEF"),
        ("Authorization: Basic a2V5OnNlY3JldA==", "a2V5"),
        ('{"access_token": "abc.def", "x": 1}', "abc.def"),
        ("{'refresh_token': 'abc.def'}", "abc.def"),
        ("refresh_token=abcdef&grant_type=x", "abcdef"),
        ("https://127.0.0.1:8182/?code=C0.abc%40&session=1", "C0.abc"),
        ('{"accountNumber": "87654321"}', "8765"),
        ('{"accountNumber": 87654321}', "8765"),
        ("GET /trader/v1/accounts/0A1B2C3D4E5F/orders", "0A1B2C3D4E5F"),
        ("mailtos://user:geheim@example.com", "geheim"),
        ("tgram://123456:AAAbbb@chat", "AAAbbb"),
        ("APCA-API-SECRET-KEY: topsecret", "topsecret"),
    ],
)
def test_recognisable_secrets(text: str, secret: str) -> None:
    assert secret not in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "bought 58 AAPL at 172.41",
        "/trader/v1/accounts/accountNumbers",
        "order 1000000001 FILLED",
        "wrote signals/trade_signals_2024-03-12_golden.json",
        "basic settings",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert redact(text) == text


def test_registered_values() -> None:
    register_secret("hushhush42")
    assert redact("it is hushhush42!") == "it is ***!"
    assert register_account("99887766") == "***7766"
    assert redact("account 99887766") == "account ***7766"


def test_short_values_are_not_registered() -> None:
    register_secret("a")
    register_secret(None)
    assert redact("banana") == "banana"


def test_the_filter_masks_arguments_and_tracebacks(caplog: pytest.LogCaptureFixture) -> None:
    register_secret("hushhush42")
    caplog.handler.addFilter(RedactionFilter())
    log = logging.getLogger("test.redaction")
    try:
        int("hushhush42")
    except ValueError:
        log.exception("failed with %s", "hushhush42")
    log.warning("plain %d", 3)
    assert "hushhush42" not in caplog.text
    assert "ValueError" in caplog.text
    assert "plain 3" in caplog.text
