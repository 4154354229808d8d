"""What changed: against the generated original of the same file, and against the previous session's file.

Works on plain JSON values, so that a file too broken for the model can still be compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from live.handoff.jsonpath import at
from live.handoff.model import SignalFile

Kind = Literal["disabled", "enabled", "deleted", "added", "quantity", "stop", "note", "value", "other"]
_ORDER_FIELDS: Mapping[str, Kind] = {"quantity": "quantity", "note": "note", "estimated_value": "value"}
_MISSING = "(absent)"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference from the generated original.

    Attributes:
        path: JSON path in the edited file; for a deleted order its place in the original.
        kind: what a person did; ``other`` is something nobody may change.
        order: client order id when the change belongs to an order.
        before, after: the values.
    """

    path: str
    kind: Kind
    order: str
    before: Any
    after: Any

    @property
    def allowed(self) -> bool:
        """Whether a person may make this change and approve it."""
        return self.kind != "other"

    def __str__(self) -> str:
        """Return `line()`."""
        return self.line()

    def line(self) -> str:
        """Return one line for a person."""
        match self.kind:
            case "deleted" | "disabled" | "enabled":
                return f"{self.path}: {self.order} {self.kind}"
            case "added":
                quantity, symbol = _get(self.after, "quantity"), _get(self.after, "symbol")
                return f"{self.path}: {self.order} added ({_get(self.after, 'side')} {quantity} {symbol})"
            case _:
                subject = f"{self.order} " if self.order else ""
                tail = "" if self.allowed else " (may not be changed)"
                return f"{self.path}: {subject}{_short(self.before)} → {_short(self.after)}{tail}"


def changes(original: Mapping[str, Any], current: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return every difference of `current` from the generated `original`, both as plain JSON values.

    The seal is left out: it follows from the rest. Orders are matched by client order id, so reordering them
    is no change.
    """
    found: list[Change] = []
    for key in dict.fromkeys((*original, *current)):
        if key == "seal":
            continue
        path = at("$", key)
        before, after = original.get(key, _MISSING), current.get(key, _MISSING)
        if key == "orders" and isinstance(before, list) and isinstance(after, list):
            found.extend(_order_changes(before, after))
        else:
            found.extend(Change(p, "other", "", b, a) for p, b, a in differences(before, after, path))

    return tuple(found)


def differences(before: Any, after: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Yield (path, before, after) of every leaf that differs; equal numbers are equal, true is not 1."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys((*before, *after)):
            yield from differences(before.get(key, _MISSING), after.get(key, _MISSING), at(path, key))
    elif isinstance(before, list) and isinstance(after, list):
        for index in range(max(len(before), len(after))):
            one = before[index] if index < len(before) else _MISSING
            other = after[index] if index < len(after) else _MISSING
            yield from differences(one, other, at(path, index))
    elif before != after or isinstance(before, bool) != isinstance(after, bool):
        yield path, before, after


def _order_changes(before: Sequence[Any], after: Sequence[Any]) -> Iterator[Change]:
    originals = {_get(order, "client_order_id"): order for order in before}
    seen: set[Any] = set()
    for index, order in enumerate(after):
        path = at("$.orders", index)
        name = _get(order, "client_order_id")
        if not isinstance(name, str) or name not in originals or name in seen:
            yield Change(path, "added", str(name), None, order)
            continue
        seen.add(name)
        yield from _one_order(originals[name], order, path, name)
    for index, order in enumerate(before):
        name = _get(order, "client_order_id")
        if name not in seen:
            yield Change(at("$.orders", index), "deleted", str(name), order, None)


def _one_order(before: Mapping[str, Any], after: Mapping[str, Any], path: str, name: str) -> Iterator[Change]:
    for key in dict.fromkeys((*before, *after)):
        one, other = before.get(key, _MISSING), after.get(key, _MISSING)
        here = at(path, key)
        if key == "stop":
            for where, old, new in differences(one, other, here):
                yield Change(where, "stop", name, old, new)
            continue
        for where, old, new in differences(one, other, here):
            yield Change(where, _kind(key, new), name, old, new)


def _kind(key: str, new: Any) -> Kind:
    if key == "enabled":
        return "enabled" if new is True else "disabled" if new is False else "other"

    return _ORDER_FIELDS.get(key, "other")


@dataclass(frozen=True, slots=True)
class SessionChange:
    """One difference from the previous session's file: a target weight, a diagnostic or a parameter."""

    subject: str
    before: Any
    after: Any

    def line(self) -> str:
        """Return one line for a person."""
        return f"{self.subject}: {_short(self.before)} → {_short(self.after)}"


def since_previous(previous: SignalFile | None, current: SignalFile) -> tuple[SessionChange, ...]:
    """Return what moved since the previous session's file: target weights, discrete states, parameters.

    Weights are compared by symbol (absent means 0). Of the diagnostics only discrete values are compared.
    """
    if previous is None:
        return ()
    weights = (
        ("target ", _weights(previous), _weights(current), 0.0),
        ("", _states(previous), _states(current), None),
        ("parameter ", previous.strategy.parameters, current.strategy.parameters, None),
    )

    return tuple(
        SessionChange(f"{label}{key}", before.get(key, absent), after.get(key, absent))
        for label, before, after, absent in weights
        for key in sorted({*before, *after})
        if before.get(key, absent) != after.get(key, absent)
    )


def _weights(signal: SignalFile) -> dict[str, float]:
    return {target.symbol: target.weight for target in signal.targets}


def _states(signal: SignalFile) -> dict[str, Any]:
    """Return the diagnostics with discrete values; floats and dates are left out."""
    days = {signal.trade_date, signal.decision.decided_on}
    values = signal.decision.diagnostics

    return {k: v for k, v in values.items() if isinstance(v, str | int | bool) and v not in days}


def _get(order: Any, key: str) -> Any:
    return order.get(key) if isinstance(order, Mapping) else None


def _short(value: Any) -> str:
    text = "none" if value is None else str(value)

    return text if len(text) <= 60 else f"{text[:57]}…"
