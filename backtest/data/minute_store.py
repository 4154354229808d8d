"""The store of minute bars: one Parquet file per symbol and year under `1m/`, prices as whole numbers.

A file says where its rows came from and carries their digest. What is read back is bit for bit what was
imported: a price is kept as a whole number of 10^-4, 10^-6 or 10^-8 only where that gives the same double.
Every import is one line of `imports.jsonl`.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote

import numpy as np

from backtest.core.bars import FloatArray
from backtest.core.distribution import require
from backtest.core.errors import DataError, Finding
from backtest.core.files import read_regular, why, write_atomic
from backtest.core.intraday_bars import COLUMNS, PRICES, IntradayBars
from backtest.data.import_log import ImportLog
from backtest.data.importing import import_lock
from backtest.data.quality.findings import SAME_PRICE

if TYPE_CHECKING:
    import pyarrow as pa

FOLDER: Final = "1m"
_KEY: Final = b"jutsu"
_SCALES: Final = (4, 6, 8)
_ROW_GROUP: Final = 100_000
_MAX_BYTES: Final = 256 * 1024 * 1024
_AGAIN: Final = "move the file away, then import its bars again: jutsu data import FILE --timeframe 1m"


@dataclass(frozen=True, slots=True)
class MinuteProvenance:
    """What a stored year says about itself; `first` and `last` are ISO minutes, UTC.

    `basis` is what the prices hold, ``raw`` or ``split``; empty where nobody said.
    """

    symbol: str
    year: int
    source: str
    imported_at: str
    batch: int
    rows: int
    first: str
    last: str
    sha256: str
    basis: str = ""


@dataclass(frozen=True, slots=True)
class MinuteImport:
    """What an import did: rows by what became of them, and the years it wrote."""

    symbol: str
    added: int
    changed: int
    same: int
    years: tuple[int, ...]


class MinuteStore:
    """The minute bars of a bar store."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def symbols(self) -> tuple[str, ...]:
        """Return the stored symbols, sorted."""
        folders = (self.directory / FOLDER).glob("symbol=*")
        return tuple(sorted(unquote(path.name.removeprefix("symbol=")) for path in folders if path.is_dir()))

    def years(self, symbol: str) -> tuple[int, ...]:
        """Return the years of a symbol that are stored, oldest first."""
        names = (path.stem for path in self._folder(symbol).glob("*.parquet"))
        return tuple(sorted(int(name) for name in names if name.isdecimal()))

    def read(self, symbol: str) -> IntradayBars:
        """Return all bars of a symbol. DataError: none is stored, or a file is damaged."""
        years = self.years(symbol)
        if not years:
            raise DataError(
                f"no minute bars of {symbol}",
                where=str(self.directory),
                remedy="jutsu data import FILE --timeframe 1m",
            )
        return _joined([self._year(symbol, year)[0] for year in years])

    def add(
        self, bars: IntradayBars, *, imported_at: datetime, accept_revision: bool = False, basis: str = ""
    ) -> MinuteImport:
        """Merge bars into the store; nothing is written when anything is wrong.

        Args:
            bars: of one symbol.
            imported_at: kept as provenance.
            accept_revision: a stored minute may change by more than rounding.
            basis: what the prices hold, empty where nobody knows.

        Raises:
            DataError: no bar, a stored price differs by more than rounding, another basis than stored, a
                stored file is damaged, or another import is running.
        """
        require("research", "pyarrow", where="the bar store")
        if not len(bars):
            raise DataError("no bars to store", where=bars.symbol)
        with import_lock(self.directory):
            kept = self._basis_with(bars.symbol, basis)
            done = [self._merged(part, year, accept_revision) for year, part in _by_year(bars)]
            result = MinuteImport(
                bars.symbol,
                added=sum(one.added for one in done),
                changed=sum(one.changed for one in done),
                same=sum(one.same for one in done),
                years=tuple(one.year for one in done if one.added or one.changed),
            )
            entry = {"timeframe": "1m", "source": bars.source, "sha256": bars.sha256(), **asdict(result)}
            batch = ImportLog(self.directory).add(entry, imported_at)
            for one in done:
                if one.added or one.changed:
                    self._write(one.bars, one.year, imported_at, batch, kept)
        return result

    def basis(self, symbol: str) -> str | None:
        """Return what the stored prices of a symbol hold, None when none are stored. DataError: damaged."""
        years = self.years(symbol)
        return self._year(symbol, years[-1])[1].basis if years else None

    def _basis_with(self, symbol: str, basis: str) -> str:
        """Return the basis after an import: what is stored of no known basis may be continued by any."""
        stored = self.basis(symbol)
        if stored and stored != basis:
            raise DataError(
                f"the stored minutes are of basis {stored}, the new ones of basis {basis or 'unknown'}",
                where=symbol,
                remedy="one basis per symbol: continue it from the same source, or into another --store",
            )
        return basis if stored is None else stored

    def stored(self) -> tuple[MinuteProvenance, ...]:
        """Return what every stored year says about itself; damaged files are left to `verify`."""
        listed = []
        for symbol in self.symbols():
            for year in self.years(symbol):
                with contextlib.suppress(DataError):
                    listed.append(self._year(symbol, year)[1])
        return tuple(listed)

    def verify(self, progress: Callable[[str], None] | None = None) -> tuple[Finding, ...]:
        """Return every stored file that is damaged."""
        findings = []
        for symbol in self.symbols():
            if progress is not None:
                progress(symbol)
            for year in self.years(symbol):
                try:
                    self._year(symbol, year)
                except DataError as error:
                    findings.append(Finding(str(self.path(symbol, year)), error.problem, error.remedy))
        return tuple(findings)

    def path(self, symbol: str, year: int) -> Path:
        """Return the file of a year of a symbol."""
        return self._folder(symbol) / f"{year}.parquet"

    def _folder(self, symbol: str) -> Path:
        return self.directory / FOLDER / f"symbol={quote(symbol, safe='')}"

    def _merged(self, part: IntradayBars, year: int, accept_revision: bool) -> _Merged:
        if year not in self.years(part.symbol):
            return _Merged(year, part, len(part), 0, 0)
        old = self._year(part.symbol, year)[0]
        return _merge(old, part, year, accept_revision=accept_revision)

    def _year(self, symbol: str, year: int) -> tuple[IntradayBars, MinuteProvenance]:
        path = self.path(symbol, year)
        try:
            content = read_regular(path, _MAX_BYTES)
        except OSError as error:
            raise DataError(f"cannot be read: {why(error)}", where=str(path), remedy=_AGAIN) from error
        bars, about = _load(content, path)
        if about.sha256 != bars.sha256() or (about.symbol, about.year) != (symbol, year):
            raise DataError("damaged: its rows do not match their digest", where=str(path), remedy=_AGAIN)
        return bars, about

    def _write(self, bars: IntradayBars, year: int, imported_at: datetime, batch: int, basis: str) -> None:
        about = MinuteProvenance(
            symbol=bars.symbol,
            year=year,
            source=bars.source,
            imported_at=imported_at.astimezone(UTC).isoformat(timespec="seconds"),
            batch=batch,
            rows=len(bars),
            first=str(bars.minutes[0]),
            last=str(bars.minutes[-1]),
            sha256=bars.sha256(),
            basis=basis,
        )
        write_atomic(self.path(bars.symbol, year), _packed(bars, about))


