"""What the web process knows of the project: settings, and the ledger to look at or, for an action, to write.

It holds no broker and no feed, and it never migrates a ledger: the stages do.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from backtest import __version__
from backtest.calendar.sessions import NEW_YORK
from backtest.core.errors import LimitError
from live.ledger.errors import LedgerMissing
from live.ledger.ledger import Ledger
from live.ledger.opening import check_file
from live.model.run import Reading
from live.runtime.account import account_key, named_account
from live.runtime.loading import instant_of_run
from live.runtime.runtime import RunContext
from live.settings.load import LoadedSettings
from live.system.clock import Clock, SimulatedClock
from live.system.lock import is_held
from live.views.inputs import ViewInputs
from live.views.settings import SettingsSource

#: longest wait for another writer; the executor's commits are far shorter
WRITE_SECONDS: Final = 0.25
#: the kill switch waits for whatever is going on
KILL_SECONDS: Final = 10.0


class RunInProgressError(LimitError):
    """The executor is at work: nothing but the kill switch may change the ledger now."""


@dataclass(slots=True)
class _Reader:
    """The ledger as one thread sees it."""

    ledger: Ledger
    inode: int


class World:
    """One project as the web process sees it; safe for several threads.

    Args:
        source: where the settings are.
        clock: source of time.
        signals: folder of the signal files, None for the settings' own.
    """

    def __init__(self, source: SettingsSource, clock: Clock, signals: Path | None = None) -> None:
        self.source = source
        self.clock = clock
        self._signals = signals
        self._local = threading.local()
        self._opened: list[Ledger] = []
        self._lock = threading.Lock()
        self._checked: int | None = None
        self._loaded: dict[str, LoadedSettings] = {}

    def of_account(self, name: str) -> World:
        """Return one of several accounts of the same installation."""
        return World(replace(self.source, account=name), self.clock, self._signals)

    @property
    def state_db(self) -> Path:
        """The ledger file."""
        loaded = self.settings_of_file()
        return loaded.path(loaded.settings.paths.state_db)

    @property
    def state(self) -> Path:
        """The folder of the ledger."""
        return self.state_db.parent

    @property
    def signals(self) -> Path:
        """The folder of the signal files."""
        loaded = self.settings_of_file()
        return self._signals or loaded.path(loaded.settings.paths.signals)

    def settings_of_file(self) -> LoadedSettings:
        """Return the settings without the ledger's overrides, read again when their file changed.

        Raises:
            SettingsError: 2, every finding at once.
        """
        return self._cached(
            "file", self._stamp(), lambda: self.source.load(self.clock.now(), overrides=False)
        )

    def settings(self, ledger: Ledger) -> LoadedSettings:
        """Return the settings with the overrides of the ledger that hold now.

        Raises:
            SettingsError: 2, every finding at once.
        """
        active = ledger.config.active(self.clock.now())
        if not active:
            return self.settings_of_file()
        return self._cached(
            "overrides",
            f"{self._stamp()} {sorted(active.items())!r}",
            lambda: self.source.with_overrides(self.clock.now(), active),
        )

    @contextmanager
    def reading(self) -> Iterator[ViewInputs]:
        """Open one consistent state to look at.

        Raises:
            LedgerMissing, LedgerTooNew: 2. LedgerDamaged, LedgerUnavailable: 8. SettingsError: 2.
        """
        try:
            ledger = self._reader()
        except LedgerMissing:
            with Ledger.open("sqlite://", account=self._account(), now=self.clock.now()) as empty:
                yield self._inputs(empty)
            return
        with ledger.reading():
            yield self._inputs(ledger)

    @contextmanager
    def writing(
        self, seconds: float = WRITE_SECONDS, *, even_during_a_run: bool = False
    ) -> Iterator[ViewInputs]:
        """Open the ledger for an action of a person.

        Args:
            seconds: longest wait for another writer.
            even_during_a_run: while the executor is at work too (the kill switch).

        Raises:
            RunInProgressError: 7, the executor is at work. LedgerMissing, LedgerTooNew: 2.
            LedgerUnavailable: 8, busy.
        """
        if not even_during_a_run:
            self.require_no_run()
        with self._open_to_write(self.settings_of_file(), seconds) as ledger:
            yield self._inputs(ledger)

    @contextmanager
    def stopping(self, seconds: float = KILL_SECONDS) -> Iterator[tuple[Ledger, datetime]]:
        """Open the ledger where the settings cannot be read now: by the last that could.

        For the kill switch, and for what is only noted.

        Args:
            seconds: longest wait for another writer.

        Yields:
            The ledger, and the instant to act at.

        Raises:
            SettingsError: 2, none could be read yet. Those of the ledger: as `writing`.
        """
        known = [loaded for key, loaded in self._loaded.items() if key.startswith("file ")]
        loaded = known[0] if known else self.settings_of_file()
        with self._open_to_write(loaded, seconds) as ledger:
            yield ledger, instant_of_run(loaded.settings, self.clock.now())

    @contextmanager
    def _open_to_write(self, loaded: LoadedSettings, seconds: float) -> Iterator[Ledger]:
        path, account = loaded.path(loaded.settings.paths.state_db), account_key(loaded.settings)
        Ledger.open_to_read(path, account=account).close()  # opened to write, an older one would be changed
        with Ledger.open(path, account=account, now=self.clock.now(), create=False) as ledger:
            ledger.wait_at_most(seconds)
            yield ledger

    def require_readable(self) -> None:
        """Judge the ledger as a reader does; opened to write, an older one would be brought up to date.

        Raises:
            LedgerMissing, LedgerTooNew: 2. LedgerDamaged, LedgerUnavailable: 8.
        """
        Ledger.open_to_read(self.state_db, account=self._account()).close()

    def require_no_run(self) -> None:
        """Raise RunInProgressError 7 while the executor is at work."""
        if is_held(self.state, self._account()):
            raise RunInProgressError(
                "the executor is at work",
                where=str(self.state_db),
                remedy="wait until it ends; only kill works now",
            )

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            opened, self._opened = self._opened, []
        for ledger in opened:
            ledger.close()

    def _inputs(self, ledger: Ledger) -> ViewInputs:
        loaded = self.settings(ledger)
        account = account_key(loaded.settings)
        now = instant_of_run(loaded.settings, self.clock.now())
        return ViewInputs(
            ledger=ledger.for_account(account),
            settings=loaded.settings,
            overrides=loaded.parameter_overrides,
            strategies=loaded.path(loaded.settings.paths.strategies),
            signals=self._signals or loaded.path(loaded.settings.paths.signals),
            account=named_account(loaded.settings.account, account),
            now=now,
            today=now.astimezone(NEW_YORK).date(),
            manifest=loaded.path(loaded.settings.paths.manifest),
        )

    def context(self, inputs: ViewInputs) -> RunContext:
        """Return what is read of a run, for views that are made from one: by stored bars, at one instant."""
        loaded = self.settings(inputs.ledger)
        data = loaded.settings.data
        return RunContext(
            ledger=inputs.ledger,
            clock=SimulatedClock(inputs.now),
            settings=loaded.settings,
            loaded=loaded,
            run=Reading(),
            account=inputs.ledger.account,
            data_source=data.source,
            bar_store=None if data.source == "demo" else loaded.path(data.store),
            state=self.state,
            signals=inputs.signals,
            strategies=inputs.strategies,
            manifest=loaded.path(loaded.settings.paths.manifest),
            version=__version__,
            environ=self.source.environ,
        )

    def _account(self) -> str:
        return account_key(self.settings_of_file().settings)

    def _reader(self) -> Ledger:
        """Return this thread's connection; a ledger that was replaced is checked and opened anew."""
        path = self.state_db
        try:
            inode = path.stat().st_ino
        except FileNotFoundError:
            inode = 0
        known: _Reader | None = getattr(self._local, "reader", None)
        if known is not None and known.inode == inode:
            return known.ledger
        with self._lock:
            if inode and self._checked != inode:
                check_file(path)
                self._checked = inode
        ledger = Ledger.open_to_read(path, account=self._account())
        with self._lock:
            self._opened.append(ledger)
        self._local.reader = _Reader(ledger, inode)
        return ledger

    def _stamp(self) -> str:
        """Return what changes when the settings file does."""
        path = self.source.config or Path("config/live.yaml")
        try:
            found = path.stat()
        except OSError:
            return "none"
        return f"{found.st_mtime_ns} {found.st_size} {found.st_ino}"

    def _cached(self, kind: str, stamp: str, load: Callable[[], LoadedSettings]) -> LoadedSettings:
        key = f"{kind} {stamp}"
        found = self._loaded.get(key)
        if found is None:
            found = load()
            self._loaded = {k: v for k, v in self._loaded.items() if not k.startswith(kind)} | {key: found}
        return found
