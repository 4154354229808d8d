"""Every channel by itself: what hangs or refuses holds up no other."""

from __future__ import annotations

import time

import pytest

from live.alerts import delivery
from live.alerts.delivery import FAILURES, deliver, deliver_all
from live.alerts.message import Message
from tests.support.alert_servers import hanging_port, webhook

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
MESSAGES = [Message(f"message {number}", "b", "warning") for number in range(4)]


@pytest.fixture(autouse=True)
def _no_channel_hangs_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "_HANGING", set())


def test_a_working_channel_gets_everything_beside_a_hanging_and_a_refusing_one() -> None:
    with hanging_port() as port, webhook() as good, webhook(500) as bad:
        urls = {"good": good.url, "bad": bad.url, "hang": f"json://127.0.0.1:{port}/x"}
        begun = time.monotonic()
        outcomes = list(deliver_all(urls, dict.fromkeys(urls, MESSAGES), within=1.0))
        assert time.monotonic() - begun < 2
        assert good.titles == [message.title for message in MESSAGES]
        assert bad.asked == FAILURES
    found = {name: [(o.number, not o.error) for o in outcomes if o.channel == name] for name in urls}
    assert found["good"] == [(0, True), (1, True), (2, True), (3, True)]
    assert found["bad"] == [(0, False), (1, False)]
    assert found["hang"] == [(0, False)]


def test_outcomes_come_before_the_last_channel_answered() -> None:
    with hanging_port() as port, webhook() as good:
        urls = {"hang": f"json://127.0.0.1:{port}/x", "good": good.url}
        begun = time.monotonic()
        first = next(deliver_all(urls, dict.fromkeys(urls, MESSAGES), within=2.0))
        assert (first.channel, first.error) == ("good", "")
        assert time.monotonic() - begun < 1.5


def test_a_channel_that_gave_no_answer_is_not_asked_again() -> None:
    with hanging_port() as port:
        urls = {"hang": f"json://127.0.0.1:{port}/x"}
        assert "no answer" in deliver(urls, MESSAGES[0], within=0.2)["hang"].error
        begun = time.monotonic()
        assert "no answer" in deliver(urls, MESSAGES[0], within=5)["hang"].error
        assert time.monotonic() - begun < 0.1


def test_no_channel_and_no_message() -> None:
    assert list(deliver_all({}, {}, within=1)) == []
    assert list(deliver_all({"a": "json://127.0.0.1:9"}, {"a": []}, within=1)) == []
