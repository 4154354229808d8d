"""The log files read back: entries of every stage in the order of time, as text or JSON lines."""

from __future__ import annotations

import heapq
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Final

LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_TEXT: Final = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) ([A-Z]+) (\S+) (.*)", re.DOTALL)
#: stage of the page, whose process serves every account
DASHBOARD: Final = "dashboard"
#: what a log file is called: program, day, and the name of one of several accounts
NAME: Final = re.compile(r"(?P<stage>.+)_(?P<day>\d{4}-\d\d-\d\d)(?:_(?P<account>[a-z0-9]+))?\.log")


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry; a traceback belongs to the entry before it.

    Attributes:
        at: aware instant.
        stage: program, from the name of the file.
        text: its lines as they stand in the file, joined.
    """

    at: datetime
    level: str
    stage: str
    text: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries are asked for; None: all.

    Attributes:
        since: first instant.
        level: lowest level.
        order: an order id that the entry names.
        grep: text it holds, in any case.
        account: name of one of several, empty for what belongs to none of them.
    """

    since: datetime | None = None
    stage: str | None = None
    level: str | None = None
    order: str | None = None
    grep: str | None = None
    account: str = ""

    def __call__(self, entry: LogEntry) -> bool:
        """Tell whether an entry is wanted."""
        return (
            (self.since is None or entry.at >= self.since)
            and (self.level is None or _rank(entry.level) >= _rank(self.level))
            and (self.order is None or self.order in entry.text)
            and (self.grep is None or self.grep.casefold() in entry.text.casefold())
        )


def log_files(folder: Path, wanted: Wanted) -> list[tuple[str, Path]]:
    """Return stage and path of the files that may hold wanted entries, oldest first."""
    found = []
    for path in folder.glob("*.log"):
        match = NAME.fullmatch(path.name)
        if (
            match
            and wanted.stage in {None, match["stage"]}
            and ((match["account"] or "") == wanted.account or match["stage"] == DASHBOARD)
            and _reaches(match["day"], wanted.since)
            and path.is_file()
        ):
            found.append((match["day"], match["stage"], path))
    return [(stage, path) for _, stage, path in sorted(found)]


def read_entries(folder: Path, wanted: Wanted, zone: tzinfo) -> Iterator[LogEntry]:
    """Yield the wanted entries of every file in the order of time; `zone` is that of the text files.

    Raises:
        OSError: a file cannot be read.
    """
    streams = [_of_file(stage, path, zone) for stage, path in log_files(folder, wanted)]
    yield from (entry for entry in heapq.merge(*streams, key=lambda entry: entry.at) if wanted(entry))


def entries(lines: Iterable[str], stage: str, zone: tzinfo) -> Iterator[LogEntry]:
    """Yield the entries of some lines; what stands before the first entry is left out."""
    held: LogEntry | None = None
    for line in lines:
        text = line.rstrip("\n")
        begun = _begin(text, stage, zone)
        if begun is not None:
            if held is not None:
                yield held
            held = begun
        elif held is not None:
            held = LogEntry(held.at, held.level, held.stage, f"{held.text}\n{text}")
    if held is not None:
        yield held


class Tail:
    """What was appended to the log files since the last look."""

    def __init__(self, folder: Path, wanted: Wanted, zone: tzinfo) -> None:
        self._folder, self._wanted, self._zone = folder, wanted, zone
        self._read = {path: path.stat().st_size for _, path in log_files(folder, wanted)}

    def look(self) -> Iterator[LogEntry]:
        """Yield the wanted entries that are new; a line that is not whole yet waits for the next look."""
        for stage, path in log_files(self._folder, self._wanted):
            with path.open("rb") as file:
                file.seek(self._read.get(path, 0))
                whole = file.read().rpartition(b"\n")
            self._read[path] = self._read.get(path, 0) + len(whole[0]) + len(whole[1])
            lines = whole[0].decode(errors="replace").splitlines() if whole[1] else []
            yield from filter(self._wanted, entries(lines, stage, self._zone))


def words(entry: LogEntry, zone: tzinfo) -> str:
    """Return an entry as a person reads it, whatever the format of its file; `zone` is the reader's."""
    if not entry.text.startswith("{"):
        return entry.text
    known = json.loads(entry.text)
    head = f"{entry.at.astimezone(zone):%Y-%m-%d %H:%M:%S,%f}"[:-3]
    more = f"\n{known['traceback']}" if known.get("traceback") else ""
    return f"{head} {entry.level} {known.get('logger', '-')} {known.get('event', '')}{more}"


def watch(tail: Tail, pause: Callable[[], None]) -> Iterator[LogEntry]:
    """Yield new entries for ever, pausing between two looks."""
    while True:
        yield from tail.look()
        pause()


def _of_file(stage: str, path: Path, zone: tzinfo) -> Iterator[LogEntry]:
    with path.open(encoding="utf-8", errors="replace") as file:
        yield from entries(file, stage, zone)


def _begin(text: str, stage: str, zone: tzinfo) -> LogEntry | None:
    if text.startswith("{"):
        try:
            known = json.loads(text)
            return LogEntry(datetime.fromisoformat(known["at"]), str(known["level"]), stage, text)
        except (ValueError, KeyError, TypeError):
            return None
    match = _TEXT.fullmatch(text)
    if match is None:
        return None
    at = datetime.strptime(f"{match[1]}000", "%Y-%m-%d %H:%M:%S,%f").replace(tzinfo=zone)
    return LogEntry(at, match[2], stage, text)


def _reaches(day: str, since: datetime | None) -> bool:
    """Tell whether a file of a day (UTC) can hold an entry of `since` or later; it may end the day after."""
    return since is None or date.fromisoformat(day) >= since.date() - timedelta(days=2)


def _rank(level: str) -> int:
    return LEVELS.index(level) if level in LEVELS else len(LEVELS)