@dataclass(frozen=True, slots=True)
class _Merged:
    """A year after a merge, and how many rows were added, changed or the same."""

    year: int
    bars: IntradayBars
    added: int
    changed: int
    same: int


def _by_year(bars: IntradayBars) -> Iterator[tuple[int, IntradayBars]]:
    years = bars.minutes.astype("M8[Y]").astype(int) + 1970
    for year in np.unique(years).tolist():
        yield year, _rows(bars, years == year)


def _rows(bars: IntradayBars, taken: Any) -> IntradayBars:
    columns = {name: getattr(bars, name)[taken] for name in COLUMNS}
    return IntradayBars(bars.symbol, bars.minutes[taken], **columns, source=bars.source)


def _joined(parts: Sequence[IntradayBars]) -> IntradayBars:
    minutes = np.concatenate([part.minutes for part in parts])
    order = np.argsort(minutes, kind="stable")
    columns = {name: np.concatenate([getattr(part, name) for part in parts])[order] for name in COLUMNS}
    return IntradayBars(parts[-1].symbol, minutes[order], **columns, source=parts[-1].source)


def _merge(old: IntradayBars, new: IntradayBars, year: int, *, accept_revision: bool) -> _Merged:
    """Return the union of a stored year and new rows; new ones win.

    DataError: a common minute changed by more than rounding and nobody accepted it.
    """
    common, at_old, at_new = np.intersect1d(old.minutes, new.minutes, return_indices=True)
    differs = np.zeros(len(common), dtype=np.bool_)
    for name in COLUMNS:
        before, after = getattr(old, name)[at_old], getattr(new, name)[at_new]
        differs |= before != after
        revised = np.abs(after / before - 1) > SAME_PRICE if name in PRICES else np.array([], dtype=np.bool_)
        if revised.any() and not accept_revision:
            row = int(np.argmax(revised))
            raise DataError(
                f"{name} was {before[row]:g} and is {after[row]:g} now, {int(revised.sum())} rows differ so",
                where=f"{new.symbol} {common[row]}",
                remedy="compare with a third source, then import again with --accept-revision",
            )
    kept = _rows(old, ~np.isin(old.minutes, new.minutes))
    whole = _joined([kept, new])
    return _Merged(year, whole, len(new) - len(common), int(differs.sum()), int((~differs).sum()))


