"""Drawings of a study."""

import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from backtest.research.drawings import MOST_POINTS, histogram, landscape, scatter
from backtest.research.space import Axis
from backtest.research.surfaces import Surface

NONE = (np.empty(0), np.empty(0))
ROWS, COLUMNS = Axis("slow & sure", (20, 30, 40)), Axis("fast", (0.5, 1.0))


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text)


def test_a_cloud_shows_every_marked_point_and_not_too_many_others() -> None:
    across = np.linspace(0, 1, 5 * MOST_POINTS)
    text = scatter("A <cloud>", ("x", "y"), (across, across**2), (np.array([0.5]), np.array([2.0])))
    parsed(text)
    assert text.count("<circle") == MOST_POINTS + 1
    assert "A &lt;cloud&gt;" in text
    heights = [float(value) for value in re.findall(r'cy="([0-9.]+)" r="2"', text)]
    assert heights == sorted(heights, reverse=True)  # a higher value lies further up


def test_points_that_are_no_numbers_are_left_out_and_nothing_is_nothing() -> None:
    one = (np.array([1.0, np.nan, 3.0]), np.array([1.0, 2.0, np.inf]))
    assert scatter("t", ("x", "y"), one, NONE).count("<circle") == 1
    assert scatter("t", ("x", "y"), NONE, NONE) == ""
    assert histogram("t", "x", np.array([np.nan]), 1.0) == ""


def test_bars_are_as_high_as_their_counts() -> None:
    text = histogram("t", "sharpe", np.array([0.0] * 30 + [1.0] * 10), 1.0)
    parsed(text)
    heights = sorted(float(value) for value in re.findall(r'<rect[^>]* height="([0-9.]+)"', text))
    assert heights[1] / heights[0] == pytest.approx(3.0, rel=0.01)
    assert "M" in text.split('stroke="#d1495b"')[0]
    assert "#d1495b" not in histogram("t", "x", np.array([1.0, 2.0]), float("nan"))


def test_a_landscape_has_a_piece_for_every_four_values() -> None:
    values = np.array([[1.0, 2.0], [3.0, 4.0], [np.nan, 5.0]])
    text = landscape(Surface(ROWS, COLUMNS, values, values), "sharpe")
    parsed(text)
    assert text.count("<polygon") == 1
    assert "slow &amp; sure 40" in text
    line = values[:1]
    assert landscape(Surface(ROWS, COLUMNS, line, line), "sharpe") == ""
    flat = np.ones((3, 2))
    assert landscape(Surface(ROWS, COLUMNS, flat, flat), "sharpe").count("<polygon") == 2
