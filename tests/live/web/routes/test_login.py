"""Coming in over the wire: links, passwords, devices, keys, tokens."""

from pathlib import Path

import httpx

from live.web.auth import totp
from tests.support.user_world import FIRST, User
from tests.support.web_world import Site, inside, served

PASSWORD = "correct horse battery"


def test_a_link_logs_in_once(site: Site) -> None:
    link = site.logins.new_link()
    first, second = site.browser(logged_in=False), site.browser(logged_in=False)
    assert first.log_in(link=link).status_code == 200
    assert second.log_in(link=link).status_code == 401
    assert first.get("/auth/session").json()["name"] == "local"
    assert second.get("/auth/session").status_code == 401


def test_a_foreign_page_cannot_log_anybody_in(site: Site) -> None:
    browser = site.browser(logged_in=False)
    browser.origin = "http://evil.example"
    assert browser.log_in(link=site.logins.new_link()).status_code == 403


def test_logging_out_ends_the_session(site: Site) -> None:
    browser = site.browser()
    assert browser.post("/auth/logout").status_code == 200
    assert browser.get("/status").status_code == 401


def test_wrong_inputs_get_one_answer(site: Site) -> None:
    site.logins.set_password(PASSWORD)
    browser = site.browser(logged_in=False)
    answers = {browser.log_in(**body).json()["detail"] for body in ({"link": "x"}, {"password": "x"}, {})}
    assert len(answers) == 1


def test_a_remembered_device_comes_back_to_approve_only(site: Site) -> None:
    browser = site.browser(logged_in=False)
    browser.log_in(link=site.logins.new_link(), remember=True)
    browser.post("/auth/logout")
    assert browser.log_in().status_code == 200
    assert browser.get("/auth/session").json()["scopes"] == ["approve", "read"]
    assert browser.post("/control/kill").status_code == 403
    assert browser.post("/auth/devices").status_code == 403  # it would never end


def test_proving_oneself_again_changes_the_session(site: Site) -> None:
    site.logins.set_password(PASSWORD)
    browser = site.browser()
    before = browser.client.cookies["jutsu"]
    assert browser.post("/auth/elevate", {"password": "wrong wrong wr"}).status_code == 401
    assert browser.post("/auth/elevate", {"password": PASSWORD}).json()["elevated"] is True
    assert browser.client.cookies["jutsu"] != before


def test_beyond_this_machine_an_approval_needs_a_code(waiting: User, tmp_path: Path) -> None:
    with served(waiting.copy(tmp_path / "jutsu"), inside(), beyond=True) as site:
        site.logins.set_password(PASSWORD)
        secret = totp.new_secret()
        site.logins.set_totp(secret)
        now = int(site.clock.now().timestamp())
        browser = site.browser(logged_in=False)
        assert browser.log_in(link=site.logins.new_link()).status_code == 401
        code = totp.code(secret, now // 30)
        assert browser.log_in(password=PASSWORD, code=code).status_code == 200
        path = f"/signals/{FIRST}/golden"
        answer = {"sha256": browser.data(path)["sha256"], "code": code}
        assert browser.post(f"{path}/approve", answer).status_code == 403  # a code works once
        answer["code"] = totp.code(secret, now // 30 + 1)
        assert browser.post(f"{path}/approve", answer).status_code == 200


def test_a_program_changes_its_key_for_a_token(site: Site) -> None:
    program = site.program("read")
    token = program.post("/api/v1/auth/token").json()["token"]
    with httpx.Client(base_url=site.url, headers={"authorization": f"Bearer {token}"}, verify=False) as other:
        assert other.get("/api/v1/status").status_code == 200
        assert other.post("/api/v1/auth/token").status_code == 403
        assert other.post("/api/v1/control/kill", json={}).status_code == 403


def test_a_person_makes_and_revokes_keys(site: Site) -> None:
    browser = site.browser()
    unproven = browser.post("/auth/keys", {"name": "robot", "scopes": ["read"]})
    assert (unproven.status_code, unproven.json()["type"]) == (403, "about:jutsu#elevate")
    browser.csrf = browser.post("/auth/elevate", {}).json()["csrf"]
    made = browser.post("/auth/keys", {"name": "robot", "scopes": ["read"]})
    assert made.status_code == 201
    headers = {"authorization": f"Bearer {made.json()['key']}"}
    with httpx.Client(base_url=site.url, headers=headers, verify=False) as robot:
        assert robot.get("/api/v1/status").status_code == 200
        (row,) = browser.get("/auth/keys").json()["keys"]
        assert "key" not in row
        assert browser.send("DELETE", f"/auth/keys/{row['id']}").status_code == 200
        assert robot.get("/api/v1/status").status_code == 401
    assert browser.send("DELETE", "/auth/keys/none").status_code == 404


def test_a_key_makes_no_keys(site: Site) -> None:
    found = site.program("control").post("/api/v1/auth/keys", json={"name": "x", "scopes": ["read"]})
    assert found.status_code == 403


def test_a_device_is_remembered_listed_and_forgotten(site: Site) -> None:
    browser = site.browser()
    assert browser.post("/auth/devices").status_code == 200
    (device,) = browser.get("/auth/keys").json()["devices"]
    assert device["name"] == "local"
    assert browser.send("DELETE", f"/auth/devices/{device['id']}").status_code == 200
    assert browser.send("DELETE", f"/auth/devices/{device['id']}").status_code == 404
    browser.post("/auth/logout")
    assert browser.log_in().status_code == 401
