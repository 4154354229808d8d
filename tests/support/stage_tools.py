"""Run the real stages the way a user does: as functions with the real argument parser, or as processes."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from live import executor, signal_generator
from tests.support.paths import PROJECT


@dataclass(frozen=True)
class Place:
    """One user's folders: ledger, signal files, prices."""

    root: Path
    prices: Path | None = None

    @property
    def db(self) -> Path:
        return self.root / "state" / "ledger.db"

    @property
    def out(self) -> Path:
        return self.root / "signals"

    def common(self, day: str) -> list[str]:
        flags = [
            "--as-of",
            day,
            "--state-db",
            str(self.db),
            "--config",
            str(PROJECT / "config" / "live.yaml"),
        ]
        if self.prices is not None:
            flags += ["--prices", str(self.prices)]
        return flags

    def generate(self, day: str, *more: str) -> int:
        return signal_generator.main([*self.common(day), "--output-dir", str(self.out), *more])

    def execute(self, day: str, *more: str, variant: str = "golden") -> int:
        return executor.main([*self.common(day), "--signals-file", str(self.file(day, variant)), *more])

    def file(self, day: str, variant: str = "golden") -> Path:
        return self.out / f"trade_signals_{day}_{variant}.json"


def run_module(module: str, *args: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m module` as its own process in `cwd`."""
    import os

    return subprocess.run(
        [sys.executable, "-m", module, *args],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
