"""The files of a session: the bars that were acted on, and what happened, both only ever appended.

`bars.jsonl` has one line per bar with what kept entries out at that minute; it is on the disk before anything
follows from the bar. `events.jsonl` has one line per event; it is on the disk before the order of the event
is journalled. A restart plays the bars of the file again and finds its events there, whatever became of the
file that the bars came from. A last line that a kill cut off is taken away.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from backtest.core.errors import DataError
from backtest.core.files import read_regular, sync_folder
from backtest.simulator.intraday.engine import MinuteBar
from backtest.simulator.intraday.events import Event

BARS: Final = "bars.jsonl"
EVENTS: Final = "events.jsonl"
_MAX_BYTES: Final = 64_000_000
_OWN: Final = "this file is the program's own: put back its copy"


@dataclass(frozen=True, slots=True)
class ActedBar:
    """A bar that was acted on, and why no entry was allowed at its minute (empty: one was)."""

    bar: MinuteBar
    held: str = ""


class LineFile:
    """A file of JSON lines that only grows; every line is whole or not there.

    Args:
        path: made with its folder at the first line.
        durable: wait for the disk after every append.
    """

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        self.path = path
        self._durable = durable

    def lines(self) -> list[str]:
        """Return the whole lines. OSError: the file cannot be read. DataError: 5, it is no text."""
        try:
            content = read_regular(self.path, _MAX_BYTES)
        except FileNotFoundError:
            return []
        try:
            return content[: content.rfind(b"\n") + 1].decode().splitlines()
        except UnicodeDecodeError as error:
            raise DataError(f"is no text: {error}", where=str(self.path), remedy=_OWN) from error

    def documents(self) -> list[dict[str, Any]]:
        """Return the whole lines as they were written. OSError, DataError: as `lines`, or one is no event."""
        return [self._read(line, number) for number, line in enumerate(self.lines(), 1)]

    def newest(self) -> dict[str, Any] | None:
        """Return the last whole line as it was written, None before the first. Raises as `documents`."""
        lines = self.lines()
        return self._read(lines[-1], len(lines)) if lines else None

    def _read(self, line: str, number: int) -> dict[str, Any]:
        try:
            return dict(json.loads(line))
        except (ValueError, TypeError) as error:
            raise DataError(
                f"no line of a session: {error}", where=f"{self.path}:{number}", remedy=_OWN
            ) from error

    def append(self, lines: Sequence[str]) -> None:
        """Append lines and wait until they are on the disk; what a kill left of a line goes first."""
        if not lines:
            return
        new = not self.path.exists()
        if new:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab+") as stream:
            whole = self._whole(stream.tell())
            if whole < stream.tell():
                stream.truncate(whole)
                stream.seek(whole)
            stream.write("".join(f"{line}\n" for line in lines).encode())
            stream.flush()
            if self._durable:
                os.fsync(stream.fileno())
        if new and self._durable:
            sync_folder(self.path.parent)

    def _whole(self, size: int) -> int:
        """Return how many bytes of the file are whole lines."""
        if not size:
            return 0
        return read_regular(self.path, _MAX_BYTES).rfind(b"\n") + 1


class SessionFiles:
    """The two files of a trading day in a folder."""

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self.folder = folder
        self._bars = LineFile(folder / BARS, durable=durable)
        self._events = LineFile(folder / EVENTS, durable=durable)

    def acted(self) -> list[ActedBar]:
        """Return the bars acted on so far. DataError: 5, a line is no such bar."""
        return [self._acted(line, number) for number, line in enumerate(self._bars.lines(), 1)]

    def act_on(self, bars: Sequence[ActedBar]) -> None:
        """Write down bars before anything follows from them."""
        self._bars.append([_line(_document(one)) for one in bars])

    def events(self) -> list[str]:
        """Return the events so far, as lines."""
        return self._events.lines()

    def append(self, events: Sequence[Event]) -> None:
        """Write down events before their orders are journalled."""
        self._events.append([event_line(event) for event in events])

    def _acted(self, line: str, number: int) -> ActedBar:
        try:
            values = dict(json.loads(line))
            held = str(values.pop("held"))
            minute = datetime.fromisoformat(values.pop("minute"))
            return ActedBar(MinuteBar(minute, **{name: float(value) for name, value in values.items()}), held)
        except (ValueError, TypeError, KeyError) as error:
            raise DataError(
                f"no bar of a session: {error}",
                where=f"{self._bars.path}:{number}",
                remedy=_OWN,
            ) from error


def event_line(event: Event) -> str:
    """Return an event as its line."""
    return _line(event.document())


def read_events(folder: Path) -> list[dict[str, Any]]:
    """Return the events of a trading day's folder, oldest first; none without a file. DataError: 5."""
    return LineFile(folder / EVENTS).documents()


def newest_acted(folder: Path) -> dict[str, Any] | None:
    """Return the newest bar acted on in a day's folder, None before the first. DataError: 5, damaged."""
    return LineFile(folder / BARS).newest()


def _document(one: ActedBar) -> dict[str, Any]:
    minute = one.bar.minute.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {**asdict(one.bar), "minute": minute, "held": one.held}


def _line(document: Any) -> str:
    return json.dumps(document, separators=(",", ":"), allow_nan=False)
