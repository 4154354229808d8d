"""A whole sync: what is missing comes, what is doubtful does not, and a second run does nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backtest.core.bars import Bars
from backtest.core.errors import DataError
from backtest.data.actions import ActionStore
from backtest.data.importing import import_bars, import_lock
from backtest.data.quality.actions import CorporateAction
from backtest.data.quality.known import NOTHING_KNOWN, Known
from backtest.data.quality.relations import PriceRelation
from backtest.data.store import BarStore
from live.feeds.sources.errors import (
    NotEntitled,
    RateLimited,
    UnknownSymbol,
    VendorChanged,
    VendorDown,
    VendorError,
)
from live.feeds.sync.chosen import ChosenSource
from live.feeds.sync.engine import Sync, Wanted
from live.feeds.sync.report import SyncReport
from live.system.clock import SimulatedClock
from tests.support.source_world import EARLIEST, ListSource, chosen, evening, history, scaled, without

FIRST, LAST = EARLIEST, date(2020, 12, 31)
MADE = history("QQQ", FIRST, LAST)
TLT = history("TLT", FIRST, LAST, seed=2)
QQQ = Wanted(("QQQ",))


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(evening(LAST))


@pytest.fixture
def store(tmp_path: Path) -> BarStore:
    return BarStore(tmp_path / "bars")


def run(store: BarStore, *sources: ChosenSource, wanted: Wanted = QQQ) -> SyncReport:
    work = Sync(store, sources, known=NOTHING_KNOWN, clock=sources[0].opening.clock)
    return work.run(wanted)


def put(store: BarStore, *bars: Bars) -> None:
    import_bars(store, {one.symbol: one for one in bars}, imported_at=evening(LAST))


def content(store: BarStore) -> dict[str, bytes]:
    return {
        p.relative_to(store.directory).as_posix(): p.read_bytes()
        for p in store.directory.rglob("*")
        if p.is_file()
    }


def same(store: BarStore, wanted: Bars) -> bool:
    return store.read([wanted.symbol])[wanted.symbol].sha256() == wanted.sha256()


def test_a_new_symbol_comes_whole_and_a_second_run_does_nothing(
    store: BarStore, clock: SimulatedClock
) -> None:
    source = ListSource("made", {"QQQ": MADE}, page_rows=50)
    done = run(store, chosen(source, clock))
    (line,) = done.symbols
    assert (line.outcome, line.added, line.missing, done.exit_code) == ("stored", len(MADE), (), 0)
    assert same(store, MADE)
    assert source.closed
    before, asked = content(store), len(source.asked)
    again = run(store, chosen(source, clock))
    assert (again.symbols[0].outcome, again.exit_code) == ("complete", 0)
    assert len(source.asked) == asked
    assert content(store) == before


@given(steps=st.lists(st.integers(1, 60), min_size=1, max_size=4), page_rows=st.integers(5, 60))
@settings(max_examples=10, deadline=None)
def test_syncs_on_any_days_end_with_what_one_sync_has(
    tmp_path_factory: pytest.TempPathFactory, steps: list[int], page_rows: int
) -> None:
    made = history("QQQ", FIRST, date(2020, 6, 30))
    store = BarStore(tmp_path_factory.mktemp("bars"))
    row = 0
    for step in steps:
        row = min(row + step, len(made) - 1)
        clock = SimulatedClock(evening(made.dates[row].item()))
        known = made.until(made.dates[row].item())
        run(store, chosen(ListSource("made", {"QQQ": known}, page_rows=page_rows), clock))
        assert same(store, known)


def test_a_plan_asks_nobody_and_writes_nothing(store: BarStore, clock: SimulatedClock) -> None:
    put(store, MADE.until(date(2020, 12, 28)))
    before = content(store)
    source = ListSource("made", {"QQQ": MADE})
    work = Sync(store, [chosen(source, clock)], known=NOTHING_KNOWN, clock=clock)
    lines = work.plan(Wanted(("QQQ", "TLT"))).symbols
    assert [(line.symbol, line.outcome, line.source) for line in lines] == [
        ("QQQ", "planned", "made"),
        ("TLT", "planned", "made"),
    ]
    assert [str(days) for days in lines[0].missing] == ["2020-12-29 to 2020-12-31"]
    assert not source.asked
    assert content(store) == before


def test_the_running_session_is_never_asked_for(store: BarStore) -> None:
    noon = SimulatedClock(datetime(2020, 12, 31, 17, tzinfo=UTC))
    done = run(store, chosen(ListSource("made", {"QQQ": MADE}), noon))
    assert done.symbols[0].last == date(2020, 12, 30)
    assert not store.read(["QQQ"])["QQQ"].provisional


def test_a_late_vendor_is_exit_5_until_it_has_the_session(store: BarStore, clock: SimulatedClock) -> None:
    put(store, MADE.until(date(2020, 12, 28)))
    done = run(store, chosen(ListSource("made", {"QQQ": MADE.until(date(2020, 12, 30))}), clock))
    (line,) = done.symbols
    assert (line.outcome, line.added, done.exit_code) == ("stored", 2, 5)
    assert "made has no bar of 2020-12-31" in line.problem
    assert run(store, chosen(ListSource("made", {"QQQ": MADE}), clock)).exit_code == 0
    assert same(store, MADE)


def test_an_empty_day_ends_what_is_stored(store: BarStore, clock: SimulatedClock) -> None:
    put(store, MADE.until(date(2020, 12, 18)))
    holed = without(MADE, date(2020, 12, 23))
    done = run(store, chosen(ListSource("made", {"QQQ": holed}), clock))
    assert done.exit_code == 5
    assert done.symbols[0].problem == "made has no bar of 2020-12-23"
    assert store.read(["QQQ"])["QQQ"].last == date(2020, 12, 22)
    fresh = BarStore(store.directory / "other")
    refused = run(fresh, chosen(ListSource("made", {"QQQ": holed}), clock))
    assert (refused.symbols[0].outcome, refused.exit_code) == ("refused", 5)
    assert "2020-12-23" in refused.symbols[0].problem
    assert fresh.symbols() == ()


def spoiled(change: Callable[[Bars], Bars]) -> Bars:
    return change(replace(MADE, close=MADE.close.copy(), volume=MADE.volume.copy()))


def wrong_price(bars: Bars) -> Bars:
    bars.close[-1] *= 3
    return bars


def nan(bars: Bars) -> Bars:
    bars.close[-2] = np.nan
    return bars


def rewritten(bars: Bars) -> Bars:
    bars.close[-6] *= 1.02
    return bars


@pytest.mark.parametrize("change", [wrong_price, nan, rewritten], ids=lambda f: f.__name__)
def test_what_is_not_believed_changes_nothing_and_keeps_nobody_back(
    store: BarStore, clock: SimulatedClock, change: Callable[[Bars], Bars]
) -> None:
    put(store, MADE.until(date(2020, 12, 28)), TLT.until(date(2020, 12, 28)))
    source = ListSource("made", {"QQQ": spoiled(change), "TLT": TLT})
    done = run(store, chosen(source, clock), wanted=Wanted(("QQQ", "TLT")))
    assert [(line.outcome, bool(line.problem)) for line in done.symbols] == [
        ("refused", True),
        ("stored", False),
    ]
    assert done.exit_code == 5
    assert same(store, MADE.until(date(2020, 12, 28)))
    assert same(store, TLT)
    source.bars["QQQ"] = MADE  # a refused answer is not kept: the next run asks again
    assert run(store, chosen(source, clock)).exit_code == 0
    assert same(store, MADE)


def fund_of(index: Bars, symbol: str, multiple: float) -> Bars:
    """Return a fund that moves by a multiple of its index, at the open and at the close."""
    moves = 1 + multiple * (index.close[1:] / index.close[:-1] - 1)
    gaps = 1 + multiple * (index.open[1:] / index.close[:-1] - 1)
    close = 100 * np.r_[1.0, np.cumprod(moves)]
    open_ = np.r_[100.0, close[:-1] * gaps]
    high, low = np.maximum(open_, close) * 1.001, np.minimum(open_, close) * 0.999
    return replace(index, symbol=symbol, open=open_, high=high, low=low, close=close)


def test_a_stored_fund_that_is_not_believed_keeps_only_its_index_back(
    store: BarStore, clock: SimulatedClock
) -> None:
    fund, until = fund_of(MADE, "TQQQ", 3.0), date(2020, 12, 28)
    put(store, MADE.until(until), TLT.until(until))
    wrong = fund.until(until)
    row = len(wrong) - 20  # older than what is asked again
    for name in ("open", "high", "low", "close"):
        getattr(wrong, name)[row] *= 1.5
    store.write(wrong, imported_at=evening(until))
    source = ListSource("made", {"QQQ": MADE, "TLT": TLT, "TQQQ": fund})
    known = Known((PriceRelation("TQQQ", "QQQ", 3.0),))
    work = Sync(store, [chosen(source, clock)], known=known, clock=clock)
    done = work.run(Wanted(("QQQ", "TLT", "TQQQ")))
    assert [line.outcome for line in done.symbols] == ["refused", "stored", "refused"]
    assert all(line.problem.startswith("TQQQ ") for line in done.symbols[::2])
    assert same(store, TLT)


def test_a_kill_after_a_split_was_recorded_does_not_hide_it(
    store: BarStore, clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ex_date = date(2020, 12, 29)
    put(store, MADE.until(date(2020, 12, 28)))
    split = CorporateAction("QQQ", ex_date, "split", Fraction(2), source="made")
    restated = replace(MADE, **{n: getattr(MADE, n) / 2 for n in ("open", "high", "low", "close")})
    source = ListSource("made", {"QQQ": restated}, named=[split])

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr("backtest.data.importing.write_batch", stop)
        with pytest.raises(KeyboardInterrupt):
            run(store, chosen(source, clock))
    assert ActionStore(store.directory).read("QQQ") == (split,)
    assert run(store, chosen(source, clock)).symbols[0].splits == (split,)


def test_a_split_is_taken_over_when_the_source_names_it(store: BarStore, clock: SimulatedClock) -> None:
    ex_date = date(2020, 12, 29)
    put(store, MADE.until(date(2020, 12, 28)))
    after = replace(
        MADE,
        **{
            name: np.where(MADE.dates >= np.datetime64(ex_date), np.round(getattr(MADE, name) / 2, 2), column)
            for name, column in ((n, getattr(MADE, n)) for n in ("open", "high", "low", "close"))
        },
    )
    restated = scaled(after, ex_date, 2.0)
    silent = ListSource("made", {"QQQ": restated})
    refused = run(store, chosen(silent, clock))
    assert (refused.symbols[0].outcome, refused.exit_code) == ("refused", 5)
    assert "2-for-1 split" in refused.symbols[0].problem
    split = CorporateAction("QQQ", ex_date, "split", Fraction(2), source="made")
    speaking = ListSource("made", {"QQQ": restated}, named=[split])
    done = run(store, chosen(speaking, clock))
    assert (done.exit_code, done.symbols[0].actions, done.symbols[0].splits) == (0, 1, (split,))
    kept = store.read(["QQQ"])["QQQ"]
    assert np.allclose(kept.close, restated.close, atol=0.006)
    assert [action.describe() for action in ActionStore(store.directory).read("QQQ")] == [split.describe()]


@pytest.mark.parametrize(
    ("error", "stands_in"),
    [
        (RateLimited("25 a day"), True),
        (NotEntitled("your plan"), True),
        (VendorDown("503"), True),
        (UnknownSymbol("QQQ?"), False),
        (VendorChanged("odd"), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_another_source_stands_in_only_where_the_first_said_nothing_about_the_bars(
    store: BarStore, clock: SimulatedClock, error: VendorError, stands_in: bool
) -> None:
    first = ListSource("one", {}, failing=error)
    second = ListSource("two", {"QQQ": MADE})
    done = run(store, chosen(first, clock), chosen(second, clock))
    (line,) = done.symbols
    assert bool(second.asked) is stands_in
    assert done.exit_code == (0 if stands_in else 6)
    if stands_in:
        assert (line.source, line.warnings) == ("two", (f"one: {error.problem}",))
        assert same(store, MADE)
    else:
        assert (line.outcome, line.problem) == ("no answer", error.problem)
    log = [json.loads(text) for text in (store.directory / "syncs.jsonl").read_text().splitlines()]
    assert [(entry["source"], entry["outcome"]) for entry in log] == [
        ("one", "no answer"),
        *([("two", "stored")] if stands_in else []),
    ]


def test_a_source_of_another_basis_or_feed_never_stands_in(store: BarStore, clock: SimulatedClock) -> None:
    first = chosen(ListSource("one", {}, failing=VendorDown("503")), clock)
    raw = ListSource("two", {"QQQ": replace(MADE, basis="raw")})
    iex = ListSource("three", {"QQQ": MADE})
    done = run(store, first, chosen(raw, clock, bases=("raw",)), chosen(iex, clock, feed="one exchange"))
    assert (done.symbols[0].outcome, done.exit_code) == ("no answer", 6)
    assert not raw.asked
    assert not iex.asked


def test_stored_prices_keep_their_basis(store: BarStore, clock: SimulatedClock) -> None:
    put(store, MADE.until(date(2020, 12, 28)))
    raw = ListSource("two", {"QQQ": replace(MADE, basis="raw")})
    refused = run(store, chosen(raw, clock, bases=("raw",)))
    assert refused.symbols[0].outcome == "refused"
    assert "basis split" in refused.symbols[0].problem
    assert not raw.asked
    both = ListSource("both", {"QQQ": MADE})
    assert run(store, chosen(both, clock, bases=("raw", "split"))).exit_code == 0
    assert same(store, MADE)


def test_the_names_of_all_sources_stay(store: BarStore, clock: SimulatedClock) -> None:
    put(store, replace(MADE.until(date(2020, 12, 28)), source="csv"))
    run(store, chosen(ListSource("made", {"QQQ": MADE}), clock))
    assert store.read(["QQQ"])["QQQ"].source == "csv+made"


def test_nothing_older_is_asked_twice(store: BarStore, clock: SimulatedClock) -> None:
    put(store, MADE.since(date(2020, 6, 1)))
    source = ListSource("made", {"QQQ": MADE.since(date(2020, 6, 1))})
    wanted = Wanted(("QQQ",), first=date(2020, 2, 3))
    assert run(store, chosen(source, clock), wanted=wanted).symbols[0].outcome == "complete"
    assert len(source.asked) == 1
    assert run(store, chosen(source, clock), wanted=wanted).exit_code == 0
    assert len(source.asked) == 1
    earlier = Wanted(("QQQ",), first=date(2020, 1, 6))
    run(store, chosen(source, clock), wanted=earlier)
    assert len(source.asked) == 2


def test_an_unknown_symbol_is_exit_6(store: BarStore, clock: SimulatedClock) -> None:
    done = run(store, chosen(ListSource("made", {}), clock))
    assert (done.symbols[0].outcome, done.exit_code) == ("no answer", 6)


def test_a_kill_anywhere_leaves_a_whole_store_and_the_next_run_ends_the_work(
    store: BarStore, clock: SimulatedClock
) -> None:
    put(store, MADE.until(date(2020, 11, 30)), TLT.until(date(2020, 11, 30)))
    wanted = Wanted(("QQQ", "TLT"))
    source = ListSource("made", {"QQQ": MADE, "TLT": TLT}, page_rows=5)
    fetched = 0
    for n in range(1, 13):
        calls = 0

        def stop(_: object, last: int = n) -> None:
            nonlocal calls
            calls += 1
            if calls == min(last, 2):  # each run gets one page further
                raise KeyboardInterrupt

        source.before_page = stop
        with pytest.raises(KeyboardInterrupt):
            run(store, chosen(source, clock), wanted=wanted)
        assert same(store, MADE.until(date(2020, 11, 30)))
        fetched = len(source.asked)
        if fetched > 12:
            break
    source.before_page = lambda _: None
    done = run(store, chosen(source, clock), wanted=wanted)
    assert done.exit_code == 0
    assert same(store, MADE)
    assert same(store, TLT)
    assert not list((store.directory / ".sync").glob("*.jsonl"))


def test_two_at_once_are_refused(store: BarStore, clock: SimulatedClock) -> None:
    def again(_: object) -> None:
        with pytest.raises(DataError, match="another sync is running"):
            run(store, chosen(ListSource("made", {}), clock))

    source = ListSource("made", {"QQQ": MADE}, before_page=again)
    assert run(store, chosen(source, clock)).exit_code == 0


def test_another_import_is_told_and_nothing_fetched_is_lost(
    store: BarStore, clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backtest.data.importing.LOCK_SECONDS", 0.01)
    source = ListSource("made", {"QQQ": MADE})
    with import_lock(store.directory), pytest.raises(DataError, match="another import is running"):
        run(store, chosen(source, clock))
    assert run(store, chosen(source, clock)).exit_code == 0
    assert len(source.asked) == 1
