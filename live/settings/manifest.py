"""What was backtested: `config/manifest.json` holds each variant's parameters and what decides its orders.

Both stages refuse to trade anything else, so that nobody trades rules by accident that nobody tested. Cost
assumptions are not frozen because they only change reported figures, limits because they can only stop a run.

An entry holds one set of values in full (`parameters`, `execution`) and the digests of every tested set
(`tested_sha256`), so that an override that begins on a date runs when its set was tested, and the set before
it until then. What the rules are made of and what they were tested on is in `live.settings.frozen_origin`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from backtest.core.errors import Finding, SettingsError, UsageError
from backtest.core.files import read_regular, why, write_atomic
from backtest.strategies.base import Strategy
from backtest.strategies.code_hash import code_sha256, strategy_files_sha256
from live.model.run import Mode
from live.settings.frozen_baseline import set_baseline
from live.settings.frozen_origin import FREEZE, FrozenData, code_findings, origin_changes, without_code
from live.settings.model import Settings

if TYPE_CHECKING:
    from backtest.reporting.baseline import Baseline

SCHEMA_VERSION: Final = "1.1.0"
DECISION_SETTINGS: Final = ("min_cash_pct", "max_buying_power_pct", "min_trade_pct", "max_holdings_drift")
"""Names inside `execution` that change which orders a decision leads to."""


def require(
    path: Path,
    strategies: Sequence[Strategy],
    settings: Settings,
    *,
    except_for: Collection[str] = (),
    code: bool = True,
) -> tuple[str, ...]:
    """Stop when something would trade that is not what was frozen; return warnings.

    Args:
        path: the manifest.
        strategies: what would trade, overrides applied.
        settings: settings of the run.
        except_for: parameters that a flag changed for this run only.
        code: compare the code of the rules as well.

    Raises:
        SettingsError: exit code 2, with every difference; other code than the frozen one in online_live.
    """
    findings = check(path, strategies, settings, except_for=except_for)
    if findings:
        raise SettingsError(
            "not what was backtested"
            if len(findings) == 1
            else f"{len(findings)} differences to what was backtested",
            where=str(path),
            remedy=str(findings[0]) if len(findings) == 1 else "undo the change, or " + FREEZE,
            findings=findings,
        )
    return _require_code(path, strategies, settings.mode) if code else ()


def check(
    path: Path, strategies: Sequence[Strategy], settings: Settings, *, except_for: Collection[str] = ()
) -> tuple[Finding, ...]:
    """Return every difference between the manifest and what would run.

    A variant that no book lists may be missing (it only ever is a shadow) as long as the manifest is about
    the same rule set at all.
    """
    variants = read(path)
    configured = {name for book in settings.books for name in (book.primary, *book.shadows)}
    rule_sets = {str(entry["strategy"]).casefold() for entry in variants.values()}
    findings: list[Finding] = []
    for strategy in strategies:
        entry = variants.get(strategy.variant)
        if entry is not None:
            if not _tested(entry, _entry(strategy, settings), except_for):
                findings += _differences(strategy, entry, settings, except_for)
        elif strategy.variant in configured:
            findings.append(Finding(strategy.variant, "was never frozen", FREEZE))
        elif strategy.name.casefold() not in rule_sets:
            findings.append(
                Finding(
                    strategy.variant,
                    f"was never frozen; the manifest is of another strategy, not {strategy.name}",
                    FREEZE,
                )
            )
    return tuple(findings)


def _require_code(path: Path, strategies: Sequence[Strategy], mode: Mode) -> tuple[str, ...]:
    """Compare the code of the rules with the frozen one; return warnings.

    Raises:
        SettingsError: exit code 2, it differs and `mode` is online_live.
    """
    entries = read(path)
    findings = code_findings(entries, strategies)
    if findings and mode == "online_live":
        raise SettingsError(
            "; ".join(f"{finding.path}: {finding.problem}" for finding in findings),
            where=str(path),
            remedy="put the tested version back, or " + FREEZE,
            findings=findings,
        )
    old = without_code(entries, [strategy.variant for strategy in strategies])
    return tuple(map(str, (*findings, *(old if mode == "online_live" else ()))))


def freeze(
    path: Path,
    strategies: Sequence[Strategy],
    settings: Settings,
    *,
    history_floor: int | None = None,
    adding: bool = False,
    data: Mapping[str, FrozenData] = MappingProxyType({}),
    baselines: Mapping[str, Baseline] = MappingProxyType({}),
    measured_on: str = "",
) -> tuple[Finding, ...]:
    """Write the variants as they are now into the manifest, keeping the others; return what changed.

    Args:
        path: the manifest.
        strategies: what was tested, overrides applied.
        settings: what else decides.
        history_floor: bars that take the place of the strategies' own floor; an earlier one stays.
        adding: what is frozen stays a tested set beside the new values.
        data: variant -> the history it was tested on, where that is known.
        baselines: variant -> what its backtest did; a variant without one keeps the old one while its values
            and code are the same.
        measured_on: value of `data.source` that the baselines are of.
    """
    variants = read(path) if path.exists() else {}
    changed: list[Finding] = []
    for strategy in strategies:
        known = variants.get(strategy.variant)
        entry = _frozen_entry(strategy, settings, known if adding else None)
        if known is None:
            changed.append(Finding(strategy.variant, "new in the manifest"))
        else:
            changed += _differences(strategy, known, settings, ())
            changed += origin_changes(strategy.variant, known, entry)
        found = data.get(strategy.variant)
        if found is not None:
            entry["data"] = asdict(found)
        changed += set_baseline(
            strategy.variant, known, entry, baselines.get(strategy.variant), source=measured_on
        )
        floor = history_floor if history_floor is not None else (known or {}).get("history_floor")
        if floor is not None:
            entry["history_floor"] = floor
        if known is not None and known.get("history_floor") != floor:
            changed.append(Finding(strategy.variant, f"accepts a history of {floor:,} bars"))
        variants[strategy.variant] = entry
    document = {"schema_version": SCHEMA_VERSION, "variants": dict(sorted(variants.items()))}
    content = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    if not path.exists() or read_regular(path) != content.encode():
        write_atomic(path, content.encode())
    return tuple(changed)


def frozen_value(path: Path, name: str) -> tuple[Any] | None:
    """Return the frozen value of a dotted setting in a 1-tuple, None when it is not frozen.

    Raises:
        SettingsError: variants were frozen with different values of a shared setting.
    """
    variants = read(path) if path.exists() else {}
    section, _, last = name.rpartition(".")
    if section == "execution" and last in DECISION_SETTINGS:
        values = [entry["execution"][last] for entry in variants.values() if last in entry["execution"]]
        if any(value != values[0] for value in values):
            raise SettingsError("variants were frozen with different values", where=name, remedy=FREEZE)
        return (values[0],) if values else None
    parts = name.split(".")
    if parts[0] == "strategy" and len(parts) == 3 and parts[1] in variants:
        parameters = variants[parts[1]]["parameters"]
        return (parameters[parts[2]],) if parts[2] in parameters else None
    return None


def frozen_floor(path: Path, variant: str) -> int | None:
    """Return the history floor that was accepted for a variant, None when its strategy's own holds."""
    entry = read(path).get(variant, {}) if path.exists() else {}
    floor = entry.get("history_floor")
    return floor if type(floor) is int else None


