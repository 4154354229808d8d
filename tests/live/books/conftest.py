"""The shipped settings with the books a test names, opened as `jutsu` opens them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from live.runtime.open import open_runtime
from live.runtime.options import Options
from live.runtime.runtime import Runtime
from tests.support.paths import PROJECT

Opened = Callable[..., AbstractContextManager[Runtime]]


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Opened:
    shutil.copytree(PROJECT / "config", tmp_path / "config")
    monkeypatch.chdir(tmp_path)

    @contextmanager
    def opening(**books: str) -> Iterator[Runtime]:
        share = 100 // len(books)
        lines = [{"primary": name, "run": run, "budget_pct": share} for name, run in books.items()]
        (tmp_path / "config" / "live.yaml").write_text(json.dumps({"mode": "offline_mock", "books": lines}))
        with open_runtime("jutsu", Options()) as runtime:
            yield runtime

    return opening
