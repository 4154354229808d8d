"""A file before it is executed: which record is its own, when its window is over, what would be sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import LimitError, SignalFileError, UsageError
from live.views.review_case import (
    ReviewCase,
    newest_files,
    only_file,
    read_case,
    require_row,
    require_valid,
)
from tests.support.handoff_samples import sample
from tests.support.review_world import DAY, NOW, generated, inputs, runtime

CLOSES = datetime(2024, 3, 15, 19, 55, tzinfo=UTC)


@pytest.fixture
def world(tmp_path: Path) -> Any:
    return runtime(tmp_path)


def case_of(world: Any, path: Path) -> ReviewCase:
    return read_case(inputs(world), path)


def edit(path: Path, change: Callable[[Any], Any]) -> None:
    data = json.loads(path.read_bytes())
    change(data)
    path.write_text(json.dumps(data, indent=2))


def variant(name: str) -> Any:
    return sample(strategy=sample().strategy.model_copy(update={"variant": name}))


def test_a_file_as_it_was_generated(world: Any) -> None:
    path = generated(world)
    case = case_of(world, path)
    assert case.content == path.read_bytes()
    assert (case.edits, case.moved, case.held) == ((), (), ())
    assert [order.symbol for order in case.go] == ["QQQ", "TQQQ", "TMF"]
    assert case.signal == case.original == require_valid(case)
    assert require_row(case).session == DAY
    assert (case.closes_at, case.at, case.window_over) == (CLOSES, NOW, False)


@pytest.mark.parametrize(("late", "over"), [(timedelta(0), False), (timedelta(seconds=1), True)])
def test_the_window_is_over_after_its_last_instant(tmp_path: Path, late: timedelta, *, over: bool) -> None:
    world = runtime(tmp_path, now=CLOSES + late)
    assert case_of(world, generated(world)).window_over is over


def test_a_past_session_is_judged_at_its_own_time_offline_only(tmp_path: Path) -> None:
    later = NOW + timedelta(days=40)
    world = runtime(tmp_path, now=later)
    path = generated(world)
    own = datetime.fromisoformat(sample().as_of)
    assert case_of(world, path).at == own  # `--as-of` may execute it again
    assert read_case(replace(inputs(world), past=True), path).at == later
    online = runtime(tmp_path / "online", now=later, mode="online_live")
    assert case_of(online, generated(online)).at == later


def test_the_newest_session_counts_and_only_its_primaries(world: Any) -> None:
    old = sample(trade_date="2024-03-14")
    generated(world, old, session=date(2024, 3, 14))
    generated(world, variant("titan"), role="shadow")
    path = generated(world)
    assert newest_files(inputs(world)) == (path,)
    assert only_file(inputs(world)) == path


def test_of_several_files_a_person_names_one(world: Any) -> None:
    paths = sorted([generated(world), generated(world, variant("ema_p10"))])
    assert newest_files(inputs(world)) == tuple(paths)
    with pytest.raises(UsageError, match="several files") as caught:
        only_file(inputs(world))
    assert all(path.name in caught.value.problem for path in paths)


def test_a_folder_that_moved_is_found_where_it_is_now(world: Any, tmp_path: Path) -> None:
    path = generated(world)
    world.signals = tmp_path / "moved"
    world.signals.mkdir()
    assert only_file(inputs(world)) == path  # nothing there: where it was written
    here = path.rename(world.signals / path.name)
    assert only_file(inputs(world)) == here


def test_a_file_of_another_ledger_has_no_record(world: Any, tmp_path: Path) -> None:
    path = generated(runtime(tmp_path / "other"))
    case = case_of(world, path)
    assert (case.row, case.original) == (None, None)
    with pytest.raises(SignalFileError, match="never generated") as caught:
        require_row(case)
    assert "--state-db" in str(caught.value.remedy)


def test_a_broken_file_is_a_case_with_findings(world: Any) -> None:
    path = generated(world)
    path.write_bytes(path.read_bytes()[:500])
    case = case_of(world, path)
    assert (case.signal, case.go, case.edits) == (None, (), ())
    assert case.row is not None  # found by its place
    assert case.closes_at == CLOSES  # the original says when
    with pytest.raises(SignalFileError, match="1 problem") as caught:
        require_valid(case)
    assert "truncated" in str(caught.value.findings[0])


def test_a_file_over_a_limit_is_a_limit(world: Any) -> None:
    path = generated(world)
    edit(path, lambda data: data["orders"][1].update(quantity=120_000))
    with pytest.raises(LimitError):
        require_valid(case_of(world, path))


def test_a_missing_file_is_one_clear_error(world: Any, tmp_path: Path) -> None:
    with pytest.raises(SignalFileError) as caught:
        case_of(world, tmp_path / "none.json")
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("text", ["[]", '"text"', "{}", '{"trade_date": 20240315}', '{"strategy": []}'])
def test_json_of_another_shape_is_a_finding_not_a_crash(world: Any, text: str) -> None:
    path = generated(world)
    path.write_text(text)
    case = case_of(world, path)
    assert case.verdict.problems
    assert case.signal is None
