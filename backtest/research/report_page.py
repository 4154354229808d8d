"""`report.html` of a study: one page without anything from outside, readable on a phone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

import numpy as np

from backtest.core.bars import FloatArray
from backtest.reporting.charts import STYLE as CHART_STYLE
from backtest.research.surfaces import Surface

_STYLE: Final = """
body{font:15px/1.45 system-ui,sans-serif;margin:1.2em auto;max-width:75em;padding:0 1em;color:#1c2733;
background:#fff}
pre{white-space:pre-wrap;background:#f3f5f7;padding:.8em;border-radius:6px}
div.wide{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
td,th{padding:.2em .55em;text-align:right;border-bottom:1px solid #d9dee3;white-space:nowrap}
table.map td{border:1px solid #fff;min-width:3.2em;color:#111}
caption{text-align:left;font-weight:600;padding:.5em 0}
@media(prefers-color-scheme:dark){body{color:#dde4ea;background:#14191e}pre{background:#1f262d}
td,th{border-color:#38424c}table.map td{border-color:#14191e}}
"""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under a title."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


def page(
    title: str,
    lines: Iterable[str],
    tables: Iterable[Table],
    maps: Iterable[Surface],
    charts: Iterable[str] = (),
) -> str:
    """Return the page.

    Args:
        title: its heading.
        lines: what the screen shows, the honest figures first of all.
        tables: of sets.
        maps: heat maps of the objective.
        charts: of `backtest.reporting.charts`, before the tables.
    """
    body = [f"<h1>{escape(title)}</h1>", f"<pre>{escape(chr(10).join(lines))}</pre>"]
    body += charts
    body += [_table(table) for table in tables]
    for surface in maps:
        body.append(_map(surface, surface.median, "median over the other axes"))
        body.append(_map(surface, surface.best, "best over the other axes"))
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}{CHART_STYLE}</style>"
    )
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>{chr(10).join(body)}</body></html>\n'


def _table(table: Table) -> str:
    rows = "\n".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in table.rows)
    head = "".join(f"<th>{escape(name)}</th>" for name in table.head)
    caption = f"<caption>{escape(table.title)}</caption>"
    return (
        f'<div class="wide"><table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _map(surface: Surface, values: FloatArray, what: str) -> str:
    names = f"{surface.rows.name} (down) by {surface.columns.name} (across): {what}"
    head = "".join(f"<th>{escape(_text(value))}</th>" for value in surface.columns.values)
    rows = "\n".join(
        f"<tr><th>{escape(_text(value))}</th>{''.join(_cells(values[k], values))}</tr>"
        for k, value in enumerate(surface.rows.values)
    )
    caption = f"<caption>{escape(names)}</caption>"
    return f'<div class="wide"><table class="map">{caption}<tr><th></th>{head}</tr>{rows}</table></div>'


def _cells(row: FloatArray, all_values: FloatArray) -> Iterator[str]:
    known = all_values[np.isfinite(all_values)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
    for value in row:
        if not np.isfinite(value):
            yield "<td></td>"
            continue
        share = (float(value) - low) / (high - low) if high > low else 0.5
        hue, light = 20 + 110 * share, 84 - 14 * abs(2 * share - 1)
        yield f'<td style="background:hsl({hue:.0f} 65% {light:.0f}%)">{value:.3g}</td>'


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
