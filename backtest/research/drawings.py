"""Drawings of a study as SVG inside HTML: clouds, how a figure is spread, landscapes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

import numpy as np

from backtest.core.bars import FloatArray
from backtest.research.surfaces import Surface

_WIDTH: Final = 640
_HEIGHT: Final = 360
_EDGE: Final = 64
_BINS: Final = 40
#: points drawn at most; of more every n-th
MOST_POINTS: Final = 2_000
_STYLE: Final = "width:100%;max-width:46em;height:auto;font:12px system-ui,sans-serif"


def scatter(
    title: str,
    labels: tuple[str, str],
    points: tuple[FloatArray, FloatArray],
    marked: tuple[FloatArray, FloatArray],
) -> str:
    """Return a cloud of points with some marked; "" without any finite one.

    Args:
        title: above it.
        labels: of the axes, across and up.
        points: across and up, shape (n,) each.
        marked: the same, of those that stand out; each of them is drawn.
    """
    across, up = _finite(*points)
    if not len(across):
        return ""
    chosen = _finite(*marked)
    box = _Box.around(np.concatenate([across, chosen[0]]), np.concatenate([up, chosen[1]]))
    every = max(1, -(-len(across) // MOST_POINTS))
    parts = list(_dots(box, across[::every], up[::every], 2.0, "#1b6ca8", 0.45))
    parts += _dots(box, *chosen, 4.0, "#d1495b", 1.0)
    return _figure(title, [*box.axes(labels), *parts])


def histogram(title: str, label: str, values: FloatArray, marked: float) -> str:
    """Return how a figure is spread over sets, one value marked; "" without any finite one."""
    known = values[np.isfinite(values)]
    if not len(known):
        return ""
    counts, edges = np.histogram(known, bins=_BINS)
    box = _Box.around(edges, np.array([0.0, float(counts.max())]))
    bars = [
        f'<rect x="{box.x(left):.1f}" y="{box.y(float(count)):.1f}" width="{box.x(right) - box.x(left):.1f}"'
        f' height="{box.y(0.0) - box.y(float(count)):.1f}" fill="#1b6ca8"/>'
        for left, right, count in zip(edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), strict=True)
        if count
    ]
    line = ""
    if np.isfinite(marked):
        at = f"{box.x(marked):.1f}"
        line = f'<path d="M{at} {box.y(0.0):.1f}V{_EDGE / 2}" stroke="#d1495b" stroke-width="2"/>'
    return _figure(title, [*box.axes((label, "sets")), *bars, line])


def landscape(surface: Surface, figure: str) -> str:
    """Return the medians of a surface as a landscape seen from above one corner; "" below two by two."""
    values = surface.median
    if min(values.shape) < 2 or not np.isfinite(values).any():
        return ""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    heights = (values - low) / (high - low) if high > low else np.zeros_like(values)
    rows, columns = values.shape
    i, j = np.meshgrid(np.linspace(0, 1, rows), np.linspace(0, 1, columns), indexing="ij")
    x = _WIDTH / 2 + (j - i) * (_WIDTH / 2 - _EDGE)
    y = _HEIGHT * 0.55 + (i + j - 1) * _HEIGHT * 0.28 - heights * _HEIGHT * 0.38
    cells = [(row, column) for row in range(rows - 1) for column in range(columns - 1)]
    parts = [cell for row, column in cells if (cell := _cell(x, y, heights, row, column))]
    names = f"{surface.rows.name} to the left, {surface.columns.name} to the right"
    title = f"{figure}, median over the other axes, {low:.3g} to {high:.3g}: {names}"
    ends = [
        _text(x[-1, 0], y[-1, 0] + 16, f"{surface.rows.name} {_value(surface.rows.values[-1])}", "middle"),
        _text(
            x[0, -1], y[0, -1] + 16, f"{surface.columns.name} {_value(surface.columns.values[-1])}", "middle"
        ),
    ]
    return _figure(title, [*parts, *ends])


class _Box:
    """From values to places in the drawing."""

    def __init__(self, across: tuple[float, float], up: tuple[float, float]) -> None:
        self.across, self.up = across, up

    @classmethod
    def around(cls, across: FloatArray, up: FloatArray) -> _Box:
        """Return one that holds all values."""
        return cls(_ends(across), _ends(up))

    def x(self, value: float) -> float:
        low, high = self.across
        return _EDGE + (value - low) / (high - low) * (_WIDTH - 1.5 * _EDGE)

    def y(self, value: float) -> float:
        low, high = self.up
        return _HEIGHT - _EDGE / 1.5 - (value - low) / (high - low) * (_HEIGHT - 1.2 * _EDGE)

    def axes(self, labels: tuple[str, str]) -> Iterator[str]:
        """Yield both axes with five values each, and their names."""
        left, bottom = self.x(self.across[0]), self.y(self.up[0])
        right, top = self.x(self.across[1]), self.y(self.up[1])
        yield f'<path d="M{left:.1f} {top:.1f}V{bottom:.1f}H{right:.1f}" fill="none" stroke="#999"/>'
        for part in np.linspace(0, 1, 5).tolist():
            across = self.across[0] + part * (self.across[1] - self.across[0])
            up = self.up[0] + part * (self.up[1] - self.up[0])
            yield _text(self.x(across), bottom + 16, f"{across:.3g}", "middle")
            yield _text(left - 6, self.y(up) + 4, f"{up:.3g}", "end")
        yield _text((left + right) / 2, _HEIGHT - 8, labels[0], "middle")
        yield _text(left, top - 8, labels[1], "start")


def _ends(values: FloatArray) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def _finite(across: FloatArray, up: FloatArray) -> tuple[FloatArray, FloatArray]:
    known = np.isfinite(across) & np.isfinite(up)
    return across[known], up[known]


def _dots(
    box: _Box, across: FloatArray, up: FloatArray, size: float, colour: str, opacity: float
) -> Iterator[str]:
    for one, other in zip(across.tolist(), up.tolist(), strict=True):
        yield (
            f'<circle cx="{box.x(one):.1f}" cy="{box.y(other):.1f}" r="{size:g}" fill="{colour}"'
            f' fill-opacity="{opacity:g}"/>'
        )


def _cell(x: FloatArray, y: FloatArray, heights: FloatArray, row: int, column: int) -> str:
    """Return one piece of a landscape, coloured by its mean height; "" where a corner has no value."""
    corners = ((row, column), (row, column + 1), (row + 1, column + 1), (row + 1, column))
    known = [float(heights[corner]) for corner in corners]
    if not np.isfinite(known).all():
        return ""
    share = sum(known) / 4
    points = " ".join(f"{x[corner]:.1f},{y[corner]:.1f}" for corner in corners)
    colour = f"hsl({20 + 110 * share:.0f} 65% 62%)"
    return f'<polygon points="{points}" fill="{colour}" stroke="#444" stroke-width=".4"/>'


def _figure(title: str, parts: Sequence[str]) -> str:
    name = escape(title)
    return (
        f'<section class="chart"><h2>{name}</h2><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img"'
        f' aria-label="{name}" style="{_STYLE}">{"".join(parts)}</svg></section>'
    )


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#777">{escape(text)}</text>'


def _value(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
