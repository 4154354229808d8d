"""`python -m live.jobs.child FOLDER`: the process of one job; what it computes is in `FOLDER/job.json`.

It gives way to everything else on the machine, ends when the program that started it does, and writes how far
it is into `FOLDER/progress`. What it prints is its log; the last line says why it failed.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import threading
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from backtest.core.errors import JutsuError
from backtest.core.files import read_regular, write_atomic

REQUEST, PROGRESS, LOG = "job.json", "progress", "log.txt"
#: how far it stands behind everything else, of 19
NICENESS: Final = 15
#: of private memory
MOST_BYTES: Final = 2 * 1024**3
_EVERY_SECONDS: Final = 0.2


def main(arguments: Sequence[str]) -> int:
    """Run the job of a folder and return its exit code."""
    folder = Path(arguments[0])
    document = json.loads(read_regular(folder / REQUEST))
    try:
        work(folder, document)
    except JutsuError as error:
        sys.stderr.write(f"{error.line()}\n")
        return error.exit_code
    except MemoryError:
        sys.stderr.write(f"needs more than {MOST_BYTES // 1024**2} MB of memory\n")
        return 7
    return 0


def work(folder: Path, document: dict[str, Any]) -> None:
    """Compute what `document` asks for. JutsuError: see the kind's function."""
    from live.jobs.work import WORK
    from live.views.settings import SettingsSource

    paths = [None if document[name] is None else Path(document[name]) for name in ("config", "state_db")]
    at = datetime.fromisoformat(document["at"])
    loaded = SettingsSource(paths[0], paths[1], dict(os.environ), document.get("account")).load(at)
    WORK[document["kind"]](loaded, document["request"], at, folder, ProgressFile(folder / PROGRESS))


class ProgressFile:
    """Writes how far a job is, at most five times a second."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last = 0.0

    def __call__(self, done: float) -> None:
        """Keep the part that is done, 0 to 1."""
        if time.monotonic() - self._last >= _EVERY_SECONDS:
            self._last = time.monotonic()
            write_atomic(self._path, f"{done:.4f}".encode(), durable=False)


def give_way() -> None:
    """Leave processor and memory to others."""
    os.nice(NICENESS)
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    most = MOST_BYTES if hard == resource.RLIM_INFINITY else min(MOST_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def end_with_parent() -> None:
    """End at once when the program at the other end of standard input has ended."""

    def wait() -> None:
        while os.read(0, 1024):
            pass
        os._exit(130)

    threading.Thread(target=wait, daemon=True).start()


if __name__ == "__main__":
    end_with_parent()
    give_way()
    raise SystemExit(main(sys.argv[1:]))
