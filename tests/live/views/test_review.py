"""What a reviewer sees of a file, figure by figure."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import UsageError
from live.actions import answers
from live.system.clock import SimulatedClock
from live.system.json_text import plain
from live.views.review import read_review
from live.views.review_case import newest_files, read_case
from tests.support.handoff_samples import sample
from tests.support.review_world import DAY, NOW, generated, holding, inputs, runtime


@pytest.fixture
def world(tmp_path: Path) -> Any:
    return runtime(tmp_path)


def screen(world: Any, path: Any) -> Any:
    return plain(read_review(inputs(world), read_case(inputs(world), path)))


def edit(path: Any, change: Any) -> None:
    data = json.loads(path.read_bytes())
    change(data)
    path.write_text(json.dumps(data, indent=2))


def test_every_figure_of_an_order(tmp_path: Path) -> None:
    world = runtime(tmp_path, execution={"slippage_pct": 0.1, "commission_per_order": 1.0})
    holding(world)
    shown = screen(world, generated(world))
    sell, buy, other = shown["orders"]
    assert sell["value"] == 70_000.0
    assert sell["share_of_equity"] == pytest.approx(0.7)
    assert sell["cost"] == {"slippage": 70.0, "commission": 1.0, "total": 71.0}
    assert sell["realised_gain"] == 6929.0  # (100 - 90) x 700 - 71
    assert buy["realised_gain"] is None
    assert buy["stop"] == {"price": 45.0, "time_in_force": "gtc"}
    assert other["cost"]["total"] == 20.98  # 0.1 % of 19,978.50 and the commission
    # 30,000 + 70,000 - 60,000 - 19,978.50 - 71 - 61 - 20.98
    assert shown["cash_after"] == 19_868.52
    assert shown["rounding_cash"] == 21.5  # 20,021.50 left where 20 % of 100,000 was meant to stay


def test_without_any_file_it_says_what_to_do(world: Any) -> None:
    with pytest.raises(UsageError, match="no signal file has been generated yet"):
        newest_files(inputs(world))


def test_edits_are_shown_and_void_the_standing(world: Any) -> None:
    path = generated(world)
    edit(path, lambda data: data["orders"][1].update(quantity=600))
    shown = screen(world, path)
    assert shown["standing"] == "edited"
    assert shown["edits"] == [
        {
            "path": "$.orders[1].quantity",
            "kind": "quantity",
            "order": "20240315_TQQQ_entry_buy",
            "before": 1200,
            "after": 600,
        }
    ]
    assert shown["warnings"][0].endswith("the executor refuses this file")
    assert shown["next"] == f"jutsu approve {path}"


def test_changes_since_the_previous_session(world: Any) -> None:
    before = sample(
        trade_date="2024-03-14",
        decision=sample().decision.model_copy(
            update={"diagnostics": {"cell": 4, "trend_state": "BullStrong"}}
        ),
    )
    generated(world, before, session=date(2024, 3, 14))
    shown = screen(world, generated(world))
    assert shown["since_previous"] == [{"subject": "cell", "before": 4, "after": 1}]


def test_an_edited_date_still_finds_its_record_by_path(world: Any) -> None:
    path = generated(world)
    edit(path, lambda data: data.update(trade_date="2024-03-18"))
    problems = {problem["path"]: problem["problem"] for problem in screen(world, path)["problems"]}
    assert problems == {"$.trade_date": "is 2024-03-18, but the session to trade is 2024-03-15"}


def test_silence_is_announced(tmp_path: Path) -> None:
    world = runtime(tmp_path, approval={"policy": "required"})
    shown = screen(world, generated(world))
    assert [order["held_because"] for order in shown["orders"]] == [
        None,
        "nobody answered: entry orders wait for approval",
        "nobody answered: entry orders wait for approval",
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: data["orders"][1].update(quantity=120_000), "make the orders smaller"),
        (lambda data: data["orders"][1].update(quantity=-1), "correct the file"),
    ],
)
def test_the_next_step_fits_what_is_wrong(world: Any, change: Callable[..., Any], words: str) -> None:
    path = generated(world)
    edit(path, change)
    assert words in screen(world, path)["next"]


def test_the_next_step_fits_what_happened(tmp_path: Path) -> None:
    late = runtime(tmp_path, now=NOW + timedelta(hours=1))
    path = generated(late)
    shown = screen(late, path)
    assert "window is over" in shown["next"]
    assert "the execution window is over" in shown["warnings"]
    late.ledger.signals.executed(DAY, "golden", sha256="e" * 64, content=path.read_text())
    assert "already executed" in screen(late, path)["next"]
    assert "--state-db" in screen(runtime(tmp_path), path)["next"]


def test_what_was_carried_out_or_is_over_is_not_judged_by_the_limits_of_today(tmp_path: Path) -> None:
    world = runtime(tmp_path, execution={"limits": {"max_order_value": 100}})
    path = generated(world)
    assert screen(world, path)["limits"]
    over = runtime(tmp_path, now=NOW + timedelta(hours=2), execution={"limits": {"max_order_value": 100}})
    assert read_case(inputs(over), generated(over)).verdict.limits == ()
    digest = read_case(inputs(world), path).sha256
    world.ledger.signals.executed(DAY, "golden", sha256=digest, content=path.read_text())
    assert read_case(inputs(world), path).verdict.limits == ()


def test_a_newer_session_without_a_file_is_named_first(world: Any) -> None:
    path, later = generated(world), DAY + timedelta(days=3)
    world.ledger.runs.generator_failed(
        later, "golden", mode="offline_mock", exit_code=7, why="too much", past=False
    )
    first = f"golden {later}: the generator stopped with exit code 7: too much"
    assert screen(world, path)["warnings"][0] == first


def test_an_early_close_is_a_warning(world: Any) -> None:
    early = sample().session.model_copy(update={"close": "2024-03-15T13:00:00-04:00", "early_close": True})
    assert (
        screen(world, generated(world, sample(session=early)))["warnings"][0]
        == "early close at 13:00 New York"
    )


def test_what_an_executed_file_left_unsent_may_still_be_answered_while_its_window_is_open(
    tmp_path: Path,
) -> None:
    world = runtime(tmp_path, approval={"policy": "required"})
    path = generated(world)
    digest = read_case(inputs(world), path).sha256
    world.ledger.signals.executed(DAY, "golden", sha256=digest, content=path.read_text())
    world.ledger.signals.finish(DAY, "golden", "skipped")
    shown = screen(world, path)
    assert shown["next"] == f"jutsu approve {path}"
    assert "3 order(s) were not sent: until 15:55 New York" in shown["warnings"][0]
    answers.approve(inputs(world), path, actor="me")
    assert screen(world, path)["next"] == "python -m live.executor"
    answers_over = runtime_later(world)
    assert answers_over["next"] == "already executed; see jutsu status"


def runtime_later(world: Any) -> Any:
    """The screen of the newest file after its window."""
    world.clock = SimulatedClock(NOW + timedelta(hours=1))
    return screen(world, newest_files(inputs(world))[0])
