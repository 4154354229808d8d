"""An archive is consistent, private, and made while a writer is at work."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from backtest.core.errors import UsageError
from live.archive.make import make
from live.archive.unpack import unpack
from live.jobs.store import NAME, JobStore
from live.ledger.errors import LedgerDamaged, LedgerUnavailable
from live.ledger.ledger import Ledger
from live.settings.load import load_settings
from tests.live.archive.conftest import NOW
from tests.support.user_world import User, new_user


def test_it_holds_what_an_open_writer_has_committed(traded: User, tmp_path: Path) -> None:
    with Ledger.open(traded.db, account="paper", now=NOW) as ledger:
        ledger.state.set("fact", "kept", at=NOW)  # in the write-ahead log only
        made = make(load_settings(config=traded.config), tmp_path / "out", NOW)
        with ledger.transaction():
            ledger.state.set("fact", "later", at=NOW)
    (tmp_path / "in").mkdir()
    document = unpack(made, tmp_path / "in")
    with Ledger.open(tmp_path / "in" / document.ledger, account="paper", now=NOW, create=False) as copy:
        assert copy.state.get("fact") == "kept"
    assert document.paper == "state/ledger.paper.db"
    assert b"kept-out-of-it" not in made.read_bytes()
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert [path.name for path in made.parent.iterdir()] == ["jutsu-20261127T213000Z.tar.gz"]


def test_the_jobs_beside_the_ledger_are_in(traded: User, tmp_path: Path) -> None:
    store = JobStore(traded.root / "state" / NAME)
    job = store.add("backtest", {"variant": "golden"}, actor="ann", at=NOW)  # in its log only
    made = make(load_settings(config=traded.config), tmp_path / "out", NOW)
    store.close()
    (tmp_path / "in").mkdir()
    document = unpack(made, tmp_path / "in")
    assert (document.paper, "state/jobs.db" in document.files) == ("state/ledger.paper.db", True)
    copy = JobStore(tmp_path / "in" / "state" / NAME)
    assert copy.get(job.id) == job
    copy.close()


def test_without_a_ledger_there_is_nothing_to_keep(tmp_path: Path) -> None:
    user = new_user(tmp_path / "jutsu")
    with pytest.raises(UsageError, match="no ledger yet"):
        make(load_settings(config=user.config), tmp_path / "out", NOW)


def test_a_damaged_ledger_is_not_kept_as_if_it_were_whole(traded: User, tmp_path: Path) -> None:
    traded.db.write_bytes(traded.db.read_bytes()[:5000])
    with pytest.raises(LedgerDamaged):
        make(load_settings(config=traded.config), tmp_path / "out", NOW)


def test_a_folder_that_cannot_be_used_is_one_line(traded: User, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(LedgerUnavailable, match="the backup failed"):
        make(load_settings(config=traded.config), tmp_path / "out", NOW)
