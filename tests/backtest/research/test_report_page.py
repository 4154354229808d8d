"""The page of a study holds itself together: nothing from outside, nothing unescaped."""

import re

import numpy as np

from backtest.research.report_page import Table, page
from backtest.research.space import Axis
from backtest.research.surfaces import Surface


def test_everything_is_escaped_and_nothing_is_fetched() -> None:
    surface = Surface(
        Axis("<a>", (1, 2)), Axis("b", (0.5,)), np.array([[1.0], [np.nan]]), np.array([[2.0], [3.0]])
    )
    text = page("<script>", ["a < b", "line two"], [Table("T&T", ("x",), (("<td>",),))], [surface])
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "a &lt; b\nline two" in text
    assert "T&amp;T" in text
    assert not re.search(r"(?:src|href|url)\s*[=(]", text)
    assert text.count("<td></td>") == 1  # a cell without figures
    assert 'name="viewport"' in text
