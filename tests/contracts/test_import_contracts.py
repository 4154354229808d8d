"""The import contracts list every room they are about: a new one does not slip past them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from typing import Any

import pytest

from live.feeds.sources.registry import OWN
from tests.support.paths import PROJECT

TOOL: Any = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]
CONTRACTS = {contract["name"]: contract for contract in TOOL["importlinter"]["contracts"]}
STAGES = {"live.signal_generator", "live.executor"}


def packages(folder: str) -> set[str]:
    """Return the packages in a folder, with dots."""
    return {
        ".".join(path.parent.relative_to(PROJECT).parts) for path in (PROJECT / folder).glob("*/__init__.py")
    }


def modules(folder: str) -> set[str]:
    """Return the modules in a folder, with dots."""
    return {f"{folder}.{path.stem}".replace("/", ".") for path in (PROJECT / folder).glob("[a-z]*.py")}


@pytest.mark.parametrize(
    ("name", "key", "rooms"),
    [
        ("brokers do not know each other", "modules", packages("live/brokers")),
        ("feeds do not know each other", "modules", modules("live/feeds")),
        ("sources do not know each other", "modules", {f"live.feeds.sources.{name}" for name in OWN}),
        ("strategies do not know each other", "modules", packages("backtest/strategies")),
        (
            "rich and typer only in the command line",
            "source_modules",
            (packages("live") | packages("backtest") | STAGES) - {"live.cli", "backtest.cli"},
        ),
    ],
)
def test_a_contract_lists_every_room_it_is_about(name: str, key: str, rooms: Iterable[str]) -> None:
    assert set(CONTRACTS[name][key]) == set(rooms), f"name it in pyproject.toml: {name}"
