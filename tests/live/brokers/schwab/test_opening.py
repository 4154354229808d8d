"""The login that the settings name is opened from where the settings say."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from live.brokers.schwab.opening import open_connection, token_path
from live.brokers.schwab.token import LoginNeeded
from live.settings.model import SchwabSettings
from tests.fakes.schwab.harness import ENVIRON, FakeSchwab, LinkedClock


def test_a_relative_token_file_starts_from_the_project(tmp_path: Path) -> None:
    own = SchwabSettings(token_file=Path("state/token.json"))
    assert token_path(own, tmp_path) == tmp_path / "state/token.json"
    assert token_path(own, None) == Path.cwd() / "state/token.json"
    elsewhere = SchwabSettings(token_file=tmp_path / "token.json")
    assert token_path(elsewhere, Path("/nowhere")) == tmp_path / "token.json"


def test_the_login_of_the_settings_is_opened(tmp_path: Path) -> None:
    with FakeSchwab(datetime(2024, 3, 12, 19, tzinfo=UTC)) as fake:
        own = SchwabSettings(token_file=Path("token.json"), base_url=fake.url)
        clock = LinkedClock(fake)
        with pytest.raises(LoginNeeded):
            open_connection(own, root=tmp_path, environ=ENVIRON, clock=clock)
        fake.write_token(tmp_path / "token.json")
        connection = open_connection(own, root=tmp_path, environ=ENVIRON, clock=clock)
        try:
            assert connection.read("quotes", lambda client: client.get_quotes(["QQQ"])) is not None
        finally:
            connection.close()
