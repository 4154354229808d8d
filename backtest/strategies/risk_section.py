"""The `risk:` section of a strategy file, read and held against the strategy it is for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import ValidationError

from backtest.core.errors import Finding, ParameterError
from backtest.strategies.base import Strategy
from backtest.strategies.parameters import suggest
from backtest.trading.risk.rules import PARTS, SIZES, FixedFractional, RiskRules

_FOR_WEIGHTS: Final = ("volatility_target",)
_FOR_POSITIONS: Final = ("sizing", "heat", "correlation", "stops")


def read_risk(section: Any, strategy: Strategy, *, where: str = "") -> RiskRules:
    """Return the rules of a section; nothing and an empty mapping ask for nothing.

    Raises:
        ParameterError: one line for every wrong value, unknown name, and rule that the strategy's family or
            its missing stop gives no meaning.
    """
    if section is not None and not isinstance(section, Mapping):
        raise ParameterError("risk must be a mapping of rules", where=where, remedy="write risk: {heat: {}}")
    try:
        rules = RiskRules.model_validate(dict(section or {}))
    except ValidationError as error:
        raise _error([_finding(item) for item in error.errors(include_url=False)], where) from error
    findings = [*_misplaced(rules, strategy), *_without_stop(rules, strategy)]
    if findings:
        raise _error(findings, where)
    return rules


def _misplaced(rules: RiskRules, strategy: Strategy) -> Iterator[Finding]:
    weights = strategy.family.holds_weights
    for name in _FOR_POSITIONS if weights else _FOR_WEIGHTS:
        if getattr(rules, name) is not None:
            kind, other = (
                ("target weights", "single positions") if weights else ("single positions", "weights")
            )
            yield Finding(f"risk.{name}", f"is for {other}, {strategy.name} holds {kind}", "take it out")


def _without_stop(rules: RiskRules, strategy: Strategy) -> Iterator[Finding]:
    by_atr = rules.stops is not None and rules.stops.initial_atr is not None
    has_stop = strategy.terms.stop_loss_pct is not None or by_atr
    if isinstance(rules.sizing, FixedFractional) and not has_stop:
        yield Finding("risk.sizing", "fixed_fractional needs a stop", "set risk.stops.initial_atr")


def _error(findings: list[Finding], where: str) -> ParameterError:
    return ParameterError(
        f"{len(findings)} problem(s) with the risk: section",
        where=where,
        remedy=str(findings[0]) if len(findings) == 1 else "correct the findings listed",
        findings=findings,
    )


def _finding(item: Any) -> Finding:
    """Return one problem of the section by its path; the method of a size is no part of it."""
    names = [str(name) for name in item["loc"] if name not in SIZES]
    path = ".".join(("risk", *names))
    if item["type"] == "extra_forbidden":
        return Finding(path, "unknown rule", suggest(names[-1], _fields(names[:-1], item["loc"])))
    if item["type"] in {"union_tag_not_found", "union_tag_invalid"}:
        return Finding(path, "needs a method", f"method: {', '.join(SIZES)}")
    if item["type"] == "missing":
        return Finding(path, "is missing", "give it a value")
    text = item["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return Finding(path, f"{text}, got {item['input']!r}")


def _fields(names: list[str], loc: tuple[Any, ...]) -> list[str]:
    """Return the names that a part of the section may have, none of a part nobody knows."""
    if not names:
        return list(RiskRules.model_fields)
    if names == ["sizing"]:
        return list(SIZES[str(loc[1])].model_fields)
    return list(PARTS[names[0]].model_fields) if names[0] in PARTS else []
