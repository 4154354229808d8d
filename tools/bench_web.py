"""Figures of the dashboard beside their targets: `python -m tools.bench_web [--check]`.

A project with ten years of closes for four books is served by `jutsu dashboard` in a process of its own.
Asked are single answers, 100 at once, how soon a commit reaches an open page, what it costs when nothing
happens, and how much a browser loads first. `--check` exits 1 when a figure is beyond three times its target.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from statistics import median, quantiles

import httpx
from websockets.sync.client import connect

from backtest.calendar import sessions as calendar
from live.ledger.ledger import Ledger

PROJECT = Path(__file__).resolve().parents[1]
STATIC = PROJECT / "live/web/static"
SESSIONS, BOOKS = 2520, ("golden", "titan", "gold2026", "other")
AT_ONCE = 100
#: figures of whole curves are computed, the others are looked up
COMPUTED = ("performance", "performance/series")
PATHS = ("status", "portfolio", "trades", "performance", "performance/series", "runs", "alerts", "config")


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure.

    Attributes:
        most: the target; it is met at or below.
    """

    name: str
    value: float
    most: float
    unit: str

    def row(self) -> str:
        """Return its row of a Markdown table."""
        met = "yes" if self.value <= self.most else "no"
        return f"| {self.name} | {self.value:,.1f} {self.unit} | <= {self.most:g} {self.unit} | {met} |"


def project(root: Path) -> Path:
    """Make a project whose ledger holds ten years of closes; return its settings file."""
    shutil.copytree(PROJECT / "config", root / "config")
    config = root / "config/live.yaml"
    text = config.read_text().replace("shadows: [titan]", f"shadows: [{', '.join(BOOKS[1:3])}]")
    config.write_text(text)
    days = [session.day for session in calendar.sessions(date(2014, 1, 2), date(2024, 12, 31))][-SESSIONS:]
    now, random = datetime(2024, 12, 31, 22, tzinfo=UTC), Random(7)  # noqa: S311 - a made-up curve
    with Ledger.open(root / "state/ledger.db", account="paper", now=now) as ledger, ledger.transaction():
        for book in BOOKS:
            equity = 100_000.0
            for day in days:
                equity *= 1 + random.gauss(0.0005, 0.01)
                ledger.snapshots.add(
                    book,
                    day,
                    mode="offline_mock",
                    equity=round(equity, 2),
                    cash=1_000.0,
                    at=calendar.session(day).close,  # type: ignore[union-attr]
                )
    return config


