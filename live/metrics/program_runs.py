"""How the newest run of each program ended: a small file for each, so that none waits for another."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from backtest.core.files import read_regular, write_atomic

FOLDER: Final = "program_runs"


@dataclass(frozen=True, slots=True)
class ProgramRun:
    """The newest run of a program.

    Attributes:
        at: when it ended, ISO 8601 with an offset.
        code: its exit code.
        seconds: how long it took.
        succeeded_at: when one last ended with exit code 0, None when none ever did.
    """

    at: str
    code: int
    seconds: float
    succeeded_at: str | None = None


def remember(state: Path, program: str, run: ProgramRun) -> None:
    """Keep a run as the newest of its program. OSError: it could not be written."""
    before = recall(state).get(program)
    if run.code == 0:
        run = replace(run, succeeded_at=run.at)
    elif before is not None:
        run = replace(run, succeeded_at=before.succeeded_at)
    write_atomic(state / FOLDER / f"{program}.json", json.dumps(asdict(run)).encode(), 0o600, durable=False)


def recall(state: Path) -> Mapping[str, ProgramRun]:
    """Return program -> its newest run; a file that cannot be understood counts as none."""
    return dict(_known(state / FOLDER))


def looked_at(state: Path, program: str) -> datetime | None:
    """Return when the newest run of a program ended, None where none was noted."""
    run = recall(state).get(program)
    return None if run is None else datetime.fromisoformat(run.at)


def _known(folder: Path) -> Iterator[tuple[str, ProgramRun]]:
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        try:
            run = ProgramRun(**json.loads(read_regular(path)))
            for text in (run.at, run.succeeded_at):
                if text is not None:
                    datetime.fromisoformat(text)
            yield path.stem, replace(run, code=int(run.code), seconds=float(run.seconds))
        except (OSError, ValueError, TypeError):
            continue
