"""Settings and strategy parameters, changed by a person: overrides in the ledger, the frozen manifest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from backtest.core.errors import Finding, SettingsError, UsageError
from live.actions.audited import TERMINAL, Via, audited
from live.actions.baselines import measured
from live.actions.errors import SettingChangedError
from live.settings import manifest, names
from live.settings.digest import settings_sha256, snapshot
from live.settings.frozen_origin import FrozenData
from live.settings.load import FLAG
from live.settings.possible import contradictions
from live.system.json_text import value_text
from live.views.settings import SettingsSource, configured_strategies, open_settings_ledger

if TYPE_CHECKING:
    from backtest.core.bars import Bars
    from backtest.core.candidate import Candidate
    from backtest.strategies.base import Strategy
    from live.ledger.ledger import Ledger
    from live.settings.load import LoadedSettings

History = Callable[["LoadedSettings", Sequence[str]], Mapping[str, "Bars"]]


def _no_history(_loaded: LoadedSettings, _symbols: Sequence[str]) -> Mapping[str, Bars]:
    return {}


ANY: Final = object()
"""Expected value of `set_value`: whatever the setting is now."""


@dataclass(frozen=True, slots=True)
class Changed:
    """An override that was stored: JSON value, and the instants between which it holds (None: open)."""

    name: str
    value: Any
    effective_from: datetime | None
    effective_until: datetime | None


@dataclass(frozen=True, slots=True)
class Unset:
    """How many overrides of a setting were ended."""

    name: str
    ended: int


@dataclass(frozen=True, slots=True)
class Frozen:
    """The manifest that was written, and what is different in it; without changes it is as it was.

    Attributes:
        unmeasured: variants that got no baseline, and why.
    """

    path: Path
    changes: tuple[Finding, ...]
    unmeasured: tuple[Finding, ...] = ()


def set_value(
    source: SettingsSource,
    name: str,
    value: Any,
    *,
    actor: str,
    at: datetime,
    reason: str = "",
    effective_from: datetime | None = None,
    effective_until: datetime | None = None,
    expected: object = ANY,
    via: Via = TERMINAL,
) -> Changed:
    """Override a setting or a strategy parameter from the ledger, until it is unset or the time is over.

    Args:
        source: file, environment and ledger the settings come from.
        name: dotted name, `strategy.<variant>.<parameter>` for a parameter.
        value: JSON value.
        actor: who changes it, kept in the history.
        at: aware instant of the change.
        reason: why, kept in the history.
        effective_from: aware instant it begins, None: now.
        effective_until: aware instant it ends, None: never.
        expected: the value the person saw; another one now is refused. `ANY`: not compared.
        via: where the change came from.

    Raises:
        UsageError: exit 2; a place, or an override that ends before it begins.
        SettingChangedError: exit 2; the value is not `expected`.
        SettingsError, UsageError: exit 2; the value could not be loaded, or contradicts the manifest.
    """
    loaded = source.load(at)
    with (
        open_settings_ledger(loaded, at) as ledger,
        audited(ledger, "config set", actor=actor, subject=name, at=at, via=via) as effect,
    ):
        effect.after = value_text(value)
        _require_loadable(source, name, value, at, via)
        _require_expected(loaded, name, expected)
        _require_tested(source, name, value, effective_from or at)
        effect.before = value_text(_value(loaded, name))
        ledger.config.set(
            name,
            value,
            at=at,
            by=actor,
            reason=reason,
            effective_from=effective_from,
            effective_until=effective_until,
        )
        remember(ledger, source, at, actor, reason or f"set {name} = {value_text(value)}")
    return Changed(name, value, effective_from, effective_until)


def unset(
    source: SettingsSource, name: str, *, actor: str, at: datetime, reason: str = "", via: Via = TERMINAL
) -> Unset:
    """End every override of a setting that holds now or later; the next lower source holds again.

    The overrides themselves are not read first, so one that cannot be loaded any more can be taken back.
    """
    with (
        open_settings_ledger(source.load(at, overrides=False), at) as ledger,
        audited(ledger, "config unset", actor=actor, subject=name, at=at, via=via),
    ):
        ended = ledger.config.unset(name, at=at)
        remember(ledger, source, at, actor, reason or f"unset {name}")
    return Unset(name, ended)


def freeze(
    source: SettingsSource,
    *,
    at: datetime,
    selection: Sequence[str] = (),
    values: Mapping[str, Any] | None = None,
    path: Path | None = None,
    history_floor: int | None = None,
    history: History = _no_history,
) -> Frozen:
    """Write what would trade now into the manifest; both stages then accept nothing else.

    Args:
        source: file, environment and ledger the settings come from.
        at: aware instant whose overrides count.
        selection: variants or strategy files; none: those of every book.
        values: dotted name -> value frozen instead of the configured one; what was frozen stays tested, so
            that both may trade. None: what is configured takes the place of every set.
        path: manifest to write, None for the settings' own.
        history_floor: bars accepted before a first decision, None: what the strategy wants.
        history: gives the bars the values were tested on; symbols it does not know are left out.
    """
    loaded = _with_values(source, values, at, TERMINAL)
    target = path or loaded.path(loaded.settings.paths.manifest)
    strategies = configured_strategies(loaded, selection)
    baselines, unmeasured = measured(
        loaded.settings,
        strategies,
        lambda names: history(loaded, names),
        lambda variant: _reported(loaded, variant),
    )
    changes = manifest.freeze(
        target,
        strategies,
        loaded.settings,
        history_floor=history_floor,
        adding=bool(values),
        data=_tested_on(loaded, strategies, history),
        baselines=baselines,
        measured_on=loaded.settings.data.source,
    )
    return Frozen(target, changes, unmeasured)


def _reported(loaded: LoadedSettings, variant: str) -> tuple[Candidate, ...]:
    """Return the candidates of the reports a book keeps; a folder that is not there or empty has none."""
    from backtest.candidates.directory import read_folder

    books = loaded.settings.books
    folder = next((b.reports for b in books if variant in {b.primary, *b.shadows} and b.reports), None)
    if folder is None:
        return ()
    try:
        return read_folder(loaded.path(folder))[0]
    except (OSError, UsageError):
        return ()


def _tested_on(
    loaded: LoadedSettings, strategies: Sequence[Strategy], history: History
) -> dict[str, FrozenData]:
    """Return variant -> the history of the configured source, of those that have one (no made-up one)."""
    if loaded.settings.data.source == "demo":
        return {}
    symbols = sorted({symbol for strategy in strategies for symbol in strategy.signal_symbols[:1]})
    bars, source = history(loaded, symbols), loaded.settings.data.source
    found = {strategy.variant: FrozenData.of(source, strategy, bars) for strategy in strategies}
    return {variant: data for variant, data in found.items() if data is not None}


def _require_loadable(source: SettingsSource, name: str, value: Any, at: datetime, via: Via) -> None:
    """Refuse an override that could not be loaded, before it is stored."""
    if name.startswith("paths."):
        raise UsageError(
            "places cannot be changed from inside the ledger",
            where=name,
            remedy="use config/live.yaml, the environment or a flag",
        )
    loaded = _with_values(source, {name: value}, at, via)
    _require_possible(source, loaded, at)
    if names.is_parameter(name):
        variant, parameter = name.split(".")[1:]
        (strategy,) = configured_strategies(loaded, [variant], overrides=False)
        strategy.with_parameters({parameter: value})


def _with_values(
    source: SettingsSource, values: Mapping[str, Any] | None, at: datetime, via: Via
) -> LoadedSettings:
    """Return the settings with values a person gave; what is wrong with those is said of them alone."""
    try:
        return source.load(at, flags=values)
    except SettingsError as error:
        source.load(at)  # what is wrong without them is said as it is
        findings = [replace(found, problem=_without_flag(found.problem)) for found in error.findings]
        if len(findings) != 1:
            raise
        (wrong,) = findings
        where = f"command line: {wrong.path}" if via == TERMINAL else wrong.path
        raise SettingsError(wrong.problem, where=where, remedy=wrong.remedy, findings=findings) from error


def _without_flag(problem: str) -> str:
    """Return what a finding says without that the value came from a flag."""
    return problem.removesuffix(f" ({FLAG})").removesuffix(f", from {FLAG}")


def _require_tested(source: SettingsSource, name: str, value: Any, begins: datetime) -> None:
    """Refuse a value that leads to no frozen set at the instant it begins to hold."""
    then = source.load(begins, flags={name: value})
    path = then.path(then.settings.paths.manifest)
    if manifest.frozen_value(path, name) is None:
        return
    named = [name.split(".")[1]] if names.is_parameter(name) else []
    manifest.refuse_override(path, name, value, configured_strategies(then, named), then.settings)


def _require_possible(source: SettingsSource, loaded: LoadedSettings, at: datetime) -> None:
    """Refuse what no run would accept together with the other settings; a step out of it is allowed."""
    before = {finding.path for finding in contradictions(source.load(at).settings)}
    found = [finding for finding in contradictions(loaded.settings) if finding.path not in before]
    if found:
        raise SettingsError(found[0].problem, where=found[0].path, remedy=found[0].remedy, findings=found)


def _require_expected(loaded: LoadedSettings, name: str, expected: object) -> None:
    if expected is ANY:
        return
    now = _value(loaded, name)
    if now != expected:
        raise SettingChangedError(
            f"is {now!r} now, not {expected!r}", where=name, remedy="look at it again, then change it"
        )


def _value(loaded: LoadedSettings, name: str) -> Any:
    """Return what a setting is now; of a parameter without an override what the strategy says."""
    known = {row.name: row.value for row in loaded.rows()}
    if name in known or not names.is_parameter(name):
        return known.get(name)
    variant, parameter = name.split(".")[1:]
    (strategy,) = configured_strategies(loaded, [variant])
    return strategy.parameters.get(parameter)


def remember(ledger: Ledger, source: SettingsSource, at: datetime, actor: str, reason: str) -> None:
    """Keep the settings as they are with a change, inside its transaction."""
    settings = source.with_overrides(at, ledger.config.active(at)).settings
    ledger.config.remember(settings_sha256(settings), snapshot(settings), by=actor, reason=reason, at=at)
