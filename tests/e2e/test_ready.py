"""`jutsu ready` on sessions that went through both stages, and `jutsu online`, which shows it."""

import io
import json

import pytest

from tests.support.user_world import FIRST, SECOND, THIRD, User

DISTANCE = "distance to the backtest"


def criteria(user: User) -> dict[str, dict[str, object]]:
    ran = user.jutsu("ready", "--json")
    (book,) = json.loads(ran.out)["books"]
    assert ran.code == 1
    return {one["name"]: one for one in book["criteria"]}


def test_before_the_first_run_nothing_is_met(user: User) -> None:
    user.generate(FIRST)
    assert {one["met"] for one in criteria(user).values()} == {False}


def test_sessions_are_counted_and_the_book_is_the_backtest(user: User) -> None:
    for day in (FIRST, SECOND, THIRD):
        user.trade(day)
        validated = user.jutsu("validate", "--date", day, "--prices", str(user.prices))
        assert validated.code == 0, validated.text
    found = criteria(user)
    assert found["sessions without failure"]["value"] == 3
    assert found["logic match"] == {**found["logic match"], "met": True, "value": 100.0, "sessions": 3}
    assert found[DISTANCE] == {**found[DISTANCE], "met": True, "value": 0.0, "sessions": 3}
    assert "NOT MET" in user.jutsu("ready").out


@pytest.mark.parametrize(("typed", "code"), [("trade real money", 0), ("yes", 2)])
def test_online_shows_what_is_not_met_and_keeps_what_was_overridden(
    user: User, monkeypatch: pytest.MonkeyPatch, typed: str, code: int
) -> None:
    user.generate(FIRST)
    user.set(
        broker={"name": "alpaca", "alpaca": {"paper": False, "account_last4": "1234"}},
        data={"source": "alpaca"},
    )
    monkeypatch.setenv("APCA_API_KEY_ID", "key")
    monkeypatch.setenv("APCA_API_SECRET_KEY", "secret")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{typed}\n"))
    ran = user.jutsu("online")
    assert ran.code == code, ran.text
    assert "NOT MET" in ran.out
    assert "ALTHOUGH it is not ready" in ran.out
    kept = [json.loads(value) for (value,) in user.rows("system_state", "value") if "missing" in value]
    assert [len(one["missing"]) for one in kept] == ([5] if code == 0 else [])
