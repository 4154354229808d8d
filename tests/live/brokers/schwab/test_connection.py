"""The connection to Schwab: errors that a login causes."""

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import BrokerError
from live.brokers.schwab.connection import SchwabConnection
from live.brokers.schwab.token import LoginNeeded, load_credentials
from tests.fakes.schwab.harness import ENVIRON
from tests.fakes.schwab.rig import Rig, rig


def test_a_login_that_dies_inside_a_request_is_no_bug() -> None:
    from authlib.integrations.base_client import OAuthError

    def call(_client: Any) -> None:
        raise OAuthError("invalid_grant")

    connection = object.__new__(SchwabConnection)
    connection._held = (None, None)  # type: ignore[assignment] # what is called needs neither
    with pytest.raises(LoginNeeded, match="invalid_grant"):
        connection._call(call)


def other(at: Rig) -> SchwabConnection:
    """What another process opens."""
    keys = load_credentials(ENVIRON, at.token.path.parent)
    return SchwabConnection.open(at.token, keys, at.clock, base_url=at.fake.url)


def test_who_asks_nothing_does_not_hold_the_token(tmp_path: Path) -> None:
    with rig(tmp_path, datetime(2024, 3, 12, 19, 45, tzinfo=UTC)) as first:
        waits = other(first)
        assert first.broker.account().cash is not None
        waits.close()  # which gives back nothing of the other's
        with pytest.raises(BrokerError, match="another process"):
            first.token.own(timeout=0.1)


def test_a_token_given_back_meanwhile_is_read_anew(tmp_path: Path) -> None:
    with rig(tmp_path, datetime(2024, 3, 12, 19, 45, tzinfo=UTC)) as first:
        assert first.broker.account().cash is not None
        first.connection.release()
        second = other(first)
        first.fake.call("tokens", {"revoke": "access"})
        assert len(second.read("account numbers", lambda client: client.get_account_numbers())) == 2
        second.close()
        before = len(first.fake.sent("POST", "token"))
        assert first.broker.account().cash is not None
        assert len(first.fake.sent("POST", "token")) == before  # with what the second one refreshed


def test_who_waits_for_the_token_works_with_the_one_that_was_refreshed_meanwhile(tmp_path: Path) -> None:
    """A refresh ends older tokens: two users of one file would lock each other out."""
    with rig(tmp_path, datetime(2024, 3, 12, 19, 45, tzinfo=UTC)) as first:
        created = first.token.created_at()
        assert first.broker.account().cash is not None  # the token is ours from here on
        connection = other(first)
        found: list[Any] = []

        def second() -> None:
            found.extend(connection.read("account numbers", lambda client: client.get_account_numbers()))

        waiting = threading.Thread(target=second)
        waiting.start()
        first.fake.call("tokens", {"revoke": "access"})
        assert first.broker.account().cash is not None  # refreshed, and kept in the file
        assert found == []
        before = len(first.fake.sent("POST", "token"))
        first.connection.close()
        waiting.join(timeout=10)
        connection.close()
        assert len(found) == 2
        assert len(first.fake.sent("POST", "token")) == before
        assert first.token.created_at() == created
