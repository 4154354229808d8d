"""`jutsu auth status`: what a person and a cron line see."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import AuthenticationFailed
from live.brokers.schwab.token import TokenStore
from live.cli import auth
from tests.fakes.schwab.harness import ENVIRON, FakeSchwab


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, TokenStore]:
    config = tmp_path / "live.yaml"
    config.write_text(f"broker:\n  name: schwab\n  schwab:\n    token_file: {tmp_path}/t.json\n")
    monkeypatch.chdir(tmp_path)
    return config, TokenStore(tmp_path / "t.json")


def wrapped(age_days: float) -> dict[str, Any]:
    token = {"access_token": "x" * 12, "refresh_token": "y" * 12, "expires_at": int(time.time()) + 1800}
    return {"creation_timestamp": int(time.time() - age_days * 86400), "token": token}


def test_json_of_a_fresh_login(token: tuple[Path, TokenStore], capsys: pytest.CaptureFixture[str]) -> None:
    config, store = token
    store.write(wrapped(0.5))
    auth.status(as_json=True, check=False, config=config)
    found = json.loads(capsys.readouterr().out)
    assert (found["level"], found["age_days"], found["broker"]) == ("ok", 0.5, "schwab")
    assert found["sessions_left"] >= 4


def test_screen_of_an_old_login_says_what_to_do(
    token: tuple[Path, TokenStore], capsys: pytest.CaptureFixture[str]
) -> None:
    config, store = token
    store.write(wrapped(5.2))
    auth.status(as_json=False, check=False, config=config)
    shown = capsys.readouterr().out
    assert "jutsu auth login" in shown
    assert "5.2 of 7 days" in shown


def test_a_broker_without_a_login_needs_none(
    token: tuple[Path, TokenStore], capsys: pytest.CaptureFixture[str]
) -> None:
    config, _ = token
    config.write_text(config.read_text().replace("name: schwab", "name: paper"))
    auth.status(as_json=False, check=True, config=config)
    assert "the broker paper needs no login" in capsys.readouterr().out
    auth.status(as_json=True, check=False, config=config)
    assert json.loads(capsys.readouterr().out) == {"broker": "paper", "level": "none"}


def test_a_dead_login_is_exit_code_six(
    token: tuple[Path, TokenStore], capsys: pytest.CaptureFixture[str]
) -> None:
    config, store = token
    store.write(wrapped(7.1))
    with pytest.raises(AuthenticationFailed) as caught:
        auth.status(as_json=True, check=False, config=config)
    assert caught.value.exit_code == 6
    assert json.loads(capsys.readouterr().out)["level"] == "dead"


def test_check_asks_the_broker_and_shows_masked_accounts(
    token: tuple[Path, TokenStore], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from live.system.clock import SystemClock

    config, store = token
    with FakeSchwab(SystemClock().now(), ticking=True) as fake:
        fake.write_token(store.path)
        text = config.read_text() + f"    base_url: {fake.url}\n"
        config.write_text(text)
        for name, value in ENVIRON.items():
            monkeypatch.setenv(name, value)
        auth.status(as_json=True, check=True, config=config)
    assert json.loads(capsys.readouterr().out)["accounts"] == ["***2222", "***4321"]
