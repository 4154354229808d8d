"""The earnings timetable in online_live through the real clients: bought with its stop, sold the next day."""

from __future__ import annotations

import contextlib
import io
import shutil
import sys
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from backtest.calendar import sessions as calendar
from live import executor, signal_generator
from live.brokers import rehearsal
from live.cli import app as cli
from live.replay.earnings_demo import write_report
from live.system.clock import Clock, SystemClock
from tests.fakes.alpaca import harness as alpaca
from tests.fakes.alpaca.harness import FakeAlpaca
from tests.fakes.schwab import harness as schwab
from tests.fakes.schwab.harness import FakeSchwab
from tests.support.http_imitation import MovedClock
from tests.support.paths import PROJECT

REAL_CLOCK = rehearsal.rehearsal_clock
NEW_YORK = ZoneInfo("America/New_York")
MON, TUE = date(2026, 2, 2), date(2026, 2, 3)


def at(day: date, clock: str) -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=NEW_YORK)


def moved_clock(url: str, base: Clock | None = None) -> MovedClock:
    """The imitation's clock; who sleeps moves it, so that accounts that lag cost no time."""
    shown = REAL_CLOCK(url, base).now()
    return MovedClock(url, base or SystemClock(), shown)


def typed() -> int:
    """The console script, which ends by itself."""
    cli.main()
    return 0


