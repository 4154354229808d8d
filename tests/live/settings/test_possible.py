"""Settings that cannot be true together."""

from typing import Any

import pytest

from live.settings.model import Settings
from live.settings.possible import contradictions


@pytest.mark.parametrize(
    ("values", "paths"),
    [
        ({}, []),
        ({"mode": "online_live"}, ["broker.name", "data.source"]),
        ({"mode": "online_live", "data": {"source": "store"}}, ["broker.name"]),
        ({"mode": "online_live", "broker": {"name": "alpaca"}}, ["data.source"]),
        ({"mode": "online_live", "broker": {"name": "ibkr"}, "data": {"source": "schwab"}}, []),
        ({"broker": {"name": "alpaca"}, "data": {"source": "alpaca"}}, []),
    ],
)
def test_what_no_run_accepts_is_named(values: dict[str, Any], paths: list[str]) -> None:
    assert [finding.path for finding in contradictions(Settings.model_validate(values))] == paths
