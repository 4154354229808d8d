"""Tables fit the window: a frame when there is room, without it in 80 columns, wrapped and never cut off."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from live.cli import common as _shared

ROW = ("2024-12-18", "golden", "TQQQ", "buy (increase)", 1330, "130.25", "-0.03 %", "-12,568.83", 3)
HEAD = ("session", "variant", "symbol", "action", "shares", "price", "slippage", "profit", "cell")


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Print a table into a window of a width; its lines."""

    def show(width: int, columns: tuple[str, ...], rows: list[Any]) -> list[str]:
        text = io.StringIO()
        screen = Console(file=text, width=width, highlight=False)
        monkeypatch.setattr(_shared, "console", lambda: screen)
        _shared.table("", columns, rows)
        return text.getvalue().splitlines()

    return show


@pytest.mark.parametrize(("width", "framed"), [(100, True), (80, False)])
def test_a_row_of_trades_stays_on_one_line(window: Callable[..., Any], width: int, framed: bool) -> None:
    lines = window(width, HEAD, [ROW])
    assert max(map(len, lines)) <= width
    (row,) = [line for line in lines if "2024-12-18" in line]
    assert all(str(cell) in row for cell in ROW)
    assert ("│" in row) == framed


def test_what_fits_nowhere_is_wrapped(window: Callable[..., Any]) -> None:
    lines = window(30, ("setting", "value"), [("execution.limits.max_total_exposure_pct", "100.0")])
    assert "…" not in "".join(lines)
    assert "execution.limits.max_total_exposure_pct" in "".join(line[:24].strip() for line in lines[2:])
