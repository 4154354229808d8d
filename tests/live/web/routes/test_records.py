"""Logs, reports and figures: found by name, never by path; secrets stay masked."""

import json
from pathlib import Path

import pytest

from live.system.redaction import register_secret
from tests.support.web_world import Site


@pytest.fixture
def reports(site: Site) -> Path:
    folder = site.user.root / "state/reports"
    folder.mkdir(exist_ok=True)
    (folder / "weekly_2024-01-05.txt").write_text("GO\n")
    (folder / "weekly_2024-01-05.html").write_text("<script>alert(1)</script>")
    (folder / ".hidden.txt").write_text("no")
    (folder / "executor.lock").write_text("no")
    return folder


def test_logs_are_the_newest_entries_in_their_order(site: Site) -> None:
    folder = site.user.root / "logs"
    register_secret("s3cr3t-of-a-log")
    lines = [f"2024-01-02 15:5{n}:00,123 INFO jutsu.x entry {n} s3cr3t-of-a-log" for n in range(4)]
    (folder / "executor_2024-01-02.log").write_text("\n".join(lines) + "\n")
    browser = site.browser()
    since = "2024-01-01T00:00:00-05:00"
    found = browser.client.get(
        "/api/v1/logs", params={"limit": 2, "stage": "executor", "since": since}
    ).json()["data"]
    assert [entry["text"].partition("entry ")[2][:1] for entry in found] == ["2", "3"]
    assert "s3cr3t-of-a-log" not in json.dumps(found)
    assert browser.get("/logs?level=LOUD").status_code == 422
    assert browser.get("/logs?since=2024-01-02T10:00:00").status_code == 422


def test_reports_are_listed_and_read_as_text(site: Site, reports: Path) -> None:
    browser = site.browser()
    names = {row["name"] for row in browser.data("/reports")}
    assert {"weekly_2024-01-05.txt", "weekly_2024-01-05.html"} <= names
    assert not names & {".hidden.txt", "executor.lock"}
    assert browser.get("/reports/weekly_2024-01-05.txt").text == "GO\n"
    page = browser.get("/reports/weekly_2024-01-05.html")
    assert page.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    "name",
    ["none.txt", ".hidden.txt", "executor.lock", "..%2fsecrets.env", "%00.txt", "a_..%2f..%2fx.txt"],
)
def test_a_name_is_never_a_path(site: Site, reports: Path, name: str) -> None:
    assert site.browser().get(f"/reports/{name}").status_code == 404


def test_figures_for_prometheus_need_their_scope(shown: Site) -> None:
    collector = shown.program("metrics")
    for path in ("/metrics", "/api/v1/metrics"):
        found = collector.get(path)
        assert (found.status_code, "jutsu_kill_level{" in found.text) == (200, True)
    assert shown.program("read").get("/metrics").status_code == 403
    assert shown.browser(logged_in=False).client.get("/metrics").status_code == 401
