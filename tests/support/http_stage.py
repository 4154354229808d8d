"""Stage 2 called in this process by its command line, against an imitation in a thread: quick to sweep."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from live.brokers import rehearsal
from live.system.clock import SystemClock
from tests.fakes.alpaca.harness import FakeAlpaca
from tests.fakes.schwab.harness import FakeSchwab
from tests.support.http_imitation import DAY, PRICES, MovedClock, at
from tests.support.http_judge import verdict
from tests.support.http_world import Project, wanted

ORDERS = {("AAA", "BUY"): 100, ("BBB", "BUY"): 100}
SHARES = {"AAA": 100, "BBB": 100}


def entries(day: date = DAY) -> list[dict[str, Any]]:
    """Two entries with stops."""
    return [
        wanted("AAA", "entry", 100, stop=90.0, rank=2.0, day=day),
        wanted("BBB", "entry", 100, stop=45.0, rank=1.0, day=day),
    ]


@dataclass
class Stage:
    """The folder, the imitation and what the last run printed."""

    project: Project
    fake: FakeSchwab | FakeAlpaca
    patch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    clock: type = MovedClock
    text: str = ""

    def execute(self, *arguments: str) -> int:
        """Run stage 2 from its command line; `text` keeps what it printed."""
        from live import executor

        self.capsys.readouterr()
        code = executor.main(list(arguments))
        shown = self.capsys.readouterr()
        self.text = shown.out + shown.err
        return code

    def jutsu(self, *arguments: str) -> int:
        """Run `jutsu …`."""
        from live.cli import app as cli

        self.capsys.readouterr()
        self.patch.setattr(sys, "argv", ["jutsu", *arguments])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        shown = self.capsys.readouterr()
        self.text = shown.out + shown.err
        return int(stop.value.code or 0)

    def sent(self) -> int:
        """Order requests the imitation has seen."""
        return len(self.fake.sent())

    def wrong(self) -> list[str]:
        """Everything that is not as it should be after the two entries."""
        return verdict(self.project, self.fake, orders=ORDERS, shares=SHARES, stops=True)

    def finish(self) -> None:
        """Run again in a world without faults: it must end well, and once more changes nothing."""
        for _ in range(2):
            code = self.execute()
            assert code == 0, self.text
        problems = self.wrong()
        assert problems == [], problems


@contextmanager
def stage(
    folder: Path,
    patch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    day: date = DAY,
    variant: str = "ema_p10",
    broker: str = "schwab",
) -> Iterator[Stage]:
    """A prepared folder with a file of two entries, just inside its window."""
    imitation: type[FakeSchwab | FakeAlpaca] = FakeSchwab if broker == "schwab" else FakeAlpaca
    with imitation(at(day), dict(PRICES), ticking=True) as fake:
        project = Project(folder, broker, variant).prepare(fake.app)
        project.write(entries(day), day=day)
        made = Stage(project, fake, patch, capsys)
        plain = rehearsal.rehearsal_clock

        def clock(url: str, base: Any = None) -> Any:
            own = base or SystemClock()
            return made.clock(url, own, plain(url, own).now())

        patch.setattr(rehearsal, "rehearsal_clock", clock)
        for name, value in project.environ(fake.url).items():
            patch.setenv(name, value)
        patch.chdir(folder)
        yield made
