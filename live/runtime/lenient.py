"""Runs that nothing may keep from opening: a person stops everything, or asks whether all is well."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from backtest.core.errors import Finding, JutsuError, SettingsError
from live.model.run import Run
from live.settings.load import LoadedSettings
from live.settings.model import Settings
from live.settings.possible import contradictions

Made = TypeVar("Made")
Instead = TypeVar("Instead")


@dataclass
class Attempts:
    """Opens one part of a run after the other; in a lenient run a part that fails is noted and replaced.

    Attributes:
        findings: part -> why it could not be opened.
    """

    run: Run
    findings: list[Finding] = field(default_factory=list)

    def made(
        self, part: str, make: Callable[[], Made], instead: Callable[[JutsuError], Instead]
    ) -> Made | Instead:
        """Return what `make` makes; in a lenient run that fails, what `instead` makes of the error."""
        try:
            return make()
        except JutsuError as error:
            if not self.run.lenient:
                raise
            problem = f"{error.where}: {error.problem}" if error.where else error.problem
            self.findings.append(Finding(part, problem, error.remedy))
            return instead(error)

    def noted(self, loaded: LoadedSettings) -> LoadedSettings:
        """Return the settings with what could not be opened among their findings."""
        return replace(loaded, findings=(*loaded.findings, *self.findings)) if self.findings else loaded


def settings_of_broker(loaded: LoadedSettings, run: Run) -> Settings:
    """Return the settings that say which broker is opened.

    In a lenient run the paper account of a mode that wants a real broker is opened as what it is. Where a
    value that may have named the account was left out, none is: shares of the wrong one could be sold.

    Raises:
        SettingsError: 2, it is not certain which account is meant.
    """
    settings = loaded.settings
    if not run.lenient:
        return settings
    if loaded.account_doubtful:
        raise SettingsError(
            f"it is not certain which account is meant: {loaded.findings[0]}",
            where="settings",
            remedy="correct that, then run this again; until then look at the broker's own screen",
        )
    paper = settings.mode == "online_live" and settings.broker.name == "paper"
    return settings.model_copy(update={"mode": "offline_mock"}) if paper else settings


def diagnostics(loaded: LoadedSettings) -> tuple[str, ...]:
    """Return what is wrong with the settings of a lenient run and what they open, one line each."""
    return tuple(map(str, (*loaded.findings, *contradictions(loaded.settings))))
