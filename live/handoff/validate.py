"""Judge a signal file in layers and list everything wrong with it at once, each finding with its JSON path.

0. well-formed UTF-8 JSON that means one thing (`read.parse`)
1. the JSON Schema (Draft 2020-12), 2. the typed model
3. the rules (`rules`): right date, known names, consistent ids; nothing edited that nobody may edit

Problems of validity are exit code 2. Only when there are none are the limits judged (`limits`): exit code 7.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from backtest.core.errors import Finding, LimitError, SignalFileError
from live.handoff import jsonpath
from live.handoff.canonical import as_data
from live.handoff.diff import changes
from live.handoff.limits import limit_findings
from live.handoff.model import SignalFile
from live.handoff.read import MAX_FINDINGS, Parsed, capped, parse
from live.handoff.rules import Expectations, rule_findings
from live.handoff.schema import validator
from live.handoff.stop_edits import stop_findings

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError as SchemaError

__all__ = ["Expectations", "Judgement", "judge", "raise_findings", "validate"]

_REMEDY = "nothing was executed; correct the file or generate it again with --force"


@dataclass(frozen=True, slots=True)
class Judgement:
    """Everything known about the bytes of one file.

    Attributes:
        data: parsed JSON, None when unreadable.
        signal: the typed file, None when layer 0 to 2 failed.
        problems: what makes it invalid (exit code 2).
        limits: limits exceeded (exit code 7), judged only when there are no problems.
    """

    data: Any
    signal: SignalFile | None
    problems: tuple[Finding, ...]
    limits: tuple[Finding, ...]


def judge(
    content: bytes,
    *,
    expectations: Expectations,
    original: SignalFile | None = None,
    trusted: bool = False,
) -> Judgement:
    """Return the judgement over exact bytes; never raises for any content.

    Args:
        content: the bytes of the file.
        expectations: what the run knows from elsewhere (no input or output happens here).
        original: the generated original of this session and variant; edits nobody may make are refused.
        trusted: the bytes are those the generator wrote (their SHA-256 is the ledger's `bytes_sha256`), so
            layer 1 was passed when they were written and is left out. Saves time in replay, nothing else.
    """
    parsed = parse(content)
    if not parsed.readable:
        return Judgement(None, None, parsed.findings, ())
    signal, problems = _shape(content, parsed, trusted=trusted)
    if isinstance(parsed.data, dict):
        named = {finding.path for finding in problems}
        rules = [f for f in rule_findings(parsed.data, expectations, original) if f.path not in named]
        problems.extend(rules)
        if original is not None and not trusted:
            named.update(finding.path for finding in rules)
            problems.extend(f for f in _forbidden_edits(original, parsed.data) if f.path not in named)
    if signal is not None and not trusted:
        held = signal.inputs.account.positions if expectations.holdings is None else expectations.holdings
        problems.extend(stop_findings(signal, original, expectations.stop_loss_pct, held))
    if problems or signal is None:
        return Judgement(parsed.data, signal, capped(problems), ())
    generated = signal if trusted else original

    limits = limit_findings(signal, expectations.limits, generated, holdings=expectations.holdings)
    return Judgement(parsed.data, signal, (), capped(tuple(limits)))


def validate(
    content: bytes,
    *,
    expectations: Expectations,
    original: SignalFile | None = None,
    trusted: bool = False,
    where: str = "signal file",
) -> SignalFile:
    """Return the typed file when everything about it is right.

    Args:
        content: the bytes of the file.
        expectations: see `judge`.
        original: see `judge`.
        trusted: see `judge`.
        where: path or name for the one line of the error.

    Raises:
        SignalFileError: it is not valid; `findings` lists every problem.
        LimitError: it is valid but exceeds limits; `findings` lists every one.
    """
    verdict = judge(content, expectations=expectations, original=original, trusted=trusted)

    return raise_findings(verdict, where=where)


def raise_findings(verdict: Judgement, *, where: str) -> SignalFile:
    """Return the typed file of a judgement.

    Raises:
        SignalFileError, LimitError: as `validate`.
    """
    if verdict.problems or verdict.signal is None:
        raise SignalFileError(
            _count(len(verdict.problems), "problem"), where=where, remedy=_REMEDY, findings=verdict.problems
        )
    if verdict.limits:
        raise LimitError(
            _count(len(verdict.limits), "limit exceeded", "limits exceeded"),
            where=where,
            remedy="make the orders smaller or change execution.limits in config/live.yaml",
            findings=verdict.limits,
        )

    return verdict.signal


def _shape(content: bytes, parsed: Parsed, *, trusted: bool) -> tuple[SignalFile | None, list[Finding]]:
    """Return the typed file when it is one, and the findings of layers 0 to 2, the first of each path."""
    found = list(parsed.findings)
    if not trusted:
        errors = islice(validator().iter_errors(parsed.data), MAX_FINDINGS + 1)
        found.extend(f for error in errors for f in _schema_findings(error))
    signal = None
    try:
        signal = SignalFile.model_validate_json(content)
    except ValidationError as error:
        found.extend(_model_findings(error))
    first: dict[str, Finding] = {}
    for finding in found:
        first.setdefault(finding.path, finding)

    return signal, list(first.values())


def _schema_findings(error: SchemaError) -> Iterator[Finding]:
    """Yield findings of one schema error; of alternatives the one that reaches deepest."""
    deeper = [inner for inner in error.context or () if inner.relative_path or inner.validator != "type"]
    if deeper:
        for inner in deeper:
            yield from _schema_findings(inner)
        return
    path = jsonpath.of(error.absolute_path)
    wanted: Any = error.validator_value
    instance: Any = error.instance
    schema: Any = error.schema
    match error.validator:
        case "required":
            missing = (key for key in wanted if key not in instance)
            yield from (Finding(jsonpath.at(path, key), "is missing") for key in missing)
        case "additionalProperties" if wanted is False:
            known = schema.get("properties", {})
            unknown = (key for key in instance if key not in known)
            yield from (Finding(jsonpath.at(path, key), "unknown key", "remove it") for key in unknown)
        case _:
            yield Finding(path, _expected(error))


def _expected(error: SchemaError) -> str:
    """Say what was expected and what was found, in words."""
    value: Any = error.validator_value
    found = _short(error.instance)
    match error.validator:
        case "type":
            return f"must be {_article(value)}, not {found}"
        case "const":
            return f"must be {value!r}, not {found}"
        case "enum":
            return f"must be one of {', '.join(map(str, value))}, not {found}"
        case "minimum":
            return f"must be at least {value}, not {found}"
        case "exclusiveMinimum":
            return f"must be above {value}, not {found}"
        case "maximum":
            return f"must be at most {value}, not {found}"
        case "pattern":
            return f"{found} is not well formed"
        case "anyOf":
            return f"{found} is none of the allowed forms"
        case _:
            return _clip(error.message)


def _model_findings(error: ValidationError) -> Iterator[Finding]:
    for part in error.errors(include_url=False, include_input=False, include_context=False):
        if part["type"] != "json_invalid":
            yield Finding(jsonpath.of(part["loc"]), part["msg"])


def _forbidden_edits(original: SignalFile, data: Mapping[str, Any]) -> Iterator[Finding]:
    for change in changes(as_data(original), data):
        if not change.allowed:
            edit = f"{_short(change.before)} was changed to {_short(change.after)}"
            yield Finding(change.path, f"{edit}, which no approval covers", "change it back")


def _count(number: int, noun: str, plural: str | None = None) -> str:
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def _article(kind: Any) -> str:
    names = {"integer": "a whole number", "object": "an object", "array": "a list", "null": "null"}

    return names.get(str(kind), f"a {kind}")


def _short(value: Any) -> str:
    return _clip("null" if value is None else repr(value))


def _clip(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}…"
