"""Says that something changed: commits in the ledger, and files of signals, settings and reports."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backtest.core.errors import JutsuError
from live.ledger.ledger import Ledger

if TYPE_CHECKING:
    from live.web.world import World

LOG = logging.getLogger("jutsu.web")
EVERY_SECONDS: Final = 0.25
#: files of a folder that are looked at one by one; older ones are only seen to come and go
_WATCHED: Final = 24


class Watcher:
    """Counts changes; one connection of its own, because `data_version` differs for each.

    Attributes:
        count: changes seen so far.
    """

    def __init__(self, world: World) -> None:
        self.count = 0
        self._world = world
        self._ledger: Ledger | None = None
        self._inode = 0
        self._version = -1
        self._files: dict[str, str] = {}
        self._folders: dict[Path, _Folder] = {}
        self._listeners: list[Callable[[tuple[str, ...]], None]] = []

    def listen(self, listener: Callable[[tuple[str, ...]], None]) -> None:
        """Call `listener` with the topics of every change."""
        self._listeners.append(listener)

    def changed(self, topics: Iterable[str]) -> None:
        """Count a change and tell."""
        self.count += 1
        named = tuple(topics)
        for listener in self._listeners:
            listener(named)

    def look(self) -> None:
        """Look once; anything that cannot be read now is looked at again the next time."""
        try:
            topics = [*self._ledger_topics(), *self._file_topics()]
        except (JutsuError, OSError) as error:
            LOG.debug("cannot watch: %s", error)
            self.forget()
            return
        if topics:
            self.changed(topics)

    def _ledger_topics(self) -> tuple[str, ...]:
        path = self._world.state_db
        inode = path.stat().st_ino if path.exists() else 0
        if inode != self._inode or (inode and self._ledger is None):
            self.forget()
            self._inode = inode
            self._ledger = Ledger.open_to_read(path, account="*") if inode else None
            self._version = -1
        if self._ledger is None:
            return ()
        version = self._ledger.data_version()
        before, self._version = self._version, version
        return ("ledger",) if before not in {-1, version} else ()

    def _file_topics(self) -> tuple[str, ...]:
        found = {
            topic: "\n".join(self._stamp(path) for path in paths) for topic, paths in self._places().items()
        }
        before, self._files = self._files, found
        return tuple(topic for topic, stamp in found.items() if before and before.get(topic) != stamp)

    def _places(self) -> dict[str, tuple[Path, ...]]:
        loaded = self._world.settings_of_file()
        settings = loaded.settings.paths
        state_db = loaded.path(settings.state_db)
        strategies = loaded.path(settings.strategies)
        return {
            "signals": (self._world.signals,),
            "config": (strategies.parent, strategies),
            "state": (state_db.with_name(f"{state_db.name}.kill"), state_db.parent / "reports"),
        }

    def _stamp(self, path: Path) -> str:
        return self._folders.setdefault(path, _Folder()).stamp(path) if path.is_dir() else _stamp(path)

    def forget(self) -> None:
        """Close the ledger; the next look opens it anew."""
        if self._ledger is not None:
            self._ledger.close()
        self._ledger, self._inode, self._version = None, 0, -1


class _Folder:
    """The newest files of a folder; listed again only when one came, went or was renamed."""

    def __init__(self) -> None:
        self._listed = -1
        self._newest: list[Path] = []

    def stamp(self, folder: Path) -> str:
        """Return what changes when the folder, or one of its newest files, does."""
        try:
            at = folder.stat().st_mtime_ns
            if at != self._listed:
                self._newest = sorted(folder.iterdir())[-_WATCHED:]
                self._listed = at
        except OSError:
            return "none"
        return "\n".join([str(at), *(_stamp(file) for file in self._newest)])


def _stamp(path: Path) -> str:
    """Return what changes when a file does."""
    try:
        found = path.stat()
    except OSError:
        return f"{path.name} none"
    return f"{path.name} {found.st_mtime_ns} {found.st_size} {found.st_ino}"
