"""Several accounts: each route is about the one that is named, and one never stands in another's way."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import UsageError
from live.settings.accounts import AccountNeeded
from live.views.settings import SettingsSource
from live.web.accounts import Accounts, logins_folder
from live.web.app import described_app
from live.web.document import describe
from live.web.push import Push
from live.web.world import World
from tests.live.web.test_document import READS
from tests.live.web.test_guard import address
from tests.live.web.test_push import opened
from tests.support.user_world import FIRST, User, new_user
from tests.support.web_world import Site, inside, served

#: about the installation, not about an account
OF_ALL = {"/api/v1/health", "/api/v1/health/ready", "/api/v1/metrics"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> User:
    """Two paper accounts whose first files wait for an answer."""
    user = new_user(tmp_path_factory.mktemp("accounts") / "two")
    book = {"primary": "golden", "shadows": []}
    user.set(
        books=[book],
        approval={"policy": "required"},
        accounts={"taxable": {"paper": {"initial_cash": 50_000}}, "ira": {}},
    )
    assert user.generate(FIRST).code == 0
    return user


@pytest.fixture(scope="module")
def looked_at(project: User, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Both accounts, served, changed by no test."""
    with served(project.copy(tmp_path_factory.mktemp("both") / "two"), inside()) as site:
        site.shared = True
        yield site


@pytest.fixture
def both(project: User, tmp_path: Path) -> Iterator[Site]:
    """Both accounts, served, for one test."""
    with served(project.copy(tmp_path / "two"), inside()) as site:
        yield site


def accounts_of(user: User, account: str | None = None) -> Accounts:
    return Accounts(World(SettingsSource(user.config, None, {}, account), inside()), Push())


def level(site: Site, account: str) -> str:
    return str(site.browser().data(f"/status?account={account}")["kill_switch"]["level"])


def test_every_guarded_route_takes_an_account() -> None:
    for path, operations in describe(described_app())["paths"].items():
        for method, operation in operations.items():
            names = {one["name"] for one in operation.get("parameters", [])}
            assert ("account" in names) == ("x-scope" in operation), (method, path)


@pytest.mark.parametrize("path", [path for path in READS if path not in OF_ALL])
def test_a_question_names_its_account(looked_at: Site, path: str) -> None:
    client, given = looked_at.browser().client, {"variant": "golden"} if path.endswith("rolling") else {}
    unnamed = client.get(address(path), params=given)
    assert (unnamed.status_code, unnamed.json()["type"]) == (422, "about:jutsu#account-needed"), unnamed.text
    assert unnamed.json()["accounts"] == ["ira", "taxable"]
    named = client.get(address(path), params={"account": "ira"} | given)
    assert named.status_code in {200, 404}, named.text
    unknown = client.get(address(path), params={"account": "wife"} | given)
    assert (unknown.status_code, unknown.json()["remedy"]) == (422, "known: ira, taxable")


def test_the_session_says_which_there_are(looked_at: Site, shown: Site) -> None:
    assert looked_at.browser().get("/auth/session").json()["accounts"] == ["ira", "taxable"]
    assert shown.browser().get("/auth/session").json()["accounts"] == []


def test_each_answer_is_of_its_account(looked_at: Site) -> None:
    browser = looked_at.browser()
    found = {name: browser.get("/portfolio", params={"account": name}) for name in ("taxable", "ira")}
    assert {name: one.json()["account"] for name, one in found.items()} == {
        "taxable": "taxable (paper)",
        "ira": "ira (paper)",
    }
    assert found["taxable"].headers["etag"] != found["ira"].headers["etag"]


def test_an_approval_is_of_one_account(both: Site) -> None:
    browser = both.browser()
    path = f"/signals/{FIRST}/golden"
    digest = browser.data(f"{path}?account=ira")["sha256"]
    assert browser.post(f"{path}/approve", {"sha256": digest}).status_code == 422
    assert browser.post(f"{path}/approve?account=taxable", {"sha256": digest}).status_code == 412
    assert browser.post(f"{path}/approve?account=ira", {"sha256": digest}).status_code == 200
    waits = {
        name: browser.data(f"/status?account={name}")["files"][0]["waits"] for name in ("taxable", "ira")
    }
    assert waits == {"taxable": True, "ira": False}


def test_kill_is_about_every_account_and_resume_about_one(both: Site) -> None:
    browser = both.browser()
    assert browser.post("/control/kill").json()["level"] == "all"
    assert [level(both, name) for name in ("taxable", "ira")] == ["all", "all"]
    assert browser.post("/control/resume").status_code == 422
    assert browser.post("/control/resume?account=ira").json()["changed"] is True
    assert [level(both, name) for name in ("taxable", "ira")] == ["all", "none"]
    assert browser.post("/control/kill?account=ira").json()["level"] == "all"


def test_one_account_that_cannot_be_stopped_keeps_no_other_from_it(both: Site) -> None:
    (both.user.root / "state" / "ira" / "ledger.db").unlink()
    found = both.browser().post("/control/kill")
    assert (found.status_code, found.json()["type"]) == (409, "about:jutsu#no-ledger")
    assert level(both, "taxable") == "all"