def read(path: Path) -> dict[str, dict[str, Any]]:
    """Return variant -> its entry; of a manifest of before 1.1 without digests of sets, code and data.

    Raises:
        SettingsError: missing or not a manifest.
    """
    try:
        document = json.loads(read_regular(path))
    except FileNotFoundError as error:
        raise SettingsError("there is no manifest", where=str(path), remedy=FREEZE) from error
    except (OSError, ValueError, RecursionError) as error:
        raise SettingsError(
            f"the manifest cannot be read: {why(error)}", where=str(path), remedy=FREEZE
        ) from error
    variants = document.get("variants") if isinstance(document, dict) else None
    if not isinstance(variants, dict) or not all(_is_entry(entry) for entry in variants.values()):
        raise SettingsError("this is not a manifest", where=str(path), remedy=FREEZE)
    if str(document.get("schema_version", "")).partition(".")[0] != SCHEMA_VERSION.partition(".")[0]:
        raise SettingsError("the manifest was written by another version", where=str(path), remedy=FREEZE)
    return variants


def _is_entry(entry: object) -> bool:
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("strategy"), str)
        and isinstance(entry.get("parameters"), dict)
        and isinstance(entry.get("execution"), dict)
    )


def _entry(strategy: Strategy, settings: Settings) -> dict[str, Any]:
    execution = settings.execution.model_dump(mode="json")
    return {
        "strategy": strategy.name,
        "family": strategy.family.name,
        "parameters": dict(strategy.parameters),
        "execution": {name: execution[name] for name in DECISION_SETTINGS},
    }


