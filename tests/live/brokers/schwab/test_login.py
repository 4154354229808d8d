"""The one step a person must do: paste the address a browser ended at; a wrong one keeps no token."""

import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import BrokerError
from live.brokers.schwab import login as schwab_login
from live.brokers.schwab.token import LoginNeeded, TokenStore, load_credentials
from tests.fakes.schwab.harness import ENVIRON, FakeSchwab, LinkedClock

AT = datetime(2024, 3, 12, 19, 45, tzinfo=UTC)  # Tuesday


def log_in(fake: FakeSchwab, store: TokenStore, tmp_path: Path, answer: Callable[..., Any]) -> list[str]:
    shown: list[Any] = []
    credentials = load_credentials(ENVIRON, tmp_path)
    schwab_login.login(
        credentials,
        store,
        LinkedClock(fake),
        show=shown.append,
        ask=lambda _: answer(shown),
        base_url=fake.url,
    )
    return shown


def state_in(shown: list[str]) -> str:
    return "\n".join(shown).split("state=")[1].split()[0]


def test_login_by_pasting_the_address(tmp_path: Path) -> None:
    with FakeSchwab(AT) as fake:
        store = TokenStore(tmp_path / "t.json")
        log_in(
            fake,
            store,
            tmp_path,
            lambda s: f"https://127.0.0.1:8182/?code=FAKECODE1%40&state={state_in(s)}\n",
        )
        assert store.created_at() == AT
        assert stat.S_IMODE(store.path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "answer",
    [
        lambda s: f"https://127.0.0.1:8182/?code=TOOOLD&state={state_in(s)}",
        lambda _: "https://127.0.0.1:8182/?code=FAKECODE1&state=someoneelses",
        lambda _: "https://127.0.0.1:8182/",
        lambda _: "nonsense",
    ],
)
def test_a_wrong_address_keeps_no_token(tmp_path: Path, answer: Callable[..., Any]) -> None:
    with FakeSchwab(AT) as fake:
        store = TokenStore(tmp_path / "t.json")
        with pytest.raises(BrokerError):
            log_in(fake, store, tmp_path, answer)
        assert not store.path.exists()


def test_the_person_is_told_where_to_go_and_what_to_copy(tmp_path: Path) -> None:
    with FakeSchwab(AT) as fake:
        store = TokenStore(tmp_path / "t.json")
        shown = log_in(
            fake, store, tmp_path, lambda s: f"https://127.0.0.1:8182/?code=FAKECODE1&state={state_in(s)}"
        )
    text = "\n".join(shown)
    assert ENVIRON["SCHWAB_API_KEY"] in text  # it is in the address by design, the secret is not
    assert ENVIRON["SCHWAB_APP_SECRET"] not in text
    assert ENVIRON["SCHWAB_CALLBACK_URL"] in text
    assert "30 seconds" in text


def test_every_request_has_a_state_of_its_own(tmp_path: Path) -> None:
    credentials = load_credentials(ENVIRON, tmp_path)
    first, second = (schwab_login.authorization_request(credentials) for _ in range(2))
    assert first.state != second.state
    assert f"state={first.state}" in first.url
    assert "127.0.0.1%3A8182" in first.url


def test_a_refused_login_says_to_paste_in_time_and_keeps_the_token_there_was(tmp_path: Path) -> None:
    with FakeSchwab(AT) as fake:
        store = TokenStore(tmp_path / "t.json")
        fake.write_token(store.path)
        before = store.path.read_bytes()
        with pytest.raises(LoginNeeded, match="login was not accepted") as caught:
            log_in(
                fake, store, tmp_path, lambda s: f"https://127.0.0.1:8182/?code=TOOOLD&state={state_in(s)}"
            )
        assert store.path.read_bytes() == before
    assert caught.value.exit_code == 6
    assert "within 30 seconds" in str(caught.value.remedy)
    assert "TOOOLD" not in str(caught.value)


def test_a_broker_that_cannot_be_reached_is_no_matter_of_the_login(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeSchwab(AT) as fake:
        fake.server.shutdown()
        fake.server.server_close()
        store = TokenStore(tmp_path / "t.json")
        with pytest.raises(BrokerError, match="could not be completed") as caught:
            log_in(
                fake, store, tmp_path, lambda s: f"https://127.0.0.1:8182/?code=FAKECODE1&state={state_in(s)}"
            )
        monkeypatch.setattr(fake.server, "server_close", lambda: None)  # closed already
    assert not isinstance(caught.value, LoginNeeded)
    assert not store.path.exists()


def test_two_logins_at_once_are_one(tmp_path: Path) -> None:
    store = TokenStore(tmp_path / "t.json")
    with FakeSchwab(AT) as fake:
        other = TokenStore(store.path).own()
        try:
            with pytest.raises(BrokerError):
                log_in(
                    fake,
                    store,
                    tmp_path,
                    lambda s: f"https://127.0.0.1:8182/?code=FAKECODE1&state={state_in(s)}",
                )
        finally:
            other.release()
    assert not store.path.exists()
