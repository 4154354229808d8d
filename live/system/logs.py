"""Log files of the stages: one per stage and day, kept for a while, secrets masked."""

from __future__ import annotations

import contextlib
import logging
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from live.system.log_lines import NAME
from live.system.screen import complain

#: log of the commands a person types
COMMANDS = "jutsu"
#: libraries whose DEBUG output prints whole bodies (account numbers, tokens)
LOUD_LIBRARIES = ("schwab", "httpx", "httpcore", "authlib", "alpaca", "urllib3", "ib_async")


class LogFile(logging.FileHandler):
    """A log file on a disk that may be full: said once in one line, never a traceback on the screen."""

    complained = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name logging gave it
        """Say once that the log has holes; the run goes on."""
        del record
        if not self.complained and sys.stderr is not None:
            error = sys.exc_info()[1]
            print(f"warning: the log cannot be written: {error}", file=sys.stderr)  # noqa: T201 - nothing else is left
        self.complained = True


class DailyLogFile(LogFile):
    """The log of a program that runs for days: a line goes into the file of its own day (UTC)."""

    def __init__(self, directory: Path, stage: str, now: datetime, account: str = "") -> None:
        super().__init__(log_path(directory, stage, now, account), encoding="utf-8")
        self._place, self._day = (directory, stage, account), now.date()

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line, the first one of a day into a new file."""
        at = datetime.fromtimestamp(record.created, UTC)
        if at.date() != self._day:
            self._day, (directory, stage, account) = at.date(), self._place
            self.close()  # opens again with the next line
            self.baseFilename = str(log_path(directory, stage, at, account).absolute())
        super().emit(record)


def log_path(directory: Path, stage: str, now: datetime, account: str = "") -> Path:
    """Return the log file of `stage` for the day of `now`, of one of several accounts where it is named."""
    return directory / log_name(stage, now.date(), account)


def log_name(stage: str, day: date, account: str = "") -> str:
    """Return the name of a log file: `<stage>_<date>[_<account>].log`."""
    return f"{stage}_{day.isoformat()}{f'_{account}' if account else ''}.log"


def start_logging(
    directory: Path,
    stage: str,
    *,
    now: datetime,
    level: str,
    keep_days: int,
    lines: str = "text",
    account: str = "",
    daily: bool = False,
) -> Path | None:
    """Send everything to the day's log file, name the run, and drop files older than `keep_days`.

    `lines` is their format: `text` or `json`. `account` is the name of one of several. `daily`: the program
    runs for days, each has a file.

    Returns the path, or None when the folder cannot be written, which is said: no run fails for its log.
    """
    from live.system import run_facts
    from live.system.log_formats import formatter
    from live.system.redaction import RedactionFilter

    root = logging.getLogger()
    stop_logging()
    facts = run_facts.begin(stage, now)
    path = log_path(directory, stage, now, account)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        handler = DailyLogFile(directory, stage, now, account) if daily else LogFile(path, encoding="utf-8")
    except OSError as error:
        complain(f"warning: no log is kept: {path}: {error.strerror} → make its folder one we can write")
        return None
    handler.jutsu_stage = stage  # type: ignore[attr-defined] # marks the handler as ours
    handler.setFormatter(formatter(lines))
    handler.addFilter(RedactionFilter())
    root.addHandler(handler)
    root.setLevel(level)
    for name in LOUD_LIBRARIES:
        logging.getLogger(name).setLevel(max(logging.INFO, root.level))
    _prune(directory, now.date() - timedelta(days=keep_days))
    # commands of a person leave nothing in their log but what goes wrong
    logging.getLogger("jutsu").log(logging.DEBUG if stage == COMMANDS else logging.INFO, "run %s", facts.run)
    return path


def stop_logging() -> None:
    """Close the log file of this process, if there is one; its run is over."""
    from live.system import run_facts

    run_facts.end()
    root = logging.getLogger()
    for old in [h for h in root.handlers if getattr(h, "jutsu_stage", None)]:
        root.removeHandler(old)
        with contextlib.suppress(OSError):  # a full disk: what could not be written stays unwritten
            old.close()


def _prune(directory: Path, oldest: date) -> None:
    for path in directory.glob("*_????-??-??*.log"):
        named = NAME.fullmatch(path.name)
        with contextlib.suppress(ValueError, OSError):
            if named and date.fromisoformat(named["day"]) < oldest:
                path.unlink()
