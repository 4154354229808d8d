"""The page of stage 1: one file a session, put back when it vanished, made again only on request."""

from __future__ import annotations

from pathlib import Path

import pytest

from backtest.core.errors import UsageError
from live import signal_generator
from tests.support.user_world import FIRST, User, new_user, unchanged


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> User:
    made = new_user(tmp_path_factory.mktemp("generator") / "jutsu")
    ran = made.generate(FIRST)
    assert ran.code == 0, ran.text
    return made


@pytest.fixture
def user(generated: User, tmp_path: Path) -> User:
    return generated.copy(tmp_path / "jutsu")


def test_every_configured_variant_has_its_file(user: User) -> None:
    assert sorted(path.name for path in user.signals.glob("*.json")) == [
        f"trade_signals_{FIRST}_golden.json",
        f"trade_signals_{FIRST}_titan.json",
    ]


def test_a_second_run_changes_nothing(user: User) -> None:
    before = user.file(FIRST).read_bytes()
    ran = user.generate(FIRST)
    assert (ran.code, ran.out.count("already done")) == (0, 2)
    assert user.file(FIRST).read_bytes() == before


def test_a_file_that_vanished_is_back_as_it_was_generated(user: User) -> None:
    before = user.file(FIRST).read_bytes()
    user.file(FIRST).unlink()
    ran = user.generate(FIRST)
    assert "was missing and is back as generated" in ran.out
    assert user.file(FIRST).read_bytes() == before


def test_an_edited_file_is_left_to_its_reviewer(user: User) -> None:
    user.file(FIRST).write_bytes(user.file(FIRST).read_bytes() + b"\n")
    edited = user.file(FIRST).read_bytes()
    assert user.generate(FIRST).code == 0
    assert user.file(FIRST).read_bytes() == edited
    assert user.generate(FIRST, "--force").code == 0
    assert user.file(FIRST).read_bytes() + b"\n" == edited


def test_what_force_went_past_is_in_the_file(user: User) -> None:
    assert user.execute(FIRST).code == 0
    user.change("update account set cash = '900000'", user.paper)
    assert user.generate("2024-01-03").code == 4
    ran = user.generate("2024-01-03", "--force")
    assert ran.code == 0
    assert "ledger and broker differ (--force): cash: ledger" in user.file("2024-01-03").read_text()


def test_a_dry_run_says_what_it_would_write_and_leaves_nothing(tmp_path: Path) -> None:
    new = new_user(tmp_path / "jutsu")
    with unchanged(new.root):
        ran = new.generate(FIRST, "--dry-run")
    assert ran.code == 0, ran.text
    assert f"dry run: would write {new.file(FIRST)}" in ran.out


def test_a_holiday_is_no_session(user: User) -> None:
    ran = user.generate("2024-01-01")
    assert ran.code == 0
    assert "2024-01-01 is not a trading day" in ran.out
    assert not user.file("2024-01-01").exists()


def test_an_earlier_session_is_refused_once_a_later_one_was_made(user: User) -> None:
    assert user.generate("2024-01-03").code == 0
    ran = user.generate("2023-12-29")
    assert ran.code != 0
    assert not user.file("2023-12-29").exists()


def test_a_strategy_that_was_never_frozen_does_not_trade(user: User) -> None:
    strategy = user.root / "config" / "strategies" / "golden.yaml"
    strategy.write_text(strategy.read_text().replace("parameters:", "parameters:\n    sma_fast: 41", 1))
    ran = user.generate("2024-01-03")
    assert ran.code == 2
    assert not user.file("2024-01-03").exists()


def test_the_command_line_refuses_what_it_does_not_know() -> None:
    with pytest.raises(UsageError, match="invalid choice") as caught:
        signal_generator.parser().parse_args(["--execution-time", "noon"])
    assert caught.value.exit_code == 2
    args = signal_generator.parser().parse_args(["--strategy", "a", "--strategy", "b"])
    assert (args.strategy, args.force, args.dry_run, args.report_file) == (["a", "b"], False, False, None)
