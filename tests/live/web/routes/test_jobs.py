"""Backtests asked for over the API: queued, run by the served program, cancelled, scheduled."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from tests.support.user_world import User
from tests.support.web_world import Browser, Site, inside, served

SHORT = {"variant": "golden", "start_date": "2023-12-01"}


@pytest.fixture(scope="module")
def work(waiting: User, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A served project whose jobs every test may use; its clock stands in a window."""
    with served(waiting.copy(tmp_path_factory.mktemp("jobs") / "jutsu"), inside()) as site:
        yield site


@pytest.fixture
def browser(work: Site) -> Browser:
    work.clock.set(inside().now())
    return work.browser()


def asked(browser: Browser, **more: Any) -> dict[str, Any]:
    found = browser.post("/backtest", {**SHORT, **more})
    assert found.status_code == 202, found.text
    job: dict[str, Any] = found.json()
    assert found.headers["location"] == f"/api/v1/backtest/{job['id']}"
    return job


def test_near_a_window_a_job_waits_and_says_how_long(browser: Browser) -> None:
    job = asked(browser)
    listed = browser.data("/jobs")
    assert listed["quiet_until"] == "2024-01-02T15:59:00-05:00"
    assert listed["items"][0]["state"] == "queued"
    assert browser.get(f"/backtest/{job['id']}/results").status_code == 409
    assert browser.send("DELETE", f"/backtest/{job['id']}").json()["state"] == "cancelled"
    assert browser.send("DELETE", f"/backtest/{job['id']}").status_code == 200
    assert browser.get(f"/backtest/{job['id']}").status_code == 404


def test_a_job_is_run_told_to_the_socket_and_found(work: Site, browser: Browser) -> None:
    cookie = {"Cookie": f"jutsu={browser.client.cookies['jutsu']}"}
    address = work.url.replace("http", "ws") + "/ws/live"
    with connect(address, additional_headers=cookie, origin=work.url) as socket:  # type: ignore[arg-type]
        work.clock.set(inside(time="17:00").now())
        job = asked(browser, initial_capital=50_000)
        while (heard := json.loads(socket.recv(60)))["type"] != "job" or heard["state"] != "done":
            pass
    assert heard == {"type": "job", "id": job["id"], "state": "done", "progress": 1}
    found = browser.data(f"/backtest/{job['id']}/results")
    assert (found["time"][0], found["time"][-1]) == ("2023-12-01", "2024-01-02")
    assert found["metrics"]["initial_cash"] == 50_000
    assert len(found["equity"]) == len(found["benchmark"]) == len(found["time"])
    folder = work.user.root / "out/jobs" / job["id"]
    assert (folder / "report.html").is_file()
    assert browser.send("DELETE", f"/backtest/{job['id']}").status_code == 200
    assert not folder.exists()


def test_a_cancelled_job_is_resumed(browser: Browser) -> None:
    job = asked(browser)
    assert browser.post(f"/jobs/{job['id']}/resume").status_code == 409
    browser.send("DELETE", f"/backtest/{job['id']}")
    again = browser.post(f"/jobs/{job['id']}/resume")
    assert (again.status_code, again.json()["state"]) == (202, "queued")
    browser.send("DELETE", f"/backtest/{job['id']}")


def test_the_same_key_starts_nothing_new(browser: Browser) -> None:
    headers = {"idempotency_key": "abc"}
    first = browser.post("/backtest", SHORT, **headers).json()
    assert browser.post("/backtest", SHORT, **headers).json()["id"] == first["id"]
    other = browser.post("/backtest", {**SHORT, "commission": 1}, **headers)
    assert (other.status_code, other.json()["exit_code"]) == (409, 7)
    browser.send("DELETE", f"/backtest/{first['id']}")


@pytest.mark.parametrize(
    ("more", "status", "problem"),
    [
        ({"variant": "nobody"}, 422, "nobody"),
        ({"parameters": {"sma_fast": -1}}, 422, "sma_fast"),
        ({"initial_capital": "7"}, 422, "initial_capital"),
        ({"initial_capital": -1}, 422, "initial_capital"),
        ({"unknown": 1}, 422, "unknown"),
        ({"variant": "../x"}, 422, "variant"),
    ],
)
def test_what_cannot_be_simulated_is_refused(
    browser: Browser, more: dict[str, Any], status: int, problem: str
) -> None:
    found: httpx.Response = browser.post("/backtest", {**SHORT, **more})
    assert (found.status_code, problem in found.text) == (status, True), found.text


def test_a_schedule_says_its_times_is_switched_off_and_removed(browser: Browser) -> None:
    body = {"name": "nightly", "request": SHORT, "cron_expression": "30 18 * * 1-5"}
    made = browser.post("/schedule/backtest", body)
    assert (made.status_code, len(made.json()["next_runs"])) == (201, 5), made.text
    ident = made.json()["id"]
    off = browser.send("PATCH", f"/schedule/{ident}", {"enabled": False})
    assert (off.json()["enabled"], off.json()["next_runs"]) == (False, [])
    assert [one["id"] for one in browser.data("/schedule/jobs")] == [ident]
    assert browser.send("DELETE", f"/schedule/{ident}").status_code == 200
    assert browser.data("/schedule/jobs") == []
    wrong = browser.post("/schedule/backtest", {**body, "cron_expression": "daily"})
    assert (wrong.status_code, wrong.json()["exit_code"]) == (422, 2)
    assert browser.send("PATCH", f"/schedule/{ident}", {}).status_code == 404


def test_who_only_looks_runs_nothing(waiting: User, tmp_path: Path) -> None:
    with served(waiting.copy(tmp_path / "jutsu"), inside(), read_only=True) as site:
        assert site.browser().post("/backtest", SHORT).status_code == 403
        assert not (site.user.root / "state/jobs.lock").exists()
