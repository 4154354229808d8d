"""Which symbols the books name for themselves."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from live.runtime.declared import declared_symbols
from tests.support.paths import PROJECT


def declared(folder: Path, *books: str) -> dict[str, tuple[str, ...]]:
    rows = [SimpleNamespace(primary=name) for name in books]
    settings: Any = SimpleNamespace(books=rows)
    return declared_symbols(settings, folder)


def test_a_book_of_funds_names_them_and_one_of_stocks_none() -> None:
    found = declared(PROJECT / "config" / "strategies", "golden", "ema_p10")
    assert list(found) == ["golden", "ema_p10"]
    assert {"QQQ", "TQQQ"} <= set(found["golden"])
    assert found["ema_p10"] == ()


def test_a_book_without_its_file_names_none_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("variant: [")
    assert declared(tmp_path, "golden", "broken") == {"golden": (), "broken": ()}
