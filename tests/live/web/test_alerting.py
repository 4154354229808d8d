"""What the web process tells: many failed logins, once a day; channels that fail."""

import json
import time
from pathlib import Path

import pytest

from live.views.settings import SettingsSource
from live.web.alerting import failing_channels, tell_of_logins
from live.web.world import World
from tests.support.user_world import User
from tests.support.web_world import Site, inside


def rows(user: User) -> list[tuple[str, str]]:
    return [row for row in user.rows("alerts", "key, level") if row[0].startswith("logins")]


def test_many_failed_logins_are_one_alert(site: Site) -> None:
    browser = site.browser(logged_in=False)
    codes = [browser.log_in(link="wrong").status_code for _ in range(6)]
    assert codes == [401] * 5 + [429]
    deadline = time.monotonic() + 20
    while not rows(site.user):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert rows(site.user) == [("logins_all_2024-01-02", "warning")]
    tell_of_logins(site.served.world, "10.0.0.9")
    site.clock.set(inside(time="15:58").now())
    time.sleep(0.3)
    assert len(rows(site.user)) == 1


def test_secrets_that_cannot_be_read_are_a_problem(waiting: User, tmp_path: Path) -> None:
    user = waiting.copy(tmp_path / "jutsu")
    secrets = user.root / "state/secrets.env"
    secrets.write_text("JUTSU_ALERT_SMS=json://127.0.0.1:9\n")
    secrets.chmod(0o644)
    world = World(SettingsSource(user.config, None, {}), inside())
    with world.reading() as inputs:
        (problem,) = failing_channels(world, inputs)
    assert "chmod 600" in problem
    assert "127.0.0.1:9" not in json.dumps(problem)


@pytest.mark.parametrize("channels", [{}, {"critical": None}])
def test_without_named_channels_nothing_fails(
    waiting: User, tmp_path: Path, channels: dict[str, object]
) -> None:
    user = waiting.copy(tmp_path / "jutsu")
    user.set(alerts={"channels": {"critical": None, "warning": None, "info": None, **channels}})
    world = World(SettingsSource(user.config, None, {}), inside())
    with world.reading() as inputs:
        assert failing_channels(world, inputs) == ()
