"""The bar store: what went in comes out, damage is found, imports merge or refuse as a whole."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars
from backtest.core.errors import DataError
from backtest.core.execution_rules import ExecutionRules
from backtest.core.files import write_atomic
from backtest.data.actions import ActionStore
from backtest.data.importing import import_bars, merge
from backtest.data.quality.actions import CorporateAction
from backtest.data.quality.known import Known
from backtest.data.sources.demo import DemoMarket
from backtest.data.store import BarStore
from backtest.simulator.allocation.simulate import simulate
from backtest.strategies.registry import load_strategy
from tests.support.paths import PROJECT
from tests.support.source_world import as_traded

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
    assert file.schema_arrow.names == ["date", "open", "high", "low", "close", "volume", "batch"]
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
        "actions_known": False,
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


def old_format(store: BarStore, bars: Bars) -> None:
    """Write a file as releases did before imports were numbered."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    about = {
        "symbol": bars.symbol,
        "source": "csv",
        "imported_at": "2026-11-01T21:00:00+00:00",
        "rows": len(bars),
        "first": str(bars.first),
        "last": str(bars.last),
        "sha256": bars.sha256(),
    }
    columns = {name: getattr(bars, name) for name in ("open", "high", "low", "close", "volume")}
    table = pa.table({"date": pa.array(bars.dates), **columns})
    store.directory.mkdir(exist_ok=True)
    pq.write_table(
        table.replace_schema_metadata({b"jutsu": json.dumps(about).encode()}), store.path(bars.symbol)
    )


def test_a_store_of_an_earlier_release_reads_the_same_and_goes_on(store: BarStore) -> None:
    old, new = history(end=date(2026, 10, 28)), history()
    old_format(store, old)
    assert same(store.read(["QQQ"])["QQQ"], old)
    assert same(store.read(["QQQ"], known_at=AT)["QQQ"], old)
    import_bars(store, {"QQQ": new}, imported_at=AT)
    assert same(store.read(["QQQ"])["QQQ"], new)
    assert same(store.read(["QQQ"], known_at=AT - timedelta(seconds=1))["QQQ"], old)
    assert store.verify() == ()


def test_sixteen_years_of_bars_and_their_decisions_are_the_same_from_every_store(tmp_path: Path) -> None:
    """Raw prices with a two-for-one split, an earlier release's file, plain bars: one and the same bits."""
    first, last = date(2010, 1, 4), date(2026, 10, 30)
    market = DemoMarket(7).read(["QQQ", "TQQQ", "PSQ", "TLT", "TMF"])
    market = {symbol: bars.since(first).until(last) for symbol, bars in market.items()}
    earlier, raw = BarStore(tmp_path / "earlier"), BarStore(tmp_path / "raw")
    for bars in market.values():
        old_format(earlier, bars)
        ex_date = date(2018, 6, 1)
        action = CorporateAction(bars.symbol, ex_date, "split", Fraction(2))
        ActionStore(raw.directory).add([action], known_from=AT)
        raw.write(as_traded(bars, ex_date, 2), imported_at=AT, actions_known=True)
    for store in (earlier, raw):
        found = store.read(sorted(market))
        assert {name: one.sha256() for name, one in found.items()} == {
            name: one.sha256() for name, one in market.items()
        }
    strategy = load_strategy(PROJECT / "config/strategies/golden.yaml")
    plain, read = (
        simulate(strategy, bars, start=date(2024, 1, 2), end=last, cash=1e5, rules=ExecutionRules())
        for bars in (market, found)
    )
    assert read.decisions == plain.decisions
    assert len(plain.decisions) > 700


def test_raw_prices_are_adjusted_only_where_every_split_is_known(store: BarStore) -> None:
    ex_date = date(2026, 10, 1)
    made, split = history(), CorporateAction("QQQ", date(2026, 10, 1), "split", Fraction(2))
    raw = as_traded(made, ex_date, 2)
    import_bars(store, {"QQQ": raw}, imported_at=AT, actions=[split])
    assert store.read(["QQQ"])["QQQ"].basis == "raw"  # a person's file: other splits may be missing
    store.path("QQQ").unlink()
    import_bars(store, {"QQQ": raw}, imported_at=AT, actions=[split], actions_known=["QQQ"])
    for _ in ("written", "from the cache"):
        read = store.read(["QQQ"])["QQQ"]
        assert (read.basis, read.sha256()) == ("split", made.sha256())
    kept = store.read(["QQQ"], as_stored=True)["QQQ"]
    assert (kept.basis, kept.sha256()) == ("raw", raw.sha256())
    assert store.verify(known=Known(actions=[split])) == ()


