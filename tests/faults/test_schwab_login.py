"""The login as people meet it: a damaged token file, and a question that waits while cron trades."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from live.brokers.schwab.token import TokenStore
from tests.support.http_stage import Stage, entries, stage


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Stage]:
    with stage(tmp_path / "desk", monkeypatch, capsys) as made:
        yield made


def token_path(run: Stage) -> Path:
    return run.project.folder / "state" / "schwab_token.json"


def half(path: Path, content: bytes) -> None:
    path.write_bytes(content[: len(content) // 2])


def empty(path: Path, content: bytes) -> None:
    path.write_bytes(content[:0])


def without_refresh(path: Path, content: bytes) -> None:
    token: dict[str, Any] = json.loads(content)
    del token["token"]["refresh_token"]
    path.write_text(json.dumps(token))


def missing(path: Path, _: bytes) -> None:
    path.unlink()


def folder(path: Path, _: bytes) -> None:
    path.unlink()
    path.mkdir()


def pipe(path: Path, _: bytes) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("damage", [half, empty, without_refresh, missing, folder, pipe])
def test_a_damaged_token_is_never_ok_and_says_how_to_log_in(
    run: Stage, damage: Callable[[Path, bytes], None]
) -> None:
    path = token_path(run)
    damage(path, path.read_bytes())
    assert run.execute() == 6, run.text
    assert "jutsu auth login" in run.text
    assert run.sent() == 0
    assert run.jutsu("auth", "status") == 6
    assert "jutsu auth login" in run.text
    assert "sessions left" not in run.text
    assert run.jutsu("doctor", "--json") == 1
    assert "jutsu auth login" in run.text
    assert run.jutsu("status") == 0
    assert "PROBLEM" in run.text
    assert "all is well" not in run.text


@pytest.mark.parametrize("words", [["panic"], ["panic", "--everything"]])
def test_the_token_is_free_while_a_person_is_asked(
    run: Stage, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    """Cron's executor would stop with "another process is using the Schwab token" at 15:55."""
    run.project.write(entries())
    assert run.execute() == 0, run.text
    asked: list[str] = []

    def prompt(question: str, **_: Any) -> str:
        asked.append(question)
        TokenStore(token_path(run)).own(timeout=0.1).release()
        run.fake.call("tokens", {"revoke": "access"})  # the other one refreshed, ours is void now
        return "PANIC"

    monkeypatch.setattr(typer, "prompt", prompt)
    assert run.jutsu(*words) == 0, run.text
    assert len(asked) == 1
    assert run.fake.state()["positions"] == {}


@pytest.mark.parametrize(
    "words", [["status"], ["trades"], ["runs"], ["schedule", "next"], ["review"], ["explain", "AAA"]]
)
def test_who_does_not_ask_the_broker_needs_no_token(run: Stage, words: list[str]) -> None:
    """The executor holds it while it polls; a person looks meanwhile."""
    run.project.write(entries())
    assert run.execute() == 0, run.text
    held = TokenStore(token_path(run)).own()
    try:
        run.jutsu(*words)
    finally:
        held.release()
    assert "another process" not in run.text
