"""Signal files bent out of shape, and what is found in them."""

import json
from datetime import date
from typing import Any

from live.handoff.canonical import render
from live.handoff.validate import Expectations, judge
from tests.support.handoff_samples import sample

ORIGINAL = sample()


EXPECTED = Expectations(
    session=date(2024, 3, 15),
    mode="offline_mock",
    roles={"golden": "primary", "titan": "shadow"},
    names={"golden": "Hierarchical_Adaptive_v3_5b"},
    symbols=frozenset({"QQQ", "TLT", "TQQQ", "PSQ", "TMF", "TMV"}),
    role="primary",
)


def bent(*changes: tuple[Any, ...], base: Any = ORIGINAL) -> bytes:
    """Return the bytes of the sample with (path, value) changes; the value `...` deletes the key."""
    data = json.loads(render(base))
    for path, value in changes:
        place = data
        for key in path[:-1]:
            place = place[key]
        if value is ...:
            del place[path[-1]]
        else:
            place[path[-1]] = value
    return json.dumps(data).encode()


def found(content: bytes, original: Any = None, expectations: Any = EXPECTED) -> dict[str, str]:
    verdict = judge(content, expectations=expectations, original=original)
    assert verdict.problems
    assert not verdict.limits
    return {finding.path: finding.problem for finding in verdict.problems}


def quantity(value: bool | float | str) -> tuple[Any, ...]:
    return (("orders", 1, "quantity"), value)
