"""Checking strategy parameters a person wrote: every finding at once, a suggestion for each misspelt name."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticUndefined

from backtest.core.errors import Finding, ParameterError


def _plain_number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a number")  # noqa: TRY004 - pydantic collects ValueError
    return value


def _whole_number(value: Any) -> Any:
    value = _plain_number(value)
    if isinstance(value, float):
        if not value.is_integer():
            raise ValueError("must be a whole number")
        return int(value)
    return value


#: A finite number; text and booleans are refused.
Number = Annotated[float, BeforeValidator(_plain_number), Field(allow_inf_nan=False)]
#: A whole number; 15.0 is taken as 15 (optimisers and JSON writers produce it); 15.5, "15" and true are not.
Whole = Annotated[int, BeforeValidator(_whole_number)]
#: A flag; 0, 1 and text are refused.
Flag = Annotated[bool, Field(strict=True)]
#: A ticker in upper case.
Symbol = Annotated[str, Field(strict=True, pattern=r"^[A-Z0-9^][A-Z0-9.^=_-]{0,15}$")]


class ParameterModel(BaseModel):
    """Base of every strategy's parameters: frozen, flat, unknown names refused, defaults checked too."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, defer_build=True)


@dataclass(frozen=True, slots=True)
class CrossRule:
    """A condition that ties several parameters together.

    Attributes:
        fields: names it reads; the first one is named in the finding.
        holds: called with their values in that order.
        problem: what is wrong when it does not hold.
    """

    fields: tuple[str, ...]
    holds: Callable[..., bool]
    problem: str


@dataclass(frozen=True, slots=True)
class UsualRange:
    """Values people use, both ends included; None leaves an end open. Outside, a parameter warns."""

    low: float | None = None
    high: float | None = None

    def holds(self, value: float) -> bool:
        """Tell whether a value lies inside."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            return f"at most {self.high:g}" if self.low is None else f"at least {self.low:g}"
        return f"{self.low:g} to {self.high:g}"


Model = TypeVar("Model", bound=ParameterModel)


def suggest(word: str, known: Sequence[str]) -> str:
    """Return a remedy naming the nearest known word, or listing all of them."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if not near:
        by_lower = {name.lower(): name for name in known}
        near = [
            by_lower[hit] for hit in difflib.get_close_matches(word.lower(), list(by_lower), n=1, cutoff=0.6)
        ]
    return f"did you mean {near[0]}?" if near else "known: " + ", ".join(known)


def parse_parameters(
    model: type[Model], values: Mapping[str, Any], rules: Sequence[CrossRule] = (), *, where: str = ""
) -> Model:
    """Return validated parameters; ParameterError lists everything that is wrong with `values`."""
    findings: list[Finding] = []
    parsed: Model | None = None
    broken: set[str] = set()
    try:
        parsed = model.model_validate(dict(values))
    except ValidationError as error:
        for item in error.errors(include_url=False, include_context=False):
            name = str(item["loc"][0]) if item["loc"] else ""
            broken.add(name)
            findings.append(_finding(model, name, item["type"], item["msg"], item["input"]))
    findings += _cross_findings(model, values, rules, broken)
    if parsed is None or findings:
        names = ", ".join(dict.fromkeys(finding.path for finding in findings))
        raise ParameterError(
            f"{len(findings)} problem(s) with the strategy parameters: {names}",
            where=where,
            remedy=str(findings[0]) if len(findings) == 1 else "correct the findings listed",
            findings=findings,
        )
    return parsed


def unusual_values(
    parameters: ParameterModel, usual: Mapping[str, UsualRange], effects: Mapping[str, str]
) -> tuple[Finding, ...]:
    """Return a warning for every valid value outside its usual range; `effects` says what it leads to."""
    return tuple(
        Finding(
            f"parameters.{name}",
            f"{value:g} is outside the usual range, {limits}",
            effects.get(name, "check that it is meant"),
        )
        for name, limits in usual.items()
        if (value := getattr(parameters, name)) is not None and not limits.holds(value)
    )


def _finding(model: type[ParameterModel], name: str, kind: str, message: str, value: Any) -> Finding:
    path = f"parameters.{name}"
    if kind == "extra_forbidden":
        return Finding(path, "unknown parameter", suggest(name, list(model.model_fields)))
    text = message.removeprefix("Value error, ").removeprefix("Input ")
    text = text[0].upper() + text[1:] if not text.startswith("should") else text
    return Finding(path, f"{text}, got {value!r}", model.model_fields[name].description or "")


def _cross_findings(
    model: type[ParameterModel], values: Mapping[str, Any], rules: Sequence[CrossRule], broken: set[str]
) -> list[Finding]:
    findings = []
    for rule in rules:
        if broken.intersection(rule.fields):
            continue
        used = [values.get(name, model.model_fields[name].default) for name in rule.fields]
        if PydanticUndefined in used or rule.holds(*used):
            continue
        got = ", ".join(f"{name} = {value!r}" for name, value in zip(rule.fields, used, strict=True))
        findings.append(Finding(f"parameters.{rule.fields[0]}", f"{rule.problem}, got {got}"))
    return findings
