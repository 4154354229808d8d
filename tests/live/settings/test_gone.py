"""A project with a ledger does not go on by defaults when its settings file is gone."""

from datetime import UTC, datetime
from functools import partial
from itertools import product
from pathlib import Path

import pytest

from live import executor, signal_generator
from live.ledger.ledger import Ledger
from live.ledger.system_state import EVERY_ACCOUNT
from live.settings.gone import settings_gone
from live.settings.load import load_settings
from tests.support.user_world import FIRST, User, called, jutsu, new_user, unchanged

AT = datetime(2024, 1, 2, tzinfo=UTC)
PROBLEM = "no config/live.yaml here, and this project has a ledger"


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> User:
    """A project without its settings file; the current folder."""
    made = new_user(tmp_path / "project")
    made.config.rename(made.config.with_suffix(".yml"))
    monkeypatch.chdir(made.root)
    return made


def with_ledger(user: User, account: str = "") -> None:
    state = user.root / "state" / account
    state.mkdir(parents=True)
    (state / "ledger.db").touch()


@pytest.mark.parametrize("account", ["", "ira"])
def test_both_stages_stop_before_anything_is_touched(user: User, account: str) -> None:
    with_ledger(user, account)
    with unchanged(user.root):
        for stage, more in product((signal_generator, executor), ([], ["--dry-run"])):
            ran = called(partial(stage.main, ["--as-of", FIRST, *more]))
            line = f"error 2: {user.root}: {PROBLEM} → put it back, or `jutsu init`\n"
            assert (ran.code, ran.out, ran.err) == (2, "", line)


def test_check_doctor_and_status_say_so(user: User) -> None:
    Ledger.open(user.db, account="paper", now=AT).close()
    with Ledger.open(user.db, account=EVERY_ACCOUNT, now=AT) as ledger:
        ledger.config.set("safety.max_drift_pct", 2.5, at=AT, by="test")
    words = (["config", "check"], ["doctor", "--json"], ["status"])
    check, doctor, status = (called(partial(jutsu, one)) for one in words)
    assert (check.code, doctor.code) == (2, 1)
    assert all(PROBLEM in " ".join(ran.text.split()) for ran in (check, doctor, status))
    assert "all is well" not in status.out


def test_without_a_ledger_the_defaults_hold_and_are_called_so(user: User) -> None:
    check = called(lambda: jutsu(["config", "check"]))
    assert (check.code, check.out) == (0, "no config/live.yaml here: the defaults hold; they are fine\n")
    user.config.with_suffix(".yml").rename(user.config)
    assert called(lambda: jutsu(["config", "check"])).out == "the settings are fine\n"


def test_a_ledger_or_settings_that_somebody_named_are_meant(user: User) -> None:
    with_ledger(user)
    assert settings_gone(load_settings())
    named = {"paths.state_db": Path("state/ledger.db").absolute()}
    assert not settings_gone(load_settings(flags=named))
    assert not settings_gone(load_settings(environ={"JUTSU_PATHS__STATE_DB": "state/ledger.db"}))
    assert not settings_gone(load_settings(config=user.config.with_suffix(".yml")))
