"""One user with a project folder of their own: settings, prices, signals, ledger, the real command lines."""

import contextlib
import io
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from backtest.data.sources.demo import FUNDS, DemoMarket
from live import executor, signal_generator
from tests.support.paths import PROJECT

#: sessions of the demo market with seed 7: golden buys twice, does nothing, nothing, sells one and buys two
FIRST, SECOND, THIRD, SWITCH = "2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05"


@dataclass(frozen=True)
class Ran:
    """What a person sees of one command."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err


@dataclass(frozen=True)
class User:
    """A project folder; `prices` None means the configured demo market."""

    root: Path
    prices: Path | None = None

    @property
    def config(self) -> Path:
        return self.root / "config" / "live.yaml"

    @property
    def db(self) -> Path:
        return self.root / "state" / "ledger.db"

    @property
    def paper(self) -> Path:
        return self.root / "state" / "ledger.paper.db"

    @property
    def signals(self) -> Path:
        return self.root / "signals"

    def file(self, day: str, variant: str = "golden") -> Path:
        return self.signals / f"trade_signals_{day}_{variant}.json"

    def flags(self, day: str | None) -> list[str]:
        found = ["--config", str(self.config)]
        if day is not None:
            found += ["--as-of", day]
        if self.prices is not None:
            found += ["--prices", str(self.prices)]
        return found

    def generate(self, day: str | None, *more: str) -> Ran:
        return called(lambda: signal_generator.main([*self.flags(day), *more]))

    def execute(self, day: str | None, *more: str) -> Ran:
        return called(lambda: executor.main([*self.flags(day), *more]))

    def trade(self, day: str) -> None:
        """Both stages, which must work."""
        for ran in (self.generate(day), self.execute(day)):
            assert ran.code == 0, ran.text

    def jutsu(self, *arguments: str) -> Ran:
        return called(lambda: jutsu([*arguments, "--config", str(self.config)]))

    def jutsu_check(self) -> Ran:
        """`jutsu config check`, which takes the file as its argument."""
        return called(lambda: jutsu(["config", "check", str(self.config)]))

    def set(self, **sections: object) -> None:
        """Change settings: `execution={"min_cash_pct": 3}`; a plain value replaces."""
        data = yaml.safe_load(self.config.read_text())
        for name, value in sections.items():
            data[name] = {**data[name], **value} if isinstance(value, dict) and name in data else value
        self.config.write_text(yaml.safe_dump(data))

    def rows(self, table: str, columns: str = "*", database: Path | None = None) -> list[tuple[Any, ...]]:
        with contextlib.closing(sqlite3.connect(database or self.db)) as connection:
            return connection.execute(f"select {columns} from {table} order by rowid").fetchall()

    def change(self, statement: str, database: Path | None = None) -> None:
        """Change a database behind everybody's back."""
        with contextlib.closing(sqlite3.connect(database or self.db)) as connection, connection:
            connection.execute(statement)

    def orders(self) -> list[tuple[Any, ...]]:
        return self.rows("orders", "client_order_id, side, quantity, state, filled_quantity")

    def paper_account(self) -> tuple[Any, ...]:
        """Everything the broker knows."""
        with contextlib.closing(sqlite3.connect(self.paper)) as connection:
            tables = [
                name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")
            ]
            return tuple(
                (name, tuple(connection.execute(f"select * from {name}"))) for name in sorted(tables)
            )

    def copy(self, to: Path) -> "User":
        shutil.copytree(self.root, to)
        return User(to, self.prices)


def new_user(root: Path, prices: Path | None = None) -> User:
    """A fresh project folder."""
    shutil.copytree(PROJECT / "config", root / "config")
    return User(root, prices)


def called(body: Callable[[], Any]) -> Ran:
    """Run a command line inside this process and catch what it prints."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = body()
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 0
    return Ran(0 if code is None else code, out.getvalue(), err.getvalue())


def jutsu(arguments: Sequence[str]) -> None:
    """The console script."""
    from live.cli.app import main

    before = sys.argv
    sys.argv = ["jutsu", *arguments]
    try:
        main()
    finally:
        sys.argv = before


@contextlib.contextmanager
def unchanged(folder: Path) -> Iterator[None]:
    """Everything below a folder stays byte for byte what it is, and nothing is added."""
    before = tree(folder)
    yield
    after = tree(folder)
    changed = sorted(n for n in before.keys() | after.keys() if before.get(n) != after.get(n))
    assert changed == [], f"changed, new or gone: {changed}"


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def write_demo_prices(folder: Path, start: date = date(2019, 1, 2), end: date = date(2024, 12, 31)) -> Path:
    """The demo market as CSV files, one per symbol."""
    folder.mkdir(parents=True, exist_ok=True)
    for symbol, bars in DemoMarket(7, end).read(FUNDS).items():
        first = int(bars.dates.searchsorted(np.datetime64(start)))
        columns = (bars.open, bars.high, bars.low, bars.close, bars.volume)
        lines = [
            ",".join([str(bars.dates[row]), *(repr(float(column[row])) for column in columns)])
            for row in range(first, len(bars))
        ]
        (folder / f"{symbol}.csv").write_text("\n".join(["date,open,high,low,close,volume", *lines]) + "\n")
    return folder


def edit_prices(prices: Path, to: Path, symbol: str, change: Callable[[list[str]], list[str]]) -> Path:
    """A copy of a price folder with one file's data lines changed by `change(lines) -> lines`."""
    shutil.copytree(prices, to)
    path = to / f"{symbol}.csv"
    head, *lines = path.read_text().splitlines()
    path.write_text("\n".join([head, *change(lines)]) + "\n")
    return to
