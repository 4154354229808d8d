"""The compiled loop of paths against the same paths from numpy's own Philox, added one day at a time."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from backtest.core.bars import FloatArray
from backtest.research.monte_carlo.path_loop import LANES
from backtest.research.monte_carlo.resampling import CIRCULAR, Resampling, compiled, resample

RETURNS: FloatArray = np.random.default_rng(11).normal(0.0004, 0.012, 251)


def sessions_of(plan: Resampling, path: int, n: int) -> list[int]:
    """Return which session each day of a path is, from numpy's words and Python's whole numbers."""
    generator = np.random.Philox(key=np.array([plan.seed, path], dtype=np.uint64), counter=0)
    words = (int(word) for word in generator.random_raw(4 * plan.sessions))
    found: list[int] = []
    while len(found) < plan.sessions:
        u, start = ((next(words) >> 11) + 1) / 2**53, (next(words) * n) >> 64
        geometric = 1 + math.floor(math.log(u) / plan.decay)
        length = round(plan.block) if plan.kind == CIRCULAR or plan.block <= 1 else geometric
        found += [(start + k) % n for k in range(min(length, plan.sessions - len(found)))]
    return found


def outcome_of(changes: FloatArray) -> tuple[list[float], FloatArray]:
    equity = peak = share = lowest = 1.0
    total = squares = 0.0
    since = longest = 0
    curve = np.empty(len(changes))
    for day, change in enumerate(changes.tolist()):
        equity *= 1.0 + change
        since = 0 if equity >= peak else since + 1
        peak, longest = max(peak, equity), max(longest, since)
        share, lowest = min(share, equity / peak), min(lowest, equity)
        total, squares = total + change, squares + change * change
        curve[day] = equity
    return [equity, total, squares, 1.0 - share, lowest, float(longest)], curve


def computed(plan: Resampling) -> tuple[FloatArray, FloatArray, NDArray[np.int64]]:
    outcomes, curves = np.empty((plan.paths, 6)), np.empty((plan.paths, len(plan.marks)))
    compiled()(RETURNS, np.uint64(plan.seed), 0, plan.decay, plan.marks, outcomes, curves)
    return outcomes, curves, plan.marks


@pytest.mark.parametrize(
    "plan",
    [
        Resampling(paths=LANES + 5, sessions=333, block=7.5, seed=7),
        Resampling(paths=3, sessions=130, block=1.0, seed=2**64 - 1),
        Resampling(paths=3, sessions=64, block=12.0, kind=CIRCULAR, seed=1),
        Resampling(paths=2, sessions=1, block=90.0, seed=3),
    ],
    ids=["stationary", "single days", "circular", "one session"],
)
def test_the_bytes_are_those_of_the_plain_computation(plan: Resampling) -> None:
    outcomes, curves, marks = computed(plan)
    for path in range(plan.paths):
        expected, curve = outcome_of(RETURNS[sessions_of(plan, path, len(RETURNS))])
        assert outcomes[path].tolist() == expected
        assert curves[path].tolist() == curve[marks - 1].tolist()


def test_a_path_depends_on_its_number_only() -> None:
    few = resample(RETURNS, Resampling(paths=40, sessions=90, block=5.0, seed=7))
    many = resample(RETURNS, Resampling(paths=2_100, sessions=90, block=5.0, seed=7), workers=3)
    again = resample(RETURNS, Resampling(paths=2_100, sessions=90, block=5.0, seed=7), workers=2)
    assert few.curves.tobytes() == many.curves[:40].tobytes()
    assert many.curves.tobytes() == again.curves.tobytes()
    assert many.drawdown.tobytes() == again.drawdown.tobytes()
    assert (many.final != many.final[0]).any()
