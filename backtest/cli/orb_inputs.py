"""What every `python -m backtest orb` command is told: bars, ranges and the grid."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Final, TypeVar, get_args

from backtest.cli.run import iso_date
from backtest.core.bar_words import Moment
from backtest.core.errors import UsageError
from backtest.core.files import why, write_atomic
from backtest.core.intraday_bars import IntradayBars
from backtest.data.minute_store import MinuteStore
from backtest.data.quality.minutes import summarise
from backtest.data.sources.minute_csv import MinuteOptions, read_minutes
from backtest.research.opening_range_breakout.study import Study, StudyOptions, study_of
from backtest.simulator.intraday.grid import Grid
from backtest.strategies.opening_range_breakout.filters import NO_FILTER, Filter, filter_of
from backtest.strategies.opening_range_breakout.instrument_file import known_instruments
from backtest.strategies.opening_range_breakout.instruments import instrument_of
from backtest.strategies.opening_range_breakout.labels import ORB_MINUTES, TABLE, label_of
from backtest.strategies.opening_range_breakout.strategy_key import ENTRY_MODELS, MAX_CONFIRM_BARS, EntryModel

Value = TypeVar("Value")
_WORD: Final = re.compile(r"[A-Za-z0-9_.+-]{1,64}", re.ASCII)
_RATIO: Final = re.compile(r"\d{1,3}(?:\.\d{1,4})?", re.ASCII)


def add_bars(parser: argparse.ArgumentParser) -> None:
    """Add the words about bars and days."""
    add = parser.add_argument
    add("--bars", type=Path, required=True, metavar="FILE", help="CSV of minute bars, .gz or not")
    add("--stored", metavar="SYM", help="bars of this symbol from the bar store whose folder --bars names")
    add("--stamp", choices=get_args(Moment), default="open", help="what rows are stamped with (default open)")
    add("--time-zone", metavar="ZONE", help="clock of times that name no zone, e.g. America/New_York")
    add("--start", type=iso_date, metavar="DAY", help="first trading day (default: all)")
    add("--end", type=iso_date, metavar="DAY", help="last trading day (default: all)")
    add("--instruments", type=Path, metavar="FILE", help="contracts beside MGC, MNQ, MES, M6E (docs/csv.md)")
    add("--compat", action="store_true", help="plain doubles as the reference, not whole ticks")


def add_inputs(parser: argparse.ArgumentParser) -> None:
    """Add the words about bars, ranges and the grid."""
    add_bars(parser)
    add = parser.add_argument
    add("--dataset", required=True, metavar="NAME", help="first column of a table")
    add("--symbol", required=True, metavar="SYM", help="contract whose costs are used: MGC, MNQ, MES, M6E")
    add("--orb-minutes", default="5", metavar="LIST", help="lengths of the range: 5, 15, 30 (default 5)")
    labels = ",".join(label.name for label in TABLE)
    add("--labels", default=labels, metavar="LIST", help="default: %(default)s")
    add("--rr", default="1,1.5,2,3", metavar="LIST", help="reward by risk (default %(default)s)")
    add("--confirm-bars", default="1,2,3", metavar="LIST", help="closes in a row, 1 to 10 (%(default)s)")
    add("--entry-models", default="E1,E2,E3", metavar="LIST", help="default: %(default)s")
    add("--filters", default=NO_FILTER, metavar="LIST", help="NO_FILTER, ORB_G4, ORB_L3, ORB_COSTLT_12, ...")


def add_output(parser: argparse.ArgumentParser, kind: str) -> None:
    """Add `--output`; `kind` is shown for its value, e.g. ``FILE.csv``."""
    parser.add_argument("--output", type=Path, required=True, metavar=kind, help="written atomically")


def read_study(args: argparse.Namespace) -> Study:
    """Return the study of the bars named, after saying on standard error what they hold.

    Raises:
        UsageError: a wrong word. DataError: bars that cannot be used.
    """
    if not _WORD.fullmatch(args.dataset):
        raise UsageError(f"{args.dataset!r} is no name", where="--dataset", remedy="letters, digits, _ . + -")
    study = study_of_bars(args, args.symbol, _options(args))
    if study.without_bars:
        names, days = ", ".join(study.without_bars), len(study.wanted_days)
        print(f"no bar at {names} on any of {days} days: no row of these labels", file=sys.stderr)
    return study


def study_of_bars(args: argparse.Namespace, symbol: str, options: StudyOptions | None = None) -> Study:
    """Return the study of the bars named, of the usual ranges unless `options` names others.

    Raises:
        UsageError: a wrong word. DataError: bars that cannot be used.
    """
    _require_order(args)
    instrument = instrument_of(symbol, known_instruments(args.instruments))
    known = StudyOptions(start=args.start, end=args.end, compat=args.compat) if options is None else options
    bars = _bars(args, instrument.symbol)
    study = study_of(bars, instrument, known)
    print(f"{args.bars.name}: {summarise(bars, study.days).line()}", file=sys.stderr)
    return study


def _bars(args: argparse.Namespace, symbol: str) -> IntradayBars:
    """Return the bars of a file, or of a bar store when its folder is named."""
    if args.stored is not None and not args.bars.is_dir():
        raise UsageError("--bars is no folder of a bar store", where="--stored", remedy="leave it out")
    if args.stored is None:
        return read_minutes(args.bars, symbol, MinuteOptions(args.stamp, args.time_zone))
    return replace(MinuteStore(args.bars).read(args.stored.upper()), symbol=symbol)


def _require_order(args: argparse.Namespace) -> None:
    if args.start and args.end and args.start > args.end:
        raise UsageError(f"{args.start} is after --end {args.end}", where="--start", remedy="exchange them")


def write_output(path: Path, text: str) -> None:
    """Write the result. UsageError: it cannot be written."""
    try:
        write_atomic(path, text.encode())
    except OSError as error:
        raise UsageError(f"cannot be written: {why(error)}", where=str(path)) from error


def filters_of(args: argparse.Namespace) -> tuple[Filter, ...]:
    """Return the filters named; UsageError or ParameterError for a wrong one."""
    return _list("--filters", args.filters, filter_of)


def _options(args: argparse.Namespace) -> StudyOptions:
    grid = Grid(
        models=tuple(sorted(_list("--entry-models", args.entry_models, _model))),
        ratios=tuple(sorted(_list("--rr", args.rr, _ratio))),
        confirm_bars=tuple(sorted(_list("--confirm-bars", args.confirm_bars, _confirm))),
    )
    return StudyOptions(
        labels=_list("--labels", args.labels, label_of),
        minutes=_list("--orb-minutes", args.orb_minutes, _length),
        grid=grid,
        start=args.start,
        end=args.end,
        compat=args.compat,
    )


def _list(flag: str, text: str, parse: Callable[[str], Value]) -> tuple[Value, ...]:
    """Return the values of a comma list; UsageError for an empty one, a value given twice or a wrong one."""
    values = tuple(parse(word) for word in (part.strip() for part in text.split(",")))
    if len(set(values)) < len(values):
        raise UsageError(f"{text!r} names a value twice", where=flag, remedy="give each once")
    return values


def _model(word: str) -> EntryModel:
    for model in ENTRY_MODELS:
        if model == word:
            return model
    raise UsageError(f"unknown entry model {word!r}", where="--entry-models", remedy="known: E1, E2, E3")


def _ratio(word: str) -> Fraction:
    if not _RATIO.fullmatch(word) or not Fraction(word):
        raise UsageError(
            f"{word!r} is no ratio of reward to risk", where="--rr", remedy="for example 1,1.5,2"
        )
    return Fraction(word)


def _confirm(word: str) -> int:
    if not word.isdecimal() or not word.isascii() or not 1 <= int(word) <= MAX_CONFIRM_BARS:
        raise UsageError(
            f"{word!r} is no number of bars", where="--confirm-bars", remedy=f"1 to {MAX_CONFIRM_BARS}"
        )
    return int(word)


def _length(word: str) -> int:
    if word not in map(str, ORB_MINUTES):
        raise UsageError(f"{word!r} is no length of a range", where="--orb-minutes", remedy="5, 15 or 30")
    return int(word)
