"""A person's folder, and the shipped programs run in it as cron and a person run them."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import random
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final
from unittest import mock

import live.alerts.delivery
import live.alerts.outbox
import live.cli.app
import live.operations.checks
import live.orders.listing
import live.runtime.open
from backtest.strategies import registry
from live import executor, signal_generator
from live.alerts.delivery import Outcome
from live.settings import manifest
from live.settings.load import load_settings, root_of
from live.system.logs import stop_logging
from tests.simulation import clock as clocks
from tests.simulation.crash import Machine, ProcessDied, running, simulated_disk

WEIGHTS: Final = "fund"
STOCKS_BOOK: Final = "stock"
BOOKS: Final = (WEIGHTS, STOCKS_BOOK)
SHADOW: Final = "fund_b"
EARNINGS: Final = "swing"
RULE_SETS: Final = {
    "simulated_weights": "tests.simulation.weights",
    "simulated_stocks": "tests.simulation.stocks",
}
CRONTAB: Final = "cd {} && live.signal_generator; live.executor; jutsu live"
CHANNEL: Final = "JUTSU_ALERT_PHONE"
#: of the 59 days that brokers list; what rests for longer (a stop good till cancelled) comes in every world
LISTED: Final = timedelta(days=3)


Rows = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Ran:
    """One run of a program as a person sees it.

    Attributes:
        name: of the program, with its arguments.
        code: exit code, None when the process died.
        text: everything it printed.
        died_in: step at which it died.
    """

    name: str
    code: int | None
    text: str
    died_in: str = ""

    @property
    def stage(self) -> bool:
        """Whether cron started it."""
        return self.name in {"generator", "executor"}


@dataclass(frozen=True, slots=True)
class Message:
    """One alert on the person's phone."""

    level: str
    title: str
    body: str


@dataclass
class Folder:
    """The person's folder."""

    root: Path
    approval: str = "required"
    inbox: list[Message] = field(default_factory=list)
    channel_down: bool = False

    @property
    def config(self) -> Path:
        return self.root / "config" / "live.yaml"

    @property
    def ledger(self) -> Path:
        return self.root / "state" / "ledger.db"

    @property
    def account(self) -> Path:
        return self.root / "state" / "ledger.paper.db"

    def signal(self, day: Any, variant: str) -> Path:
        return self.root / "signals" / f"trade_signals_{day}_{variant}.json"

    @property
    def reports(self) -> Path:
        return self.root / "reports"

    def prepare(
        self,
        rule_sets: dict[str, tuple[str, dict[str, Any]]],
        books: list[dict[str, Any]],
        settings: dict[str, Any],
    ) -> None:
        """Write settings, strategies and the manifest; `rule_sets`: variant -> name and parameters."""
        strategies = self.root / "config" / "strategies"
        strategies.mkdir(parents=True)
        self.reports.mkdir()
        for variant, (name, parameters) in rule_sets.items():
            body = {"name": name, "variant": variant, "parameters": parameters}
            (strategies / f"{variant}.json").write_text(json.dumps({"strategy": body}))
        self.config.write_text(
            json.dumps(
                {
                    "books": books,
                    "approval": {"policy": self.approval},
                    "logging": {"level": "ERROR"},
                    **settings,
                }
            )
        )
        loaded = load_settings(config=self.config)
        with mock.patch.dict(registry.RULE_SETS, RULE_SETS):
            found = [registry.find_strategy(variant, strategies) for variant in rule_sets]
        manifest.freeze(self.root / "config" / "manifest.json", found, loaded.settings)

    def rows(self, database: Path, query: str, *values: Any) -> Rows:
        """Read one of the files without any of the shipped code; nothing when it is not there."""
        return self.read(database, query, values=values)[0]

    def read(
        self, database: Path, *queries: str, values: Sequence[Any] | Mapping[str, Any] = ()
    ) -> list[Rows]:
        """Answer several questions about one of the files; nothing to each when there is no such file."""
        if not database.exists():
            return [[] for _ in queries]
        with contextlib.closing(sqlite3.connect(database)) as connection:
            return [connection.execute(query, values).fetchall() for query in queries]

    def deliver_all(
        self, urls: Mapping[str, str], queues: Mapping[str, Sequence[Any]], *, within: float = 0.0
    ) -> Iterator[Outcome]:
        """Stand in for the channels: the phone rings, or the network is down."""
        del urls, within
        for channel, messages in queues.items():
            for number, message in enumerate(messages):
                if not self.channel_down:
                    self.inbox.append(Message(message.level, message.title, message.body))
                yield Outcome(channel, number, "no route to host" if self.channel_down else "", 0.0)


@cache
def _commands(arguments: tuple[str, ...]) -> Any:
    return _NEEDED(arguments)


_NEEDED = live.cli.app.needed


@contextmanager
def installed(
    folder: Folder, clock: clocks.WorldClock, feed: Callable[..., Any], broker: Callable[..., Any]
) -> Iterator[None]:
    """Let the shipped programs find the simulated world behind their doors."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("JUTSU_")}
    with (
        mock.patch.dict(registry.RULE_SETS, RULE_SETS),
        mock.patch.dict(os.environ, {**environ, CHANNEL: "phone://me"}, clear=True),
        mock.patch.object(live.runtime.open, "make_feed", feed),
        mock.patch.object(live.runtime.open, "make_broker", broker),
        mock.patch.object(live.alerts.delivery, "deliver_all", folder.deliver_all),
        mock.patch.object(live.alerts.outbox, "deliver_all", folder.deliver_all),
        mock.patch.object(live.orders.listing, "LOOK_BACK", LISTED),
        mock.patch.object(
            live.operations.checks, "crontab", return_value=CRONTAB.format(root_of(folder.config))
        ),
        mock.patch.object(live.cli.app, "needed", lambda arguments: _commands(tuple(arguments[:1]))),
        clocks.instead_of_the_systems(clock),
        simulated_disk(),
    ):
        yield


@contextmanager
def _own_log() -> Iterator[None]:
    """Leave no handler and no level behind in the log of this process."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    try:
        yield
    finally:
        stop_logging()
        root.setLevel(level)
        root.handlers[:] = handlers


def run(folder: Folder, machine: Machine, name: str, *arguments: str) -> Ran:
    """Run a stage (``generator``, ``executor``) or a command of `jutsu` in this process.

    The state of Python's random numbers is put back: names of temporary files must not change anything.
    """
    out = io.StringIO()
    code: int | None = None
    kept = random.getstate()
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out), _own_log(), running(machine):
            code = _main(folder, name, arguments)
    except ProcessDied:
        code = None
    finally:
        random.setstate(kept)
    text = " ".join((name, *arguments)) if name not in {"generator", "executor"} else name
    return Ran(text, code, out.getvalue(), machine.died_in)


def _main(folder: Folder, name: str, arguments: tuple[str, ...]) -> int:
    flags = ("--config", str(folder.config))
    if name == "generator":
        return signal_generator.main([*flags, *arguments])
    if name == "executor":
        return executor.main([*flags, *arguments])
    with mock.patch.object(sys, "argv", ["jutsu", name, *arguments, *flags]):
        try:
            live.cli.app.main()
        except SystemExit as stop:
            return int(stop.code or 0)
    return 0
