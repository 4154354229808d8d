"""The identity of a study: what changes it, what does not, and how the change is named."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import grimp
import pytest

from backtest.research import identity as module
from backtest.research.identity import Identity, digest, identity_of
from backtest.research.session import OpenStudy
from backtest.research.study_file import parse_study
from tests.support.study_world import BASE, SPACE, document


def identity(opened: OpenStudy, **sections: Any) -> Identity:
    return identity_of(parse_study(document(Path("elsewhere"), **sections), "s"), opened.history)


def test_paths_budget_and_walk_forward_are_no_part_of_it(opened: OpenStudy) -> None:
    plain = identity(opened)
    assert plain == opened.identity
    assert identity(opened, search={"method": "grid", "budget": 500}) == plain
    assert identity(opened, walk_forward={"train": "1y", "test": "6m"}) == plain


@pytest.mark.parametrize(
    "sections",
    [
        {
            "study": {
                "name": "small",
                "strategy": "hierarchical_adaptive_v3_5b",
                "base": dict(BASE),
                "seed": 8,
            }
        },
        {
            "study": {
                "name": "other",
                "strategy": "hierarchical_adaptive_v3_5b",
                "base": dict(BASE),
                "seed": 7,
            }
        },
        {"data": {"prices": "p", "holdout_from": "2024-06-03", "cost_pct": 0.06}},
        {"space": {**SPACE, "sma_fast": {"values": [4, 8, 12]}}},
        {"constraints": []},
        {"search": {"method": "random", "budget": 120}},
    ],
)
def test_what_is_computed_is(opened: OpenStudy, sections: dict[str, Any]) -> None:
    other = identity(opened, **sections)
    assert other.id != opened.identity.id
    assert opened.identity.changed(other) == "study file"


def test_one_price_makes_another_study(opened: OpenStudy) -> None:
    bars = opened.history["TMF"]
    close = bars.close.copy()
    close[100] += 1e-9
    other = identity_of(opened.study, {**opened.history, "TMF": replace(bars, close=close)})
    assert opened.identity.changed(other) == "bars"


def test_changes_are_named_together() -> None:
    assert Identity("a", "b", "c", "d").changed(Identity("a", "x", "y", "d")) == "bars and code"
    assert digest({"b": 1, "a": [2]}) == digest({"a": [2], "b": 1})


@pytest.mark.parametrize(
    ("trial", "own", "rooms"),
    [
        (
            "earnings_swing",
            module._POSITIONS,
            ("calendar", "candidates", "strategies.earnings_swing", "trading"),
        ),
        ("hierarchical_adaptive", module._WEIGHTS, ("strategies.hierarchical_adaptive", "trading")),
    ],
)
def test_what_a_set_is_computed_with_is_part_of_the_code(
    trial: str, own: tuple[str, ...], rooms: tuple[str, ...]
) -> None:
    graph = grimp.build_graph("backtest", cache_dir=None, exclude_type_checking_imports=True)
    deciding = tuple(f"backtest.{room}." for room in (*rooms, "indicators", "simulator"))
    always = {f"backtest.research.{name}" for name in ("adaptive", "figures", "memory", "nsga2", "tpe")}
    found = {
        name.removeprefix("backtest.").replace(".", "/") + ".py"
        for name in graph.find_upstream_modules(f"backtest.research.{trial}.trial") | always
        if name in always or name.startswith(deciding)
    }
    names = (*module._CODE, *own)
    assert len(found) > len(always)
    assert {
        name for name in found if not any(name == one or name.startswith(f"{one}/") for one in names)
    } == set()
