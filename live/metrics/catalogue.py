"""Every metric of ours: name, kind, help. Dashboards and alert rules may name these and no other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from live.metrics.exposition import Family, Kind, Sample

PREFIX: Final = "jutsu_"

CATALOGUE: Final[Mapping[str, tuple[Kind, str]]] = {
    "last_success_timestamp_seconds": (
        "gauge",
        "When a stage last ended well, seconds since 1970; per variant from the run log, else per program.",
    ),
    "last_exit_code": ("gauge", "Exit code of the newest run of a program."),
    "stage_duration_seconds": ("gauge", "How long the newest run of a program took."),
    "equity": ("gauge", "Equity of a book at its newest mark, account currency."),
    "cash": ("gauge", "Cash of a book at its newest mark, account currency."),
    "drawdown_ratio": (
        "gauge",
        "Equity against its highest mark, a decimal fraction that is never positive.",
    ),
    "position_shares": ("gauge", "Whole shares held by a book."),
    "open_orders": ("gauge", "Orders that have not ended, protective stops included."),
    "unresolved_orders": ("gauge", "Orders of unknown fate: a person must look."),
    "naked_positions": ("gauge", "Positions without the protective stop they need."),
    "kill_level": ("gauge", "Kill switch: 0 off, 1 entries, 2 everything."),
    "slippage_ratio": (
        "gauge",
        "Fills against the quotes they were sent on in the newest session with trades, weighted by value.",
    ),
    "drift_bps": (
        "gauge",
        "What each cause added to live against the backtest since the book began, hundredths of a percent.",
    ),
    "missed_sessions_total": ("counter", "Sessions that passed without being traded."),
    "token_sessions_left": ("gauge", "Sessions until the broker login ends."),
    "alerts_pending": ("gauge", "Alerts that some channel still has to deliver."),
    "backup_age_seconds": ("gauge", "Age of the newest copy of the ledger."),
    "build_info": ("gauge", "Always 1; the label names the version that wrote this."),
}

Figures = Mapping[str, Iterable[Sample]]


def families(figures: Figures) -> tuple[Family, ...]:
    """Return the families of figures (short name -> samples), in the order of the catalogue."""
    return tuple(
        Family(PREFIX + name, kind, text, tuple(figures.get(name, ())))
        for name, (kind, text) in CATALOGUE.items()
    )
