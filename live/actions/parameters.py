"""Several parameters of a variant, changed at once: frozen as tested, then overridden in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from backtest.core.errors import UsageError
from live.actions.audited import TERMINAL, Via, audited
from live.actions.errors import SettingChangedError
from live.actions.settings import History, freeze, remember
from live.runtime.account import account_key
from live.system.json_text import value_text
from live.system.lock import single_instance
from live.views.parameters import dotted
from live.views.settings import SettingsSource, configured_strategies, open_settings_ledger

if TYPE_CHECKING:
    from live.settings.load import LoadedSettings


@dataclass(frozen=True, slots=True)
class ParametersSaved:
    """What holds from the next run on, and how the manifest changed, one line each."""

    variant: str
    values: Mapping[str, Any]
    manifest: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ParametersReverted:
    """Parameters whose overrides were ended: the strategy file holds again."""

    variant: str
    names: tuple[str, ...]


def save(
    source: SettingsSource,
    variant: str,
    values: Mapping[str, Any],
    *,
    expected: Mapping[str, Any],
    actor: str,
    at: datetime,
    history: History,
    reason: str = "",
    via: Via = TERMINAL,
    require: Callable[[LoadedSettings], None] = lambda _: None,
) -> ParametersSaved:
    """Freeze a variant with these values beside what was tested before, then override them, all or none.

    No run begins meanwhile. A death after the freeze leaves one more tested set and the old values.

    Args:
        source: file, environment and ledger the settings come from.
        variant: whose parameters.
        values: parameter -> JSON value.
        expected: parameter -> the value the person saw.
        actor: who changes it.
        at: aware instant.
        history: gives the bars the values were tested on.
        reason: why, kept in the history.
        via: where the change came from.
        require: raises what else stands in the way; a refusal is in the audit log.

    Raises:
        SettingChangedError: 2, a value is not the one that was shown.
        ParameterError, SettingsError, UsageError: 2, the values cannot be loaded.
        AnotherRunError: 7, the executor is at work.
    """
    loaded = source.load(at)
    with (
        open_settings_ledger(loaded, at, create=False) as ledger,
        audited(ledger, "parameters", actor=actor, subject=variant, at=at, via=via) as effect,
    ):
        effect.after = value_text(values)
        require(loaded)
        if not values:
            raise UsageError("no value is different", where=variant, remedy="change one first")
        before = _require_expected(loaded, variant, values, expected)
        effect.before = value_text(before)
        account = account_key(loaded.settings)
        state = loaded.path(loaded.settings.paths.state_db).parent
        with single_instance(state, account, run_id="parameters"):
            named = dotted(variant, values)
            frozen = freeze(source, at=at, selection=[variant], values=named, history=history)
            for name, value in named.items():
                ledger.config.set(name, value, at=at, by=actor, reason=reason)
            remember(ledger, source, at, actor, reason or f"parameters of {variant}")
    return ParametersSaved(variant, values, tuple(map(str, frozen.changes)))


def revert(
    source: SettingsSource,
    variant: str,
    *,
    actor: str,
    at: datetime,
    reason: str = "",
    via: Via = TERMINAL,
    require: Callable[[LoadedSettings], None] = lambda _: None,
) -> ParametersReverted:
    """End every override of a variant's parameters, all or none; `require` as for `save`.

    Raises:
        UsageError: 2, it has none. SettingsError: 2, the settings are wrong.
    """
    loaded = source.load(at)
    with (
        open_settings_ledger(loaded, at, create=False) as ledger,
        audited(ledger, "parameters revert", actor=actor, subject=variant, at=at, via=via) as effect,
    ):
        require(loaded)
        names = _overridden(ledger.config.active(at), variant)
        if not names:
            raise UsageError("has no override in the ledger", where=variant, remedy="nothing is to revert")
        effect.before = ", ".join(names)
        for name in names:
            ledger.config.unset(name, at=at)
        remember(ledger, source, at, actor, reason or f"parameters of {variant} reverted")
    return ParametersReverted(variant, tuple(name.rpartition(".")[2] for name in names))


def _require_expected(
    loaded: LoadedSettings, variant: str, values: Mapping[str, Any], expected: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the values as they are. SettingChangedError 2: the person saw others."""
    (strategy,) = configured_strategies(loaded, [variant])
    strategy.with_parameters(values)
    now = {name: strategy.parameters[name] for name in values}
    for name, value in now.items():
        if name not in expected or expected[name] != value:
            raise SettingChangedError(
                f"is {value!r} now, not {expected.get(name)!r}",
                where=f"strategy.{variant}.{name}",
                remedy="look at it again, then change it",
            )
    return now


def _overridden(active: Mapping[str, Any], variant: str) -> Sequence[str]:
    return sorted(name for name in active if name.startswith(f"strategy.{variant}."))
