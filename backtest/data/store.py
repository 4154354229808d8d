"""The bar store: one Parquet file per symbol, with where its rows came from and their digest inside.

Beside each Parquet file lies a cache, `.cache/SYMBOL.bars`: the same numbers as plain arrays. Importing
pyarrow takes 0.1 s, more than all else a daily run does with its bars; the cache makes that unnecessary. It
is only believed when it names the digest of the Parquet file as it is now, so it can never hide a changed or
damaged file, and deleting it costs nothing but time.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars, DateArray, FloatArray
from backtest.core.distribution import require
from backtest.core.errors import DataError, Finding
from backtest.core.files import read_regular, write_atomic
from backtest.data import quality
from backtest.data.actions import ActionStore
from backtest.data.import_log import ImportLog
from backtest.data.quality.actions import split_adjusted
from backtest.data.revision_store import RevisionStore, undone

if TYPE_CHECKING:
    import pyarrow as pa

    from backtest.data.quality.known import Known

IntArray = NDArray[np.int32]
PRICES: Final = ("open", "high", "low", "close", "volume")
_KEY: Final = b"jutsu"
_MAGIC: Final = b"jutsu bars 1\n"
_MAX_BYTES: Final = 256 * 1024 * 1024
_AGAIN: Final = "move the file away, then import its whole history: jutsu data import --source csv DIR"


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a stored file says about itself.

    Attributes:
        symbol: ticker.
        source: where the rows came from, e.g. ``csv``.
        imported_at: instant of the last change, ISO 8601, UTC.
        rows: number of sessions.
        first, last: their first and last day.
        sha256: `Bars.sha256()` of the rows.
        basis: what the prices hold: ``raw``, ``split`` or ``total``; split where none was kept.
        gaps: sessions (ISO days) that the source has without prices; they are known to be missing.
        provisional: True when the last session was not over at the import: its bar is unfinished.
        actions_known: True when the source named every split of these rows: raw prices can be adjusted.
    """

    symbol: str
    source: str
    imported_at: str
    rows: int
    first: date
    last: date
    sha256: str
    basis: str = "split"
    gaps: tuple[str, ...] = ()
    provisional: bool = False
    actions_known: bool = False

    def document(self) -> dict[str, Any]:
        """Return a JSON-ready value."""
        return {**asdict(self), "first": self.first.isoformat(), "last": self.last.isoformat()}


