"""A restore puts a whole project in place; wherever it is killed, neither state is lost."""

from __future__ import annotations

import json
import os
import signal
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import JutsuError
from live.archive import restore as module
from live.archive.make import make
from live.archive.members import ArchiveRefused
from live.archive.restore import finish, interrupted, judge, restore
from live.jobs.store import NAME, JobStore
from live.ledger.errors import LedgerDamaged, LedgerTooNew
from live.ledger.generation import generation_file
from live.ledger.ledger import Ledger
from live.ledger.opening import RESTORE_FOLDER, restoring_marker
from live.settings.load import load_settings
from live.system.lock import AnotherRunError, single_instance
from tests.live.archive.conftest import NOW
from tests.live.archive.test_unpack import Members, repacked
from tests.support.orb_live import OrbWorld
from tests.support.user_world import FIRST, SWITCH, THIRD, User, new_user, tree

STATE = ("state/ledger.db", "state/ledger.paper.db", "config/live.yaml")


def opened(folder: Path) -> Ledger:
    return Ledger.open(folder / "state" / "ledger.db", account="paper", now=NOW, create=False)


def test_into_an_empty_folder(archive: Path, tmp_path: Path) -> None:
    done = restore(archive, tmp_path / "new", NOW)
    assert done.kept is None
    with opened(tmp_path / "new") as ledger:
        assert ledger.state.kill_level() == "entries"
        assert ledger.generation.restored()
    assert {path.name for path in (tmp_path / "new").iterdir()} == {"config", "signals", "state"}
    user = User(tmp_path / "new")
    assert user.generate(THIRD).code == 8  # nothing is sent until both sides were compared
    assert user.jutsu("reconcile").code == 0
    assert user.jutsu("resume").code == 0
    user.trade(THIRD)


def test_the_jobs_come_back_over_those_of_later(traded: User, tmp_path: Path) -> None:
    kept = JobStore(traded.root / "state" / NAME)
    before = kept.add("backtest", {"variant": "golden"}, actor="ann", at=NOW)
    archive = make(load_settings(config=traded.config), tmp_path / "out", NOW)
    later = kept.add("backtest", {"variant": "titan"}, actor="ann", at=NOW)
    kept.close()
    restore(archive, traded.root, NOW)
    found = JobStore(traded.root / "state" / NAME)
    assert [job.id for job in found.newest(9)] == [before.id]
    found.close()
    old = next(traded.root.glob("before-restore-*")) / "state" / NAME
    copy = JobStore(old)
    assert {job.id for job in copy.newest(9)} == {before.id, later.id}
    copy.close()


def test_over_a_project_the_old_files_are_kept(archive: Path, traded: User) -> None:
    traded.trade(THIRD)
    (traded.root / "config" / "live.yaml").write_text("mode: offline_mock\n")
    before = {name: (traded.root / name).read_bytes() for name in STATE}
    done = restore(archive, traded.root, NOW)
    assert done.kept is not None
    assert {name: (done.kept / name).read_bytes() for name in STATE} == before
    with opened(traded.root) as ledger:
        assert str(ledger.runs.last_session()) < THIRD
        assert ledger.generation.restored()
    assert (traded.root / "state" / "secrets.env").exists()
    assert not (traded.root / RESTORE_FOLDER).exists()


def test_while_a_run_is_at_work_it_stands_aside(archive: Path, traded: User) -> None:
    before = tree(traded.root / "config"), traded.db.read_bytes()
    with (
        single_instance(traded.db.parent, "paper", run_id="test"),
        pytest.raises(AnotherRunError),
    ):
        restore(archive, traded.root, NOW)
    assert (tree(traded.root / "config"), traded.db.read_bytes()) == before
    assert not (traded.root / RESTORE_FOLDER).exists()


def test_a_file_that_lies_leaves_everything_as_it_was(archive: Path, traded: User, tmp_path: Path) -> None:
    bad = repacked(archive, tmp_path / "bad", lambda m: [*m[:-1], (m[-1][0], m[-1][1][:-1] + b"~")])
    before = tree(traded.root)
    with pytest.raises(ArchiveRefused):
        restore(bad, traded.root, NOW)
    assert tree(traded.root) == before


