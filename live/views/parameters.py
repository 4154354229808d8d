"""The parameters of a variant: value, range, where it came from, what was frozen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

from backtest.core.errors import Finding, JutsuError, ParameterError
from backtest.strategies.parameters import ParameterModel
from live.settings import manifest, names

if TYPE_CHECKING:
    from backtest.strategies.base import Strategy
    from live.settings.load import LoadedSettings

ParameterKind = Literal["number", "whole", "flag", "choice", "text"]
_KINDS: Mapping[str, ParameterKind] = {"number": "number", "integer": "whole", "boolean": "flag"}


@dataclass(frozen=True, slots=True)
class ParameterRow:
    """One parameter.

    Attributes:
        value, default: now, and of the rule set.
        frozen: the value in the manifest, None when it is not in it.
        source: where the value came from.
        range: the valid values in words. choices: all of them where they are few.
        nullable: null switches it off.
    """

    name: str
    kind: ParameterKind
    value: Any
    default: Any
    frozen: Any
    source: str
    range: str
    choices: tuple[str, ...] = ()
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class ParametersView:
    """Every parameter of a variant.

    Attributes:
        frozen: whether the variant is in the manifest.
        previewed: whether a change can be tried over stored bars here.
        unusual: valid values outside the range people use.
    """

    variant: str
    strategy: str
    frozen: bool
    previewed: bool
    rows: tuple[ParameterRow, ...]
    unusual: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """What is wrong with proposed values, and what is unusual about them."""

    findings: tuple[Finding, ...]
    unusual: tuple[Finding, ...]


def read_parameters(loaded: LoadedSettings, strategy: Strategy) -> ParametersView:
    """Return the parameters of a variant with the overrides that hold now."""
    return ParametersView(
        variant=strategy.variant,
        strategy=strategy.name,
        frozen=_entry(loaded, strategy) is not None,
        previewed=strategy.family.holds_weights,
        rows=tuple(_rows(loaded, strategy)),
        unusual=strategy.unusual,
    )


def judge(strategy: Strategy, values: Mapping[str, Any]) -> Judged:
    """Return what is wrong with values beside those the variant has; nothing is changed."""
    try:
        return Judged((), strategy.with_parameters(values).unusual)
    except ParameterError as error:
        return Judged(tuple(error.findings) or (Finding(error.where, error.problem, error.remedy),), ())


def _rows(loaded: LoadedSettings, strategy: Strategy) -> Iterator[ParameterRow]:
    entry = _entry(loaded, strategy) or {}
    frozen = entry.get("parameters", {})
    changed = loaded.parameter_overrides.get(strategy.variant, {})
    described = _schema(strategy)
    for name, value in strategy.parameters.items():
        schema = described.get(name, {})
        own = "default" if name not in strategy.overridden else "strategy file"
        yield ParameterRow(
            name=name,
            kind=_kind(schema),
            value=value,
            default=schema.get("default"),
            frozen=frozen.get(name),
            source=changed[name][1] if name in changed else own,
            range=_range(schema),
            choices=tuple(_choices(schema)),
            nullable=any(one.get("type") == "null" for one in schema.get("anyOf", ())),
        )


def _schema(strategy: Strategy) -> Mapping[str, Any]:
    """Return name -> JSON Schema of a strategy's parameters; empty where it keeps no model of them."""
    strategy = getattr(strategy, "inner", strategy)  # under risk rules it is the strategy's own model
    held = (getattr(strategy, field.name) for field in fields(strategy))  # type: ignore[arg-type]
    model = next((value for value in held if isinstance(value, ParameterModel)), None)
    if model is None:
        return {}
    found: Mapping[str, Any] = type(model).model_json_schema()["properties"]
    return found


def _alternatives(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield schema
    yield from schema.get("anyOf", ())


def _kind(schema: Mapping[str, Any]) -> ParameterKind:
    if tuple(_choices(schema)):
        return "choice"
    kinds = (_KINDS.get(str(one.get("type"))) for one in _alternatives(schema))
    return next((kind for kind in kinds if kind is not None), "text")


_WORDS: Mapping[ParameterKind, str] = {
    "number": "a number",
    "whole": "a whole number",
    "flag": "true or false",
    "choice": "one of the list",
    "text": "a text",
}


def _range(schema: Mapping[str, Any]) -> str:
    """Return the valid values in words: the strategy's own, else what kind they are."""
    if "description" in schema:
        return str(schema["description"])
    return _WORDS[_kind(schema)]


def _choices(schema: Mapping[str, Any]) -> Iterator[str]:
    for one in _alternatives(schema):
        yield from map(str, one.get("enum", ()))


def _entry(loaded: LoadedSettings, strategy: Strategy) -> Mapping[str, Any] | None:
    path = loaded.path(loaded.settings.paths.manifest)
    try:
        return manifest.read(path).get(strategy.variant)
    except JutsuError:  # a missing or damaged manifest is a problem of Today
        return None


def dotted(variant: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return `strategy.<variant>.<parameter>` -> value."""
    return {f"{names.STRATEGY}.{variant}.{name}": value for name, value in values.items()}
