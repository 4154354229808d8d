"""Restoring an archive: unpacked aside, judged, then put in place; a kill loses neither state.

Until the plan is written nothing is touched but the marker that keeps the ledger closed
(`restoring_marker`). From then on every old file has a second name in `before-restore-<time>/`, and restoring
again finishes.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from backtest.core.errors import JutsuError, UsageError
from backtest.core.files import read_regular, sync_folder, why, write_atomic
from live.archive.contents import jobs_beside, orb_paper_beside
from live.archive.document import Document
from live.archive.members import ArchiveRefused
from live.archive.unpack import unpack
from live.ledger.errors import LedgerDamaged, LedgerTooNew, LedgerUnavailable
from live.ledger.generation import generation_file
from live.ledger.kill_file import kill_file
from live.ledger.ledger import Ledger
from live.ledger.opening import RESTORE_FOLDER, RESTORE_PLAN, restoring_marker, stamped
from live.settings.load import load_settings
from live.system.lock import single_instance

CONFIG: Final = "config/live.yaml"


@dataclass(frozen=True, slots=True)
class Judged:
    """An archive that was unpacked and found whole.

    Attributes:
        migrated: whether its ledger was of an older version.
    """

    document: Document
    migrated: bool


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put in place; `kept` is where the old files are, None when there were none."""

    folder: Path
    document: Document
    kept: Path | None


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is left to do when a restore was interrupted; names are relative to the project folder."""

    account: str
    ledger: str
    names: tuple[str, ...]
    generation: int
    kept: str | None


def judge(archive: Path, folder: Path, now: datetime) -> Judged:
    """Unpack into an empty folder and open everything as the programs will.

    Raises:
        ArchiveRefused: 2, the file is none of ours, damaged, or does not hold what a project needs.
        LedgerDamaged: 8. LedgerTooNew: 2.
    """
    document = unpack(archive, folder)
    ledger = folder / document.ledger
    before = stamped(ledger)
    _require_ledger(archive, ledger, document.account, now)
    for account in (document.paper, orb_paper_beside(document.ledger)):
        if account is not None and account in document.files:
            _require_intact(archive, folder / account)
    if (folder / CONFIG).exists():
        try:
            loaded = load_settings(config=folder / CONFIG, environ={}, account=document.name or None)
        except JutsuError as error:
            raise ArchiveRefused(
                f"its settings are refused: {error.problem}",
                where=str(archive),
                remedy="nothing was restored",
            ) from error
        named = loaded.path(loaded.settings.paths.state_db)
        if not named.resolve().is_relative_to(folder.resolve()):
            raise ArchiveRefused(
                f"its settings name a ledger outside of the project: paths.state_db is {named}",
                where=str(archive),
                remedy="make paths.state_db relative, then back up again; nothing was restored",
            )
    return Judged(document, before != stamped(ledger))


def restore(archive: Path, into: Path, now: datetime) -> Restored:
    """Put an archive in place of what is in a project folder; entries stay off until a person reconciled.

    Raises:
        ArchiveRefused, LedgerDamaged, LedgerTooNew: as `judge`. AnotherRunError: 7, a run is at work.
        UsageError: 2, the folder cannot be written. LedgerUnavailable: 8, a program has the ledger open.
    """
    staging = into / RESTORE_FOLDER
    with _disk(into):
        into.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir()
        try:
            judged = judge(archive, staging, now)
            with _alone((into / judged.document.ledger).parent, judged.document.account):
                plan = _planned(into, judged.document, now)
                _carry_out(into, plan)
        except BaseException:
            if not interrupted(into):
                shutil.rmtree(staging, ignore_errors=True)
            raise
    return Restored(into, judged.document, None if plan.kept is None else into / plan.kept)


def interrupted(into: Path) -> bool:
    """Whether a restore into this folder had begun to replace files and did not finish."""
    return (into / RESTORE_PLAN).exists()


def finish(into: Path) -> Path | None:
    """Finish an interrupted restore; return where the old files are, None when there were none.

    Raises:
        ArchiveRefused: 2, what it meant to do cannot be read. AnotherRunError, UsageError: as `restore`.
    """
    path = into / RESTORE_PLAN
    with _disk(into):
        try:
            data: Any = json.loads(read_regular(path))
            plan = _Plan(**{**data, "names": tuple(data["names"])})
        except (ValueError, TypeError, KeyError) as error:
            raise ArchiveRefused(
                "what the interrupted restore meant to do cannot be read",
                where=str(path),
                remedy="the old files are in the newest before-restore folder: move them back, delete this",
            ) from error
        with _alone((into / plan.ledger).parent, plan.account):
            _carry_out(into, plan)
    return None if plan.kept is None else into / plan.kept


@contextmanager
def _disk(into: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(
            f"the restore stopped: {why(error)}", where=str(into), remedy="fix that, then run it again"
        ) from error


def _planned(into: Path, document: Document, now: datetime) -> _Plan:
    """Turn entries off in the new ledger, give the old files a second name, write down what follows."""
    staged, ledger = into / RESTORE_FOLDER / document.ledger, into / document.ledger
    with Ledger.open(staged, account=document.account, now=now, create=False) as opened:
        opened.state.set_kill("entries", reason="the ledger was restored", by="jutsu restore", at=now)
        number = opened.generation.number()
    kill_file(staged).unlink(missing_ok=True)  # the ledger has it; the project's own file may say more
    _fold_log(staged)
    _fold_log(ledger)
    _fold_log(into / jobs_beside(document.ledger))
    _fold_log(into / orb_paper_beside(document.ledger))
    marker = restoring_marker(ledger)
    try:
        write_atomic(marker, b"", 0o600)
        plan = _Plan(
            document.account,
            document.ledger,
            tuple(name for name in document.files if name != document.ledger),
            max(number, _number(generation_file(ledger))) + 1,
            _keep_old(into, document, now),
        )
        write_atomic(into / RESTORE_PLAN, json.dumps(asdict(plan)).encode(), 0o600)
    except OSError:
        marker.unlink(missing_ok=True)
        raise
    return plan


def _carry_out(into: Path, plan: _Plan) -> None:
    """Put every staged file in its place, the ledger last; any part may have been done before."""
    ledger = into / plan.ledger
    for name in (*plan.names, plan.ledger):
        staged, target = into / RESTORE_FOLDER / name, into / name
        if staged.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            staged.replace(target)
            sync_folder(target.parent)
    number = max(plan.generation, _number(generation_file(ledger)))
    write_atomic(generation_file(ledger), f"{number}\n".encode(), 0o600)
    restoring_marker(ledger).unlink(missing_ok=True)
    (into / RESTORE_PLAN).unlink(missing_ok=True)
    shutil.rmtree(into / RESTORE_FOLDER, ignore_errors=True)


def _keep_old(into: Path, document: Document, now: datetime) -> str | None:
    """Give every old file a second name in one folder; return its name, None when nothing is replaced."""
    old = [name for name in document.files if os.path.lexists(into / name)]
    if not old:
        return None
    folder = f"before-restore-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    for name in old:
        second = into / folder / name
        second.parent.mkdir(parents=True, exist_ok=True)
        second.unlink(missing_ok=True)
        try:
            os.link(into / name, second, follow_symlinks=False)
        except OSError:  # a file system without links
            shutil.copy2(into / name, second, follow_symlinks=False)
    return folder


def _fold_log(path: Path) -> None:
    """Write the log of a database into it, so that one file is all of it. LedgerUnavailable: it is in use."""
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(path, timeout=10)) as raw:
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.DatabaseError:
        return  # a damaged file is kept as it is, its log beside it
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size:
        raise LedgerUnavailable(
            f"another program has {path.name} open", where=str(path), remedy="end it, then run this again"
        )


@contextmanager
def _alone(state: Path, account: str) -> Iterator[None]:
    """Hold the executor's lock of every account that ever ran here."""
    known = {path.stem.removeprefix("executor-") for path in state.glob("executor-*.lock")}
    with ExitStack() as held:
        for one in sorted({account, *known}):
            held.enter_context(single_instance(state, one, run_id="restore"))
        yield


def _require_ledger(archive: Path, ledger: Path, account: str, now: datetime) -> None:
    """Open the unpacked ledger once. LedgerDamaged: 8. LedgerTooNew: 2. Both name the archive."""
    try:
        with Ledger.open(ledger, account=account, now=now, create=False) as opened:
            opened.runs.recent(1)
    except LedgerDamaged as error:
        remedy = "name another archive; nothing was restored"
        raise LedgerDamaged(f"in this archive {error.problem}", where=str(archive), remedy=remedy) from error
    except LedgerTooNew as error:
        raise LedgerTooNew(
            error.problem, where=str(archive), remedy=f"{error.remedy}; nothing was restored"
        ) from error


def _require_intact(archive: Path, paper: Path) -> None:
    try:
        with closing(sqlite3.connect(f"{paper.absolute().as_uri()}?mode=ro", uri=True)) as raw:
            verdict = raw.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        verdict = str(error)
    if verdict != "ok":
        raise ArchiveRefused(
            f"its paper account is damaged ({verdict})", where=str(archive), remedy="nothing was restored"
        )


def _number(path: Path) -> int:
    try:
        return int(read_regular(path))
    except (OSError, ValueError):
        return 0