def broken(site: Site, account: str) -> None:
    site.user.set(accounts={account: {"paper": {"initial_cash": -1}}})


def test_an_account_that_is_added_with_an_error_keeps_none_from_being_stopped(both: Site) -> None:
    browser = both.browser()
    broken(both, "wife")
    found = browser.post("/control/kill")
    assert (found.status_code, "initial_cash" in found.text) == (422, True)
    assert [level(both, name) for name in ("taxable", "ira")] == ["all", "all"]


def test_settings_of_one_account_keep_no_program_from_another(both: Site) -> None:
    program = both.program("settings")
    change = {"name": "safety.cash_warn_pct", "value": 1, "expected": 0.5}
    broken(both, "ira")
    assert program.put("/api/v1/config?account=ira", json=change).status_code == 422
    found = program.put("/api/v1/config?account=taxable", json=change)
    assert found.status_code == 200, found.text


def test_a_refusal_about_no_account_is_in_the_log_of_the_first(both: Site) -> None:
    assert both.program("read").post("/api/v1/control/kill").status_code == 403
    rows = {
        name: both.user.rows("audit_log", "action", both.user.root / "state" / name / "ledger.db")
        for name in ("ira", "taxable")
    }
    assert rows == {"ira": [("kill",)], "taxable": []}


def test_settings_that_cannot_be_read_keep_nobody_from_stopping(both: Site) -> None:
    browser = both.browser()
    good = both.user.config.read_text()
    assert browser.get("/auth/session").status_code == 200
    for text in ("accounts: [", "accounts: nonsense\n"):
        both.user.config.write_text(text)
        assert browser.get("/auth/session").json()["accounts"] == ["ira", "taxable"]
        assert browser.post("/control/kill").json()["level"] == "all"
    both.user.config.write_text(good)
    assert [level(both, name) for name in ("taxable", "ira")] == ["all", "all"]


def test_a_damaged_account_keeps_no_other_from_being_looked_at(both: Site) -> None:
    (both.user.root / "state" / "taxable" / "ledger.db").write_bytes(b"no ledger" * 500)
    browser = both.browser()
    assert browser.get("/status?account=taxable").status_code == 409
    assert browser.get("/status?account=ira").status_code == 200


def test_a_page_hears_whose_change_it_is(both: Site) -> None:
    browser = both.browser()
    with opened(both, browser) as socket:
        assert json.loads(socket.recv(5))["topics"] == ["hello"]
        browser.post("/control/kill?account=ira")
        assert json.loads(socket.recv(5))["account"] == "ira"


def test_a_commit_of_one_account_makes_no_answer_of_another_old(both: Site) -> None:
    browser = both.browser()
    tag = browser.get("/portfolio?account=taxable").headers["etag"]
    browser.post("/control/kill?account=ira")
    again = browser.get("/portfolio?account=taxable", headers={"if-none-match": tag})
    assert again.status_code == 304


def test_metrics_are_of_every_account(looked_at: Site) -> None:
    client = looked_at.program("metrics")
    both, one = (client.get(f"/api/v1/metrics{which}").text for which in ("", "?account=ira"))
    assert all(f'account="{name}"' in both for name in ("ira", "taxable"))
    assert 'account="taxable"' not in one


def test_jobs_are_of_their_account(both: Site) -> None:
    browser = both.browser()
    asked = browser.post("/backtest?account=ira", {"variant": "golden"})
    assert asked.status_code == 202
    ident = asked.json()["id"]
    assert [job["id"] for job in browser.data("/jobs?account=ira")["items"]] == [ident]
    assert browser.data("/jobs?account=taxable")["items"] == []


def test_logins_are_of_the_installation(project: User, waiting: User) -> None:
    for user in (project, waiting):
        assert logins_folder(World(SettingsSource(user.config, None, {}), inside())) == user.root / "state"
    ira = World(SettingsSource(project.config, None, {}, "ira"), inside())
    assert logins_folder(ira) == project.root / "state"


def test_a_dashboard_of_one_account_shows_no_other(project: User) -> None:
    accounts = accounts_of(project, "ira")
    assert (accounts.names(), accounts.of(None).world.state.name) == ((), "ira")
    assert accounts.of("ira") is accounts.of(None)
    with pytest.raises(UsageError, match="no account 'taxable'"):
        accounts.of("taxable")
    accounts.close()


def test_an_account_that_is_added_is_served_and_a_broken_file_takes_none_away(
    project: User, tmp_path: Path
) -> None:
    user = project.copy(tmp_path / "two")
    accounts = accounts_of(user)
    known: dict[str, Any] = {"taxable": {}, "ira": {}, "wife": {}}
    user.set(accounts=known)
    assert accounts.of("wife").world.state.name == "wife"
    user.config.write_text("accounts: [")
    assert accounts.names() == ("ira", "taxable", "wife")
    assert accounts.of("ira").name == "ira"
    with pytest.raises(AccountNeeded):
        accounts.of(None)
    accounts.close()
