"""The tear sheet: one self-contained HTML file with equity, drawdown, allocation and regime charts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

import numpy as np

from backtest.core.decision import Json
from backtest.reporting import charts
from backtest.reporting.charts import Series, Tick
from backtest.reporting.metrics import drawdowns
from backtest.reporting.time_series import time_series
from backtest.simulator.allocation.result import Result

_FIGURES = (
    ("total_return", "Total return", "percent"),
    ("annual_return", "Annual return", "percent"),
    ("volatility", "Volatility", "percent"),
    ("sharpe", "Sharpe", "number"),
    ("sortino", "Sortino", "number"),
    ("calmar", "Calmar", "number"),
    ("max_drawdown", "Max drawdown", "percent"),
    ("max_drawdown_sessions", "Its length, sessions", "count"),
    ("trades", "Trades", "count"),
    ("win_rate", "Win rate", "percent"),
    ("profit_factor", "Profit factor", "number"),
    ("turnover", "Turnover a year", "number"),
    ("exposure", "Mean exposure", "percent"),
    ("costs", "Commissions", "money"),
    ("mean_rounding_cash", "Cash left by rounding, mean", "money"),
    ("final_equity", "Final equity", "money"),
)
_RISK = (
    ("omega", "Omega", "number"),
    ("tail_ratio", "Tail ratio", "number"),
    ("var_95", "VaR 95 %, historical", "percent"),
    ("var_95_cornish_fisher", "VaR 95 %, Cornish-Fisher", "percent"),
    ("cvar_95", "CVaR 95 %, historical", "percent"),
    ("ulcer", "Ulcer index", "percent"),
    ("martin", "Martin ratio", "number"),
    ("cdar_95", "CDaR 95 %", "percent"),
    ("skewness", "Skewness", "number"),
    ("excess_kurtosis", "Excess kurtosis", "number"),
    ("payoff", "Payoff of days", "number"),
    ("stability", "Stability R²", "number"),
)
_MORE = (
    (("recovery_factor",), "Recovery factor", "number"),
    (("captures", "up"), "Up capture", "percent"),
    (("captures", "down"), "Down capture", "percent"),
    (("trade_quality", "expectancy"), "Expectancy of a sale", "money"),
    (("trade_quality", "system_quality"), "SQN", "number"),
)
_ROLLING = (
    ("Rolling Sharpe", (("sharpe_30", "30 sessions"), ("sharpe_90", "90 sessions")), False),
    (
        "Rolling volatility and drawdown",
        (("volatility_90", "volatility, 90 sessions"), ("max_drawdown_252", "deepest fall in 252 sessions")),
        True,
    ),
    (
        "Against the benchmark, 252 sessions",
        (("correlation_252", "correlation"), ("beta_252", "beta")),
        False,
    ),
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MOST_CELLS = 12
_STYLE = """
body { font-family: system-ui, sans-serif; margin: 1rem auto; max-width: 1100px; padding: 0 1rem }
h1 { font-size: 1.3rem; overflow-wrap: anywhere }
table { border-collapse: collapse; margin: 0 2rem 1rem 0; display: inline-table; vertical-align: top }
th, td { padding: .2rem .8rem; border-bottom: 1px solid #ddd; text-align: left; font-weight: normal }
td { text-align: right; font-variant-numeric: tabular-nums }
details li { overflow-wrap: anywhere }
@media (max-width: 600px) { table { display: table; width: 100%; margin-right: 0 } th, td { padding: .2rem } }
"""


def figures(metrics: Json) -> list[tuple[str, str]]:
    """Return the headline figures as (label, text for a person), in a fixed order."""
    return [(label, readable(metrics.get(key), kind)) for key, label, kind in _FIGURES]


def readable(value: float | None, kind: str) -> str:
    """Return a figure for a person; ``kind`` is percent, number, count or money; None shows as a dash."""
    if value is None:
        return "–"
    return {
        "percent": f"{value:.1%}",
        "number": f"{value:.2f}",
        "count": f"{value:,.0f}",
        "money": f"{value:,.2f}",
    }[kind]


def render(result: Result, metrics: Json) -> str:
    """Return the report as one HTML document without scripts that needs no network and fits a telephone."""
    title = escape(f"{result.strategy} · {result.variant}")
    warnings = "".join(f"<li>{escape(text)}</li>" for text in result.warnings)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}{charts.STYLE}</style></head>\n<body>\n<h1>{title}</h1>\n"
        f"<p>{metrics['start']} to {metrics['end']}, {metrics['sessions']} sessions</p>\n"
        f"{_table(figures(metrics))}{_benchmark_table(metrics)}\n{_charts(result)}\n{_risk(metrics)}"
        f"<details><summary>{len(result.warnings)} warnings</summary><ul>{warnings}</ul></details>\n"
        "</body>\n</html>\n"
    )


def _table(rows: list[tuple[str, str]]) -> str:
    cells = "".join(f"<tr><th>{escape(label)}</th><td>{escape(text)}</td></tr>" for label, text in rows)
    return f"<table>{cells}</table>"


def _benchmark_table(metrics: Json) -> str:
    comparison = metrics.get("benchmark")
    if not comparison:
        return ""
    held = comparison["performance"]
    rows = [
        ("Benchmark", str(comparison["symbol"])),
        ("Total return", readable(held["total_return"], "percent")),
        ("Annual return", readable(held["annual_return"], "percent")),
        ("Max drawdown", readable(held["max_drawdown"], "percent")),
        ("Sharpe", readable(held["sharpe"], "number")),
        ("Beta", readable(comparison["beta"], "number")),
        ("Alpha a year", readable(comparison["alpha"], "percent")),
        ("Correlation", readable(comparison["correlation"], "number")),
        ("Tracking error", readable(comparison["tracking_error"], "percent")),
        ("Information ratio", readable(comparison["information_ratio"], "number")),
    ]
    return _table(rows)


def _risk(metrics: Json) -> str:
    """Return figures of risk, the deepest drawdowns and the months, where they were computed."""
    if "risk" not in metrics:
        return ""
    rows = [(label, readable(metrics["risk"][name], kind)) for name, label, kind in _RISK]
    rows += [(label, readable(_inside(metrics, path), kind)) for path, label, kind in _MORE]
    falls = [
        (
            *(fall[name] or "–" for name in ("peak", "trough", "recovery")),
            f"{fall['depth']:.1%}",
            str(fall["sessions"]),
        )
        for fall in metrics["drawdowns"]
    ]
    months = [
        (year, *(readable(found.get(str(month)), "percent") for month in range(1, 13)))
        for year, found in metrics["monthly_returns"].items()
    ]
    return (
        f"<h2>Risk</h2>{_table(rows)}\n"
        f"<h2>Deepest drawdowns</h2>{_grid(('peak', 'trough', 'recovery', 'depth', 'sessions'), falls)}\n"
        f"<h2>Months</h2>{_grid(('year', *_MONTHS), months)}\n"
    )


def _inside(metrics: Json, path: Sequence[str]) -> float | None:
    """Return a figure of a section that may be missing."""
    found: Json | None = metrics
    for key in path[:-1]:
        found = None if found is None else found.get(key)
    return None if found is None else found.get(path[-1])


def _grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table that a narrow screen scrolls sideways."""
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div style="overflow-x:auto"><table><tr>{top}</tr>{body}</table></div>'


def _charts(result: Result) -> str:
    if not len(result.dates):
        return ""
    parts = (_equity(result), _drawdown(result), _allocation(result), _regimes(result), *_rolling(result))
    return "\n".join(parts)


def _equity(result: Result) -> str:
    lines = [Series(result.variant, result.equity)]
    if result.benchmark is not None:
        lines.append(Series(f"{result.benchmark_symbol} held", result.benchmark))
    low, high = (float(pick([pick(line.values) for line in lines])) for pick in (np.min, np.max))
    ticks = charts.money_ticks(low, high, logarithmic=low > 0)
    return charts.line_chart("Equity", result.dates.tolist(), lines, ticks, logarithmic=low > 0)


def _drawdown(result: Result) -> str:
    lines = [Series(result.variant, drawdowns(result.equity, result.initial_cash))]
    if result.benchmark is not None:
        name = f"{result.benchmark_symbol} held"
        lines.append(Series(name, drawdowns(result.benchmark, result.initial_cash)))
    low = float(np.min([np.min(line.values) for line in lines]))
    return charts.line_chart("Drawdown", result.dates.tolist(), lines, charts.percent_ticks(low, 0.0))


def _rolling(result: Result) -> Iterator[str]:
    """Yield the charts of rolling figures; none before their windows are full."""
    series = time_series(result.equity, result.initial_cash, result.benchmark)
    for title, names, percent in _ROLLING:
        lines = [Series(label, series[name]) for name, label in names if name in series]
        known = np.concatenate([np.zeros(1), *(line.values[~np.isnan(line.values)] for line in lines)])
        if len(known) > 1:
            low, high = float(known.min()), float(known.max())
            ticks = charts.percent_ticks(low, high) if percent else charts.number_ticks(low, high)
            yield charts.line_chart(title, result.dates.tolist(), lines, ticks)


def _allocation(result: Result) -> str:
    cash = np.divide(result.cash, result.equity, out=np.zeros_like(result.cash), where=result.equity != 0)
    held = [Series(symbol, column) for symbol, column in result.weights.items() if column.any()]
    ticks = [Tick(part / 4, f"{part / 4:.0%}") for part in range(5)]
    return charts.stacked_chart("Allocation", result.dates.tolist(), [*held, Series("cash", cash)], ticks)


def _regimes(result: Result) -> str:
    """Return the sessions each cell was decided on; "" without cells, or with too many to show."""
    rows = {day: row for row, day in enumerate(result.dates.tolist())}
    bands: dict[str, Series] = {}
    for decision in result.decisions:
        values, row = decision.diagnostics, rows.get(decision.decided_on)
        if values.get("cell") is not None and row is not None:
            name = f"cell {values['cell']}"
            band = bands.setdefault(name, Series(name, np.zeros(len(rows))))
            band.values[row] = 1.0
    ordered = [bands[name] for name in sorted(bands)]
    few = 0 < len(ordered) <= _MOST_CELLS
    return charts.band_chart("Regime", result.dates.tolist(), ordered) if few else ""
