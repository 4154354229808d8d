"""Alerts, acknowledged and tried from the page."""

from tests.support.web_world import Browser, Site


def test_an_alert_is_acknowledged_once_and_kept(site: Site, browser: Browser) -> None:
    (alert,) = browser.data("/alerts")["items"]
    for _ in range(2):
        done = browser.post(f"/alerts/{alert['id']}/ack")
        assert (done.status_code, done.json()["id"]) == (200, alert["id"]), done.text
    assert [row["action"] for row in browser.data("/audit")["items"]] == ["alerts ack"]
    assert browser.post("/alerts/99/ack").status_code == 422


def test_a_test_says_what_the_command_says(site: Site, browser: Browser) -> None:
    said = browser.post("/alerts/test").text
    assert said.endswith(("exit 0\n", "exit 2\n", "exit 6\n"))
    assert "JUTSU_ALERT" in said


def test_failing_channels_are_on_today(site: Site, browser: Browser) -> None:
    assert browser.data("/status")["well"]
    site.user.set(alerts={"channels": {"critical": ["sms"], "warning": None, "info": None}})
    assert any("sms" in text for text in browser.data("/status")["status"]["problems"])
