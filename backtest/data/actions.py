"""Corporate actions of a symbol, kept beside its bars: `actions/SYMBOL.parquet`, append-only."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from backtest.core.distribution import require
from backtest.core.errors import DataError
from backtest.core.files import LARGE, read_regular, why, write_atomic
from backtest.data.quality.actions import CorporateAction

_AGAIN: Final = "move it away, import again"


class ActionStore:
    """The actions of a bar store, one Parquet file per symbol; rows are added, never changed.

    Columns: ex_date, kind, ratio (``new:old``), amount (decimal text), source, announced, known_from, batch,
    supersedes.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "actions"

    def path(self, symbol: str) -> Path:
        """Return the file of a symbol."""
        return self.directory / f"{symbol.upper()}.parquet"

    def read(self, symbol: str, *, known_at: datetime | None = None) -> tuple[CorporateAction, ...]:
        """Return the actions of a symbol, oldest first; none when it has no file.

        Args:
            symbol: ticker.
            known_at: leave out those that came later; None for all.

        Raises:
            DataError: a damaged file.
        """
        until = None if known_at is None else _stamp(known_at)
        rows = self._rows(symbol)
        kept = [row for row in rows if until is None or row["known_from"] <= until]
        actions = (_action(symbol.upper(), row) for row in kept)
        return tuple(sorted(actions, key=lambda action: (action.ex_date, action.kind)))

    def add(self, actions: Iterable[CorporateAction], *, known_from: datetime) -> dict[str, int]:
        """Append the actions that are not there yet; return how many were new, by symbol.

        `known_from` is recorded: the instant from which a reading of the store may know them.
        """
        by_symbol: dict[str, list[CorporateAction]] = {}
        for action in actions:
            by_symbol.setdefault(action.symbol, []).append(action)
        return {symbol: self._append(symbol, new, known_from) for symbol, new in by_symbol.items()}

    def _append(self, symbol: str, actions: Iterable[CorporateAction], known_from: datetime) -> int:
        rows = self._rows(symbol)
        known = {(a.ex_date, a.kind, a.ratio, a.amount) for a in (_action(symbol, row) for row in rows)}
        stamp = _stamp(known_from)
        fresh = [a for a in actions if (a.ex_date, a.kind, a.ratio, a.amount) not in known]
        if fresh:
            self._write(symbol, [*rows, *(_row(action, stamp) for action in fresh)])
        return len(fresh)

    def _rows(self, symbol: str) -> list[dict[str, Any]]:
        path = self.path(symbol)
        try:
            content = read_regular(path, LARGE)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise DataError(f"cannot be read: {why(error)}", where=str(path), remedy=_AGAIN) from error
        digest = hashlib.sha256(content).hexdigest()
        cached = _from_cache(self._cache_path(symbol), digest)
        if cached is not None:
            return cached
        rows = _parsed(content, path)
        with contextlib.suppress(OSError):  # a read-only store stays usable, only slower
            write_atomic(self._cache_path(symbol), _cache(rows, digest))
        return rows

    def _cache_path(self, symbol: str) -> Path:
        """Return the same rows as JSON: a run that reads them needs no pyarrow."""
        return self.directory.parent / ".cache" / f"{symbol.upper()}.actions"

    def _write(self, symbol: str, rows: list[dict[str, Any]]) -> None:
        require("research", "pyarrow", where="the bar store")
        import pyarrow as pa
        import pyarrow.parquet as pq

        types = {
            "ex_date": pa.date32(),
            "kind": pa.string(),
            "ratio": pa.string(),
            "amount": pa.string(),
            "source": pa.string(),
            "announced": pa.date32(),
            "known_from": pa.timestamp("us"),
            "batch": pa.int32(),
            "supersedes": pa.int32(),
        }
        sink = pa.BufferOutputStream()
        pq.write_table(pa.Table.from_pylist(rows, schema=pa.schema(types)), sink, compression="zstd")
        write_atomic(self.path(symbol), sink.getvalue().to_pybytes())


def _parsed(content: bytes, path: Path) -> list[dict[str, Any]]:
    require("research", "pyarrow", where="the bar store")
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        rows: list[dict[str, Any]] = pq.ParquetFile(pa.BufferReader(content)).read().to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"damaged or foreign Parquet file: {error}", where=str(path), remedy=_AGAIN
        ) from error
    return rows


def _cache(rows: list[dict[str, Any]], digest: str) -> bytes:
    texts = [
        {name: value.isoformat() if name in _TIMES and value else value for name, value in row.items()}
        for row in rows
    ]
    return json.dumps({"file_sha256": digest, "rows": texts}).encode()


def _from_cache(path: Path, digest: str) -> list[dict[str, Any]] | None:
    """Return the rows of the file with that digest, None when there are none to be trusted."""
    try:
        kept = json.loads(read_regular(path, LARGE))
        if kept["file_sha256"] != digest:
            return None
        return [
            {name: _TIMES[name](value) if name in _TIMES and value else value for name, value in row.items()}
            for row in kept["rows"]
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


#: columns that JSON keeps as text, and what reads them
_TIMES: Final[Mapping[str, Callable[[str], Any]]] = {
    "ex_date": date.fromisoformat,
    "announced": date.fromisoformat,
    "known_from": datetime.fromisoformat,
}


def _stamp(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)


def _row(action: CorporateAction, known_from: datetime) -> dict[str, Any]:
    return {
        "ex_date": action.ex_date,
        "kind": action.kind,
        "ratio": f"{action.ratio.numerator}:{action.ratio.denominator}",
        "amount": str(action.amount),
        "source": action.source,
        "announced": None,
        "known_from": known_from,
        "batch": None,
        "supersedes": None,
    }


def _action(symbol: str, row: dict[str, Any]) -> CorporateAction:
    new, _, old = str(row["ratio"]).partition(":")
    ratio = Fraction(int(new), int(old))
    return CorporateAction(
        symbol, row["ex_date"], row["kind"], ratio, Decimal(row["amount"]), str(row["source"])
    )
