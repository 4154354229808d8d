"""ETags: the same question costs no work until something changed."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal

import pytest

from backtest.core.errors import UsageError
from live.actions import kill_switch
from live.jobs.store import NAME, JobStore
from live.system.clock import SystemClock
from live.web import answers as module
from live.web.answers import Answers, answer
from tests.support.web_world import Site


def test_the_same_question_is_answered_by_nothing(shown: Site) -> None:
    browser = shown.browser()
    first = browser.get("/trades?limit=5")
    again = browser.get("/trades?limit=5", headers={"if-none-match": f'"x", {first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    other = browser.get("/trades?limit=6", headers={"if-none-match": first.headers["etag"]})
    assert other.status_code == 200


def test_an_action_on_the_page_changes_it_at_once(site: Site) -> None:
    browser = site.browser()
    tag = browser.get("/status").headers["etag"]
    browser.post("/control/kill")
    found = browser.get("/status", headers={"if-none-match": tag})
    assert found.status_code == 200
    assert found.json()["data"]["kill_switch"]["level"] == "all"


def test_a_commit_of_another_program_changes_it(site: Site) -> None:
    browser = site.browser()
    tag = browser.get("/status").headers["etag"]
    with site.served.world.writing() as inputs:
        kill_switch.kill(inputs.ledger, level="entries", reason="x", actor="ann", at=SystemClock().now())
    site.watcher.look()
    assert browser.get("/status", headers={"if-none-match": tag}).status_code == 200


def test_time_changes_it_too(site: Site) -> None:
    browser = site.browser()
    tag = browser.get("/status").headers["etag"]
    site.clock.set(site.clock.now() + timedelta(seconds=20))
    assert browser.get("/status", headers={"if-none-match": tag}).status_code == 200


def test_data_is_written_as_jutsu_prints_it() -> None:
    found = answer({"day": date(2024, 1, 2), "price": Decimal("1.5"), "name": "é"}, 201)
    assert (found.status_code, bytes(found.body)) == (
        201,
        '{"day":"2024-01-02","price":1.5,"name":"é"}'.encode(),
    )


def test_many_who_ask_the_same_cost_one_making(shown: Site) -> None:
    made: list[int] = []
    answers: Answers = shown.served.answers

    def slow(_: object) -> list[int]:
        made.append(1)
        time.sleep(0.2)
        return made

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: answers._made("tag", slow), range(8)))
    assert (len(made), len(set(found))) == (1, 1)
    assert answers._made("tag", slow) == found[0]
    assert answers._made("another tag", slow) != found[0]


def test_a_making_that_fails_is_made_again(shown: Site) -> None:
    answers: Answers = shown.served.answers

    def fail(_: object) -> None:
        raise UsageError("no")

    with pytest.raises(UsageError):
        answers._made("failing", fail)
    assert b'"data":7' in answers._made("failing", lambda _: 7).plain


def test_what_is_kept_is_never_older_than_a_commit(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = site.browser()
    monkeypatch.setattr(site.watcher, "look", lambda: None)
    assert browser.data("/status")["kill_switch"]["level"] == "none"
    with site.served.world.writing() as inputs:
        kill_switch.kill(inputs.ledger, level="entries", reason="x", actor="ann", at=SystemClock().now())
    assert browser.data("/status")["kill_switch"]["level"] == "entries"


def test_what_is_kept_of_jobs_is_never_older_than_another_program(site: Site) -> None:
    browser = site.browser()
    assert browser.data("/jobs")["items"] == []
    jobs = site.served.jobs.project
    other = JobStore(jobs.state / NAME)
    asked = other.add("backtest", {"variant": "golden"}, actor="ann", at=jobs.clock.now())
    assert [job["id"] for job in browser.data("/jobs")["items"]] == [asked.id]
    other.close()


def test_the_newest_answers_are_kept_and_no_more(shown: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    answers: Answers = shown.served.answers
    monkeypatch.setattr(module, "_KEPT", 2)
    made = [answers._made(f"kept {n}", lambda _: "first") for n in (1, 2, 3)]
    again = [answers._made(f"kept {n}", lambda _: 0) for n in (2, 3)]
    assert again == made[1:]
    assert answers._made("kept 1", lambda _: 0) != made[0]


def test_packed_for_who_unpacks_and_plain_for_who_does_not(shown: Site) -> None:
    browser = shown.browser()
    packed = browser.get("/config", headers={"accept-encoding": "gzip"})
    plain = browser.get("/config", headers={"accept-encoding": "identity"})
    assert (packed.headers["content-encoding"], "content-encoding" in plain.headers) == ("gzip", False)
    assert packed.json()["data"] == plain.json()["data"]
    assert int(packed.headers["content-length"]) < len(plain.content) / 3
