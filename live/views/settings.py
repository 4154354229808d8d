"""Settings with their sources, their history, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backtest.core.errors import Finding, JutsuError
from backtest.core.files import private_files
from live.runtime.loading import Sources, settings_in_force
from live.settings.gone import settings_gone
from live.settings.load import LoadedSettings, Setting

if TYPE_CHECKING:
    from backtest.strategies.base import Strategy
    from live.ledger.ledger import Ledger


@dataclass(frozen=True, slots=True)
class SettingsSource:
    """Where settings are read from, besides the ledger they name.

    Attributes:
        config: settings file, None for `config/live.yaml` of the current folder.
        state_db: ledger file named by a person, None for the settings' own.
        environ: environment variables.
        account: name of one of several accounts.
    """

    config: Path | None
    state_db: Path | None
    environ: Mapping[str, str]
    account: str | None = None

    def load(
        self, now: datetime, *, flags: Mapping[str, Any] | None = None, overrides: bool = True
    ) -> LoadedSettings:
        """Return the settings that hold at `now`; without `overrides` the ledger is not asked.

        Raises:
            SettingsError: exit code 2, every finding at once.
        """
        sources = self._sources(now, flags)
        return settings_in_force(sources) if overrides else sources.load()

    def with_overrides(self, now: datetime, active: Mapping[str, Any]) -> LoadedSettings:
        """Return the settings as these ledger overrides make them."""
        return self._sources(now, None).load(active)

    def _sources(self, now: datetime, flags: Mapping[str, Any] | None) -> Sources:
        given = dict(flags or {})
        if self.state_db is not None:
            given["paths.state_db"] = self.state_db.absolute()
        return Sources(self.config, given, self.environ, now, account=self.account)


@contextmanager
def open_settings_ledger(loaded: LoadedSettings, now: datetime, *, create: bool = True) -> Iterator[Ledger]:
    """Open the ledger that these settings name, for the settings of every account; closed at the end."""
    from live.ledger.ledger import Ledger
    from live.ledger.system_state import EVERY_ACCOUNT

    path = loaded.path(loaded.settings.paths.state_db)
    with private_files() as follow_umask:
        if not loaded.settings.paths.private:
            follow_umask()
        with Ledger.open(path, account=EVERY_ACCOUNT, now=now, create=create) as ledger:
            yield ledger


def read_settings(source: SettingsSource, now: datetime, prefix: str = "") -> tuple[Setting, ...]:
    """Return every setting whose name begins with `prefix`, with its value and source."""
    return tuple(row for row in source.load(now).rows() if row.name.startswith(prefix))


@dataclass(frozen=True, slots=True)
class OverrideRow:
    """One override ever made: JSON text of the value, when it holds, who made it and why."""

    name: str
    value: str
    from_: datetime
    until: datetime | None
    by: str
    at: datetime
    reason: str | None


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """One set of settings that was used: digest, since when, who changed it and why."""

    at: datetime
    by: str
    reason: str | None
    sha256: str


@dataclass(frozen=True, slots=True)
class SettingsHistory:
    """Overrides, oldest first; snapshots, newest first."""

    overrides: tuple[OverrideRow, ...]
    snapshots: tuple[SnapshotRow, ...]


def read_history(source: SettingsSource, now: datetime) -> SettingsHistory:
    """Return every override ever made and the newest settings snapshots."""
    with open_settings_ledger(source.load(now, overrides=False), now, create=False) as ledger:
        overrides, snapshots = ledger.config.overrides(), ledger.config.history()
    return SettingsHistory(
        tuple(
            OverrideRow(
                name=row.parameter_name,
                value=row.override_value,
                from_=row.effective_from,
                until=row.effective_until,
                by=row.created_by,
                at=row.created_at,
                reason=row.reason,
            )
            for row in overrides
        ),
        tuple(
            SnapshotRow(row.created_at, row.changed_by, row.change_reason, row.config_sha256)
            for row in snapshots
        ),
    )


def check_settings(source: SettingsSource, now: datetime) -> tuple[Finding, ...]:
    """Return what is wrong with the settings, the strategies they name and the manifest."""
    from live.settings import manifest
    from live.settings.possible import contradictions

    try:
        loaded = source.load(now)
        strategies = configured_strategies(loaded)
        path = loaded.path(loaded.settings.paths.manifest)
        differing = manifest.check(path, strategies, loaded.settings)
        return (*settings_gone(loaded), *contradictions(loaded.settings), *differing)
    except JutsuError as error:
        return tuple(error.findings) or (Finding(error.where, error.problem, error.remedy),)


def configured_strategies(
    loaded: LoadedSettings, selection: Sequence[str] = (), *, overrides: bool = True
) -> tuple[Strategy, ...]:
    """Return the named variants or files (none: those of every book), with the overrides of the settings.

    Raises:
        UsageError, SettingsError: exit code 2, no such variant or a broken file.
    """
    from backtest.strategies.registry import find_strategy

    books = loaded.settings.books
    wanted = selection or [name for book in books for name in (book.primary, *book.shadows)]
    found = []
    for name in wanted:
        strategy = find_strategy(name, loaded.path(loaded.settings.paths.strategies))
        changes = {k: v for k, (v, _) in loaded.parameter_overrides.get(strategy.variant, {}).items()}
        found.append(strategy.with_parameters(changes) if overrides and changes else strategy)
    return tuple(found)
