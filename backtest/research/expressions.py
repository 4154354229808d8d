"""Conditions a person writes in a study file: names, numbers, arithmetic, comparisons, and / or / not.

Read with Python's own parser and checked node by node against a list; nothing is ever evaluated as code.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from backtest.core.bars import FloatArray
from backtest.core.errors import UsageError
from backtest.strategies.parameters import suggest

_MOST_CHARACTERS: Final = 500
_BINARY: Final[Mapping[type[ast.AST], Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARE: Final[Mapping[type[ast.AST], Callable[[Any, Any], Any]]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_CONDITIONS: Final = (ast.Compare, ast.BoolOp)


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition over named columns.

    Attributes:
        text: as a person wrote it.
        names: columns it reads.
    """

    text: str
    names: frozenset[str]
    _tree: ast.expr

    def holds(self, columns: Mapping[str, Any], count: int) -> NDArray[np.bool_]:
        """Tell for which of `count` rows it holds.

        A result that is no finite number (a / 0) leaves what is compared with it unknown: `and` with
        something false is false, `or` with something true is true, all else is unknown and does not hold.

        Args:
            columns: a scalar or an array of shape (count,) for every name.
            count: rows.
        """
        with np.errstate(all="ignore"):
            found = _truth(_value(self._tree, columns))
        return np.broadcast_to(found == 1.0, (count,))


def parse_condition(text: object, known: Collection[str], *, where: str = "") -> Condition:
    """Return the condition that a text states over `known` names.

    Raises:
        UsageError: not a text, not a condition, an unknown name, or something that is not on the list.
    """
    if not isinstance(text, str):
        raise UsageError(f'must be a text like "a < b", got {text!r}', where=where)
    if len(text) > _MOST_CHARACTERS:
        raise UsageError(f"longer than {_MOST_CHARACTERS} characters", where=where)
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        names = frozenset(_checked(tree, known, where))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        raise UsageError(f"{text!r} cannot be read: {reason}", where=where) from error
    if not _is_condition(tree):
        raise UsageError(f"{text!r} is no condition", where=where, remedy="compare something, like a < b")
    return Condition(text, names, tree)


def _is_condition(node: ast.expr) -> bool:
    return isinstance(node, _CONDITIONS) or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not))


def _checked(node: ast.expr, known: Collection[str], where: str) -> set[str]:
    """Return the names below a node; UsageError for one that is not allowed."""
    match node:
        case ast.Name(id=name):
            if name not in known:
                raise UsageError(f"unknown name {name!r}", where=where, remedy=suggest(name, sorted(known)))
            return {name}
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return set()
        case ast.BoolOp(values=parts):
            return set().union(*(_checked(part, known, where) for part in parts))
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.UAdd(), operand=operand):
            return _checked(operand, known, where)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _checked(left, known, where) | _checked(right, known, where)
        case ast.Compare(left=left, ops=ops, comparators=others) if all(type(op) in _COMPARE for op in ops):
            return set().union(*(_checked(part, known, where) for part in (left, *others)))
    raise UsageError(
        f"{ast.unparse(node)!r} is not allowed here",
        where=where,
        remedy="use names, numbers, + - * /, comparisons, and, or, not",
    )


def _value(node: ast.expr, columns: Mapping[str, Any]) -> FloatArray:
    """Return numbers, or truth as 1, 0 and NaN where it is unknown."""
    match node:
        case ast.Name(id=name):
            return np.asarray(columns[name], dtype=np.float64)
        case ast.Constant(value=int() | float() as value):
            return np.asarray(value, dtype=np.float64)
        case ast.BoolOp(op=op, values=parts):
            truths = [_truth(_value(part, columns)) for part in parts]
            return reduce(_both if isinstance(op, ast.And) else _either, truths)
        case ast.UnaryOp(op=op, operand=operand):
            inner = _value(operand, columns)
            if isinstance(op, ast.Not):
                return 1.0 - _truth(inner)
            return -inner if isinstance(op, ast.USub) else inner
        case ast.BinOp(left=left, op=op, right=right):
            found = _BINARY[type(op)](_value(left, columns), _value(right, columns))
            return np.where(np.isfinite(found), found, np.nan)
        case ast.Compare(left=left, ops=comparisons, comparators=others):
            values = [_value(part, columns) for part in (left, *others)]
            pairs = zip(comparisons, values, values[1:], strict=False)
            return reduce(_both, (_compared(type(one), a, b) for one, a, b in pairs))
    raise AssertionError(f"not on the list: {ast.dump(node)}")


def _compared(comparison: type[ast.AST], one: FloatArray, other: FloatArray) -> FloatArray:
    return np.where(np.isnan(one) | np.isnan(other), np.nan, _COMPARE[comparison](one, other))


def _truth(value: FloatArray) -> FloatArray:
    return np.where(np.isnan(value), np.nan, value != 0.0)


def _both(one: FloatArray, other: FloatArray) -> FloatArray:
    return np.where((one == 0.0) | (other == 0.0), 0.0, one * other)


def _either(one: FloatArray, other: FloatArray) -> FloatArray:
    return 1.0 - _both(1.0 - one, 1.0 - other)
