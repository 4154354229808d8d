"""`jutsu doctor`: the exit code a cron line reads, the rows a person reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from live.operations import checks
from tests.support.user_world import User, new_user


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> User:
    monkeypatch.setattr(checks, "crontab", lambda: "live.signal_generator\nlive.executor\n")
    made = new_user(tmp_path / "jutsu")
    assert made.jutsu("reconcile", "--adopt").code == 0  # the account exists
    return made


def test_a_healthy_machine_is_exit_code_0(user: User) -> None:
    ran = user.jutsu("doctor")
    assert ran.code == 0, ran.text
    assert ran.out.rstrip().endswith("healthy")
    view = json.loads(user.jutsu("doctor", "--json").out)
    assert view["healthy"] is True
    assert {"settings", "strategies", "data", "account"} <= {check["name"] for check in view["checks"]}


def test_something_failed_is_exit_code_1_with_its_remedy(user: User) -> None:
    (user.root / "config" / "manifest.json").write_text("{}")
    ran = user.jutsu("doctor")
    assert ran.code == 1
    assert "check(s) failed" in ran.out
    view = json.loads(user.jutsu("doctor", "--json").out)
    assert [check["name"] for check in view["checks"] if check["verdict"] == "failed"] == ["manifest"]


def test_what_cannot_even_start_is_a_failed_check_not_a_crash(user: User) -> None:
    user.config.write_text("mode: nonsense\n")
    ran = user.jutsu("doctor", "--json")
    assert ran.code == 1
    (check,) = json.loads(ran.out)["checks"]
    assert (check["name"], check["verdict"]) == ("start", "failed")
    assert "mode" in check["detail"]


def test_looking_leaves_no_alert_and_asking_for_one_does(user: User) -> None:
    (user.root / "config" / "manifest.json").write_text("{}")
    before = user.rows("alerts", "title")
    user.jutsu("doctor")
    assert user.rows("alerts", "title") == before
    assert user.jutsu("doctor", "--alert").code == 1
    new = user.rows("alerts", "title || ' ' || body")[len(before) :]
    assert any("manifest" in text for (text,) in new)
