"""A restored or replaced ledger is recognised before anything is sent."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backtest.core.errors import UnresolvedError
from live.ledger.errors import LedgerUnavailable
from live.ledger.generation import generation_file
from live.ledger.ledger import Ledger

NOW = datetime(2026, 11, 20, 20, 55, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def open_(path: Path) -> Ledger:
    return Ledger.open(path, account="paper", now=NOW)


def counted(ledger: Ledger) -> None:
    """Count a run as an order does: in the ledger, in its commit, then in the file."""
    with ledger.transaction():
        ledger.generation.raise_once(at=NOW)
    ledger.generation.write_once()


def run(path: Path) -> int:
    with open_(path) as ledger:
        ledger.generation.require_newest(ledger.where)
        counted(ledger)
        counted(ledger.for_account("other"))
        return ledger.generation.number()


def test_every_run_counts_once_and_the_file_is_private(path: Path) -> None:
    assert [run(path), run(path)] == [1, 2]
    assert generation_file(path).read_text() == "2\n"
    assert generation_file(path).stat().st_mode & 0o777 == 0o600


def test_a_copy_of_before_the_last_orders_is_refused_until_it_was_compared(path: Path) -> None:
    run(path)
    copy = shutil.copy(path, path.with_name("copy.db"))
    run(path)
    shutil.copy(copy, path)

    with pytest.raises(UnresolvedError, match="does not know") as caught:
        run(path)
    assert caught.value.exit_code == 8
    with open_(path) as ledger:
        assert ledger.generation.settle(at=NOW)
    assert run(path) == 3


def test_a_new_ledger_in_the_place_of_one_that_is_gone_is_refused(path: Path) -> None:
    run(path)
    path.unlink()

    with pytest.raises(UnresolvedError):
        run(path)


def test_a_copy_made_after_the_last_orders_is_as_good_as_the_ledger(path: Path) -> None:
    run(path)
    copy = shutil.copy(path, path.with_name("copy.db"))
    path.unlink()
    shutil.copy(copy, path)

    assert run(path) == 2


def test_killed_between_ledger_and_file_the_ledger_is_ahead_and_trusted(path: Path) -> None:
    run(path)
    generation_file(path).write_text("0\n")

    assert run(path) == 2


def test_a_file_that_says_nothing_is_no_proof(path: Path) -> None:
    run(path)
    generation_file(path).write_text("")

    with pytest.raises(UnresolvedError):
        run(path)
    with open_(path) as ledger:
        ledger.generation.settle(at=NOW)
    assert run(path) == 3


def test_nothing_may_be_sent_when_the_file_cannot_be_written(path: Path) -> None:
    with open_(path) as ledger:
        generation_file(path).mkdir()
        with pytest.raises(LedgerUnavailable, match="generation"):
            counted(ledger)


def test_a_commit_that_fails_counts_nothing(path: Path) -> None:
    with open_(path) as ledger:

        def fails() -> None:
            with ledger.transaction():
                ledger.generation.raise_once(at=NOW)
                raise LedgerUnavailable("the disk is full")

        with pytest.raises(LedgerUnavailable, match="disk"):
            fails()
        assert ledger.generation.number() == 0
        assert not generation_file(path).exists()
        counted(ledger)
        assert (ledger.generation.number(), generation_file(path).read_text()) == (1, "1\n")


def test_memory_and_replays_have_no_generation(path: Path) -> None:
    with Ledger.open("sqlite://", account="paper", now=NOW) as ledger:
        counted(ledger)
        assert not ledger.generation.restored()
    with Ledger.open(path, account="paper", now=NOW, durable=False) as ledger:
        counted(ledger)
    assert not generation_file(path).exists()
