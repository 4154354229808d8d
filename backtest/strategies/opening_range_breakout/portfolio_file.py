"""`portfolio.json`: a portfolio as a document and back, every number as it was."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, TypeVar

from backtest.core.decision import Json
from backtest.core.documents import read_document
from backtest.core.errors import JutsuError, UsageError
from backtest.core.files import write_atomic
from backtest.strategies.opening_range_breakout.filters import filter_of
from backtest.strategies.opening_range_breakout.instruments import INSTRUMENTS, Instrument, instrument_of
from backtest.strategies.opening_range_breakout.labels import label_of
from backtest.strategies.opening_range_breakout.limits import RiskLimits
from backtest.strategies.opening_range_breakout.portfolio import (
    Baseline,
    Capital,
    Portfolio,
    PortfolioStrategy,
)
from backtest.strategies.opening_range_breakout.sizing import Sizing
from backtest.strategies.opening_range_breakout.strategy_key import ENTRY_MODELS, StrategyKey

VERSION: Final = 1
Part = TypeVar("Part")


def document_of(portfolio: Portfolio) -> Json:
    """Return a portfolio as a JSON-ready value; strategies carry their name beside what it is made of."""
    document = asdict(portfolio)
    for entry, strategy in zip(document["strategies"], portfolio.strategies, strict=True):
        key = entry.pop("key") | {"ratio": str(strategy.key.ratio)}
        entry |= {"strategy_id": strategy.key.id(portfolio.symbol), **key}
    return {"portfolio_version": VERSION, **document}


def portfolio_text(portfolio: Portfolio) -> str:
    """Return the file of a portfolio: the same bytes for the same portfolio."""
    return json.dumps(document_of(portfolio), indent=2, sort_keys=True, allow_nan=False) + "\n"


def write_portfolio(portfolio: Portfolio, path: Path) -> None:
    """Write a portfolio whole or not at all; OSError as the system gives it."""
    write_atomic(path, portfolio_text(portfolio).encode())


def read_portfolio(path: Path, known: Mapping[str, Instrument] = INSTRUMENTS) -> Portfolio:
    """Return the portfolio of a file; `known` are the contracts that it may be about.

    Raises:
        UsageError: the file cannot be read, or something in it is missing, unknown or out of range.
    """
    document = read_document(path)
    try:
        return portfolio_of(document, known)
    except JutsuError as error:
        raise UsageError(error.problem, where=f"{path}: {error.where}", remedy=error.remedy) from error


def portfolio_of(document: Mapping[str, Any], known: Mapping[str, Instrument] = INSTRUMENTS) -> Portfolio:
    """Return the portfolio of a document; UsageError or ParameterError for what is wrong in it."""
    if document.get("portfolio_version") != VERSION:
        raise UsageError(
            f"version {document.get('portfolio_version')!r} is not known",
            where="portfolio_version",
            remedy="make it again: python -m backtest orb portfolio",
        )
    body = dict(document)
    del body["portfolio_version"]
    symbol = instrument_of(str(body.get("symbol")), known).symbol
    limits = dict(_mapping(body, "limits"))
    if "max_daily_loss_r" in limits:  # another name of the same limit
        limits["drawdown_halt_r"] = limits.pop("max_daily_loss_r")
    entries = body.get("strategies")
    if not isinstance(entries, list):
        raise UsageError("is no list", where="strategies")
    parts = {
        "strategies": tuple(_strategy(entry, symbol, f"strategies[{n}]") for n, entry in enumerate(entries)),
        "sizing": _part(Sizing, _mapping(body, "sizing"), "sizing"),
        "limits": _part(RiskLimits, limits, "limits"),
        "capital": _part(Capital, _mapping(body, "capital"), "capital"),
        "correlations": tuple(tuple(row) for row in body.get("correlations") or ()),
        "notes": tuple(body.get("notes") or ()),
    }
    return _part(Portfolio, body | parts, "")


def _strategy(entry: Any, symbol: str, where: str) -> PortfolioStrategy:
    if not isinstance(entry, Mapping):
        raise UsageError("is no mapping", where=where)
    values = dict(entry)
    written = values.pop("strategy_id", None)
    parts = {field.name: values.pop(field.name, None) for field in fields(StrategyKey)}
    key = _key(parts, where)
    if written != key.id(symbol):
        raise UsageError(f"is {written!r}, its parts say {key.id(symbol)!r}", where=f"{where}.strategy_id")
    baseline = _part(Baseline, _mapping(values, "baseline"), f"{where}.baseline")
    return _part(PortfolioStrategy, values | {"key": key, "baseline": baseline}, where)


def _key(parts: Mapping[str, Any], where: str) -> StrategyKey:
    try:
        ratio = Fraction(str(parts["ratio"]))
    except (ValueError, ZeroDivisionError) as error:
        raise UsageError(f"{parts['ratio']!r} is no ratio", where=f"{where}.ratio") from error
    if parts["model"] not in ENTRY_MODELS:
        raise UsageError(f"unknown entry model {parts['model']!r}", where=f"{where}.model")
    label_of(str(parts["label"]))
    filter_of(str(parts["filter"]))
    return _part(StrategyKey, {**parts, "ratio": ratio}, where)


def _mapping(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = values.get(name)
    if not isinstance(found, Mapping):
        raise UsageError("is missing or no mapping", where=name)
    return found


def _part(kind: type[Part], values: Mapping[str, Any], where: str) -> Part:
    """Return a frozen part of a document; UsageError names an unknown or a missing entry."""
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    for name in values:
        if name not in known:
            raise UsageError(
                f"unknown entry {name!r}", where=where, remedy=f"known: {', '.join(sorted(known))}"
            )
    try:
        return kind(**values)
    except TypeError as error:  # a missing one, or text where a number belongs
        raise UsageError(f"not readable: {error}", where=where) from error
