"""The flags both stages share, and what they mean for wiring a run."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import get_args

from live.model.run import Mode, Run, asked_for
from live.runtime.options import Options


def add_shared(made: argparse.ArgumentParser) -> None:
    """Add the flags that say where a run works and what it is about."""
    add = made.add_argument
    add("--as-of", metavar="DATE|TIME", help="run a past session (offline_mock only)")
    add("--prices", type=Path, metavar="DIR", help="daily CSV files instead of the configured data")
    add("--output-dir", type=Path, metavar="DIR", help="the folder of the signal files (default: signals)")
    add("--state-db", type=Path, metavar="FILE", help="the ledger (default: state/ledger.db)")
    add("--config", type=Path, metavar="FILE", help="settings (default: config/live.yaml)")
    add("--manifest", type=Path, metavar="FILE", help="what was backtested (default: config/manifest.json)")
    add("--account", metavar="NAME", help="one of `accounts:` (default: each, one after the other)")
    add("--mode", choices=get_args(Mode), help="override the mode for this run")
    add("-v", "--verbose", action="store_true", help="detailed log")


def options_of(args: argparse.Namespace) -> Options:
    """Return where a run works; only stage 2 has `--paper-fault`."""
    return Options(
        config=args.config,
        state_db=args.state_db,
        manifest=args.manifest,
        output_dir=args.output_dir,
        prices=args.prices,
        mode=args.mode,
        paper_fault=getattr(args, "paper_fault", None),
        verbose=args.verbose,
        account=args.account,
    )


def run_of(args: argparse.Namespace) -> Run:
    """Return what kind of run was asked for. UsageError: `--as-of` is neither a date nor a time."""
    return asked_for(args.as_of, dry=args.dry_run)
