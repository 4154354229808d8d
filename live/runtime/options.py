"""How a run was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """Flags that decide how a run is wired; None means: take it from the settings.

    `reading` commands create nothing: without a ledger they look at an empty one in memory.
    """

    config: Path | None = None
    state_db: Path | None = None
    manifest: Path | None = None
    output_dir: Path | None = None
    prices: Path | None = None
    mode: str | None = None
    as_of: str | None = None
    cash: float | None = None
    paper_fault: str | None = None
    dry_run: bool = False
    verbose: bool = False
    confirming: bool = False
    replay: bool = False
    demo: bool = False
    reading: bool = False
