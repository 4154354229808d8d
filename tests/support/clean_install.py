"""`make test-wheel`: the wheel in a new environment in an empty folder, dependencies from the index.

Run as ``python -m tests.support.clean_install dist``; prints each step and its seconds; exit code 1 at the
first step that fails.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

#: ten sessions of the demo market, and a Sunday after most of them
SESSIONS = (9, 10, 11, 12, 13, 16, 17, 18, 20, 23)
SUNDAY = "2025-06-22"


def _session(day: int) -> tuple[tuple[str, ...], ...]:
    as_of = ("--as-of", f"2025-06-{day:02d}")
    return tuple(("python", "-m", f"live.{stage}", *as_of) for stage in ("signal_generator", "executor"))


STEPS = (
    ("jutsu", "--version"),
    ("jutsu", "init", "--yes"),
    ("jutsu", "demo"),
    *(step for day in SESSIONS for step in _session(day)),
    ("jutsu", "validate", "--since", "2025-06-09"),
    ("jutsu", "report", "weekly", SUNDAY),
    ("jutsu", "doctor"),
)
#: what must lie in the folder afterwards
LEFT = (
    "state/reports/weekly_2025-06-22.html",
    "signals/trade_signals_2025-06-23_golden.json",
    "signals/demo",
)


def main() -> int:
    """Install the newest wheel of the folder named and run every step."""
    (wheel,) = Path(sys.argv[1]).absolute().glob("*.whl")
    with tempfile.TemporaryDirectory(prefix="jutsu-clean-") as folder:
        empty, venv = Path(folder) / "empty", Path(folder) / "venv"
        empty.mkdir()
        _step((sys.executable, "-m", "venv", str(venv)), empty)
        pip = (str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        lock = Path("requirements/runtime.lock").absolute()
        _step((*pip, "--require-hashes", "--no-deps", "-r", str(lock)), empty)
        _step((*pip, str(wheel)), empty)
        for program, *arguments in STEPS:
            _step((str(venv / "bin" / program), *arguments), empty)
        missing = [name for name in LEFT if not (empty / name).exists()]
        if missing:
            print(f"not there: {', '.join(missing)}")
            return 1
    return 0


def _step(command: tuple[str, ...], folder: Path) -> None:
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "JUTSU"))}
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=plain, capture_output=True, text=True, check=False)
    print(
        f"{time.perf_counter() - start:6.1f} s  {Path(command[0]).name} {' '.join(command[1:])}", flush=True
    )
    if done.returncode != 0:
        print(done.stdout + done.stderr)
        raise SystemExit(1)


if __name__ == "__main__":
    sys.exit(main())
