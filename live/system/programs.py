"""Other programs of this machine (cron, systemd, launchd): asked for a while, and no longer."""

from __future__ import annotations

import shutil
import subprocess
from typing import Final

#: seconds a program has for its answer
PATIENCE: Final = 10.0


def run_program(
    name: str, *words: str, given: str | None = None, quiet: bool = True
) -> subprocess.CompletedProcess[str] | None:
    """Run a program of the search path.

    Args:
        name: its name, such as `crontab`.
        words: its arguments.
        given: text for its standard input.
        quiet: keep what it says on standard error from the screen.

    Returns:
        Its exit code and what it printed; None when there is no such program, it cannot be run, or it does
        not answer within `PATIENCE`.
    """
    program = shutil.which(name)
    if program is None:
        return None
    try:
        return subprocess.run(  # noqa: S603 - callers hand over fixed words
            [program, *words],
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if quiet else None,
            encoding="utf-8",
            errors="replace",
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None


def succeeded(name: str, *words: str) -> bool:
    """Tell whether a program did what it was told; False when there is none, or it does not answer."""
    done = run_program(name, *words)
    return done is not None and done.returncode == 0
