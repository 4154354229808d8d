"""The connection to Schwab: errors that a login causes."""

from typing import Any

import pytest

from live.brokers.schwab.connection import SchwabConnection
from live.brokers.schwab.token import LoginNeeded


def test_a_login_that_dies_inside_a_request_is_no_bug() -> None:
    from authlib.integrations.base_client import OAuthError

    def call(_client: Any) -> None:
        raise OAuthError("invalid_grant")

    connection = object.__new__(SchwabConnection)
    connection.client = None
    with pytest.raises(LoginNeeded, match="invalid_grant"):
        connection._call(call)