class BarStore:
    """A folder of Parquet files."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def symbols(self) -> tuple[str, ...]:
        """Return the stored symbols, sorted."""
        return tuple(sorted(path.stem for path in self.directory.glob("*.parquet")))

    def read(
        self, symbols: Sequence[str], *, as_stored: bool = False, known_at: datetime | None = None
    ) -> dict[str, Bars]:
        """Return the bars of `symbols`; one that is not stored is left out.

        Raw prices whose splits the source named are adjusted for the recorded splits: their basis is
        ``split`` then.

        Args:
            symbols: tickers.
            as_stored: do not adjust.
            known_at: bars and actions as the store knew them at this instant. What was stored before imports
                were numbered counts as known.

        Raises:
            DataError: a file is damaged; `findings` names every damaged one.
        """
        found: dict[str, Bars] = {}
        findings: list[Finding] = []
        for symbol in dict.fromkeys(symbols):
            path = self.path(symbol)
            try:
                bars = self._read_one(path, as_stored=as_stored, known_at=known_at)
            except FileNotFoundError:
                continue
            except DataError as error:
                findings.append(Finding(str(path), error.problem, error.remedy))
            else:
                if len(bars) or known_at is None:
                    found[symbol] = bars
        quality.refuse(findings, str(self.directory))
        return found

    def write(
        self,
        bars: Bars,
        *,
        imported_at: datetime,
        source: str | None = None,
        gaps: Iterable[date] = (),
        batch: int = 0,
        actions_known: bool = False,
    ) -> Provenance:
        """Store the whole history of one symbol atomically, replacing what was there.

        Args:
            bars: all rows.
            imported_at: kept as provenance.
            source: where the rows came from, None: what the bars say.
            gaps: sessions that the source has without prices.
            batch: number of the import, kept on the rows that were not there before.
            actions_known: the source named every split of these rows.
        """
        require("research", "pyarrow", where="the bar store")
        import pyarrow as pa
        import pyarrow.parquet as pq

        kept = bars if source is None else replace(bars, source=source)
        about = replace(
            _provenance(kept, imported_at),
            gaps=tuple(day.isoformat() for day in gaps),
            actions_known=actions_known,
        )
        columns = {"date": pa.array(kept.dates.astype("datetime64[D]"))}
        columns |= {name: pa.array(getattr(kept, name)) for name in PRICES}
        columns["batch"] = pa.array(self._batches_of(kept, batch))
        table = pa.table(columns).replace_schema_metadata({_KEY: json.dumps(about.document()).encode()})
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, compression="zstd")
        content = sink.getvalue().to_pybytes()
        write_atomic(self.path(kept.symbol), content)
        self._write_cache(kept, about, hashlib.sha256(content).hexdigest())
        return about

    def list(self) -> tuple[Provenance, ...]:
        """Return what every stored file says about itself, by symbol; damaged files are left to `verify`."""
        listed = []
        for symbol in self.symbols():
            with contextlib.suppress(DataError):
                listed.append(_load(self.path(symbol), _content(self.path(symbol)))[1])
        return tuple(listed)

    def verify(
        self, progress: Callable[[str], None] | None = None, known: Known | None = None
    ) -> tuple[Finding, ...]:
        """Return all that is wrong with the store: damaged files, what an import would refuse."""
        from backtest.data.quality.findings import errors
        from backtest.data.quality.known import NOTHING_KNOWN
        from backtest.data.quality.price_gate import judge_history

        facts = known or NOTHING_KNOWN
        findings: list[Finding] = []
        sound: dict[str, Bars] = {}
        for symbol in self.symbols():
            if progress is not None:
                progress(symbol)
            path = self.path(symbol)
            try:
                bars, about = _load(path, _content(path))
            except DataError as error:
                findings.append(Finding(str(path), error.problem, error.remedy))
            else:
                wrong = quality.check(bars, known_gaps=map(date.fromisoformat, about.gaps))
                findings.extend(wrong)
                if not wrong:
                    sound[symbol] = split_adjusted(bars, facts.actions) if bars.basis == "raw" else bars
        doubts = judge_history(sound, facts.relations, actions=facts.actions, confirmed=facts.confirmed)
        return (*findings, *(error.finding() for error in errors(doubts)))

    def gaps(self, symbol: str) -> tuple[date, ...]:
        """Return the sessions that the stored symbol lacks because its source had no prices for them."""
        path = self.path(symbol)
        if not path.exists():
            return ()
        return tuple(map(date.fromisoformat, _load(path, _content(path))[1].gaps))

    def actions_known(self, symbol: str) -> bool:
        """Tell whether the source of the stored symbol named every split of its rows."""
        path = self.path(symbol)
        return path.exists() and _load(path, _content(path))[1].actions_known

    def path(self, symbol: str) -> Path:
        """Return the file of a symbol."""
        return self.directory / f"{symbol.upper()}.parquet"

    def _read_one(self, path: Path, *, as_stored: bool, known_at: datetime | None) -> Bars:
        content = _content(path)
        if known_at is not None:
            bars, about = _load(path, content)
            bars = self._known_at(bars, _batches(content), known_at)
            adjustable = about.actions_known
        else:
            bars, adjustable = self._cached(path, content)
        if as_stored or bars.basis != "raw" or not adjustable:
            return bars
        return split_adjusted(bars, ActionStore(self.directory).read(bars.symbol, known_at=known_at))

    def _cached(self, path: Path, content: bytes) -> tuple[Bars, bool]:
        """Return the rows of a file, and whether they can be adjusted."""
        digest = hashlib.sha256(content).hexdigest()
        cached = _from_cache(self._cache_path(path.stem), digest)
        if cached is not None:
            return cached
        bars, about = _load(path, content)
        self._write_cache(bars, about, digest)
        return bars, about.actions_known

    def _known_at(self, bars: Bars, batches: IntArray, known_at: datetime) -> Bars:
        """Return the rows of imports until an instant, as they were then; no session that was not over."""
        last = ImportLog(self.directory).last_batch(known_at)
        before = undone(bars, RevisionStore(self.directory).read(bars.symbol), last)
        over = np.datetime64(calendar.last_closed_session(known_at).day, "D")
        return before.take(np.flatnonzero((batches <= last) & (bars.dates <= over)))

    def _batches_of(self, bars: Bars, batch: int) -> IntArray:
        """Return the number of the import that brought each row: an old one for what is stored already."""
        numbers = np.full(len(bars), batch, dtype=np.int32)
        with contextlib.suppress(DataError, FileNotFoundError):
            content = _content(self.path(bars.symbol))
            known = _load(self.path(bars.symbol), content)[0].dates
            _, here, there = np.intersect1d(bars.dates, known, return_indices=True)
            numbers[here] = _batches(content)[there]
        return numbers

    def _cache_path(self, symbol: str) -> Path:
        return self.directory / ".cache" / f"{symbol.upper()}.bars"

    def _write_cache(self, bars: Bars, about: Provenance, file_sha256: str) -> None:
        header = {"file_sha256": file_sha256, "about": about.document()}
        content = _MAGIC + json.dumps(header).encode() + b"\n" + _raw(bars)
        with contextlib.suppress(OSError):  # a read-only store stays usable, only slower
            write_atomic(self._cache_path(bars.symbol), content)


def _content(path: Path) -> bytes:
    """Return the bytes of a stored file. FileNotFoundError: there is none. DataError: it cannot be read."""
    try:
        return read_regular(path, _MAX_BYTES)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", remedy="import it again") from error


def _provenance(bars: Bars, imported_at: datetime) -> Provenance:
    return Provenance(
        symbol=bars.symbol,
        source=bars.source,
        imported_at=imported_at.astimezone(UTC).isoformat(timespec="seconds"),
        rows=len(bars),
        first=bars.first,
        last=bars.last,
        sha256=bars.sha256(),
        basis=bars.basis,
        provisional=bars.provisional,
    )


def _raw(bars: Bars) -> bytes:
    """Return the rows in the order that `Bars.sha256` digests."""
    columns = [bars.dates.astype("<M8[D]").astype("<i8"), *(getattr(bars, n).astype("<f8") for n in PRICES)]
    return b"".join(column.tobytes() for column in columns)


def _from_cache(path: Path, file_sha256: str) -> tuple[Bars, bool] | None:
    """Return the cached bars of a Parquet file with that digest, None when there are none to be trusted.

    The second value tells whether raw prices can be adjusted.
    """
    try:
        content = read_regular(path, _MAX_BYTES)
        if not content.startswith(_MAGIC):
            return None
        end = content.index(b"\n", len(_MAGIC))
        header = json.loads(content[len(_MAGIC) : end])
        about = header["about"]
        raw = bytearray(content[end + 1 :])  # a bytearray makes writable arrays, as a fresh parse does
        if header["file_sha256"] != file_sha256 or hashlib.sha256(raw).hexdigest() != about["sha256"]:
            return None
        dates = np.frombuffer(raw, dtype="<i8", count=about["rows"]).astype("datetime64[D]")
        columns = np.frombuffer(raw, dtype="<f8").reshape(6, about["rows"])[1:]
        return _bars(about, dates, columns), about.get("actions_known") is True
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _batches(content: bytes) -> IntArray:
    """Return the numbers of the imports of a sound file's rows; 0 for all of a file from before them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.ParquetFile(pa.BufferReader(content)).read()
    if "batch" not in table.column_names:
        return np.zeros(table.num_rows, dtype=np.int32)
    return np.array(table["batch"].to_numpy(), dtype=np.int32)


