"""No module opens a file by itself whose path may come from outside: `backtest.core.files` reads them all."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support.paths import PROJECT
from tests.support.sources import parsed

#: module -> why it reads a file in its own way
OWN = {
    "backtest/core/files.py": "the opener itself",
    "backtest/research/compiling.py": "sources of the package",
    "backtest/simulator/intraday/compiled.py": "sources of the package",
    "backtest/strategies/code_hash.py": "sources of the package",
    "backtest/data/sources/csv_dialect/plain.py": "parses bytes that were read",
    "live/handoff/schema.py": "a file of the package",
    "live/settings/templates.py": "files of the package",
    "live/ledger/backup.py": "flushes a copy it made",
    "live/archive/make.py": "packs copies it made, which may be large",
    "live/archive/members.py": "streams an archive, judged before; the whole may be large",
    "live/runtime/known_prices.py": "appends",
    "live/alerts/plain_outbox.py": "appends",
    "live/cli/app.py": "the null device",
    "backtest/cli/app.py": "the null device",
    "live/system/screen.py": "the null device",
    "live/system/log_lines.py": "streams our own log files, which may be large",
}
READS = {"read_bytes", "read_text", "fromfile", "loadtxt", "genfromtxt", "memmap"}


def readers(path: Path) -> Iterator[int]:
    """Yield the lines that open a file."""
    for node in ast.walk(parsed(path)):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Name) and called.id == "open":
            yield node.lineno
        if isinstance(called, ast.Attribute):
            owner = called.value.id if isinstance(called.value, ast.Name) else ""
            opens = called.attr == "open" and (owner in {"os", "io", "gzip"} or owner.endswith("path"))
            if opens or called.attr in READS:
                yield node.lineno


def test_every_read_goes_through_the_one_opener() -> None:
    found = {
        f"{path.relative_to(PROJECT)}"
        for folder in ("backtest", "live")
        for path in sorted((PROJECT / folder).rglob("*.py"))
        if list(readers(path))
    }
    assert found - OWN.keys() == set()
    assert OWN.keys() - found == set(), "no longer needed here"
