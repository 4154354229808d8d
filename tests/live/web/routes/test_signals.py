"""Reading, editing and answering a file: always the bytes the person saw."""

import json

import pytest

from live.handoff.canonical import bytes_sha256
from tests.support.user_world import FIRST
from tests.support.web_world import Browser, Site

FILE = f"/signals/{FIRST}/golden"


def seen(browser: Browser) -> str:
    """The digest of what the person looks at."""
    found = browser.get(FILE)
    assert found.headers["etag"] == f'"{found.json()["data"]["sha256"]}"'
    return str(found.json()["data"]["sha256"])


def test_the_list_names_primary_and_shadow(shown: Site) -> None:
    rows = shown.browser().data("/signals")["items"]
    assert [(row["variant"], row["role"], row["waits"]) for row in rows] == [
        ("titan", "shadow", False),
        ("golden", "primary", True),
    ]


def test_pages_of_the_list_follow_each_other(shown: Site) -> None:
    browser = shown.browser()
    first = browser.data("/signals?limit=1")
    second = browser.data(f"/signals?limit=1&cursor={first['next']}")
    assert [page["items"][0]["variant"] for page in (first, second)] == ["titan", "golden"]
    assert second["next"] is None
    assert browser.get("/signals?cursor=nothing").status_code == 422


def test_raw_bytes_are_those_of_the_file(shown: Site) -> None:
    found = shown.browser().get(f"{FILE}/raw")
    assert found.content == shown.user.file(FIRST).read_bytes()
    assert found.headers["etag"] == f'"{bytes_sha256(found.content)}"'


def test_an_approval_binds_what_was_seen_and_is_executed(site: Site, browser: Browser) -> None:
    done = browser.post(f"{FILE}/approve", {"sha256": seen(browser)})
    assert done.status_code == 200, done.text
    row = browser.data("/audit")["items"][0]
    assert (row["action"], row["actor"], row["via"], row["address"]) == (
        "approve",
        "web:local",
        "web",
        "127.0.0.1",
    )
    ran = site.user.execute(FIRST)
    assert ran.code == 0, ran.text
    assert {state for *_, state, _ in site.user.orders()} == {"FILLED"}


def test_other_bytes_than_seen_are_not_approved(site: Site, browser: Browser) -> None:
    before = seen(browser)
    path = site.user.file(FIRST)
    path.write_text(
        path.read_text().replace('"note":""', '"note":"x"', 1).replace('"note": ""', '"note": "x"', 1)
    )
    done = browser.post(f"{FILE}/approve", {"sha256": before})
    assert (done.status_code, done.json()["exit_code"]) == (412, 2)
    assert site.user.rows("signal_files", "approved_sha256") == [(None,), (None,)]
    assert browser.data("/audit")["items"][0]["outcome"].startswith("refused")


def test_an_edit_writes_the_file_and_needs_an_approval_of_its_own(site: Site, browser: Browser) -> None:
    before = seen(browser)
    name = browser.data(FILE)["orders"][0]["client_order_id"]
    body = {"orders": [{"client_order_id": name, "quantity": 1, "note": "smaller"}]}
    done = browser.send("PUT", FILE, body, if_match=f'"{before}"')
    assert done.status_code == 200, done.text
    after = json.loads(site.user.file(FIRST).read_text())
    assert [o["quantity"] for o in after["orders"] if o["client_order_id"] == name] == [1]
    assert seen(browser) == done.json()["sha256"] != before
    assert browser.data(FILE)["standing"] == "edited"
    assert browser.post(f"{FILE}/approve", {"sha256": done.json()["sha256"]}).status_code == 200
    assert site.user.execute(FIRST).code == 0
    assert (name, "buy", 1, "FILLED", 1) in site.user.orders()


def test_the_second_of_two_editors_loses(browser: Browser) -> None:
    before = seen(browser)
    name = browser.data(FILE)["orders"][0]["client_order_id"]
    body = {"orders": [{"client_order_id": name, "enabled": False}]}
    assert browser.send("PUT", FILE, body, if_match=before).status_code == 200
    lost = browser.send("PUT", FILE, {"delete": [name]}, if_match=before)
    assert (lost.status_code, lost.json()["type"]) == (412, "about:jutsu#changed-meanwhile")


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({}, {"delete": ["QQQ"]}, 428),
        ({"if_match": "short"}, {"delete": ["QQQ"]}, 428),
        ({"if_match": "0" * 64}, {"delete": ["QQQ"]}, 412),
        ({"if_match": "0" * 64}, {"orders": [{"client_order_id": "a", "quantity": 0}]}, 422),
        ({"if_match": "0" * 64}, {"orders": [{"client_order_id": "a", "quantity": "7"}]}, 422),
        ({"if_match": "0" * 64}, {"unknown": 1}, 422),
    ],
)
def test_edits_that_are_no_edits(
    site: Site, browser: Browser, headers: dict[str, str], body: object, status: int
) -> None:
    before = site.user.file(FIRST).read_bytes()
    assert browser.send("PUT", FILE, body, **headers).status_code == status
    assert site.user.file(FIRST).read_bytes() == before


def test_an_order_by_hand_and_one_deleted(site: Site, browser: Browser) -> None:
    body = {"add": [{"symbol": "TLT", "side": "buy", "quantity": 2, "price": 90}], "delete": ["TMF"]}
    done = browser.send("PUT", FILE, body, if_match=seen(browser))
    assert done.status_code == 200, done.text
    assert sorted(edit["kind"] for edit in done.json()["edits"]) == ["added", "deleted"]
    symbols = [o["symbol"] for o in json.loads(site.user.file(FIRST).read_text())["orders"]]
    assert "TLT" in symbols
    assert "TMF" not in symbols


def test_skip_keeps_everything_back(site: Site, browser: Browser) -> None:
    assert browser.post(f"{FILE}/skip", {"sha256": seen(browser)}).status_code == 200
    assert site.user.execute(FIRST).code == 0
    assert site.user.orders() == []


def test_after_the_window_there_is_no_answer(site: Site, browser: Browser) -> None:
    from tests.support.web_world import inside

    digest = seen(browser)
    site.clock.set(inside(time="16:30").now())
    done = browser.post(f"{FILE}/approve", {"sha256": digest})
    assert (done.status_code, done.json()["exit_code"]) == (409, 7)


@pytest.mark.parametrize("path", ["/signals/2024-01-02/nobody", "/signals/2024-01-02/nobody/raw"])
def test_an_unknown_file_is_not_found(shown: Site, path: str) -> None:
    assert shown.browser().get(path).status_code == 404


@pytest.mark.parametrize(
    "path", ["/signals/today/golden", "/signals/2024-01-02/..%2f..%2fetc", "/signals/2024-01-02/%00"]
)
def test_a_name_is_never_a_path(shown: Site, path: str) -> None:
    assert shown.browser().get(path).status_code in {404, 422}
