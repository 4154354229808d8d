"""Stored values that a later import told differently: `revisions/SYMBOL-1d.parquet`, append-only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from backtest.core.bars import Bars
from backtest.core.distribution import require
from backtest.core.errors import DataError
from backtest.core.files import read_regular, why, write_atomic
from backtest.data.quality.revisions import Revision

if TYPE_CHECKING:
    import pyarrow as pa

_MAX_BYTES: Final = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class KeptRevision:
    """A revision and the batch that made it."""

    revision: Revision
    batch: int


class RevisionStore:
    """The revisions of a bar store, one Parquet file per symbol."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "revisions"

    def path(self, symbol: str) -> Path:
        """Return the file of a symbol."""
        return self.directory / f"{quote(symbol.upper(), safe='')}-1d.parquet"

    def read(self, symbol: str) -> tuple[KeptRevision, ...]:
        """Return the revisions of a symbol in the order they were made. DataError: a damaged file."""
        return tuple(
            KeptRevision(Revision(row["date"], row["field"], row["old"], row["new"]), row["batch"])
            for row in self._rows(symbol)
        )

    def add(self, symbol: str, revisions: Sequence[Revision], batch: int) -> None:
        """Append what batch `batch` changes; nothing is written without a revision."""
        if not revisions:
            return
        fresh = [
            {"date": r.day, "field": r.field, "old": r.old, "new": r.new, "batch": batch} for r in revisions
        ]
        self._write(symbol, [*self._rows(symbol), *fresh])

    def _rows(self, symbol: str) -> list[dict[str, Any]]:
        path = self.path(symbol)
        try:
            content = read_regular(path, _MAX_BYTES)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise DataError(
                f"cannot be read: {why(error)}", where=str(path), remedy="restore it from a backup"
            ) from error
        require("research", "pyarrow", where="the bar store")
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            table: pa.Table = pq.ParquetFile(pa.BufferReader(content)).read()
            rows: list[dict[str, Any]] = table.select(["date", "field", "old", "new", "batch"]).to_pylist()
        except (pa.ArrowException, OSError, KeyError) as error:
            raise DataError(
                f"damaged or foreign Parquet file: {error}",
                where=str(path),
                remedy="restore it from a backup",
            ) from error
        return rows

    def _write(self, symbol: str, rows: list[dict[str, Any]]) -> None:
        require("research", "pyarrow", where="the bar store")
        import pyarrow as pa
        import pyarrow.parquet as pq

        types = {
            "date": pa.date32(),
            "field": pa.string(),
            "old": pa.float64(),
            "new": pa.float64(),
            "batch": pa.int32(),
        }
        sink = pa.BufferOutputStream()
        pq.write_table(pa.Table.from_pylist(rows, schema=pa.schema(types)), sink, compression="zstd")
        write_atomic(self.path(symbol), sink.getvalue().to_pybytes())


def undone(bars: Bars, kept: Iterable[KeptRevision], last_batch: int) -> Bars:
    """Return the bars as they were before every revision made after `last_batch`."""
    columns = {name: getattr(bars, name).copy() for name in ("open", "high", "low", "close", "volume")}
    for one in reversed(tuple(kept)):
        row = bars.row(one.revision.day) if one.batch > last_batch else None
        if row is not None:
            columns[one.revision.field][row] = one.revision.old
    return replace(bars, **columns)