def _packed(bars: IntradayBars, about: MinuteProvenance) -> bytes:
    """Return the Parquet file of a year."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    scale = _scale(bars)
    columns: dict[str, Any] = {"ts": pa.array(bars.minutes.astype("M8[us]"), pa.timestamp("us", "UTC"))}
    for name in PRICES:
        column = getattr(bars, name)
        columns[name] = pa.array(column if scale is None else np.rint(column * 10**scale).astype(np.int64))
    whole = np.array_equal(np.rint(bars.volume), bars.volume)
    columns["volume"] = pa.array(bars.volume.astype(np.int64) if whole else bars.volume)
    said = json.dumps({**asdict(about), "scale": scale}).encode()
    table = pa.table(columns).replace_schema_metadata({_KEY: said})
    integers = [field.name for field in table.schema if not pa.types.is_floating(field.type)]
    sink = pa.BufferOutputStream()
    pq.write_table(
        table,
        sink,
        compression="zstd",
        use_dictionary=False,
        column_encoding=dict.fromkeys(integers, "DELTA_BINARY_PACKED"),
        row_group_size=_ROW_GROUP,
    )
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _scale(bars: IntradayBars) -> int | None:
    """Return the first number of decimals that keeps every price bit for bit, None when none does."""
    for decimals in _SCALES:
        scaled = (np.rint(getattr(bars, name) * 10**decimals) / 10**decimals for name in PRICES)
        if all(np.array_equal(one, getattr(bars, name)) for one, name in zip(scaled, PRICES, strict=True)):
            return decimals
    return None


def _load(content: bytes, path: Path) -> tuple[IntradayBars, MinuteProvenance]:
    require("research", "pyarrow", where="the bar store")
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(pa.BufferReader(content)).read()
        about = json.loads((table.schema.metadata or {})[_KEY])
        scale = about.pop("scale")
        known = MinuteProvenance(**about)
        columns = {name: _column(table, name, scale if name in PRICES else None) for name in COLUMNS}
        minutes = table["ts"].to_numpy().astype("M8[m]")
        return IntradayBars(known.symbol, minutes, **columns, source=known.source), known
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError, DataError) as error:
        raise DataError(f"damaged or foreign Parquet: {error}", where=str(path), remedy=_AGAIN) from error


def _column(table: pa.Table, name: str, scale: int | None) -> FloatArray:
    values = np.array(table[name].to_numpy(), dtype=np.float64)
    return values if scale is None else values / 10**scale