def relisted(members: Members, name: str, content: bytes) -> Members:
    """An archive whose list tells the truth about a member that is wrong in itself."""
    import hashlib

    document = json.loads(members[0][1])
    document["files"][name] = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    rest = [(known, content if known == name else old) for known, old in members[1:]]
    return [(members[0][0], json.dumps(document).encode()), *rest]


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("state/ledger.db", b"x" * 4096, LedgerDamaged),
        ("state/ledger.paper.db", b"x" * 4096, ArchiveRefused),
        ("config/live.yaml", b"mode: nonsense\n", ArchiveRefused),
    ],
)
def test_what_is_damaged_inside_is_not_put_in_place(
    archive: Path, tmp_path: Path, name: str, content: bytes, error: type[JutsuError]
) -> None:
    bad = repacked(archive, tmp_path / "bad", lambda m: relisted(m, name, content))
    (tmp_path / "in").mkdir()
    with pytest.raises(error):
        judge(bad, tmp_path / "in", NOW)
    with pytest.raises(error) as refused:
        restore(bad, tmp_path / "new", NOW)
    assert str(bad) in refused.value.line()  # the archive, not a folder that is gone again
    assert "nothing was restored" in refused.value.line()
    assert not (tmp_path / "new" / "state" / "ledger.db").exists()


def test_a_ledger_of_a_newer_program_is_refused(archive: Path, tmp_path: Path) -> None:
    import sqlite3

    def newer(members: Members) -> Members:
        path = tmp_path / "l.db"
        path.write_bytes(dict(members)["state/ledger.db"])
        raw = sqlite3.connect(path)
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
        raw.commit()
        raw.close()
        return relisted(members, "state/ledger.db", path.read_bytes())

    bad = repacked(archive, tmp_path / "bad", newer)
    with pytest.raises(LedgerTooNew):
        restore(bad, tmp_path / "new", NOW)


def test_settings_that_name_a_ledger_elsewhere_are_refused(traded: User, tmp_path: Path) -> None:
    """The restored folder would work on the old project's ledger, with nothing that keeps it closed."""
    traded.set(paths={"state_db": str(traded.db)})
    ran = traded.jutsu("backup", "--to", str(tmp_path / "kept"))
    assert ran.code == 0, ran.text
    (made,) = (tmp_path / "kept").glob("*.tar.gz")
    with pytest.raises(ArchiveRefused, match="name a ledger outside"):
        restore(made, tmp_path / "new", NOW)
    assert not (tmp_path / "new" / "state").exists()


