"""The connection to Schwab: errors that a login causes."""

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from live.brokers.schwab.connection import SchwabConnection
from live.brokers.schwab.token import LoginNeeded, load_credentials
from tests.fakes.schwab.harness import ENVIRON
from tests.fakes.schwab.rig import rig


def test_a_login_that_dies_inside_a_request_is_no_bug() -> None:
    from authlib.integrations.base_client import OAuthError

    def call(_client: Any) -> None:
        raise OAuthError("invalid_grant")

    connection = object.__new__(SchwabConnection)
    connection.client = None
    with pytest.raises(LoginNeeded, match="invalid_grant"):
        connection._call(call)


def test_who_waits_for_the_token_works_with_the_one_that_was_refreshed_meanwhile(tmp_path: Path) -> None:
    """A refresh ends older tokens: two users of one file would lock each other out."""
    with rig(tmp_path, datetime(2024, 3, 12, 19, 45, tzinfo=UTC)) as first:
        created = first.token.created_at()
        opened: list[SchwabConnection] = []

        def second() -> None:
            opened.append(
                SchwabConnection.open(
                    first.token, load_credentials(ENVIRON, tmp_path), first.clock, base_url=first.fake.url
                )
            )

        waiting = threading.Thread(target=second)
        waiting.start()
        first.fake.call("tokens", {"revoke": "access"})
        assert first.broker.account().cash is not None  # refreshed, and kept in the file
        assert opened == []
        first.connection.close()
        waiting.join(timeout=10)
        (connection,) = opened
        before = len(first.fake.sent("POST", "token"))
        try:
            rows = connection.read("account numbers", lambda client: client.get_account_numbers())
        finally:
            connection.close()
        assert len(rows) == 2
        assert len(first.fake.sent("POST", "token")) == before
        assert first.token.created_at() == created
