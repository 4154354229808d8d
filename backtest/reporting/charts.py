"""Small charts as SVG inside HTML: no library, no script, readable on a telephone.

A chart's lines are stretched to the width of the page; its labels are HTML beside them, so that text keeps
its size however narrow the page is. Long lines are thinned to the width of a screen; each bucket keeps its
first, lowest, highest and last value, so no peak or trough is lost. Stacks are thinned to every n-th session.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Final

import numpy as np
from numpy.typing import NDArray

from backtest.core.bars import FloatArray

IntArray = NDArray[np.int64]

WIDTH: Final = 1000
HEIGHT: Final = 300
BUCKETS: Final = 400
COLOURS: Final = ("#1b6ca8", "#d1495b", "#3a7d44", "#8e6bbf", "#c98a1b", "#4f5d75", "#2a9d8f", "#b5651d")
STYLE: Final = """
.chart { margin: 1.5rem 0 }
.chart h2 { font-size: 1rem; margin: 0 0 .4rem }
.plot { position: relative; height: 14rem; margin: 0 0 1.4rem 4.5rem; border-left: 1px solid #999 }
.plot svg { position: absolute; inset: 0; width: 100%; height: 100% }
.plot path.line { fill: none; stroke-width: 1.5; vector-effect: non-scaling-stroke }
.plot line { stroke: #ddd; vector-effect: non-scaling-stroke }
.plot span { position: absolute; font-size: .75rem; color: #555; font-variant-numeric: tabular-nums }
.plot span.y { right: 100%; margin-right: .4rem; transform: translateY(-50%); white-space: nowrap }
.plot span.x { top: 100%; transform: translateX(-50%); white-space: nowrap }
.legend { font-size: .8rem; margin: 0 0 0 4.5rem; padding: 0; list-style: none }
.legend li { display: inline-block; margin-right: 1rem }
.legend i { display: inline-block; width: .8rem; height: .8rem; margin-right: .3rem; vertical-align: -.1rem }
"""


@dataclass(frozen=True, slots=True)
class Series:
    """One named line or band; `values` has one value per session, NaN where it has none."""

    name: str
    values: FloatArray


@dataclass(frozen=True, slots=True)
class Tick:
    """One labelled value of the vertical axis."""

    value: float
    label: str


def line_chart(
    title: str,
    dates: Sequence[date] | Sequence[str],
    series: Sequence[Series],
    ticks: Sequence[Tick],
    *,
    logarithmic: bool = False,
) -> str:
    """Return a chart of lines over sessions, or over texts in their order.

    The axis reaches from the first tick to the last.
    """
    scale = _Scale(ticks[0].value, ticks[-1].value, logarithmic)
    paths = [
        f'<path class="line" stroke="{_colour(n)}" d="{_path(row.values, scale)}"/>'
        for n, row in enumerate(series)
    ]
    return _chart(title, dates, paths, ticks, scale, [row.name for row in series])


def stacked_chart(title: str, dates: Sequence[date], series: Sequence[Series], ticks: Sequence[Tick]) -> str:
    """Return a chart of bands one on top of the other, the first at the bottom."""
    scale = _Scale(ticks[0].value, ticks[-1].value, logarithmic=False)
    rows = _bucket_ends(len(dates))
    below, paths = np.zeros(len(rows)), []
    for n, row in enumerate(series):
        above = below + row.values[rows]
        there = _points(rows, above, len(dates), scale)
        back = _points(rows[::-1], below[::-1], len(dates), scale)
        paths.append(f'<path fill="{_colour(n)}" d="M{" ".join([*there, *back])}Z"/>')
        below = above
    return _chart(title, dates, paths, ticks, scale, [row.name for row in series])


def band_chart(title: str, dates: Sequence[date], bands: Sequence[Series]) -> str:
    """Return one row per band that is filled on the sessions where its value is above 0."""
    ticks = [Tick(-n - 0.5, row.name) for n, row in enumerate(bands)]
    scale = _Scale(-float(len(bands)), 0.0, logarithmic=False)
    step = WIDTH / max(1, len(dates))
    paths = []
    for n, row in enumerate(bands):
        top, bottom = scale.y(-n - 0.15), scale.y(-n - 0.85)
        pieces = [
            f"M{a * step:.1f} {top}H{b * step:.1f}V{bottom}H{a * step:.1f}Z" for a, b in _runs(row.values > 0)
        ]
        paths.append(f'<path fill="{_colour(n)}" d="{"".join(pieces)}"/>')
    return _chart(title, dates, paths, ticks, scale, [])


def money_ticks(low: float, high: float, *, logarithmic: bool) -> list[Tick]:
    """Return round amounts around [low, high]; on a logarithmic axis of 1, 2 and 5 times powers of ten."""
    low, high = (low, high) if low < high else (low * 0.9, low * 1.1 or 1.0)
    if not logarithmic or low <= 0:
        return [Tick(value, f"{value:,.0f}") for value in _round_values(low, high)]
    exponents = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 2)
    steps = sorted(factor * 10.0**exponent for exponent in exponents for factor in (1, 2, 5))
    first = max(value for value in steps if value <= low)
    last = min(value for value in steps if value >= high)
    inside = [value for value in steps if first <= value <= last]
    return [Tick(value, f"{value:,.0f}" if value >= 1 else f"{value:g}") for value in _thinned(inside)]


def percent_ticks(low: float, high: float) -> list[Tick]:
    """Return round percentages of decimal fractions around [low, high]."""
    return [
        Tick(value, f"{value:.0%}") for value in _round_values(low, high if high > low else low + 0.01, 0.01)
    ]


def number_ticks(low: float, high: float) -> list[Tick]:
    """Return round numbers around [low, high]."""
    return [Tick(value, f"{value:g}") for value in _round_values(low, high if high > low else low + 1.0)]


@dataclass(frozen=True, slots=True)
class _Scale:
    """From a value to a height in the drawing, 0 at the top."""

    low: float
    high: float
    logarithmic: bool

    def y(self, value: float) -> float:
        low, high, at = self.low, self.high, value
        if self.logarithmic and low > 0:
            low, high, at = math.log(low), math.log(high), math.log(max(value, self.low))
        return round((high - at) / (high - low) * HEIGHT, 1)


def _round_values(low: float, high: float, smallest: float = 0.0) -> list[float]:
    rough = max((high - low) / 5, smallest, 1e-9)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [n * step for n in range(first, max(last, first + 1) + 1)]


def _thinned(values: Sequence[float]) -> list[float]:
    """Return at most some eight of the values, the ends among them."""
    every = max(1, math.ceil((len(values) - 1) / 7))
    return sorted({*values[::every], values[-1]})


def _bucket_ends(n: int) -> IntArray:
    return np.unique(np.linspace(0, n - 1, min(n, 2 * BUCKETS)).round().astype(np.int64))


def _path(values: FloatArray, scale: _Scale) -> str:
    """Return the path of a line; it breaks where there is no value."""
    n = len(values)
    kept = sorted(
        {row for rows in np.array_split(np.arange(n), min(n, BUCKETS)) for row in _extremes(rows, values)}
    )
    text, pen = [], "M"
    for row in kept:
        if math.isnan(values[row]):
            pen = "M"
            continue
        text.append(f"{pen}{_x(row, n)} {scale.y(float(values[row]))}")
        pen = "L"
    return "".join(text)


def _extremes(rows: IntArray, values: FloatArray) -> set[int]:
    part = values[rows]
    if np.isnan(part).all():
        return {int(rows[0])}
    return {int(rows[0]), int(rows[np.nanargmin(part)]), int(rows[np.nanargmax(part)]), int(rows[-1])}


def _points(rows: IntArray, values: FloatArray, n: int, scale: _Scale) -> list[str]:
    return [f"{_x(int(row), n)} {scale.y(float(value))}" for row, value in zip(rows, values, strict=True)]


def _x(row: int, n: int) -> float:
    return round(row / max(1, n - 1) * WIDTH, 1)


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return first and end (exclusive) of every run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _colour(n: int) -> str:
    return COLOURS[n % len(COLOURS)]


def _chart(
    title: str,
    dates: Sequence[date] | Sequence[str],
    paths: Sequence[str],
    ticks: Sequence[Tick],
    scale: _Scale,
    names: Sequence[str],
) -> str:
    lines = "".join(
        f'<line x1="0" x2="{WIDTH}" y1="{y}" y2="{y}"/>' for y in (scale.y(t.value) for t in ticks)
    )
    labels = "".join(
        f'<span class="y" style="top:{scale.y(tick.value) / HEIGHT:.1%}">{escape(tick.label)}</span>'
        for tick in ticks
    )
    items = "".join(
        f'<li><i style="background:{_colour(n)}"></i>{escape(name)}</li>' for n, name in enumerate(names)
    )
    return (
        f'<section class="chart"><h2>{escape(title)}</h2><div class="plot">'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(title)}">'
        f"{lines}{''.join(paths)}</svg>{labels}{_dates(dates)}</div>"
        f'<ul class="legend">{items}</ul></section>'
    )


def _dates(dates: Sequence[date] | Sequence[str]) -> str:
    """Return four dates below the plot: that many fit on a telephone."""
    rows = sorted({round(part * (len(dates) - 1)) for part in (0.08, 0.36, 0.64, 0.92)})
    form = "%Y-%m" if len(dates) > 700 else "%d %b %y"
    return "".join(
        f'<span class="x" style="left:{_x(row, len(dates)) / WIDTH:.1%}">{_day(dates[row], form)}</span>'
        for row in rows
    )


def _day(at: date | str, form: str) -> str:
    return escape(at) if isinstance(at, str) else f"{at:{form}}"