class Project:
    """A person's folder wired to an imitation; what is typed runs in this process."""

    def __init__(self, folder: Path, fake: FakeAlpaca | FakeSchwab, name: str) -> None:
        self.folder, self.fake, self.name = folder, fake, name
        shutil.copytree(PROJECT / "config", folder / "config")
        path = folder / "config" / "live.yaml"
        settings = yaml.safe_load(path.read_text())
        settings["books"] = [{"primary": "ema_p10"}]
        path.write_text(yaml.safe_dump(settings))
        # one calendar day is enough to be sold again: the exit of the next session
        path = folder / "config" / "strategies" / "ema_p10.yaml"
        strategy = yaml.safe_load(path.read_text())
        strategy["strategy"]["parameters"]["max_holding_days"] = 1
        path.write_text(yaml.safe_dump(strategy))
        self.check(self.run("live.cli", "config", "freeze"))

    @property
    def environ(self) -> dict[str, str]:
        own = {
            "JUTSU_MODE": "online_live",
            "JUTSU_DATA__SOURCE": self.name,
            "JUTSU_BROKER__NAME": self.name,
            f"JUTSU_BROKER__{self.name.upper()}__BASE_URL": self.fake.url,
        }
        if self.name == "schwab":
            own["JUTSU_BROKER__SCHWAB__ACCOUNT_LAST4"] = "4321"
        return own | (schwab.ENVIRON if self.name == "schwab" else alpaca.ENVIRON)

    def run(self, module: str, *args: str, answer: str = "") -> tuple[int, str]:
        """One command line, inside this process."""
        mains = {"live.signal_generator": signal_generator.main, "live.executor": executor.main}
        out = io.StringIO()
        with (
            pytest.MonkeyPatch.context() as patch,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(out),
        ):
            patch.chdir(self.folder)
            patch.setattr(sys, "stdin", io.StringIO(answer))
            patch.setattr(sys, "argv", ["jutsu", *args])
            patch.setattr(rehearsal, "rehearsal_clock", moved_clock)
            for name, value in self.environ.items():
                patch.setenv(name, value)
            try:
                code = mains[module](list(args)) if module in mains else typed()
            except SystemExit as stop:
                code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        return code, out.getvalue()

    @staticmethod
    def check(outcome: tuple[int, str]) -> str:
        assert outcome[0] == 0, outcome[1]
        return outcome[1]

    def stage(self, day: date, clock: str, *args: str) -> str:
        self.fake.clock(at=at(day, clock).isoformat())
        return self.check(self.run(*args))

    def orders(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.fake.state()["orders"]
        return found


def flat(*symbols: str) -> dict[str, Any]:
    days = [s.day for s in calendar.sessions(date(2025, 6, 2), date(2026, 2, 27))]
    row = {"open": 100.0, "high": 100.0, "low": 100.0, "close": 100.0, "volume": 1000.0}
    return {symbol: [{"date": day.isoformat(), **row} for day in days] for symbol in symbols}


@pytest.fixture(params=["alpaca", "schwab"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Project]:
    fakes: dict[str, type[FakeAlpaca | FakeSchwab]] = {"alpaca": FakeAlpaca, "schwab": FakeSchwab}
    with fakes[request.param](at(MON, "09:15:00"), ticking=True) as fake:
        for symbol, rows in flat("AAA").items():
            fake.app.market.load(symbol, rows)
        made = Project(tmp_path / "desk", fake, request.param)
        if request.param == "schwab":
            fake.write_token(made.folder / "state" / "schwab_token.json")
            made.check(made.run("live.cli", "online", answer="trade real money\n"))
        yield made


def alive(project: Project, kind: str) -> list[dict[str, Any]]:
    """Orders of one kind that still rest at the broker, children included."""
    with_children = []
    for order in project.orders():
        with_children += [order, *(order.get("childOrderStrategies") or [])]
    ended = {"filled", "canceled", "expired", "rejected", "replaced"}
    names = ("type", "orderType")
    found = {}
    for order in with_children:
        order_type = next((order[n] for n in names if n in order), "").lower()
        if order_type == kind and order["status"].lower() not in ended:
            found[str(order.get("id", order.get("orderId")))] = order
    return list(found.values())


def test_bought_with_its_stop_and_sold_the_next_day(project: Project) -> None:
    row = {"ticker": "AAA", "grade": "A", "score": 90.0, "price": 100.0, "gap_size": 6.0, "company_name": "A"}
    report = write_report(project.folder, MON, [row])
    generate = ("live.signal_generator", "--strategy", "ema_p10")
    project.stage(MON, "09:15:00", *generate, "--report-file", str(report))
    (path,) = project.folder.glob("signals/*_ema_p10.json")
    project.check(project.run("live.cli", "approve", str(path)))
    project.stage(MON, "09:20:00", "live.executor", "--phase", "place")
    assert project.fake.state()["positions"] == {}
    project.stage(MON, "09:32:00", "live.executor", "--phase", "poll")
    assert len(project.fake.sent()) == 1, "one request carries the buy and its stop"
    (stop,) = alive(project, "stop")
    assert float(stop["stop_price"] if "stop_price" in stop else stop["stopPrice"]) == 90.0
    assert list(project.fake.state()["positions"]) == ["AAA"]
    project.stage(MON, "09:40:00", "live.executor", "--phase", "poll")
    assert len(project.fake.sent()) == 1

    project.stage(TUE, "09:15:00", *generate)
    project.stage(TUE, "09:20:00", "live.executor", "--phase", "place")
    assert alive(project, "stop") == [], "the stop is gone before the sell leaves"
    (sell,) = alive(project, "market")
    assert sell.get("side", sell.get("orderLegCollection", [{}])[0].get("instruction", "")).lower() == "sell"
    project.stage(TUE, "09:32:00", "live.executor", "--phase", "poll")
    assert project.fake.state()["positions"] == {}
    assert len(project.fake.sent()) == 2
    assert alive(project, "market") == alive(project, "stop") == []
    cancelled = [n for n, entry in enumerate(project.fake.app.log) if entry["method"] == "DELETE"]
    posted = [n for n, entry in enumerate(project.fake.app.log) if entry in project.fake.sent()]
    assert posted[0] < cancelled[0] < posted[1]


def test_a_stock_halted_at_the_open_leaves_no_order_behind(tmp_path: Path) -> None:
    """A buy that carries its stop is good till cancelled here: it must not buy on another day."""
    with FakeAlpaca(at(MON, "09:15:00"), ticking=True) as fake:
        for symbol, rows in flat("AAA").items():
            fake.app.market.load(symbol, rows)
        project = Project(tmp_path / "project", fake, "alpaca")
        settings = yaml.safe_load((project.folder / "config" / "live.yaml").read_text())
        settings["polling"] |= {"timeout_seconds": 1, "interval_seconds": 0.2}  # the clock ticks for real
        (project.folder / "config" / "live.yaml").write_text(yaml.safe_dump(settings))
        row = {"ticker": "AAA", "grade": "A", "score": 90.0, "price": 100.0, "company_name": "A"}
        report = write_report(project.folder, MON, [row])
        generate = ("live.signal_generator", "--strategy", "ema_p10", "--report-file", str(report))
        project.stage(MON, "09:15:00", *generate)
        (path,) = project.folder.glob("signals/*_ema_p10.json")
        project.check(project.run("live.cli", "approve", str(path)))
        project.stage(MON, "09:20:00", "live.executor", "--phase", "place")
        fake.call("halt", ["AAA"])
        project.stage(MON, "09:32:00", "live.executor", "--phase", "poll")
        (buy,) = alive(project, "market")
        assert buy["time_in_force"] == "gtc"
        for clock in ("09:40:00", "10:00:00"):
            fake.clock(at=at(MON, clock).isoformat())
            code, text = project.run("live.executor", "--phase", "poll")
            assert code == 7
            assert "no order was filled: AAA: 0 of 100 shares filled in 1 try (entry): nobody traded" in text
        fake.call("halt", [])
        fake.clock(at=at(MON, "11:00:00").isoformat())
        assert alive(project, "market") == alive(project, "stop") == []
        assert fake.state()["positions"] == {}