def killed_at(archive: Path, into: Path, dies_at: int) -> int:
    """Restore (or finish) in a child process that SIGKILL ends at a step; return the steps, -1: killed."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(writer, str(_counted(archive, into, dies_at)).encode())
        finally:
            os._exit(0)
    os.close(writer)
    _, status = os.waitpid(child, 0)
    said = os.read(reader, 20).decode()
    os.close(reader)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return -1
    return int(said)


def _counted(archive: Path, into: Path, dies_at: int) -> int:
    steps = 0

    def dying(real: Any) -> Any:
        def step(*arguments: Any, **named: Any) -> Any:
            nonlocal steps
            steps += 1
            if steps == dies_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments, **named)

        return step

    for name in ("rename", "replace", "link", "unlink", "fsync", "rmdir"):
        setattr(os, name, dying(getattr(os, name)))
    if interrupted(into):
        finish(into)
    else:
        restore(archive, into, NOW)
    return steps


def sessions(folder: Path) -> str:
    with opened(folder) as ledger:
        return str(ledger.runs.last_session())


def test_killed_anywhere_the_old_state_is_whole_or_the_new_one_follows(
    archive: Path, traded: User, tmp_path: Path
) -> None:
    traded.trade(THIRD)
    (traded.root / "config" / "live.yaml").write_text("mode: offline_mock  # the old one\n")
    old = {name: (traded.root / name).read_bytes() for name in STATE}
    steps = killed_at(archive, traded.copy(tmp_path / "whole").root, 0)
    assert steps > 50
    outcomes: dict[str, int] = {}
    for step in range(1, steps + 1, max(1, steps // 14)):
        into = traded.copy(tmp_path / f"killed{step}").root
        assert killed_at(archive, into, step) == -1
        marked = restoring_marker(into / "state" / "ledger.db").exists()
        if interrupted(into) and marked:  # files are being replaced: nobody may open the ledger
            with pytest.raises(LedgerDamaged, match="restore was interrupted"):
                opened(into)
            (kept,) = into.glob("before-restore-*")
            assert {name: (kept / name).read_bytes() for name in STATE} == old
            outcome = "finished later"
        elif marked:
            assert {name: (into / name).read_bytes() for name in STATE} == old
            outcome = "begun, nothing replaced"
        else:
            whole = {name: (into / name).read_bytes() for name in STATE} == old
            assert whole or sessions(into) < THIRD
            outcome = "old" if whole else "new"
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
        assert killed_at(archive, into, 0) > 0
        assert sessions(into) < THIRD
        assert not interrupted(into)
        assert not restoring_marker(into / "state" / "ledger.db").exists()
        assert not (into / RESTORE_FOLDER).exists()
    assert outcomes.keys() >= {"old", "finished later"}, outcomes


def test_a_full_disk_before_anything_was_replaced_opens_the_ledger_again(
    archive: Path, traded: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from backtest.core.errors import UsageError

    def full(*_: object, **__: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "_keep_old", full)
    before = traded.db.read_bytes()
    with pytest.raises(UsageError, match="No space left"):
        restore(archive, traded.root, NOW)
    assert traded.db.read_bytes() == before
    assert traded.generate(THIRD).code == 0


def test_a_plan_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    (tmp_path / RESTORE_FOLDER).mkdir()
    (tmp_path / RESTORE_FOLDER / "plan.json").write_text("{}")
    with pytest.raises(ArchiveRefused, match="cannot be read"):
        finish(tmp_path)


def test_the_generation_is_ahead_of_both_ledgers(archive: Path, traded: User) -> None:
    assert SWITCH > THIRD
    traded.trade(THIRD)
    file = generation_file(traded.db)
    file.write_text("40\n")
    restore(archive, traded.root, NOW)
    assert int(file.read_text()) == 41
    assert os.stat(file).st_mode & 0o077 == 0


def test_an_archive_of_one_account_leaves_the_others_alone(tmp_path: Path) -> None:
    user = new_user(tmp_path / "two")
    user.set(books=[{"primary": "golden", "shadows": []}], accounts={"ira": {}, "taxable": {}})
    assert user.generate(FIRST).code == 0
    made = make(load_settings(config=user.config, account="ira"), tmp_path / "made", NOW)
    assert made.name.endswith("_ira.tar.gz")
    others = {name: content for name, content in tree(user.root).items() if "taxable" in name}
    (user.root / "state" / "ira" / "ledger.db").unlink()
    (user.signals / f"trade_signals_{FIRST}_golden_ira.json").unlink()
    done = restore(made, user.root, NOW)
    assert (done.document.name, done.document.ledger) == ("ira", "state/ira/ledger.db")
    assert not [name for name in done.document.files if "taxable" in name]
    after = tree(user.root)
    assert {name: after[name] for name in others} == others
    assert user.jutsu("status", "--account", "ira").code == 0
    assert (user.signals / f"trade_signals_{FIRST}_golden_ira.json").exists()


def test_a_session_of_breakouts_goes_on_in_a_restored_project(tmp_path: Path) -> None:
    world = OrbWorld(tmp_path / "one").short()
    (world.root / "config" / "strategies").mkdir()
    entry = next(event for event in world.expected().events if event.type == "ENTRY")
    for bar in world.bars[4::5]:
        if bar.minute < entry.ts + timedelta(minutes=6):
            world.step(bar.minute + timedelta(minutes=1))
    made = make(load_settings(config=world.root / "config" / "live.yaml"), tmp_path / "out", NOW)
    restore(made, tmp_path / "two", NOW)
    again = OrbWorld(tmp_path / "two")
    again.bars = world.bars
    assert (again.folder / "events.jsonl").read_bytes() == (world.folder / "events.jsonl").read_bytes()
    with again.ledger() as ledger:  # as `jutsu reconcile` does once a person looked
        ledger.state.clear_kill(by="me", at=NOW)
    for one in (world, again):
        one.whole_day(5)
    assert (again.folder / "events.jsonl").read_bytes() == (world.folder / "events.jsonl").read_bytes()
    with world.ledger() as first, again.ledger() as second:
        trades = [
            [(t.strategy_id, t.pnl_dollars) for t in one.trade_journal.all()] for one in (first, second)
        ]
    assert trades[0] == trades[1]
