"""The real stages as processes in `online_live` mode against the imitation: what a cron job would do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.fakes.schwab.harness import ENVIRON, FakeSchwab
from tests.support.paths import PROJECT


@dataclass
class Online:
    """A person's folder, wired to an imitation.

    The stages read the imitation's clock, so start it ticking and move it with `fake.clock(at=...)`.
    """

    folder: Path
    fake: FakeSchwab

    def prepare(self) -> Online:
        """Copy the configuration, log in and confirm live trading."""
        shutil.copytree(PROJECT / "config", self.folder / "config")
        self.fake.write_token(self.folder / "state" / "schwab_token.json")
        self.check(self.jutsu("online", answer="trade real money\n"))
        return self

    @property
    def environ(self) -> dict[str, str]:
        """Environment of every process."""
        return {
            **{k: v for k, v in os.environ.items() if not k.startswith("JUTSU_")},
            **ENVIRON,
            "JUTSU_MODE": "online_live",
            "JUTSU_DATA__SOURCE": "schwab",
            "JUTSU_BROKER__NAME": "schwab",
            "JUTSU_BROKER__SCHWAB__BASE_URL": self.fake.url,
            "JUTSU_BROKER__SCHWAB__ACCOUNT_LAST4": "4321",
            "PYTHONPATH": str(PROJECT),
        }

    def start(self, *args: str) -> subprocess.Popen[str]:
        """Start `python -m …` and return at once."""
        return subprocess.Popen(
            [sys.executable, "-m", *args],
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *args: str, answer: str = "") -> tuple[int, str]:
        """Run `python -m …` to its end: exit code and everything it printed."""
        process = self.start(*args)
        shown, _ = process.communicate(answer, timeout=120)
        return process.returncode, shown

    def jutsu(self, *args: str, answer: str = "") -> tuple[int, str]:
        """Run a `jutsu` command."""
        return self.run("live.cli", *args, answer=answer)

    def generate(self, *args: str) -> tuple[int, str]:
        """Run stage 1."""
        return self.run("live.signal_generator", *args)

    def execute(self, *args: str) -> tuple[int, str]:
        """Run stage 2."""
        return self.run("live.executor", *args)

    def execute_and_kill(self, *args: str, limit: float = 30.0) -> str:
        """Run stage 2 until the imitation holds one of its requests (a `pause` fault), then kill it."""
        process = self.start("live.executor", *args)
        deadline = time.monotonic() + limit
        while not self.fake.app.faults.paused and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        held = bool(self.fake.app.faults.paused)
        process.kill()
        shown, _ = process.communicate()
        self.fake.app.faults.release()
        if not held:
            raise AssertionError(f"the request never came: {shown}")
        return shown

    @staticmethod
    def check(outcome: tuple[int, str]) -> str:
        """Return what was printed; AssertionError when the exit code is not 0."""
        code, shown = outcome
        if code != 0:
            raise AssertionError(f"exit code {code}: {shown}")
        return shown
