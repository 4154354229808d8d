"""The bar store: what went in comes out, damage is found, imports merge or refuse as a whole."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars
from backtest.core.errors import DataError
from backtest.core.files import write_atomic
from backtest.data.importing import import_bars, merge
from backtest.data.store import BarStore

AT = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)


def history(symbol: str = "QQQ", start: Any = date(2026, 9, 1), end: Any = date(2026, 10, 30)) -> Bars:
    dates = calendar.session_dates(start, end)
    close = 100 + (dates - np.datetime64("2026-09-01")).astype(float) / 3
    return Bars(symbol, dates, close - 0.1, close + 1, close - 1, close, close * 1000, source="csv")


def scaled(bars: Bars, factor: float) -> Bars:
    return replace(bars, **{n: getattr(bars, n) * factor for n in ("open", "high", "low", "close")})


def same(one: Bars, other: Bars) -> bool:
    return one.sha256() == other.sha256() and one.symbol == other.symbol and one.source == other.source


@pytest.fixture
def store(tmp_path: Path) -> BarStore:
    return BarStore(tmp_path / "bars")


def test_bars_come_back_with_and_without_the_cache(store: BarStore) -> None:
    bars = history()
    store.write(bars, imported_at=AT)
    assert same(store.read(["QQQ"])["QQQ"], bars)
    (store.directory / ".cache" / "QQQ.bars").unlink()
    assert same(store.read(["QQQ"])["QQQ"], bars)
    assert (store.directory / ".cache" / "QQQ.bars").exists()
    found = store.read(["QQQ"])["QQQ"]
    found.close[0] = 1.0  # arrays are writable, as compiled code expects them
    assert found.dates.dtype == np.dtype("datetime64[D]")


def test_a_symbol_that_is_not_stored_is_left_out(store: BarStore) -> None:
    assert store.read(["QQQ"]) == {}
    store.write(history(), imported_at=AT)
    assert list(store.read(["PSQ", "QQQ"])) == ["QQQ"]


def test_the_file_is_ordinary_parquet_with_its_provenance(store: BarStore) -> None:
    import pyarrow.parquet as pq

    store.write(history(), imported_at=AT, source="vendor")
    file = pq.ParquetFile(store.path("QQQ"))
    assert file.schema_arrow.names == ["date", "open", "high", "low", "close", "volume"]
    assert file.metadata.num_rows == 43
    about = json.loads(file.schema_arrow.metadata[b"jutsu"])
    assert about == {
        "symbol": "QQQ",
        "source": "vendor",
        "imported_at": "2026-11-20T21:00:00+00:00",
        "rows": 43,
        "first": "2026-09-01",
        "last": "2026-10-30",
        "sha256": history().sha256(),
        "basis": "split",
        "gaps": [],
        "provisional": False,
    }
    (listed,) = store.list()
    assert (listed.symbol, listed.rows, listed.last, listed.source) == (
        "QQQ",
        43,
        date(2026, 10, 30),
        "vendor",
    )


def flip(store: BarStore, symbol: str, position: int) -> None:
    content = bytearray(store.path(symbol).read_bytes())
    content[position] ^= 0xFF
    store.path(symbol).write_bytes(content)


def test_damage_is_found_and_the_file_named(store: BarStore) -> None:
    store.write(history(), imported_at=AT)
    store.write(history("TLT"), imported_at=AT)
    flip(store, "QQQ", 40)
    with pytest.raises(DataError) as caught:
        store.read(["QQQ", "TLT"])
    assert caught.value.exit_code == 5
    assert [f.path for f in caught.value.findings] == [str(store.path("QQQ"))]
    assert [f.path for f in store.verify()] == [str(store.path("QQQ"))]
    assert [p.symbol for p in store.list()] == ["TLT"]


def test_a_flipped_byte_anywhere_never_changes_a_number(store: BarStore) -> None:
    store.write(history(), imported_at=AT)
    good = store.path("QQQ").read_bytes()
    found = 0
    for position in range(0, len(good), 29):
        store.path("QQQ").write_bytes(good)
        flip(store, "QQQ", position)
        try:
            assert same(store.read(["QQQ"])["QQQ"], history())  # a byte that no number depends on
        except DataError:
            found += 1
    assert found > len(good) / 29 / 2


@pytest.mark.parametrize("content", [b"", b"PAR1", b"not parquet at all"])
def test_truncated_and_foreign_files(store: BarStore, content: bytes) -> None:
    store.write(history(), imported_at=AT)
    store.path("QQQ").write_bytes(content)
    with pytest.raises(DataError, match=r"QQQ\.parquet"):
        store.read(["QQQ"])


def test_a_parquet_file_without_our_metadata_is_foreign(store: BarStore) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    store.directory.mkdir()
    pq.write_table(pa.table({"date": [1], "close": [2.0]}), store.path("QQQ"))
    with pytest.raises(DataError, match="foreign"):
        store.read(["QQQ"])


def test_a_file_under_another_name_is_not_believed(store: BarStore) -> None:
    store.write(history(), imported_at=AT)
    store.path("QQQ").rename(store.path("TQQQ"))
    with pytest.raises(DataError, match="TQQQ"):
        store.read(["TQQQ"])


@pytest.mark.parametrize("damage", [lambda raw: raw[:-9], lambda raw: b"", lambda raw: raw[:-1] + b"\x99"])
def test_a_damaged_cache_is_replaced_not_believed(store: BarStore, damage: Callable[..., Any]) -> None:
    store.write(history(), imported_at=AT)
    cache = store.directory / ".cache" / "QQQ.bars"
    good = cache.read_bytes()
    cache.write_bytes(damage(good))
    assert same(store.read(["QQQ"])["QQQ"], history())
    assert cache.read_bytes() == good


def test_a_cache_of_an_older_file_is_not_believed(store: BarStore) -> None:
    store.write(history(), imported_at=AT)
    old = (store.directory / ".cache" / "QQQ.bars").read_bytes()
    store.write(scaled(history(), 2.0), imported_at=AT)
    (store.directory / ".cache" / "QQQ.bars").write_bytes(old)
    assert store.read(["QQQ"])["QQQ"].close[0] == 200.0


def test_a_warm_read_needs_neither_pyarrow_nor_pandas(store: BarStore) -> None:
    store.write(history(), imported_at=AT)
    code = (
        "import sys; from pathlib import Path; from backtest.data.store import BarStore;"
        f"n = len(BarStore(Path({str(store.directory)!r})).read(['QQQ'])['QQQ']);"
        "print(n, [m for m in ('pyarrow', 'pandas', 'filelock') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "43 []"


def test_verify_judges_the_rows_too(store: BarStore) -> None:
    bars = history()
    bars.high[5] = 1.0
    store.write(bars, imported_at=AT)
    seen: list[Any] = []
    (finding,) = store.verify(progress=seen.append)
    assert finding.path == "QQQ 2026-09-09"
    assert seen == ["QQQ"]


# --- imports -----------------------------------------------------------------------------------------------


def test_first_import_then_nothing_to_do(store: BarStore) -> None:
    first = import_bars(store, {"QQQ": history(), "TLT": history("TLT")}, imported_at=AT)
    assert [(r.symbol, r.outcome, r.added) for r in first] == [("QQQ", "new", 43), ("TLT", "new", 43)]
    before = store.path("QQQ").read_bytes()
    again = import_bars(store, {"QQQ": history(), "TLT": history("TLT")}, imported_at=AT.replace(hour=22))
    assert {r.outcome for r in again} == {"up to date"}
    assert store.path("QQQ").read_bytes() == before


def test_new_sessions_are_appended_and_corrections_win(store: BarStore) -> None:
    import_bars(store, {"QQQ": history(end=date(2026, 10, 15))}, imported_at=AT)
    newer = history(start=date(2026, 10, 1), end=date(2026, 11, 20))
    newer.close[0] += 0.01
    newer.volume[1] = 5
    (result,) = import_bars(store, {"QQQ": newer}, imported_at=AT)
    assert (result.outcome, result.added, result.rows) == ("updated", 26, 58)
    stored = store.read(["QQQ"])["QQQ"]
    assert stored.first == date(2026, 9, 1)
    assert stored.last == date(2026, 11, 20)
    assert stored.close[stored.row(date(2026, 10, 1))] == newer.close[0]
    assert stored.volume[stored.row(date(2026, 10, 2))] == 5


def test_a_gap_between_old_and_new_refuses_the_whole_import(store: BarStore) -> None:
    import_bars(store, {"QQQ": history(end=date(2026, 9, 30))}, imported_at=AT)
    before = store.path("QQQ").read_bytes()
    with pytest.raises(DataError) as caught:
        import_bars(
            store,
            {"QQQ": history(start=date(2026, 10, 5)), "TLT": history("TLT")},
            imported_at=AT,
        )
    assert caught.value.exit_code == 5
    assert [f.problem for f in caught.value.findings] == ["2 sessions are missing: 2026-10-01 to 2026-10-02"]
    assert store.path("QQQ").read_bytes() == before
    assert store.symbols() == ("QQQ",)


def test_a_split_is_refused_until_accepted_then_older_rows_are_rescaled(store: BarStore) -> None:
    import_bars(store, {"QQQ": history()}, imported_at=AT)
    after = scaled(history(start=date(2026, 10, 1), end=date(2026, 11, 20)), 0.5)
    with pytest.raises(DataError, match="2-for-1 split") as caught:
        import_bars(store, {"QQQ": after}, imported_at=AT)
    assert caught.value.exit_code == 5
    assert same(store.read(["QQQ"])["QQQ"], history())
    (result,) = import_bars(store, {"QQQ": after}, imported_at=AT, accept_split=True)
    assert result.outcome == "rescaled"
    stored = store.read(["QQQ"])["QQQ"]
    assert stored.close[0] == 50.0
    assert stored.volume[0] == 200_000.0
    assert stored.close[-1] == after.close[-1]


def test_a_dividend_adjustment_keeps_the_volumes(store: BarStore) -> None:
    old, new = history(), scaled(history(start=date(2026, 10, 1)), 0.99)
    whole = merge(old, new)
    assert whole.close[0] == pytest.approx(99.0)
    assert whole.volume[0] == 100_000.0


def test_scattered_differences_are_refused_even_when_splits_are_accepted(store: BarStore) -> None:
    import_bars(store, {"QQQ": history()}, imported_at=AT)
    wrong = history()
    wrong.close[3] *= 1.005
    wrong.high[3] *= 1.01
    with pytest.raises(DataError, match="1 of 43 common closes differ, most on 2026-09-04"):
        import_bars(store, {"QQQ": wrong}, imported_at=AT, accept_split=True)


def test_one_import_at_a_time(store: BarStore, monkeypatch: pytest.MonkeyPatch) -> None:
    from filelock import FileLock

    monkeypatch.setattr("backtest.data.importing.LOCK_SECONDS", 0.05)
    store.directory.mkdir()
    with FileLock(store.directory / ".import.lock"), pytest.raises(DataError, match="another import"):
        import_bars(store, {"QQQ": history()}, imported_at=AT)


# --- atomic writing ----------------------------------------------------------------------------------------


def test_atomic_writing_replaces_and_sets_the_mode(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "token"
    write_atomic(path, b"one")
    write_atomic(path, b"two", mode=0o600)
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in path.parent.iterdir()] == ["token"]


def test_a_failed_write_leaves_the_old_file_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ledger.json"
    write_atomic(path, b"old")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("backtest.core.files.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["ledger.json"]
