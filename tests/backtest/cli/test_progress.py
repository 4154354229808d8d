"""Progress lines."""

import pytest

from backtest.cli.progress import Screen, text_of
from backtest.research.running import Step


def step(stored: int, **changes: float) -> Step:
    values = {"computed": stored, "seconds": 2.0, "best": None, "failed": 0, **changes}
    return Step(stored=stored, total=1_000, **values)  # type: ignore[arg-type]


def test_a_line_says_how_far_how_fast_and_how_long_yet() -> None:
    assert (
        text_of(step(400, best=1.23456, failed=3))
        == "400/1,000 sets, 200/s, 0:03 left, best so far 1.235, 3 failed"
    )
    assert text_of(step(0, computed=0, seconds=0.0)) == "0/1,000 sets"
    assert text_of(step(1, seconds=10.0)).split(", ")[-1] == "2:46:30 left"


def test_lines_are_ten_seconds_apart_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    times = iter([0.0, 3.0, 9.9, 10.0, 11.0])
    screen = Screen(clock=lambda: next(times))
    for stored in (100, 200, 300, 400, 1_000):
        screen(step(stored))
    shown = [line.split("/")[0] for line in capsys.readouterr().err.splitlines()]
    assert shown == ["100", "400", "1,000"]  # the last one always
