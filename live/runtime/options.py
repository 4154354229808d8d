"""Where a run works: the flags that take the place of settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """Places and values given by flags; None means: take it from the settings.

    Attributes:
        account: name of one of several accounts.
        shared: every account has its turn in this process.
    """

    config: Path | None = None
    state_db: Path | None = None
    manifest: Path | None = None
    output_dir: Path | None = None
    prices: Path | None = None
    mode: str | None = None
    cash: float | None = None
    paper_fault: str | None = None
    verbose: bool = False
    account: str | None = None
    shared: bool = False
