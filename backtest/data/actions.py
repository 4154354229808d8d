"""Corporate actions of a symbol, kept beside its bars: `actions/SYMBOL.parquet`, append-only."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from backtest.core.distribution import require
from backtest.core.errors import DataError
from backtest.core.files import write_atomic
from backtest.data.quality.actions import CorporateAction


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

    def read(self, symbol: str) -> tuple[CorporateAction, ...]:
        """Return the actions of a symbol, oldest first; none when it has no file. DataError when damaged."""
        actions = (_action(symbol.upper(), row) for row in self._rows(symbol))
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
        stamp = known_from.astimezone(UTC).replace(tzinfo=None)
        fresh = [a for a in actions if (a.ex_date, a.kind, a.ratio, a.amount) not in known]
        if fresh:
            self._write(symbol, [*rows, *(_row(action, stamp) for action in fresh)])
        return len(fresh)

    def _rows(self, symbol: str) -> list[dict[str, Any]]:
        path = self.path(symbol)
        if not path.exists():
            return []
        require("research", "pyarrow", where="the bar store")
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            rows: list[dict[str, Any]] = pq.ParquetFile(path).read().to_pylist()
        except (pa.ArrowException, OSError) as error:
            raise DataError(
                f"damaged or foreign Parquet file: {error}",
                where=str(path),
                remedy="move it away, import again",
            ) from error
        return rows

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