def _frozen_entry(strategy: Strategy, settings: Settings, beside: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the entry of a variant; the sets of the entry `beside` stay tested."""
    now = _entry(strategy, settings)
    tested = {values_sha256(now)}
    if beside is not None:
        tested |= {values_sha256(beside), *beside.get("tested_sha256", ())}
    code = {"code_sha256": code_sha256(strategy), "files_sha256": strategy_files_sha256(strategy)}
    return {**now, "tested_sha256": sorted(tested), **code}


def values_sha256(entry: Mapping[str, Any]) -> str:
    """Return the digest of the values of an entry: rule set, parameters and settings that decide."""
    values = [str(entry["strategy"]).casefold(), entry["parameters"], entry["execution"]]
    return hashlib.sha256(json.dumps(values, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _differences(
    strategy: Strategy, known: Mapping[str, Any], settings: Settings, except_for: Collection[str]
) -> Iterator[Finding]:
    now = _entry(strategy, settings)
    if known["strategy"].casefold() != strategy.name.casefold():
        yield Finding(
            strategy.variant, f"frozen for {known['strategy']}, but this is {strategy.name}", FREEZE
        )
        return
    for section, prefix in (("parameters", f"strategy.{strategy.variant}"), ("execution", "execution")):
        for name in sorted({*known[section], *now[section]} - set(except_for)):
            if name not in now[section]:
                yield Finding(f"{prefix}.{name}", "is frozen but no longer exists", FREEZE)
            elif name not in known[section]:
                yield Finding(f"{prefix}.{name}", "was not frozen", FREEZE)
            elif known[section][name] != now[section][name]:
                yield Finding(
                    f"{prefix}.{name}",
                    f"frozen {json.dumps(known[section][name])}, now {json.dumps(now[section][name])}",
                    "undo the change, or " + FREEZE,
                )


def _tested(known: Mapping[str, Any], now: Mapping[str, Any], except_for: Collection[str]) -> bool:
    """Whether the values of now, the excepted ones as they are frozen, are one of the tested sets."""
    if known["strategy"].casefold() != now["strategy"].casefold():
        return False
    kept = {name: known["parameters"][name] for name in except_for if name in known["parameters"]}
    values = {**now, "parameters": {**now["parameters"], **kept}}
    return values_sha256(values) in known.get("tested_sha256", ())


def refuse_override(
    path: Path, name: str, value: Any, strategies: Sequence[Strategy], settings: Settings
) -> None:
    """Stop a change of a frozen value that leads to no tested set.

    Args:
        path: the manifest.
        name: dotted name of the change.
        value: what it becomes.
        strategies: what would trade with it.
        settings: the settings with it.

    Raises:
        UsageError: the manifest has another value for `name`, and no tested set with this one.
    """
    frozen = frozen_value(path, name)
    if frozen is None or frozen[0] == value:
        return
    if check(path, strategies, settings):
        raise UsageError(
            f"frozen at {json.dumps(frozen[0])} in {path}",
            where=name,
            remedy=f"backtest it, then `jutsu config freeze --set {name}={json.dumps(value)}`, then set it",
        )
