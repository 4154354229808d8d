"""Sources by name: ours, and plug-ins that may be broken."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

import pytest

from backtest.core.errors import SettingsError, UsageError
from live.feeds.sources import registry
from live.feeds.sources.csv import KIND
from live.feeds.sources.model import SourceKind
from live.feeds.sources.registry import GROUP, OWN, source_kind, source_names


def plug_in(monkeypatch: pytest.MonkeyPatch, name: str, value: object = None, error: str = "") -> None:
    """Let an installed package name a source."""
    module = ModuleType(f"plug_in_{name}")
    if not error:
        module.KIND = value  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, module.__name__, module)
    point = EntryPoint(name, f"{module.__name__}:KIND", GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [point] if group == GROUP else [])


@pytest.mark.parametrize("name", sorted(OWN))
def test_ours_are_found_by_their_names(name: str) -> None:
    kind = source_kind(name)
    assert (kind.name, callable(kind.open)) == (name, True)
    assert kind.capabilities.per_minute > 0
    assert kind.capabilities.bases


def test_every_module_of_a_source_is_registered() -> None:
    folder = Path(registry.__file__).parent
    tools = {"__init__", "errors", "http", "limits", "model", "registry"}
    assert {path.stem for path in folder.glob("*.py")} - tools == set(OWN)


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="known are alpaca, alphavantage, csv, massive, schwab"):
        source_kind("reuters")


def test_a_plug_in_is_a_source_like_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    other = SourceKind("tape", KIND.capabilities, KIND.open)
    plug_in(monkeypatch, "tape", other)
    assert source_kind("tape") is other
    assert "tape" in source_names()


@pytest.mark.parametrize(("value", "error"), [(None, "gone"), ("text", ""), (KIND, "")])
def test_a_broken_plug_in_is_told(monkeypatch: pytest.MonkeyPatch, value: object, error: str) -> None:
    plug_in(monkeypatch, "tape", value, error)
    with pytest.raises(SettingsError, match=r"cannot be loaded|is no source of that name"):
        source_kind("tape")


def test_a_plug_in_takes_no_place_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in(monkeypatch, "csv", "text")
    assert source_kind("csv") is KIND
