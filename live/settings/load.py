"""Where settings come from. Highest first: flag, ledger override, environment, `config/live.yaml`, default.

The environment variable of `safety.max_drift_pct` is `JUTSU_SAFETY__MAX_DRIFT_PCT`; lists and mappings are
written as JSON, an empty variable counts as not set. `strategy.<variant>.<parameter>` changes a strategy's
parameter from any source. What an account of `accounts:` says comes before
the rest of the file. Relative paths are relative to the project: the folder that holds `config/`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from pydantic import ValidationError

from backtest.core.documents import read_document
from backtest.core.errors import Finding, SettingsError, UsageError
from backtest.core.files import read_regular
from live.settings import names
from live.settings.accounts import NAME, SECTION, Accounts, misplaced, own_path, read_accounts, unclear
from live.settings.environment import of_environment
from live.settings.model import Settings

DEFAULT_CONFIG: Final = Path("config/live.yaml")
#: an address, also after it was taken for a path (`//` became `/`) and made absolute
_URL: Final = re.compile(r"(^|/)[A-Za-z][A-Za-z0-9+.-]+:/")
#: the key outside of a comment, however the file writes it
_NAMES_ACCOUNTS: Final = re.compile(rb"""^[^#\n]*\baccounts["']?\s*:""", re.MULTILINE)
DEFAULT: Final = "default"
OVERRIDE: Final = "ledger override"
FLAG: Final = "flag"


@dataclass(frozen=True, slots=True)
class Setting:
    """One value and where it came from."""

    name: str
    value: Any
    source: str


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """Settings with their provenance.

    Attributes:
        sources: dotted name -> source, for every value of the settings.
        root: the project folder, to which relative paths belong.
        config_file: the YAML file that was read, None when there was none.
        parameter_overrides: variant -> parameter -> (value, source).
        at: instant for which ledger overrides were asked, None when that does not matter.
        findings: what was left out because it is wrong; always empty unless the load was lenient.
        accounts: the accounts of the file, empty without `accounts:`; `settings.account` is the one meant.
    """

    settings: Settings
    sources: Mapping[str, str]
    root: Path
    config_file: Path | None
    parameter_overrides: Mapping[str, Mapping[str, tuple[Any, str]]] = field(default_factory=dict)
    at: datetime | None = None
    findings: tuple[Finding, ...] = ()
    accounts: tuple[str, ...] = ()

    @property
    def account_doubtful(self) -> bool:
        """Whether something that was left out may have said which account is meant."""
        # the one rule over several sections ("settings") is about the books
        sure = {*names.sections()[""], names.STRATEGY, "settings"} - {"mode", "broker", "paths"}
        return any(finding.path.partition(".")[0] not in sure for finding in self.findings)

    def path(self, path: Path) -> Path:
        """Return an absolute path for one of the settings' paths."""
        return path if path.is_absolute() else self.root / path

    def rows(self) -> tuple[Setting, ...]:
        """Return every value with its source, then the parameters changed from outside."""
        values = names.flat(self.settings.model_dump(mode="json"))
        found = [Setting(name, values.get(name), self.sources[name]) for name in names.leaves()]
        for variant, changes in sorted(self.parameter_overrides.items()):
            found += [Setting(f"{names.STRATEGY}.{variant}.{key}", *changes[key]) for key in sorted(changes)]
        return tuple(found)


#: dotted name, value, source
_Value = tuple[str, Any, str]


@dataclass(slots=True)
class _Layers:
    """Values collected from lowest to highest precedence, and everything wrong with their names.

    Attributes:
        accounts: the section `accounts:` as it stands in the file, None without one.
        account: name of the account that is meant.
    """

    values: dict[str, tuple[Any, str]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    accounts: Any = None
    account: str = ""

    def add(self, name: str, value: Any, source: str) -> None:
        if names.is_parameter(name) or name in names.leaves():
            self.values[name] = (value, source)
        elif names.is_section(name):
            self._add_section(name, value, source)
        else:
            self.findings.append(names.unknown(name, source))

    def add_all(self, values: Iterable[_Value]) -> None:
        """Add each name with its value and source."""
        for name, value, source in values:
            self.add(name, value, source)

    def _add_section(self, name: str, value: Any, source: str) -> None:
        if value is None:
            return  # a section whose lines are all commented out
        if not isinstance(value, Mapping):
            inside = ", ".join(names.sections()[name])
            self.findings.append(
                Finding(name, f"is a section, not a value ({source})", f"it holds: {inside}")
            )
            return
        for key, item in value.items():
            self.add(f"{name}.{key}", item, source)


def load_settings(
    *,
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
    flags: Mapping[str, Any] | None = None,
    now: datetime | None = None,
    lenient: bool = False,
    account: str | None = None,
) -> LoadedSettings:
    """Return the settings of a run.

    Args:
        config: YAML file; None: `config/live.yaml` in the current folder, or only defaults when it is absent.
        environ: environment variables.
        overrides: dotted name -> value of the ledger overrides that hold now.
        flags: dotted name -> value from the command line.
        now: instant of `overrides`, kept for people.
        lenient: leave out what is wrong, with a finding for each, instead of raising.
        account: name of one of the file's accounts.

    Raises:
        SettingsError: exit code 2; every finding at once. AccountNeeded: 2, no account was named and there
            are several. UsageError: 2, there is no such account.
    """
    layers, further = _Layers(), list[_Value]()
    file = _read_file(config, layers, lenient=lenient)
    known = _known_accounts(layers, file, lenient=lenient)
    unread = lenient and layers.findings and not known.names and NAME.fullmatch(account or "")
    layers.account = str(account) if unread else known.require(account, file)  # the name is all there is
    common = dict(layers.values)
    source = _take_account(layers, known, file)
    further += of_environment(environ or {}, layers.findings)
    further += ((name, value, OVERRIDE) for name, value in (overrides or {}).items())
    further += ((name, value, FLAG) for name, value in (flags or {}).items())
    layers.add_all(further)
    _refuse_urls(layers)
    if layers.account:
        layers.findings += misplaced(layers.values, {str(file), source})
        _own_ledger(layers)
    parameters = _take_parameters(layers)
    settings = _understood(layers) if lenient else _validated(layers)
    if settings is not None and settings.account and settings.mode == "online_live":
        layers.findings += unclear(settings, _others(known, layers.account, common, further))
    if settings is None or (layers.findings and not lenient):
        raise _refusal(layers.findings, file)
    sources = {name: layers.values[name][1] if name in layers.values else DEFAULT for name in names.leaves()}
    return LoadedSettings(
        settings=settings,
        sources=MappingProxyType(sources),
        root=root_of(file),
        config_file=file,
        parameter_overrides=MappingProxyType(parameters),
        at=now,
        findings=tuple(layers.findings),
        accounts=known.names,
    )


def _known_accounts(layers: _Layers, file: Path | None, *, lenient: bool) -> Accounts:
    """Return the accounts of the file; in a lenient load none when they are not understood."""
    try:
        return read_accounts(layers.accounts, str(file))
    except SettingsError as error:
        if not lenient:
            raise
        layers.findings.append(Finding(SECTION, error.problem, error.remedy))
        return Accounts()


def account_names(config: Path | None) -> tuple[str, ...]:
    """Return the accounts of a settings file, none for one without `accounts:` or that cannot be understood.

    SettingsError 2: the section is wrong.
    """
    layers = _Layers()
    file = config or DEFAULT_CONFIG
    try:
        if _NAMES_ACCOUNTS.search(read_regular(file)):  # a file of one account is not read twice
            _read_yaml(file, layers)
    except (OSError, SettingsError):  # whoever loads the settings says it
        return ()
    return read_accounts(layers.accounts, str(file)).names


def _take_account(layers: _Layers, known: Accounts, file: Path | None) -> str:
    """Put what the account says over the rest of the file; return what that is called as a source."""
    source = f"{file} {SECTION}.{layers.account}"
    layers.add_all((name, value, source) for name, value in known.said_by(layers.account))
    return source


def _others(
    known: Accounts, account: str, common: Mapping[str, tuple[Any, str]], further: Iterable[_Value]
) -> dict[str, Settings]:
    """Return the settings of the other accounts, as far as they can be understood."""
    found: dict[str, Settings] = {}
    for name in known.names:
        layers = _Layers(dict(common), account=name)
        _take_account(layers, known, None)
        layers.add_all(value for value in further if value[2] != OVERRIDE)  # those are of one ledger
        _take_parameters(layers)
        settings = None if name == account else _validated(layers)
        if settings is not None:
            found[name] = settings
    return found


def _own_ledger(layers: _Layers) -> None:
    """Give the account its own ledger; one that a flag names is taken as it is."""
    value, source = layers.values.get("paths.state_db", (Settings().paths.state_db, DEFAULT))
    if source != FLAG:
        own = own_path(Path(value), layers.account)
        layers.values["paths.state_db"] = (own, f"{SECTION}.{layers.account}")


def _refuse_urls(layers: _Layers) -> None:
    """Find addresses where a path belongs; what they say is never repeated, it may hold a password."""
    for name in sorted(names.paths() & layers.values.keys()):
        value, source = layers.values[name]
        if _URL.search(str(value)):
            layers.values.pop(name)
            layers.findings.append(Finding(name, f"is a URL, not a path ({source})", "name a file or folder"))


def _read_file(config: Path | None, layers: _Layers, *, lenient: bool) -> Path | None:
    """Take the settings file into `layers` and return it, None when there is none."""
    file = config
    try:
        file = _config_file(config)
        if file is not None:
            _read_yaml(file, layers)
    except SettingsError as error:
        if not lenient:
            raise
        layers.findings.append(Finding(error.where, error.problem, error.remedy))
    return file


def _config_file(config: Path | None) -> Path | None:
    if config is not None:
        if not config.is_file():
            raise SettingsError("there is no such settings file", where=str(config), remedy="check --config")
        return config
    if DEFAULT_CONFIG.is_file():
        return DEFAULT_CONFIG
    if os.path.lexists(DEFAULT_CONFIG):  # a dangling link, a pipe, a folder: a person meant something by it
        raise SettingsError(
            "this is not a regular file", where=str(DEFAULT_CONFIG), remedy="make it one, or take it away"
        )
    return None


def is_project(folder: Path) -> bool:
    """Tell whether programs find settings or strategies in a folder."""
    return os.path.lexists(folder / DEFAULT_CONFIG) or (folder / "config" / "strategies").is_dir()


def root_of(file: Path | None) -> Path:
    """Return the project folder of a settings file: the parent of `config/`; without a file, this folder."""
    folder = Path.cwd() if file is None else file.absolute().parent
    return folder.parent if file is not None and folder.name == "config" else folder


def _read_yaml(file: Path, layers: _Layers) -> None:
    try:
        text = read_regular(file).decode("utf-8-sig")
        only_comments = all(not line.strip() or line.lstrip().startswith("#") for line in text.splitlines())
        document = {} if only_comments else read_document(file)
    except UnicodeDecodeError as error:
        raise SettingsError("is not UTF-8 text", where=str(file)) from error
    except OSError as error:
        raise SettingsError(f"cannot be read: {error.strerror}", where=str(file)) from error
    except UsageError as error:
        raise SettingsError(
            error.problem, where=str(file), remedy="run `jutsu config check` after editing"
        ) from error
    source = str(file)
    for key, value in document.items():
        name = str(key)
        if name == SECTION:
            layers.accounts = value
        elif name == names.STRATEGY:
            _read_parameters(value, source, layers)
        else:
            layers.add(name, value, source)


def _read_parameters(section: Any, source: str, layers: _Layers) -> None:
    for variant, changes in (section if isinstance(section, Mapping) else {"?": section}).items():
        if not isinstance(changes, Mapping):
            layers.findings.append(
                Finding(
                    f"{names.STRATEGY}.{variant}",
                    "must hold parameters",
                    "e.g. strategy: {golden: {sma_fast: 50}}",
                )
            )
            continue
        for key, value in changes.items():
            layers.add(f"{names.STRATEGY}.{variant}.{key}", value, source)


def _take_parameters(layers: _Layers) -> dict[str, dict[str, tuple[Any, str]]]:
    found: dict[str, dict[str, tuple[Any, str]]] = {}
    for name in [name for name in layers.values if names.is_parameter(name)]:
        _, variant, key = name.split(".")
        found.setdefault(variant, {})[key] = layers.values.pop(name)
    return found


def _understood(layers: _Layers) -> Settings:
    """Return the settings without the values that are wrong."""
    while True:
        known = len(layers.findings)
        settings = _validated(layers)
        if settings is not None:
            return settings
        wrong = [finding.path for finding in layers.findings[known:]]
        left = {name for name in layers.values if not any(_about(name, path) for path in wrong)}
        # a rule over several sections names none of them: without the books it holds
        left = left if len(left) < len(layers.values) else left - {"books"}
        layers.values = {name: layers.values[name] for name in left} if len(left) < len(layers.values) else {}


def _about(name: str, path: str) -> bool:
    """Whether a finding at `path` is about the setting, something inside it, or its section."""
    return name == path or name.startswith(f"{path}.") or path.startswith(f"{name}.")


def _validated(layers: _Layers) -> Settings | None:
    document: dict[str, Any] = {**Settings().model_dump(), "account": layers.account}
    for name, (value, _) in layers.values.items():
        *sections, last = name.split(".")
        place = document
        for section in sections:
            place = place[section]
        place[last] = value
    try:
        return Settings.model_validate(document)
    except ValidationError as error:
        layers.findings += [
            _from_pydantic(dict(problem), layers) for problem in error.errors(include_url=False)
        ]
    return None


def _from_pydantic(problem: dict[str, Any], layers: _Layers) -> Finding:
    where = ".".join(str(part) for part in problem["loc"])
    name = next((n for n in layers.values if where == n or where.startswith(f"{n}.")), where)
    source = f", from {layers.values[name][1]}" if name in layers.values else ""
    given = "" if isinstance(problem.get("input"), Mapping) else f", got {problem.get('input')!r}"
    message = str(problem["msg"]).removeprefix("Value error, ").replace("a valid tuple", "a list")
    return Finding(where or "settings", f"{message[:1].lower()}{message[1:]}{given}{source}")


def _refusal(findings: list[Finding], file: Path | None) -> SettingsError:
    count = len(findings)
    return SettingsError(
        "one problem in the settings" if count == 1 else f"{count} problems in the settings",
        where=str(file) if file else "settings",
        remedy=str(findings[0]) if count == 1 else "correct the findings listed",
        findings=findings,
    )
