"""A preview is two backtests of the same bars and the decisions in which they differ."""

from pathlib import Path

import pytest

from backtest.core.errors import ParameterError
from live.jobs.backtest import BacktestRequest, read_result, simulated
from live.jobs.preview import run
from live.jobs.project import JobsProject


def test_both_sides_are_the_backtests_of_their_parameters(project: JobsProject, tmp_path: Path) -> None:
    now, done = project.clock.now(), list[float]()
    loaded = project.source.load(now)
    run(loaded, {"variant": "golden", "values": {"leverage_scalar": 0.8}}, now, tmp_path, done.append)
    found = read_result(tmp_path)
    for side, parameters in (("before", {}), ("after", {"leverage_scalar": 0.8})):
        request = BacktestRequest("golden", parameters=parameters)
        expected = simulated(loaded, request, now, lambda _: None)[1]
        assert found[side]["equity"] == [round(value, 2) for value in expected.equity.tolist()]
    assert found["parameters"]["leverage_scalar"] == 1.0
    assert 0 < found["different"] <= found["sessions"] == len(found["before"]["time"])
    newest = found["newest"][0]
    assert newest["before"] != newest["after"]
    assert (done[0] < 0.5 < done[-1], done == sorted(done)) == (True, True)


def test_values_that_cannot_be_are_refused(project: JobsProject, tmp_path: Path) -> None:
    now = project.clock.now()
    document = {"variant": "golden", "values": {"leverage_scalar": 9}}
    with pytest.raises(ParameterError):
        run(project.source.load(now), document, now, tmp_path, lambda _: None)