@contextmanager
def served(config: Path) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """Serve a project in a process of its own; yield it and a client that is logged in."""
    command = [sys.executable, "-m", "live.cli", "dashboard", "--port", "8765", "--config", str(config)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            url, _, key = process.stdout.readline().strip().partition("/#k=")
            with httpx.Client(base_url=url, timeout=30) as client:
                client.post(
                    "/api/v1/auth/login", json={"link": key}, headers={"origin": url}
                ).raise_for_status()
                yield process, client
        finally:
            process.terminate()
            process.wait(20)


def timed(ask: Callable[[], object], times: int) -> list[float]:
    """Return how long each of several calls took, milliseconds."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        ask()
        found.append((time.perf_counter() - began) * 1000)
    return found


def p95(values: Sequence[float]) -> float:
    """Return the 95th percentile."""
    return quantiles(values, n=20)[-1]


def alone(client: httpx.Client) -> Iterator[Figure]:
    """Ask one after the other; the first answer of each address is not counted."""
    every: list[float] = []
    for path in (path for path in PATHS if path not in COMPUTED):
        client.get(f"/api/v1/{path}").raise_for_status()
        every += timed(lambda path=path: client.get(f"/api/v1/{path}").raise_for_status(), 10)  # type: ignore[misc]
    yield Figure("an answer alone, 95 %", p95(every), 100, "ms")


def together(process: subprocess.Popen[str], client: httpx.Client) -> Iterator[Figure]:
    """Ask `AT_ONCE` at once, as many open pages would after a change."""
    before = _ticks(process.pid)
    took, codes = asyncio.run(_storm(str(client.base_url), dict(client.cookies)))
    yield Figure(f"{AT_ONCE} at once, median", median(took), 200, "ms")
    yield Figure(f"{AT_ONCE} at once, 95 %", p95(took), 500, "ms")
    spent = (_ticks(process.pid) - before) * 10 / AT_ONCE
    yield Figure("processor for each of them", spent, 20, "ms")
    yield Figure(f"{AT_ONCE} at once, errors", sum(code >= 500 for code in codes), 0, "")


async def _storm(url: str, cookies: dict[str, str]) -> tuple[list[float], list[int]]:
    limits = httpx.Limits(max_connections=AT_ONCE)
    took: list[float] = []

    async with httpx.AsyncClient(base_url=url, cookies=cookies, limits=limits, timeout=30) as client:

        async def ask(number: int) -> int:
            began = time.perf_counter()
            found = await client.get(f"/api/v1/{PATHS[number % len(PATHS)]}")
            took.append((time.perf_counter() - began) * 1000)
            return found.status_code

        codes = await asyncio.gather(*(ask(number) for number in range(AT_ONCE)))
    return took, list(codes)


def pushed(client: httpx.Client, ledger: Path) -> Iterator[Figure]:
    """Commit beside the server and wait for the message about it."""
    url = str(client.base_url).rstrip("/")
    cookie = {"Cookie": "; ".join(f"{name}={value}" for name, value in client.cookies.items())}
    address = url.replace("http", "ws") + "/ws/live"
    found = []
    with connect(address, additional_headers=cookie, origin=url) as socket:  # type: ignore[arg-type]
        socket.recv(10)
        for number in range(10):
            time.sleep(0.5)
            began = time.perf_counter()
            with closing(sqlite3.connect(ledger, timeout=5)) as raw, raw:
                raw.execute("UPDATE performance_snapshots SET cash = ? WHERE id = 1", (number,))
            socket.recv(10)
            found.append((time.perf_counter() - began) * 1000)
    yield Figure("commit to open page, longest of 10", max(found), 1000, "ms")


def idle(process: subprocess.Popen[str]) -> Iterator[Figure]:
    """Look at the process while nothing happens."""
    seconds = 10
    before = _ticks(process.pid)
    time.sleep(seconds)
    yield Figure("processor while idle", (_ticks(process.pid) - before) / seconds, 1, "%")
    status = Path(f"/proc/{process.pid}/status").read_text()
    resident = re.search(r"VmRSS:\s+(\d+) kB", status)
    yield Figure("memory", int(resident.group(1)) / 1024 if resident else 0.0, 200, "MB")


def _ticks(pid: int) -> int:
    """Return the processor time of a process, hundredths of a second."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def first_load() -> Iterator[Figure]:
    """Return how much a browser loads before the first page, and the largest piece that comes later."""
    page = (STATIC / "index.html").read_text()
    named = {Path(name).name for name in re.findall(r'(?:src|href)="([^"]+)"', page)}
    files = [path for path in (STATIC / "assets").iterdir() if path.suffix in {".js", ".css"}]
    size = {path.name: len(gzip.compress(path.read_bytes(), 6)) / 1000 for path in files}
    first = sum(kilobytes for name, kilobytes in size.items() if name in named)
    later = max(kilobytes for name, kilobytes in size.items() if name not in named)
    yield Figure("first load, gzip", first, 150, "kB")
    yield Figure("largest later piece, gzip", later, 80, "kB")


def measured() -> list[Figure]:
    """Return every figure."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "jutsu"
        config = project(root)
        with served(config) as (process, client):
            found = [*alone(client), *together(process, client), *pushed(client, root / "state/ledger.db")]
            found += idle(process)
    return [*found, *first_load()]


def main() -> int:
    """Print the table; with `--check` return 1 when a figure is worse than three times its target."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="exit 1 beyond three times a target")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    figures = measured()
    if options.json:
        print(json.dumps({figure.name: figure.value for figure in figures}, indent=2))
    else:
        print("| figure | value | target | kept |\n|---|---|---|---|")
        print("\n".join(figure.row() for figure in figures))
    return int(options.check and any(figure.value > 3 * figure.most for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
