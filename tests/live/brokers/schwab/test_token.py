"""The token file and the app's keys: private, whole, aged correctly; the login by pasting an address."""

import json
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import AuthenticationFailed, SettingsError
from live.brokers.schwab.token import LoginNeeded, TokenStore, load_credentials, next_run_after, token_status
from tests.fakes.schwab.harness import ENVIRON, FakeSchwab, LinkedClock

AT = datetime(2024, 3, 12, 19, 45, tzinfo=UTC)  # Tuesday
WRAPPED = {
    "creation_timestamp": 1710000000,
    "token": {"access_token": "abcdefgh", "refresh_token": "ijklmnop"},
}


def test_written_private_and_read_back_unchanged(tmp_path: Path) -> None:
    store = TokenStore(tmp_path / "state" / "t.json")
    store.write(WRAPPED, refresh_token="ijklmnop")
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    assert store.read() == WRAPPED
    assert store.created_at() == datetime(2024, 3, 9, 16, 0, tzinfo=UTC)


def test_a_readable_token_is_refused(tmp_path: Path) -> None:
    store = TokenStore(tmp_path / "t.json")
    store.write(WRAPPED)
    store.path.chmod(0o640)
    with pytest.raises(SettingsError, match="0640"):
        store.read()


@pytest.mark.parametrize("content", ["{}", '{"token": {}}', '{"creation_timestamp": 1, "token": []}'])
def test_an_unusable_token_needs_a_login(tmp_path: Path, content: str) -> None:
    path = tmp_path / "t.json"
    path.touch(mode=0o600)
    path.write_text(content)
    with pytest.raises(LoginNeeded) as caught:
        TokenStore(path).read()
    assert isinstance(caught.value, AuthenticationFailed)
    assert caught.value.exit_code == 6


GOOD: dict[str, Any] = {
    "creation_timestamp": 1_700_000_000,
    "token": {"access_token": "a", "refresh_token": "refresh-1"},
}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\0\0\0\0",
        json.dumps(GOOD)[:40],
        json.dumps(GOOD | {"token": {"access_token": "a"}}),
        json.dumps(GOOD | {"token": {"access_token": "a", "refresh_token": None}}),
        json.dumps(GOOD | {"token": {"access_token": "a", "refresh_token": ""}}),
        json.dumps(GOOD | {"creation_timestamp": True}),
        json.dumps(GOOD | {"creation_timestamp": 10**18}),
        json.dumps([GOOD]),
    ],
)
def test_a_damaged_token_file_needs_a_login_wherever_it_is_read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "schwab_token.json"
    path.touch(mode=0o600)
    path.write_text(text)
    for ask in (TokenStore(path).read, TokenStore(path).created_at):
        with pytest.raises(LoginNeeded, match="auth login") as caught:
            ask()
        assert caught.value.exit_code == 6


@pytest.mark.parametrize("mode", [0o700, 0o755])
def test_a_folder_in_place_of_the_token_file_needs_a_login(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "schwab_token.json"
    path.mkdir(mode=mode)
    with pytest.raises(LoginNeeded, match=r"a folder.*move it away.*auth login"):
        TokenStore(path).read()


@pytest.mark.timeout(10)
def test_a_pipe_in_place_of_the_token_file_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "schwab_token.json"
    os.mkfifo(path, 0o600)
    with pytest.raises(LoginNeeded, match="a pipe"):
        TokenStore(path).read()


def test_no_token_needs_a_login(tmp_path: Path) -> None:
    with pytest.raises(LoginNeeded, match="auth login"):
        TokenStore(tmp_path / "none.json").read()


def test_the_creation_time_survives_a_refresh(tmp_path: Path) -> None:
    from live.brokers.schwab.connection import SchwabConnection

    with FakeSchwab(AT) as fake:
        store = TokenStore(tmp_path / "t.json")
        fake.write_token(store.path)
        before = store.read()
        clock = LinkedClock(fake)
        connection = SchwabConnection.open(
            store, load_credentials(ENVIRON, tmp_path), clock, base_url=fake.url
        )
        clock.sleep(31 * 60)
        connection.read("x", lambda c: c.get_account_numbers())
        connection.close()
        after = store.read()
    assert after["creation_timestamp"] == before["creation_timestamp"]
    assert after["token"]["access_token"] != before["token"]["access_token"]
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600


# keys ----------------------------------------------------------------------------------------------------


def test_keys_from_the_environment(tmp_path: Path) -> None:
    found = load_credentials(ENVIRON, tmp_path)
    assert found.api_key == ENVIRON["SCHWAB_API_KEY"]
    assert ENVIRON["SCHWAB_APP_SECRET"] not in repr(found)


@pytest.mark.parametrize(("mode", "fine"), [(0o600, True), (0o400, True), (0o644, False), (0o660, False)])
def test_keys_from_a_private_file(tmp_path: Path, mode: int, fine: bool) -> None:
    path = tmp_path / "schwab_credentials.json"
    path.write_text(json.dumps({"api_key": "filekey1", "app_secret": "filesecret1"}))
    path.chmod(mode)
    if fine:
        assert load_credentials({}, tmp_path).api_key == "filekey1"
    else:
        with pytest.raises(SettingsError, match="readable by others"):
            load_credentials({}, tmp_path)


def test_keys_that_lie_in_a_folder_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "schwab_credentials.json").mkdir(mode=0o700)
    with pytest.raises(SettingsError, match="a folder"):
        load_credentials({}, tmp_path)


def test_missing_keys_say_where_to_put_them(tmp_path: Path) -> None:
    """The file that cron's runs read comes first, with the third name that a login needs."""
    with pytest.raises(SettingsError, match="SCHWAB_API_KEY") as caught:
        load_credentials({}, tmp_path)
    assert caught.value.remedy.startswith("put both, and SCHWAB_CALLBACK_URL, into state/secrets.env")


# age -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "level", "left"),
    [
        # created `days` before Tuesday 15:45; sessions whose close comes before the expiry
        (0, "ok", 5),  # Tue … Mon 16:00 (expires next Tuesday 15:45)
        (4.9, "ok", 3),  # expires Thu 18:09: Tue, Wed, Thu
        (5, "warning", 2),  # expires Thu 15:45: Tue, Wed
        (5.9, "warning", 2),  # expires Wed 18:09: Wed 16:00 is covered
        (6, "critical", 1),  # expires Wed 15:45, before Wed's close
        (6.9, "critical", 1),
        (7, "dead", 0),
        (30, "dead", 0),
    ],
)
def test_levels_by_age(days: float, level: str, left: int) -> None:
    state = token_status(AT - timedelta(days=days), AT)
    assert (state.level, state.sessions_left) == (level, left)


def test_friday_looks_at_monday() -> None:
    friday = datetime(2024, 3, 15, 19, 50, tzinfo=UTC)
    monday = datetime(2024, 3, 18, 20, 0, tzinfo=UTC)
    assert next_run_after(friday) == monday
    assert token_status(monday - timedelta(days=7) + timedelta(minutes=14), friday).level == "critical"
    assert token_status(monday - timedelta(days=7) + timedelta(minutes=15), friday).covers_next_run


def test_in_the_morning_the_next_run_is_today() -> None:
    assert next_run_after(datetime(2024, 3, 12, 13, tzinfo=UTC)) == datetime(2024, 3, 12, 20, tzinfo=UTC)