def test_rows_without_their_splits_end_the_adjusting(store: BarStore) -> None:
    raw = replace(history(), basis="raw")
    import_bars(store, {"QQQ": raw.until(date(2026, 10, 28))}, imported_at=AT, actions_known=["QQQ"])
    import_bars(store, {"QQQ": raw.until(date(2026, 10, 28))}, imported_at=AT)  # nothing new: no change
    assert store.read(["QQQ"])["QQQ"].basis == "split"
    import_bars(store, {"QQQ": raw}, imported_at=AT)
    assert store.read(["QQQ"])["QQQ"].basis == "raw"


def test_what_was_traded_does_not_change_afterwards(store: BarStore) -> None:
    raw = replace(history(), basis="raw")
    import_bars(store, {"QQQ": raw}, imported_at=AT, actions_known=["QQQ"])
    split = CorporateAction("QQQ", date(2026, 11, 2), "split", Fraction(2))
    halved = scaled(raw, 0.5)
    for accept in (False, True):
        with pytest.raises(DataError, match="raw prices do not change"):
            import_bars(store, {"QQQ": halved}, imported_at=AT, actions=[split], accept_split=accept)
    assert same(store.read(["QQQ"])["QQQ"], history())


@given(data=st.data())
@settings(max_examples=12, deadline=None)
def test_what_was_known_at_any_instant_comes_back(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Sessions added, closes corrected within rounding, splits: each import's reading can be had again."""
    store = BarStore(tmp_path_factory.mktemp("bars"))
    whole = replace(history(), basis=data.draw(st.sampled_from(["split", "raw"])))
    raw = whole.basis == "raw"
    rows, seen = 20, []
    for step in range(data.draw(st.integers(1, 5))):
        at = AT + timedelta(days=step)
        rows = min(len(whole), rows + data.draw(st.integers(0, 8)))
        actions = []
        if raw and data.draw(st.booleans()):
            actions = [CorporateAction("QQQ", whole.dates[rows - 1].item(), "split", Fraction(5, 4))]
        close = whole.close.copy()
        close[data.draw(st.integers(0, rows - 1))] *= 1 + data.draw(st.floats(-4e-4, 4e-4))
        given_now = replace(whole, close=close).take(np.arange(rows))
        with contextlib.suppress(DataError):  # a split that the prices deny is refused, and changes nothing
            import_bars(store, {"QQQ": given_now}, imported_at=at, actions=actions, actions_known=["QQQ"])
        if store.symbols():
            seen.append((at, store.read(["QQQ"])["QQQ"]))
    for at, then in seen:
        again = store.read(["QQQ"], known_at=at + timedelta(hours=1))["QQQ"]
        assert (again.sha256(), again.basis) == (then.sha256(), then.basis)
    assert store.read(["QQQ"], known_at=AT - timedelta(days=1)) == {}


def test_a_session_that_was_not_over_is_not_known(store: BarStore) -> None:
    noon = datetime(2026, 10, 30, 17, tzinfo=UTC)
    import_bars(store, {"QQQ": history()}, imported_at=noon)
    assert store.read(["QQQ"], known_at=noon)["QQQ"].last == date(2026, 10, 29)
    assert store.read(["QQQ"], known_at=noon + timedelta(hours=5))["QQQ"].last == date(2026, 10, 30)


@pytest.mark.parametrize(
    "dies_in", ["backtest.data.revision_store.write_atomic", "backtest.data.store.write_atomic"]
)
def test_a_kill_between_log_and_rows_is_ended_by_the_same_import(
    store: BarStore, monkeypatch: pytest.MonkeyPatch, dies_in: str
) -> None:
    import_bars(store, {"QQQ": history(end=date(2026, 10, 28))}, imported_at=AT)
    before = store.read(["QQQ"])["QQQ"]
    close = history().close.copy()
    close[5] *= 1.0003
    new = replace(history(), close=close)

    def dies(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(dies_in, dies)
        with pytest.raises(KeyboardInterrupt):
            import_bars(store, {"QQQ": new}, imported_at=AT + timedelta(days=1))
    assert same(store.read(["QQQ"])["QQQ"], before)
    import_bars(store, {"QQQ": new}, imported_at=AT + timedelta(days=2))
    assert same(store.read(["QQQ"])["QQQ"], new)
    for days, wanted in ((0, before), (1, before), (2, new)):
        assert same(store.read(["QQQ"], known_at=AT + timedelta(days=days, hours=1))["QQQ"], wanted)
