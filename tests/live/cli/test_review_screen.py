"""The screen of `jutsu review`: everything that reaches the broker is on it, and a held order says why."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from live.actions import answers
from live.cli.review_screen import _value, show, show_approval
from live.handoff.model import Stop
from live.views.review import read_review
from live.views.review_case import read_case
from tests.support.handoff_samples import order, sample
from tests.support.review_world import NOW, generated, inputs, runtime


@pytest.fixture
def world(tmp_path: Path) -> SimpleNamespace:
    return runtime(tmp_path)


def screen(world: Any, path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    show(read_review(inputs(world), read_case(inputs(world), path)))
    return capsys.readouterr().out


def test_every_field_that_reaches_the_broker(
    world: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    opening = order(
        "TQQQ",
        quantity=1200,
        order_type="market_on_open",
        stop=Stop(price=45.0, time_in_force="gtc"),
        note="[mine]",
    )
    text = screen(world, generated(world, sample(orders=(opening,))), capsys)
    assert "buy 1,200 TQQQ market_on_open @ 50.00" in text
    assert "stop 45.00 gtc" in text
    assert "60,000.00" in text
    assert "note: [mine]" in text


def test_window_standing_and_cash(world: SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> None:
    text = screen(world, generated(world), capsys)
    assert "2024-03-15 golden (primary, offline_mock), window 15:45-15:55 15min_before_close" in text
    assert "approval: auto" in text
    assert "cash 30,000.00 → about" in text


def test_a_held_order_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = runtime(tmp_path, approval={"policy": "required"})
    assert "NOT SENT: nobody answered" in screen(world, generated(world), capsys).replace("\n", " ").replace(
        "│", ""
    )


def test_a_day_without_orders_says_so(world: SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no orders: the book stays as it is" in screen(world, generated(world, sample(orders=())), capsys)


def test_edits_are_shown_from_and_to(world: SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> None:
    path = generated(world)
    data = json.loads(path.read_bytes())
    data["orders"][1]["quantity"] = 600
    data["orders"][2]["enabled"] = False
    data["strategy"]["parameters"]["sma_fast"] = 50
    path.write_text(json.dumps(data))
    text = screen(world, path, capsys)
    assert "$.orders[1].quantity: 1200 → 600" in text
    assert "disabled 20240315_TMF_entry_buy" in text
    assert "40 → 50 (NOT ALLOWED)" in text
    assert text.index("WARNING") < text.index("changed since it was generated")


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "none"), (0.1 + 0.2, "0.3"), (1200, "1200"), ("BullStrong", "BullStrong"), (False, "False")],
)
def test_values_are_short(value: object, text: str) -> None:
    assert _value(value) == text


def test_an_approval_names_its_bytes_and_its_end(
    world: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    done = answers.approve(inputs(world), generated(world), actor="me")
    show_approval(done, now=NOW)
    text = capsys.readouterr().out
    assert "this window is over" not in text
    assert f"3 of 3 order(s), bytes {done.sha256[:12]}, until 2024-03-15T15:55:00-04:00" in text
    assert "any further change voids this approval" in text


def test_an_approval_of_a_window_that_is_over_warns_and_names_its_day(
    world: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    done = answers.approve(inputs(world), generated(world), actor="me")
    show_approval(done, " --config x", now=NOW + timedelta(weeks=5))
    text = capsys.readouterr().out
    assert "this window is over" in text
    assert "next: python -m live.executor --config x --as-of 2024-03-15 " in text
