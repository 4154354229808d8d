"""From a study file to a `Study`: every finding at once, each one line with its place in the document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

from backtest.core.decision import Json
from backtest.core.documents import read_document
from backtest.core.errors import Finding, JutsuError, UsageError
from backtest.research.axes import axis_of
from backtest.research.expressions import Condition, parse_condition
from backtest.research.figures import FIGURES, Objective
from backtest.research.folds import KINDS, FoldPlan, parse_span
from backtest.research.rule_sets import RuleSet, require_registered, rule_set
from backtest.research.search import GRID, METHODS, SOBOL
from backtest.research.sobol import MOST_AXES
from backtest.research.space import Axis, Space
from backtest.research.study import MOST_SETS, Study, StudyData
from backtest.strategies.base import Strategy
from backtest.strategies.parameters import suggest
from backtest.strategies.registry import NAME, STRATEGIES, build_strategy, find_strategy

SECTIONS: Final = ("study", "data", "search", "objectives", "require", "space", "constraints", "walk_forward")
_STORE: Final = Path("data/bars")
_DATA: Final = ("source", "store", "prices", "candidates", "start", "end", "holdout_from", "cost_pct")
_WALK_FORWARD: Final = ("kind", "train", "test", "step", "purge", "embargo")
#: what a study file looks like, for one that holds nothing of the kind
STUDY_FORM: Final = "study: {name, strategy, base}, data:, search:, space:"


class _Reader:
    """Collects what is wrong with a document while its values are read."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.findings: list[Finding] = []

    def wrong(self, path: str, problem: str, remedy: str = "") -> None:
        """Note a finding."""
        self.findings.append(Finding(path, problem, remedy))

    def attempt(self, path: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """Return what a function returns, None when it refuses; its refusal is noted at `path`."""
        try:
            return function(*arguments)
        except JutsuError as error:
            inner = "; ".join(f"{f.problem} ({f.remedy})" if f.remedy else f.problem for f in error.findings)
            self.wrong(path, inner or error.problem, "" if inner else error.remedy)
            return None

    def section(self, name: str, keys: tuple[str, ...] = (), *, needed: bool = False) -> Mapping[str, Any]:
        """Return a section that is a mapping of known keys; empty when it is missing or wrong."""
        value = self.document.get(name)
        if value is None and not needed:
            return {}
        if not isinstance(value, Mapping):
            problem = "missing" if value is None else f"must be a mapping, got {value!r}"
            self.wrong(name, problem)
            return {}
        for key in value:
            if keys and key not in keys:
                self.wrong(f"{name}.{key}", "unknown key", suggest(str(key), keys))
        return value

    def value(self, section: str, key: str, kind: Callable[[Any], Any], default: Any = None) -> Any:
        """Return one value of a section, read by `kind`; the default when it is missing or wrong."""
        found = self.document.get(section)
        raw = found.get(key) if isinstance(found, Mapping) else None
        if raw is None:
            return default
        try:
            return kind(raw)
        except ValueError as error:
            self.wrong(f"{section}.{key}", f"{error}, got {raw!r}")
            return default


def read_study(path: Path) -> Study:
    """Read a study file; paths in it count from the current folder, else from the folder of the file.

    Raises:
        UsageError: the file cannot be read, or is wrong; `findings` lists everything.
    """
    return parse_study(read_document(path, form=STUDY_FORM), str(path), path.parent)


def parse_study(document: Mapping[str, Any], where: str, folder: Path = Path()) -> Study:
    """Return the study of a document already read; errors as `read_study`."""
    reader = _Reader(document)
    for key in document:
        if key not in SECTIONS:
            reader.wrong(str(key), "unknown section", suggest(str(key), SECTIONS))
    about = reader.section("study", ("name", "strategy", "base", "seed", "description"), needed=True)
    name = reader.value("study", "name", _name)
    reader.value("study", "description", _text)
    if "name" not in about:
        reader.wrong("study.name", "missing")
    strategy = (
        reader.attempt("study.base", _strategy, about, folder) if _has_strategy(reader, about) else None
    )
    rules: RuleSet | None = (
        reader.attempt("study.strategy", rule_set, strategy) if strategy is not None else None
    )
    _refuse(reader, where)
    assert strategy is not None
    assert rules is not None
    study = _study(reader, str(name), strategy, rules, about, folder)
    _refuse(reader, where)
    try:
        assert study.total
    except UsageError as error:
        raise UsageError(error.problem, where=f"{where}: {error.where}", remedy=error.remedy) from error
    return study


def _refuse(reader: _Reader, where: str) -> None:
    findings = reader.findings
    if findings:
        raise UsageError(
            str(findings[0]) if len(findings) == 1 else f"{len(findings)} problems with the study file",
            where=where,
            remedy="" if len(findings) == 1 else "correct the findings listed",
            findings=findings,
        )


def _has_strategy(reader: _Reader, about: Mapping[str, Any]) -> bool:
    if not isinstance(about.get("strategy"), str):
        reader.wrong(
            "study.strategy", "missing or not text", "name a rule set, like hierarchical_adaptive_v3_5b"
        )
        return False
    return reader.attempt("study.strategy", _known, about["strategy"]) is not None


def _known(name: str) -> str:
    """Return the name of a rule set; refuse one that is not there before anything else is said of it."""
    require_registered(name)
    build_strategy(name, "base", {})
    return name


def _strategy(about: Mapping[str, Any], folder: Path) -> Strategy:
    """Return the base variant: parameters, a file, or a name in config/strategies; none is the defaults."""
    base = about.get("base")
    if base is None or isinstance(base, Mapping):
        return build_strategy(about["strategy"], "base", base or {})
    if not isinstance(base, str):
        raise UsageError(f"must be a variant, a strategy file or a mapping of parameters, got {base!r}")
    beside = folder / base
    found = find_strategy(beside if beside.is_file() and not Path(base).is_file() else base, STRATEGIES)
    if found.name.casefold() != about["strategy"].casefold():
        raise UsageError(f"{base} is a variant of {found.name}, not of {about['strategy']}")
    return found


def _study(
    reader: _Reader, name: str, strategy: Strategy, rules: RuleSet, about: Mapping[str, Any], folder: Path
) -> Study:
    seed = reader.value("study", "seed", _whole(0, 2**63 - 1), 0)
    data = _data(reader, folder, strategy)
    reader.section("search", ("method", "budget"))
    method = reader.value("search", "method", _one_of(METHODS), GRID)
    budget = reader.value("search", "budget", _whole(1, MOST_SETS))
    objectives = _objectives(reader)
    require = _conditions(reader, "require", FIGURES)
    axes = _axes(reader, rules, method)
    constraints = _conditions(reader, "constraints", rules.numeric)
    base = dict(strategy.parameters)
    if "risk" in base:
        reader.wrong(
            "study.base", "has a risk: section, which searches do not know; take it out for the study"
        )
    space = Space(axes, base, rules.cross_rules, constraints)
    walk_forward = _walk_forward(reader)
    if method != GRID and budget is None:
        reader.wrong("search.budget", f"a {method} search needs a number of sets")
    spec = {
        "name": name,
        "strategy": strategy.name,
        "base": base,
        "seed": seed,
        "data": _plain(
            {
                "start": data.start,
                "end": data.end,
                "holdout_from": data.holdout_from,
                "cost_pct": data.cost_pct,
            }
        ),
        "method": method,
        "objectives": [str(objective) for objective in objectives],
        "require": [condition.text for condition in require],
        "space": {axis.name: _axis_document(axis) for axis in axes},
        "constraints": [condition.text for condition in constraints],
    }
    base_name = about.get("base") if isinstance(about.get("base"), str) else "base"
    return Study(
        name=name,
        strategy=strategy,
        base_name=str(base_name),
        seed=seed,
        data=data,
        method=method,
        budget=budget,
        objectives=objectives,
        require=require,
        space=space,
        walk_forward=walk_forward,
        spec=spec,
    )


def _data(reader: _Reader, folder: Path, strategy: Strategy) -> StudyData:
    reader.section("data", _DATA, needed=True)
    prices = reader.value("data", "prices", _path(folder))
    source = reader.value("data", "source", _one_of(("store",)))
    if isinstance(reader.document.get("data"), Mapping) and (prices is None) == (source is None):
        reader.wrong("data", "needs either source: store or prices: DIR")
    start, end, holdout = (reader.value("data", key, _date) for key in ("start", "end", "holdout_from"))
    if start and end and end < start:
        reader.wrong("data.end", f"{end} lies before data.start {start}")
    if holdout and ((start and holdout <= start) or (end and holdout > end)):
        reader.wrong("data.holdout_from", f"{holdout} does not lie between data.start and data.end")
    store = reader.value("data", "store", _path(folder), _STORE)
    cost = reader.value("data", "cost_pct", _number(0.0, 10.0), 0.0)
    candidates = reader.value("data", "candidates", _path(folder))
    if strategy.family.holds_weights and candidates is not None:
        reader.wrong("data.candidates", f"{strategy.name} has none", "leave it out")
    if not strategy.family.holds_weights and candidates is None:
        reader.wrong("data.candidates", "missing", 'name a list {"candidates": [...]}')
    return StudyData(prices, store, start, end, holdout, cost, candidates)


def _objectives(reader: _Reader) -> tuple[Objective, ...]:
    found: list[Objective] = []
    for k, item in enumerate(_listed(reader, "objectives")):
        path = f"objectives[{k}]"
        if (
            not isinstance(item, Mapping)
            or len(item) != 1
            or next(iter(item)) not in {"maximise", "minimise"}
        ):
            reader.wrong(path, f"must be maximise: FIGURE or minimise: FIGURE, got {item!r}")
            continue
        ((way, figure),) = item.items()
        if figure not in FIGURES:
            reader.wrong(path, f"unknown figure {figure!r}", suggest(str(figure), FIGURES))
            continue
        if any(other.figure == figure for other in found):
            reader.wrong(path, f"{figure} is an objective already", "a figure ranks once, one way")
            continue
        found.append(Objective(figure, maximise=way == "maximise"))
    if reader.document.get("objectives") == []:
        reader.wrong("objectives", "is empty", "name a figure, or leave it out: maximise: sharpe")
    return tuple(found) or (Objective("sharpe"),)


def _conditions(reader: _Reader, section: str, known: tuple[str, ...]) -> tuple[Condition, ...]:
    items = _listed(reader, section)
    found = [reader.attempt(f"{section}[{k}]", parse_condition, item, known) for k, item in enumerate(items)]
    return tuple(condition for condition in found if condition is not None)


def _axes(reader: _Reader, rules: RuleSet, method: str) -> tuple[Axis, ...]:
    section = reader.section("space", needed=True)
    found = [
        reader.attempt(f"space.{name}", axis_of, str(name), body, rules, method)
        for name, body in section.items()
    ]
    if isinstance(reader.document.get("space"), Mapping) and not section:
        reader.wrong("space", "has no axis", "name at least one parameter")
    if method == SOBOL and len(found) > MOST_AXES:
        reader.wrong("space", f"a sobol search has at most {MOST_AXES} axes, got {len(found)}")
    return tuple(axis for axis in found if axis is not None)


def _walk_forward(reader: _Reader) -> FoldPlan | None:
    section = reader.section("walk_forward", _WALK_FORWARD)
    if not section:
        return None
    kind = reader.value("walk_forward", "kind", _one_of(KINDS), KINDS[1])
    spans = {}
    for key in ("train", "test", "step"):
        text = section.get(key, section.get("test") if key == "step" else None)
        spans[key] = reader.attempt(f"walk_forward.{key}", parse_span, text, "")
    purge = reader.value("walk_forward", "purge", _whole(0, 10_000), 0)
    embargo = reader.value("walk_forward", "embargo", _whole(0, 10_000), 0)
    if any(span is None for span in spans.values()):
        return None
    return FoldPlan(kind, spans["train"], spans["test"], spans["step"], purge, embargo)


def _listed(reader: _Reader, section: str) -> list[Any]:
    value = reader.document.get(section)
    if value is None:
        return []
    if not isinstance(value, list):
        reader.wrong(section, f"must be a list, got {value!r}")
        return []
    return value


def _axis_document(axis: Axis) -> Json:
    if axis.values:
        return {"values": list(axis.values)}
    return {"low": axis.low, "high": axis.high, "logarithmic": axis.logarithmic, "whole": axis.whole}


def _plain(section: Mapping[str, Any]) -> Json:
    return {key: value.isoformat() if isinstance(value, date) else value for key, value in section.items()}


def _name(raw: Any) -> str:
    if not isinstance(raw, str) or not NAME.fullmatch(raw):
        raise ValueError("must be a name of letters, digits, _ . - (it becomes part of folder names)")
    return raw


def _text(raw: Any) -> str:
    if not isinstance(raw, str):
        raise ValueError("must be a text")  # noqa: TRY004 - as every reader of a value
    return raw


def _date(raw: Any) -> date:
    if type(raw) is date:
        return raw
    if isinstance(raw, str):
        try:
            return date.fromisoformat(raw)
        except ValueError:
            pass
    raise ValueError("must be a date like 2020-01-31")


def _path(folder: Path) -> Callable[[Any], Path]:
    def read(raw: Any) -> Path:
        if not isinstance(raw, str) or not raw:
            raise ValueError("must be a path")
        beside = folder / raw
        return beside if beside.exists() and not Path(raw).exists() else Path(raw)

    return read


def _one_of(words: tuple[str, ...]) -> Callable[[Any], str]:
    def read(raw: Any) -> str:
        if raw not in words:
            raise ValueError(f"must be {' or '.join(words)}")
        return str(raw)

    return read


def _whole(low: int, high: int) -> Callable[[Any], int]:
    def read(raw: Any) -> int:
        if isinstance(raw, bool) or not isinstance(raw, int) or not low <= raw <= high:
            raise ValueError(f"must be a whole number from {low} to {high:,}")
        return raw

    return read


def _number(low: float, high: float) -> Callable[[Any], float]:
    def read(raw: Any) -> float:
        if isinstance(raw, bool) or not isinstance(raw, int | float) or not low <= raw <= high:
            raise ValueError(f"must be a number from {low:g} to {high:g}")
        return float(raw)

    return read