def _load(path: Path, content: bytes) -> tuple[Bars, Provenance]:
    """Read a Parquet file completely and compare its rows with the digest it carries."""
    require("research", "pyarrow", where="the bar store")
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(pa.BufferReader(content)).read()
        about = json.loads((table.schema.metadata or {})[_KEY])
        bars = _table_to_bars(table, about)
        provenance = Provenance(
            **{
                **about,
                "first": date.fromisoformat(about["first"]),
                "last": date.fromisoformat(about["last"]),
                "gaps": tuple(about.get("gaps", ())),
            }
        )
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"damaged or foreign Parquet file: {error}", where=str(path), remedy=_AGAIN
        ) from error
    if provenance.sha256 != bars.sha256() or provenance.symbol != path.stem:
        raise DataError("damaged: its rows do not match their digest", where=str(path), remedy=_AGAIN)
    return bars, provenance


def _table_to_bars(table: pa.Table, about: dict[str, Any]) -> Bars:
    dates = table["date"].to_numpy().astype("datetime64[D]")
    return _bars(about, dates, [np.array(table[name].to_numpy(), dtype=np.float64) for name in PRICES])


def _bars(about: Mapping[str, Any], dates: DateArray, columns: Iterable[FloatArray]) -> Bars:
    open_, high, low, close, volume = columns
    return Bars(
        symbol=str(about["symbol"]),
        dates=dates,
        open=open_,
        high=high,
        low=low,
        close=close,
        volume=volume,
        source=str(about["source"]),
        basis=str(about.get("basis", "split")),
        provisional=bool(about.get("provisional", False)),
    )
