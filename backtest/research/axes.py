"""One axis of a study file: a range with a step, a list, or a draw between two ends."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from backtest.core.errors import UsageError
from backtest.research.rule_sets import RuleSet
from backtest.research.search import GRID
from backtest.research.space import Axis
from backtest.strategies.parameters import suggest

RANGE, VALUES, UNIFORM, LOG_UNIFORM = "range", "values", "uniform", "log_uniform"
_KINDS: Final = (RANGE, VALUES, UNIFORM, LOG_UNIFORM)
_MOST_VALUES: Final = 10_000


def axis_of(name: str, body: Any, rules: RuleSet, method: str) -> Axis:
    """Return the axis that a study file describes.

    Args:
        name: of the parameter.
        body: `{range: [lo, hi], step: s}`, `{values: [...]}`, `{uniform: [lo, hi]}`,
            or `{log_uniform: [lo, hi]}`.
        rules: what parameters there are.
        method: of the search; a grid has no draws.

    Raises:
        UsageError: an unknown parameter, a symbol, or a body that is none of the four, with the reason.
    """
    if name not in rules.fields:
        raise UsageError("unknown parameter", remedy=suggest(name, rules.fields))
    if name in rules.fixed:
        raise UsageError(
            "does not vary within a study", remedy="give it in study.base, and make one study for each"
        )
    if not isinstance(body, Mapping):
        raise UsageError(f"must be a mapping like {{values: [...]}}, got {body!r}")
    kinds = [kind for kind in _KINDS if kind in body]
    if len(kinds) != 1:
        raise UsageError(f"needs exactly one of {', '.join(_KINDS)}")
    kind = kinds[0]
    for key in body:
        if key != kind and not (kind == RANGE and key == "step"):
            raise UsageError(f"unknown key {key!r}", remedy=suggest(str(key), (*_KINDS, "step")))
    if kind in {UNIFORM, LOG_UNIFORM}:
        return _between(name, kind, body[kind], rules, method)
    values = _steps(body) if kind == RANGE else _list(body[VALUES])
    checked = tuple(rules.checked(name, value) for value in values)
    if len(set(checked)) < len(checked):
        raise UsageError("names a value twice")
    return Axis(name, checked)


def _between(name: str, kind: str, ends: Any, rules: RuleSet, method: str) -> Axis:
    if method == GRID:
        raise UsageError(
            f"a grid has no {kind} axis", remedy="use range or values, or method: random or sobol"
        )
    low, high = _ends(ends)
    checked = [rules.checked(name, end) for end in (_float(low), _float(high))]
    if any(isinstance(end, bool | str) for end in checked):
        raise UsageError("is no number", remedy="use values")
    if kind == LOG_UNIFORM and low <= 0:
        raise UsageError(f"a logarithm needs ends above 0, got {low}")
    return Axis(
        name,
        low=float(checked[0]),
        high=float(checked[1]),
        logarithmic=kind == LOG_UNIFORM,
        whole=isinstance(checked[0], int),
    )


def _steps(body: Mapping[str, Any]) -> list[int | float]:
    """Return lo, lo + step, ... hi, counted in decimals: 0.1 + 2 * 0.1 is 0.3 as a person means it."""
    low, high = _ends(body[RANGE])
    if "step" not in body:
        raise UsageError("a range needs a step")
    step = _decimal(body["step"])
    if step <= 0:
        raise UsageError(f"the step must be above 0, got {body['step']!r}")
    count, rest = divmod(high - low, step)
    if rest:
        reached = low + count * step
        raise UsageError(
            f"steps of {step} from {low} do not reach {high}", remedy=f"end at {reached} or {reached + step}"
        )
    if count >= _MOST_VALUES:
        raise UsageError(
            f"has {count + 1:,} values, at most {_MOST_VALUES:,} are possible", remedy="take larger steps"
        )
    return [_float(low + k * step) for k in range(int(count) + 1)]


def _list(values: Any) -> list[Any]:
    if not isinstance(values, list) or not values:
        raise UsageError(f"must be a list of at least one value, got {values!r}")
    if len(values) > _MOST_VALUES:
        raise UsageError(f"has {len(values):,} values, at most {_MOST_VALUES:,} are possible")
    return values


def _ends(ends: Any) -> tuple[Decimal, Decimal]:
    if not isinstance(ends, list) or len(ends) != 2:
        raise UsageError(f"needs two ends, [low, high], got {ends!r}")
    low, high = _decimal(ends[0]), _decimal(ends[1])
    if high <= low:
        raise UsageError(f"the ends must rise, got {ends!r}")
    return low, high


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UsageError(f"must be a number, got {value!r}")
    try:
        found = Decimal(str(value))
    except InvalidOperation as error:
        raise UsageError(f"must be a number, got {value!r}") from error
    if not found.is_finite():
        raise UsageError(f"must be a finite number, got {value!r}")
    return found


def _float(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
