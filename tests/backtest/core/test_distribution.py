"""Optional parts: a missing one is one line that names what installs it."""

from __future__ import annotations

import sys

import pytest

from backtest.core.distribution import require
from backtest.core.errors import SettingsError


def test_what_is_there_is_not_imported() -> None:
    loaded = set(sys.modules)
    require("research", "wave", "json")
    assert "wave" not in set(sys.modules) - loaded


def test_what_is_missing_names_its_extra() -> None:
    with pytest.raises(SettingsError) as caught:
        require("research", "json", "no_such_library", where="the bar store")
    assert caught.value.exit_code == 2
    assert caught.value.line() == (
        "the bar store: no_such_library is not installed → in a checkout `make setup`, "
        "elsewhere pip install 'jutsu-labs[research]'"
    )
