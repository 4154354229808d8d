"""Lost comparisons: what a person saw is not what is there now. Exit code 2, like their parents."""

from __future__ import annotations

from backtest.core.errors import SignalFileError, UsageError


class FileChangedError(SignalFileError):
    """The bytes of a signal file are not those that were shown."""


class SettingChangedError(UsageError):
    """The value of a setting is not the one that was shown."""
