"""A person may move a stop of a strategy that has stops, but not take it out or out of reach."""

from dataclasses import replace
from typing import Any

import pytest

from live.handoff.canonical import render, sealed
from live.handoff.model import SignalFile, Stop
from live.handoff.stop_edits import farthest_pct, stop_findings
from live.handoff.validate import judge
from tests.support.handoff_samples import draft, order
from tests.support.signal_edits import EXPECTED

WITH_STOPS = replace(EXPECTED, stop_loss_pct=10.0)


def stop_at(price: float | None) -> Stop | None:
    return None if price is None else Stop(price=price, time_in_force="gtc")


def file_with(price: float | None, **changes: Any) -> SignalFile:
    return sealed(
        draft(orders=(order("TQQQ", reference=100.0, quantity=10, stop=stop_at(price), **changes),))
    )


def problems(edited: SignalFile, original: SignalFile | None, *, trusted: bool = False) -> list[str]:
    verdict = judge(render(edited), expectations=WITH_STOPS, original=original, trusted=trusted)
    return [f"{finding.path} {finding.problem}" for finding in verdict.problems]


@pytest.mark.parametrize("original", [file_with(90.0), None])
def test_a_stop_that_is_taken_out_refuses_the_file_and_names_the_strategys(original: Any) -> None:
    (line,) = problems(file_with(None), original)
    assert line.startswith("$.orders[0].stop TQQQ would be bought without a stop")
    assert line.endswith("the strategy's stop is 90.00 (10 % below 100)")


@pytest.mark.parametrize("price", [0.01, 1.0, 69.9])
def test_a_stop_out_of_reach_refuses_the_file(price: float) -> None:
    (line,) = problems(file_with(price), file_with(90.0))
    assert line.startswith("$.orders[0].stop.price")
    assert "at most 30 % is allowed; the strategy's stop is 90.00" in line


@pytest.mark.parametrize("price", [70.0, 80.0, 90.0, 99.0])
def test_a_stop_may_be_moved(price: float) -> None:
    assert problems(file_with(price), file_with(90.0)) == []


def test_what_was_generated_is_the_strategys_own() -> None:
    assert problems(file_with(50.0), None, trusted=True) == []  # a stop by its risk rules
    assert problems(file_with(50.0), file_with(50.0)) == []
    assert problems(file_with(20.0), file_with(50.0)) == []  # within three times that distance
    assert problems(file_with(9.0), file_with(50.0)) != []


def test_what_is_not_bought_or_adds_to_a_holding_needs_none() -> None:
    assert problems(file_with(None, enabled=False), file_with(90.0)) == []
    added = file_with(None, intent="increase")
    assert list(stop_findings(added, None, 10.0, {"TQQQ": 5})) == []
    assert list(stop_findings(added, None, 10.0, {})) != []
    assert list(stop_findings(file_with(None), None, None, {})) == []


@pytest.mark.parametrize(("own", "most"), [(2.0, 6.0), (10.0, 30.0), (40.0, 90.0), (95.0, 95.0)])
def test_never_almost_to_nothing_unless_the_strategys_own_is(own: float, most: float) -> None:
    assert farthest_pct(own) == most
