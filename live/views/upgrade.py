"""What a newer version of the program does to a project, before it does it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from backtest import __version__
from backtest.core.errors import JutsuError
from backtest.core.files import read_regular
from live.settings.migrate_file import migrate

if TYPE_CHECKING:
    from backtest.core.errors import Finding
    from live.settings.load import LoadedSettings
    from live.views.settings import SettingsSource


@dataclass(frozen=True, slots=True)
class UpgradeView:
    """What is due.

    Attributes:
        version: of the program.
        ledger: the file, None where there is none yet. revision: of that ledger, and newest: what this
            version writes.
        migrations: what brings the one to the other, oldest first; a copy is kept before.
        at_work: who holds the executor's lock now: a ledger is not migrated then; empty text for nobody.
        settings: what `jutsu config check --migrate` changes, or a person has to.
        findings: what is wrong with settings, strategies and manifest.
    """

    version: str
    ledger: Path | None
    revision: str | None
    newest: str
    migrations: tuple[str, ...]
    at_work: str
    settings: tuple[str, ...]
    findings: tuple[Finding, ...]


def read_upgrade(source: SettingsSource, now: datetime) -> UpgradeView:
    """Return what is due; nothing is changed, and a ledger of an older version stays as it is.

    Raises:
        SettingsError: the settings cannot be read at all. LedgerTooNew: 2; LedgerDamaged: 8.
    """
    from live.ledger.opening import REVISIONS, check_file, pending_migrations, stamped
    from live.system.lock import holder_of_any

    loaded = source.load(now, overrides=False)
    path = loaded.path(loaded.settings.paths.state_db)
    revision: str | None = None
    if path.exists():
        check_file(path)
        revision = stamped(path)
    return UpgradeView(
        __version__,
        path if path.exists() else None,
        revision,
        REVISIONS[-1],
        () if revision is None else pending_migrations(path, revision),
        holder_of_any(path.parent),
        settings_changes(loaded),
        _findings(loaded),
    )


def settings_changes(loaded: LoadedSettings) -> tuple[str, ...]:
    """Return what is out of date in the settings file, one line each."""
    if loaded.config_file is None:
        return ()
    try:
        found = migrate(read_regular(loaded.config_file).decode("utf-8-sig"))
    except (OSError, ValueError) as error:
        return (f"{loaded.config_file}: {error}",)
    return (*found.changes, *(f"by hand: {text}" for text in found.by_hand))


def _findings(loaded: LoadedSettings) -> tuple[Finding, ...]:
    from backtest.core.errors import Finding
    from live.settings import manifest
    from live.settings.frozen_origin import code_findings
    from live.views.settings import configured_strategies

    try:
        strategies = configured_strategies(loaded)
        path = loaded.path(loaded.settings.paths.manifest)
        differing = manifest.check(path, strategies, loaded.settings)
        return (*differing, *code_findings(manifest.read(path), strategies))
    except JutsuError as error:
        return tuple(error.findings) or (Finding(error.where, error.problem, error.remedy),)
