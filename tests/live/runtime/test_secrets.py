"""Who reads the secrets file: programs about now, and nobody else."""

from pathlib import Path

import pytest

from live.alerts.channels import channels
from live.model.run import DAILY, Demo, DryRun, Replay, Run, asked_for
from live.runtime.open import environment_of, open_runtime
from live.runtime.options import Options
from live.settings.load import load_settings
from tests.support.user_world import FIRST, User, new_user


@pytest.fixture
def user(tmp_path: Path) -> User:
    made = new_user(tmp_path / "jutsu")
    path = made.root / "state" / "secrets.env"
    path.parent.mkdir()
    path.write_text("JUTSU_ALERT_PHONE=json://127.0.0.1:9/a1b2c3d4e5\n")
    path.chmod(0o600)
    return made


def test_alerts_find_their_channel_without_any_variable(user: User) -> None:
    with open_runtime("jutsu", Options(config=user.config)) as runtime:
        assert channels(runtime.settings, runtime.state, runtime.environ) == {
            "phone": "json://127.0.0.1:9/a1b2c3d4e5"
        }


@pytest.mark.parametrize(
    ("run", "prices", "reads"),
    [
        (DAILY, None, True),
        (DryRun(), None, True),
        (DAILY, "prices", False),
        (asked_for(FIRST), None, False),
        (Replay(), None, False),
        (Demo(), None, False),
    ],
)
def test_trials_and_the_past_never_read_it(
    user: User, tmp_path: Path, run: Run, prices: str | None, reads: bool
) -> None:
    folder = None if prices is None else tmp_path / prices
    found = environment_of(load_settings(config=user.config), run, folder)
    assert ("JUTSU_ALERT_PHONE" in found) == reads


def test_a_file_others_can_read_stops_every_program_but_not_the_past(user: User) -> None:
    (user.root / "state" / "secrets.env").chmod(0o644)
    ran = user.jutsu("status")
    assert (ran.code, "PROBLEM  secrets: " in ran.out) == (0, True)
    assert user.generate(None).code == 2
    assert user.generate(FIRST).code == 0
