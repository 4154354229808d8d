"""What belongs into an archive: what a project needs on another machine, without secrets, logins and bars."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from live.archive.members import plain_name
from live.runtime.account import orb_paper_file

if TYPE_CHECKING:
    from live.settings.load import LoadedSettings

LEDGER: Final = "state/ledger.db"
PAPER: Final = "state/ledger.paper.db"
#: `live.jobs.store.NAME`; nothing of jobs is imported to copy them
JOBS: Final = "jobs.db"
#: what a document of a project is written in; an archive holds no program and no secret
DOCUMENTS: Final = frozenset({".yaml", ".yml", ".json", ".jsonl", ".parquet"})


@dataclass(frozen=True, slots=True)
class Source:
    """A file of a project: its name in the archive, and where it is."""

    name: str
    path: Path


def ledger_of(loaded: LoadedSettings) -> Source:
    """Return the ledger; the paper account lies beside it."""
    path = loaded.path(loaded.settings.paths.state_db)
    return Source(_named(loaded.root, path) or LEDGER, path)


def documents_of(loaded: LoadedSettings) -> Iterator[Source]:
    """Yield settings, strategies, manifest, signal files, confirmed prices, corporate actions, import logs.

    Of several accounts the signal files of this one only: a restore leaves those of the others alone. Links
    are not followed. What lies outside of the project folder gets its usual name.
    """
    from live.runtime.known_prices import CONFIRMED

    places, root = loaded.settings.paths, loaded.root
    if loaded.config_file is not None:
        yield Source("config/live.yaml", loaded.config_file.absolute())
    yield from _files(root, loaded.path(places.strategies), "config/strategies")
    yield from _one(root, loaded.path(places.manifest), "config/manifest.json")
    account = loaded.settings.account
    for file in _files(root, loaded.path(places.signals), "signals"):
        if not account or file.path.stem.endswith(f"_{account}"):
            yield file
    yield from _files(root, loaded.path(places.signals) / "schema", "signals/schema")
    state = loaded.path(places.state_db).parent
    yield from _one(root, state / CONFIRMED, f"state/{CONFIRMED}")
    yield from _breakouts(loaded, state)
    store = loaded.path(loaded.settings.data.store)
    yield from _files(root, store / "actions", "data/bars/actions")
    yield from _files(root, store / "revisions", "data/bars/revisions")
    for log in ("imports.jsonl", "syncs.jsonl"):
        yield from _one(root, store / log, f"data/bars/{log}")


def jobs_beside(ledger: str) -> str:
    """Return the name that jobs and schedules have in an archive: beside the ledger."""
    folder = ledger.rpartition("/")[0]
    return f"{folder}/{JOBS}" if folder else JOBS


def orb_paper_beside(ledger: str) -> str:
    """Return the name that the paper account of breakouts has in an archive: beside the ledger."""
    return orb_paper_file(PurePosixPath(ledger)).as_posix()


def is_document(name: str) -> bool:
    """Whether a file of this name may be in an archive besides the ledger and the paper account."""
    return PurePosixPath(name).suffix in DOCUMENTS


def _breakouts(loaded: LoadedSettings, state: Path) -> Iterator[Source]:
    """Yield what a book of breakouts is made of, and the bars and events of its sessions."""
    orb, root = loaded.settings.orb, loaded.root
    for named in (orb.portfolio, orb.instruments):
        if named is not None and is_document(named.name):
            yield from _one(root, loaded.path(named), f"config/{named.name}")
    folder = state / "orb"
    for day in sorted(folder.iterdir()) if folder.is_dir() else ():
        if day.is_dir() and plain_name(day.name):
            yield from _files(root, day, f"state/orb/{day.name}")


def _files(root: Path, folder: Path, usual: str) -> Iterator[Source]:
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if is_document(path.name) and plain_name(path.name):
            yield from _one(root, path, f"{usual}/{path.name}")


def _one(root: Path, path: Path, usual: str) -> Iterator[Source]:
    if path.is_file() and not path.is_symlink():
        yield Source(_named(root, path) or usual, path)


def _named(root: Path, path: Path) -> str | None:
    """Return the name of a path below the project, None for one outside or in a hidden folder."""
    try:
        name = path.absolute().relative_to(root.absolute()).as_posix()
    except ValueError:
        return None
    return name if plain_name(name) else None
