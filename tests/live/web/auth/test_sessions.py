"""The rules of coming in."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from live.system.clock import SimulatedClock
from live.web.auth import totp
from live.web.auth.sessions import (
    DEVICE_SECONDS,
    ELEVATED_SECONDS,
    LINK_SECONDS,
    SESSION_SECONDS,
    Logins,
)
from live.web.auth.store import Store, digest
from live.web.problems import ProblemError

PASSWORD = "correct horse battery"
HERE = "127.0.0.1"


class House:
    """Logins with a clock that tests move."""

    def __init__(self, folder: Path) -> None:
        self.clock = SimulatedClock(datetime(2026, 1, 5, 12, tzinfo=UTC))
        self.store = Store(folder / "web.db")
        self.logins = Logins(self.store, self.clock)

    def later(self, seconds: float) -> None:
        self.clock.set(self.clock.now() + timedelta(seconds=seconds))

    def code(self) -> str:
        kept = self.store.fact("totp")
        return totp.code(kept["secret"], int(self.clock.now().timestamp()) // 30)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def status_of(caught: pytest.ExceptionInfo[ProblemError]) -> int:
    return caught.value.status


def test_a_link_opens_once(house: House) -> None:
    link = house.logins.new_link()
    opened = house.logins.by_link(link, HERE)
    assert house.logins.visitor(opened.secret) == opened.visitor
    with pytest.raises(ProblemError) as caught:
        house.logins.by_link(link, HERE)
    assert status_of(caught) == 401


def test_a_link_is_over_after_ten_minutes(house: House) -> None:
    link = house.logins.new_link()
    house.later(LINK_SECONDS)
    with pytest.raises(ProblemError):
        house.logins.by_link(link, HERE)


def test_nothing_secret_is_in_the_file(house: House, tmp_path: Path) -> None:
    house.logins.set_password(PASSWORD)
    link = house.logins.new_link()
    opened = house.logins.by_link(house.logins.new_link(), HERE, remember=True)
    key = house.logins.new_key("robot", ["read"], 60)
    codes = house.logins.set_totp(totp.new_secret())
    house.store.close()
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert opened.device is not None
    for secret in (PASSWORD, link, opened.secret, opened.device, key.split("_", 2)[2], *codes):
        assert secret.encode() not in content


def test_a_session_ends_after_twelve_hours(house: House) -> None:
    opened = house.logins.by_link(house.logins.new_link(), HERE)
    house.later(SESSION_SECONDS - 1)
    assert house.logins.visitor(opened.secret) is not None
    house.later(1)
    assert house.logins.visitor(opened.secret) is None


def test_a_session_that_was_ended_is_over(house: House) -> None:
    opened = house.logins.by_link(house.logins.new_link(), HERE)
    house.logins.end(opened.visitor)
    assert house.logins.visitor(opened.secret) is None
    assert house.logins.sessions() == []


def test_a_password_alone_is_not_enough_where_a_code_was_set(house: House) -> None:
    house.logins.set_password(PASSWORD)
    house.logins.set_totp(totp.new_secret())
    with pytest.raises(ProblemError):
        house.logins.by_password(PASSWORD, "", HERE)
    code = house.code()
    assert house.logins.by_password(PASSWORD, code, HERE).visitor.name == "owner"
    with pytest.raises(ProblemError):
        house.logins.by_password(PASSWORD, code, HERE)  # a code works once


def test_a_code_for_a_lost_device_works_once(house: House) -> None:
    house.logins.set_password(PASSWORD)
    first, *_ = house.logins.set_totp(totp.new_secret())
    house.logins.by_password(PASSWORD, first, HERE)
    with pytest.raises(ProblemError):
        house.logins.by_password(PASSWORD, first, HERE)


def test_a_new_password_ends_sessions_and_devices(house: House) -> None:
    opened = house.logins.by_link(house.logins.new_link(), HERE, remember=True)
    house.logins.set_password(PASSWORD)
    assert house.logins.visitor(opened.secret) is None
    with pytest.raises(ProblemError):
        house.logins.by_device(opened.device or "", HERE)


def test_a_remembered_device_may_read_and_approve(house: House) -> None:
    opened = house.logins.by_link(house.logins.new_link(), HERE, remember=True)
    assert opened.device is not None
    again = house.logins.by_device(opened.device, HERE)
    assert again.visitor.scopes == {"read", "approve"}
    house.later(DEVICE_SECONDS)
    with pytest.raises(ProblemError):
        house.logins.by_device(opened.device, HERE)


def test_a_forgotten_device_has_no_session_left_and_the_others_come_back(house: House) -> None:
    owner = house.logins.by_link(house.logins.new_link(), HERE)
    lost, kept = (house.logins.remember(owner.visitor) for _ in range(2))
    gone = house.logins.by_device(lost, HERE)
    proven = house.logins.elevate(house.logins.by_device(lost, HERE).visitor, "", "", HERE)
    assert house.logins.forget(digest(lost)[:12])
    assert house.logins.visitor(gone.secret) is None
    assert house.logins.visitor(proven.secret) is None
    assert house.logins.visitor(owner.secret) is not None
    assert house.logins.by_device(kept, HERE).visitor.scopes == {"read", "approve"}


def test_five_failures_make_an_address_wait_longer_and_longer(house: House) -> None:
    waits = []
    for _ in range(4):
        with pytest.raises(ProblemError) as caught:
            house.logins.by_link("wrong", HERE)
        assert status_of(caught) == 401
    for _ in range(4):
        with pytest.raises(ProblemError) as caught:
            house.logins.by_link("wrong", HERE)
        assert status_of(caught) == 401
        with pytest.raises(ProblemError) as caught:
            house.logins.by_link(house.logins.new_link(), HERE)
        assert status_of(caught) == 429
        waits.append(int(caught.value.headers["Retry-After"]))
        house.later(waits[-1])
    assert waits == sorted(set(waits))
    house.logins.by_link(house.logins.new_link(), "10.0.0.2")  # another address is not kept waiting


def test_twenty_failures_from_anywhere_make_everybody_wait(house: House) -> None:
    for number in range(20):
        with pytest.raises(ProblemError):
            house.logins.by_link("wrong", f"10.0.0.{number}")
    with pytest.raises(ProblemError) as caught:
        house.logins.by_link(house.logins.new_link(), "10.0.1.1")
    assert status_of(caught) == 429


def test_proving_oneself_again_gives_a_new_id_for_five_minutes(house: House) -> None:
    house.logins.set_password(PASSWORD)
    opened = house.logins.by_password(PASSWORD, "", HERE)
    again = house.logins.elevate(opened.visitor, PASSWORD, "", HERE)
    assert house.logins.visitor(opened.secret) is None
    assert again.visitor.elevated_until == house.clock.now().timestamp() + ELEVATED_SECONDS
    with pytest.raises(ProblemError):
        house.logins.elevate(again.visitor, "wrong wrong wrong", "", HERE)


def test_a_key_has_its_scopes_until_it_ends_or_is_revoked(house: House) -> None:
    key = house.logins.new_key("robot", ["read", "jobs"], 60)
    found = house.logins.by_key(key)
    assert found is not None
    assert (found.name, found.scopes, found.kind) == ("key robot", {"read", "jobs"}, "key")
    assert house.logins.by_key(key[:-1] + ("a" if key[-1] != "a" else "b")) is None
    other = house.logins.new_key("other", ["read"], 10**9)
    house.later(60)
    assert house.logins.by_key(key) is None
    assert house.logins.by_key(other) is not None
    (ident,) = [row["id"] for row in list(house.logins.keys()) if row["name"] == "other"]
    assert house.logins.revoke(ident)
    assert not house.logins.revoke(ident)
    assert house.logins.by_key(other) is None


@pytest.mark.parametrize("text", ["", "jk", "jk_", "jk_a_", "xx_a_b", "jk_a_b_c"])
def test_what_is_no_key(house: House, text: str) -> None:
    assert house.logins.by_key(text) is None


def test_a_needed_code_is_refused_without_a_second_factor(house: House) -> None:
    with pytest.raises(ProblemError) as caught:
        house.logins.require_code("123456")
    assert status_of(caught) == 403
