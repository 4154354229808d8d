"""The accounts one process serves: each its project, what watches its ledger, its answers and its jobs.

Without `accounts:` in the settings there is one, and every request is about it. With it a request names its
account; one account never waits for another, and what is wrong with one stops no other.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from backtest.core.errors import SettingsError, UsageError
from live.jobs.project import JobsProject
from live.jobs.runner import Capacity
from live.settings.accounts import AccountNeeded, common_folder
from live.settings.load import DEFAULT_CONFIG, account_names
from live.web.answers import Answers
from live.web.background import Jobs
from live.web.push import Push
from live.web.watch import EVERY_SECONDS, Watcher
from live.web.world import World


@dataclass(frozen=True, slots=True)
class Served:
    """One account: its project, what watches its ledger and files, its answers, its jobs."""

    name: str
    world: World
    watcher: Watcher
    answers: Answers
    jobs: Jobs


class Accounts:
    """The accounts of one installation.

    Args:
        installation: the project as it was started; the one account where it names one, or has only one.
        push: is told of every change.

    Raises:
        SettingsError: 2, the settings of an account are wrong.
    """

    def __init__(self, installation: World, push: Push) -> None:
        self._installation, self._push = installation, push
        self._start: Final = secrets.token_hex(8)
        self._capacity = Capacity()
        self._lock = threading.Lock()
        self._served: dict[str, Served] = {}
        self._names: tuple[str, ...] = ()
        self._stamp = ""
        self._begun = False
        for name in self.names() or ("",):
            self.of(name or None)

    def names(self) -> tuple[str, ...]:
        """Return the accounts a request can name, in the order of the file; none where there is only one.

        A file that cannot be read now changes nothing: what stops orders must find its account.
        """
        if self._installation.source.account is not None:
            return ()
        stamp = _stamp(self._installation.source.config or DEFAULT_CONFIG)
        if stamp != self._stamp:
            with contextlib.suppress(SettingsError):
                self._names = account_names(self._installation.source.config) or self._names
            self._stamp = stamp
        return self._names

    def of(self, name: str | None) -> Served:
        """Return the account a request is about.

        Raises:
            AccountNeeded: 2, none of several was named. UsageError: 2, there is no such account.
        """
        names, own = self.names(), self._installation.source.account
        if name is None and names:
            raise AccountNeeded(names)
        if name is not None and name not in names and name != own:
            known = ", ".join(names or ([own] if own else [])) or "none: leave it out"
            raise UsageError(f"there is no account {name!r} here", where="account", remedy=f"known: {known}")
        key = "" if name is None or name == own else name
        with self._lock:
            if key not in self._served:
                self._served[key] = self._new(key)
            return self._served[key]

    def all(self) -> tuple[Served, ...]:
        """Return every account, in the order of the file. SettingsError 2: those of one are wrong."""
        return tuple(self.of(name) for name in self.names() or (None,))

    def first(self) -> Served:
        """Return the account that speaks for the installation: what all share is read from it."""
        names = self.names()  # the others are left alone: one that was added with an error stops none
        return self.of(names[0] if names else None)

    async def watch(self) -> None:
        """Look after every account until cancelled."""
        try:
            while True:
                for served in tuple(self._served.values()):
                    served.watcher.look()
                await asyncio.sleep(EVERY_SECONDS)
        finally:
            for served in tuple(self._served.values()):
                served.watcher.forget()

    def start_jobs(self) -> None:
        """Begin to run the jobs of every account, of one that is added later too."""
        self._begun = True
        for served in self._served.values():
            served.jobs.start()

    def close(self) -> None:
        """End every job and close every connection."""
        for served in self._served.values():
            served.jobs.stop()
            served.world.close()

    def _new(self, name: str) -> Served:
        world = self._installation.of_account(name) if name else self._installation
        watcher = Watcher(world)
        watcher.listen(lambda topics: self._push.changed(topics, watcher.count, name))
        jobs = Jobs(
            JobsProject.of(world.source, world.clock), lambda job: self._push.job(job, name), self._capacity
        )
        answers = Answers(world, self._start, lambda: watcher.count + jobs.count)
        if self._begun:
            jobs.start()
        return Served(name, world, watcher, answers, jobs)


def first_account(installation: World) -> World:
    """Return the account that speaks for the installation. SettingsError 2: `accounts:` is wrong."""
    names = () if installation.source.account is not None else account_names(installation.source.config)
    return installation.of_account(names[0]) if names else installation


def logins_folder(installation: World) -> Path:
    """Return the folder of `web.db`: who may come in is the same for every account."""
    first = first_account(installation)
    return common_folder(first.state, first.settings_of_file().settings.account)


def _stamp(path: Path) -> str:
    """Return what changes when a file does."""
    try:
        found = path.stat()
    except OSError:
        return "none"
    return f"{found.st_mtime_ns} {found.st_size} {found.st_ino}"
