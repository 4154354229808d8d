"""Conditions a person writes in a study file: names, numbers, arithmetic, comparisons, and / or / not.

Read with Python's own parser and checked node by node against a list; nothing is ever evaluated as code.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from backtest.core.errors import UsageError
from backtest.strategies.parameters import suggest

_MOST_CHARACTERS: Final = 500
_BINARY: Final[Mapping[type[ast.AST], Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: np.true_divide,
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
        """Tell for which of `count` rows it holds; what cannot be computed (0/0) does not hold.

        Args:
            columns: a scalar or an array of shape (count,) for every name.
            count: rows.
        """
        with np.errstate(all="ignore"):
            found = _value(self._tree, columns)
        return np.broadcast_to(np.asarray(found, dtype=np.bool_), (count,))


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


def _value(node: ast.expr, columns: Mapping[str, Any]) -> Any:
    match node:
        case ast.Name(id=name):
            return columns[name]
        case ast.Constant(value=int() | float() as value):
            return np.float64(value)
        case ast.BoolOp(op=op, values=parts):
            combine = np.logical_and if isinstance(op, ast.And) else np.logical_or
            found = _value(parts[0], columns)
            for part in parts[1:]:
                found = combine(found, _value(part, columns))
            return found
        case ast.UnaryOp(op=op, operand=operand):
            inner = _value(operand, columns)
            return (
                np.logical_not(inner)
                if isinstance(op, ast.Not)
                else (-1.0 if isinstance(op, ast.USub) else 1.0) * inner
            )
        case ast.BinOp(left=left, op=op, right=right):
            return _BINARY[type(op)](_number(_value(left, columns)), _number(_value(right, columns)))
        case ast.Compare(left=left, ops=comparisons, comparators=others):
            found = np.True_
            before = _number(_value(left, columns))
            for comparison, other in zip(comparisons, others, strict=True):
                after = _number(_value(other, columns))
                found = np.logical_and(found, _COMPARE[type(comparison)](before, after))
                before = after
            return found
    raise AssertionError(f"not on the list: {ast.dump(node)}")


def _number(value: Any) -> Any:
    """Return truth values as numbers: numpy neither adds nor subtracts them."""
    return np.asarray(value, dtype=np.float64)
