"""Tables fit the window: a frame when there is room, without it in 80 columns, wrapped and never cut off."""

import io
import json
from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from backtest.core.errors import UsageError
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
    assert "".join(lines).startswith("execution.limits.max_total_exposure_pct")


WORDS = st.text(st.sampled_from("abcdefgh0123456789.,-"), min_size=1, max_size=12)
CELLS = st.lists(WORDS, max_size=4).map(" ".join)


@given(st.data(), st.integers(1, 6), st.integers(20, 90))
def test_no_word_or_number_is_broken_in_a_narrow_window(data: st.DataObject, count: int, width: int) -> None:
    head = tuple(f"column {at}" for at in range(count))
    rows = data.draw(st.lists(st.tuples(*[CELLS] * count), min_size=1, max_size=4))
    text = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_shared, "console", lambda: Console(file=text, width=width, highlight=False))
        _shared.table("", head, rows)
    lines = text.getvalue().splitlines()
    shown = [word for line in lines for word in line.replace("│", " ").replace("┃", " ").split()]
    said = Counter(word for row in rows for cell in row for word in cell.split())
    assert max(map(len, lines)) <= width
    assert not said - Counter(shown)


def test_a_table_that_cannot_fit_is_a_list_in_a_narrow_window(window: Callable[..., Any]) -> None:
    lines = window(40, HEAD, [ROW, ("2024-12-19", *[""] * 7, 4)])
    assert lines[0] == "2024-12-18"
    assert "  profit    -12,568.83" in lines
    assert lines[-2:] == ["2024-12-19", "  cell      4"]  # what is empty is not shown


@pytest.mark.parametrize("words", ["order [was] filled", "[/red] closes nothing", ":warning: stays"])
def test_words_of_others_are_never_markup(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An error text with brackets lost them, or ended the screen with an error of its own."""
    _shared.console().print(words)
    _shared.table(words, (words,), [(words,)])
    assert capsys.readouterr().out.count(words) == 4


def test_a_date_is_read_or_named_with_its_option() -> None:
    assert _shared.parse_date(None, "--since") is None
    assert _shared.parse_date("2024-02-29", "--since") == date(2024, 2, 29)
    with pytest.raises(UsageError, match="'2023-02-29' is not a date") as caught:
        _shared.parse_date("2023-02-29", "--since")
    assert caught.value.where == "--since"


def test_an_account_without_a_name_is_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 1234")

    monkeypatch.setattr("getpass.getuser", nameless)
    assert _shared.actor() == "a person"


@given(st.text(st.sampled_from('ab"\\\x1b\x7f\x9b\u202e\ud800é\n')))
def test_json_says_the_same_without_what_a_terminal_obeys(words: str) -> None:
    screen = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", screen)
        _shared.emit_json({"note": words})
    assert json.loads(screen.getvalue()) == {"note": words}
    assert all(c.isprintable() or c == "\n" for c in screen.getvalue())


def test_json_is_readable_where_the_screen_has_no_unicode(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", screen)
    _shared.emit_json({"name": "Jürgen →"})
    screen.flush()
    assert json.loads(screen.buffer.getvalue()) == {"name": "Jürgen →"}
