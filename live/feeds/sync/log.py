"""Who was asked for what and what came of it: a line of `syncs.jsonl` a symbol and source, never changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from backtest.core.bar_words import Timeframe
from backtest.core.files import append_line, read_regular
from live.feeds.sync.plan import Days
from live.system.redaction import redact

NAME: Final = "syncs.jsonl"
_MAX_BYTES: Final = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Asked:
    """One source asked for one symbol; `outcome` is that of the report, `problem` why it failed."""

    source: str
    symbol: str
    timeframe: Timeframe
    basis: str
    days: tuple[Days, ...]
    outcome: str
    added: int = 0
    problem: str = ""


class SyncLog:
    """The log of a store."""

    def __init__(self, store: Path) -> None:
        self.path = store / NAME

    def add(self, asked: Asked, at: datetime) -> None:
        """Append a line, on the disk when this returns; secrets are masked."""
        entry = {
            "at": at.astimezone(UTC).isoformat(timespec="seconds"),
            "source": asked.source,
            "symbol": asked.symbol,
            "timeframe": asked.timeframe,
            "basis": asked.basis,
            "asked": [[days.first.isoformat(), days.last.isoformat()] for days in asked.days],
            "outcome": asked.outcome,
            "added": asked.added,
            "problem": redact(asked.problem),
        }
        append_line(self.path, json.dumps(entry).encode())

    def oldest_asked(self, source: str, timeframe: Timeframe) -> dict[str, date]:
        """Return symbol -> the first day that was ever asked of a source with success; read once for all."""
        found: dict[str, date] = {}
        for entry in self._entries():
            wanted = (entry.get("source"), entry.get("timeframe")) == (source, timeframe)
            if wanted and entry.get("outcome") in {"stored", "complete"} and entry.get("asked"):
                symbol, day = str(entry.get("symbol")), date.fromisoformat(entry["asked"][0][0])
                found[symbol] = min(day, found.get(symbol, day))
        return found

    def _entries(self) -> Iterator[dict[str, Any]]:
        try:
            lines = read_regular(self.path, _MAX_BYTES).splitlines()
        except FileNotFoundError:
            return
        for line in lines:
            try:
                entry = json.loads(line)
            except ValueError:  # torn by a kill
                continue
            if isinstance(entry, dict):
                yield entry
