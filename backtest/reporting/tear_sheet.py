"""The tear sheet: one self-contained HTML file with equity, drawdown, allocation and regime charts."""

from __future__ import annotations

from datetime import date
from html import escape
from typing import TYPE_CHECKING, Any

from backtest.core.decision import Json
from backtest.reporting.metrics import drawdowns
from backtest.simulator.allocation.result import Result

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

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
_STYLE = """
body { font-family: system-ui, sans-serif; margin: 2rem auto; max-width: 1100px; padding: 0 1rem }
table { border-collapse: collapse; margin: 0 2rem 1rem 0; display: inline-table; vertical-align: top }
th, td { padding: .2rem .8rem; border-bottom: 1px solid #ddd; text-align: left }
td { text-align: right; font-variant-numeric: tabular-nums }
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
    """Return the report as one HTML document that needs no network: charts and library are inside."""
    title = f"{result.strategy} · {result.variant}"
    charts = _charts(result).to_html(
        full_html=False, include_plotlyjs=True, div_id="charts", config={"displaylogo": False}
    )
    warnings = "".join(f"<li>{escape(text)}</li>" for text in result.warnings)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head>\n<body>\n<h1>{escape(title)}</h1>\n"
        f"<p>{metrics['start']} to {metrics['end']}, {metrics['sessions']} sessions</p>\n"
        f"{_table(figures(metrics))}{_benchmark_table(metrics)}\n{charts}\n"
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


def _charts(result: Result) -> Figure:
    from plotly.subplots import make_subplots

    regimes = _regimes(result)
    titles = ["Equity", "Drawdown", "Allocation", *(["Regime"] if regimes else [])]
    figure = make_subplots(
        rows=len(titles), cols=1, shared_xaxes=True, vertical_spacing=0.05, subplot_titles=titles
    )
    dates = [day.isoformat() for day in result.dates.tolist()]
    _equity(figure, result, dates)
    _allocation(figure, result, dates)
    if regimes:
        _regime(figure, regimes)
    figure.update_layout(
        height=320 * len(titles), template="plotly_white", hovermode="x unified", margin={"t": 40, "b": 40}
    )
    return figure


def _equity(figure: Figure, result: Result, dates: list[str]) -> None:
    _line(figure, 1, dates, result.equity.tolist(), result.variant)
    fall = drawdowns(result.equity, result.initial_cash)
    _line(figure, 2, dates, fall.round(6).tolist(), f"{result.variant} drawdown", fill="tozeroy")
    if result.benchmark is not None:
        name = f"{result.benchmark_symbol} held"
        _line(figure, 1, dates, result.benchmark.round(2).tolist(), name)
        fall = drawdowns(result.benchmark, result.initial_cash)
        _line(figure, 2, dates, fall.round(6).tolist(), f"{result.benchmark_symbol} drawdown")
    figure.update_yaxes(type="log", row=1, col=1)
    figure.update_yaxes(tickformat=".0%", row=2, col=1)


def _allocation(figure: Figure, result: Result, dates: list[str]) -> None:
    cash = result.cash / result.equity
    columns = {**{symbol: column for symbol, column in result.weights.items() if column.any()}, "cash": cash}
    for name, column in columns.items():
        _line(figure, 3, dates, column.round(6).tolist(), name, stackgroup="weights", line={"width": 0})
    figure.update_yaxes(tickformat=".0%", range=[0, 1], row=3, col=1)


def _regimes(result: Result) -> list[tuple[date, int, str]]:
    """Return (session of the decision, cell, its name) of every decision that has a cell."""
    rows = []
    for decision in result.decisions:
        values = decision.diagnostics
        if values.get("cell") is not None:
            name = f"{values.get('trend_state')}, volatility {values.get('vol_state')}"
            rows.append((decision.decided_on, int(values["cell"]), name))
    return rows


def _regime(figure: Figure, regimes: list[tuple[date, int, str]]) -> None:
    from plotly.graph_objects import Scattergl

    for cell in sorted({cell for _, cell, _ in regimes}):
        rows = [(day.isoformat(), name) for day, at, name in regimes if at == cell]
        figure.add_trace(
            Scattergl(
                x=[day for day, _ in rows],
                y=[cell] * len(rows),
                text=[name for _, name in rows],
                mode="markers",
                marker={"size": 5, "symbol": "square"},
                name=f"cell {cell}",
            ),
            row=4,
            col=1,
        )
    figure.update_yaxes(title_text="cell", dtick=1, row=4, col=1)


def _line(figure: Figure, row: int, x: list[str], y: list[float], name: str, **style: Any) -> None:
    from plotly.graph_objects import Scatter

    figure.add_trace(Scatter(x=x, y=y, name=name, mode="lines", **style), row=row, col=1)
