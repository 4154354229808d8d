"""From a strategy file or a variant name to a validated strategy.

A strategy file is YAML or JSON: ``strategy: {name, variant, parameters, risk}``. To add a rule set, write a
module with ``build(variant, parameters, *, where) -> Strategy`` and ``CONTEXT_COLUMNS``, and name it in
`RULE_SETS`; it is imported only when used.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from backtest.core.documents import SUFFIXES, read_document
from backtest.core.errors import Finding, ParameterError, UsageError
from backtest.strategies.base import Strategy
from backtest.strategies.parameters import suggest
from backtest.strategies.terms import ContextColumn

#: Rule set -> module. Names are compared without regard to case.
RULE_SETS = {
    "Hierarchical_Adaptive_v3_5b": "backtest.strategies.hierarchical_adaptive.strategy",
    "earnings_swing": "backtest.strategies.earnings_swing.strategy",
}
#: wraps a strategy with a risk section; imported only when there is one
_MANAGED: Final = "backtest.strategies.managed"
#: Where a variant given by name is looked up.
STRATEGIES = Path("config/strategies")
#: a name of a variant or a study: it becomes part of file and folder names
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_KEYS = ("name", "variant", "parameters", "risk", "description")
_RISK: Final = "risk"


def load_strategy(source: Path | str | Mapping[str, Any]) -> Strategy:
    """Return the strategy of a file, or of a document already read.

    Raises:
        ParameterError: unknown rule set, key or parameter, or values out of range; `findings` lists all.
        UsageError: the file cannot be read.
    """
    document = source if isinstance(source, Mapping) else read_document(Path(source))
    where = "strategy" if isinstance(source, Mapping) else str(source)
    body = document.get("strategy")
    if not isinstance(body, Mapping):
        raise ParameterError(
            "no section `strategy`", where=where, remedy="write strategy: {name, variant, parameters}"
        )
    findings = [*_key_findings(document, ("strategy",), ""), *_key_findings(body, _KEYS, "strategy.")]
    findings += _body_findings(body)
    if findings:
        raise ParameterError(
            f"{len(findings)} problem(s) with the strategy file",
            where=where,
            remedy=str(findings[0]) if len(findings) == 1 else "correct the findings listed",
            findings=findings,
        )
    parameters = body.get("parameters") or {}
    section = {} if body.get(_RISK) is None else {_RISK: body[_RISK]}
    return build_strategy(body["name"], body["variant"], {**parameters, **section}, where=where)


def build_strategy(name: str, variant: str, parameters: Mapping[str, Any], *, where: str = "") -> Strategy:
    """Return the strategy of a rule set, variant name and parameter set; `risk` in it is its section.

    Raises:
        ParameterError: as `load_strategy`.
    """
    rule_set = _rule_set(name)
    if rule_set is None:
        raise ParameterError(f"unknown strategy {name!r}", where=where, remedy=suggest(name, list(RULE_SETS)))
    section = parameters.get(_RISK)
    own = {key: value for key, value in parameters.items() if key != _RISK}
    strategy: Strategy = importlib.import_module(RULE_SETS[rule_set]).build(variant, own, where=where)
    if section is None:
        return strategy
    managed: Strategy = importlib.import_module(_MANAGED).managed(strategy, section, where=where)
    return managed


def context_columns_of(name: str) -> tuple[ContextColumn, ...]:
    """Return the context columns of a rule set; none of a rule set this version does not know."""
    rule_set = _rule_set(name)
    if rule_set is None:
        return ()
    columns: tuple[ContextColumn, ...] = importlib.import_module(RULE_SETS[rule_set]).CONTEXT_COLUMNS
    return columns


def _rule_set(name: str) -> str | None:
    return next((known for known in RULE_SETS if known.casefold() == name.casefold()), None)


def find_strategy(name_or_path: str | Path, directory: Path) -> Strategy:
    """Return the strategy of a file path, or of a variant name in `directory`.

    A name is looked up as a file name without suffix first, then as the variant a file declares.
    """
    text = str(name_or_path)
    path = Path(text)
    if path.suffix.lower() in SUFFIXES or len(path.parts) > 1 or path.is_file():
        return load_strategy(path)
    files = strategy_files(directory)
    for file in files:
        if file.stem == text:
            return load_strategy(file)
    declared = {variant: file for file in files for variant in _declared_variant(file)}
    if text in declared:
        return load_strategy(declared[text])
    names = sorted({file.stem for file in files} | set(declared))
    remedy = suggest(text, names) if names else "give the path of a strategy file"
    raise UsageError(f"no strategy named {text!r}", where=str(directory), remedy=remedy)


def strategy_files(directory: Path) -> tuple[Path, ...]:
    """Return the strategy files of a folder, sorted by name; empty when there is no such folder."""
    if not directory.is_dir():
        return ()
    return tuple(sorted(path for path in directory.iterdir() if path.suffix.lower() in SUFFIXES))


def _declared_variant(file: Path) -> Iterator[str]:
    """Yield the variant a file declares; a file that cannot be read declares none."""
    try:
        body = read_document(file).get("strategy")
    except UsageError:
        return
    if isinstance(body, Mapping) and isinstance(body.get("variant"), str):
        yield body["variant"]


def _key_findings(document: Mapping[str, Any], known: tuple[str, ...], prefix: str) -> Iterator[Finding]:
    for key in document:
        if key not in known:
            yield Finding(f"{prefix}{key}", "unknown key", suggest(str(key), known))


def _body_findings(body: Mapping[str, Any]) -> Iterator[Finding]:
    if not isinstance(body.get("name"), str):
        yield Finding("strategy.name", "missing or not text", "known: " + ", ".join(RULE_SETS))
    variant = body.get("variant")
    if not isinstance(variant, str) or not NAME.fullmatch(variant):
        yield Finding(
            "strategy.variant",
            f"must be a name of letters, digits, _ . - (it becomes part of file names), got {variant!r}",
        )
    parameters = body.get("parameters")
    if parameters is not None and not isinstance(parameters, Mapping):
        yield Finding("strategy.parameters", "must be a mapping of names to values")
