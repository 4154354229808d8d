"""The page of departures: every reason it points to exists, every setting and command it names too."""

from __future__ import annotations

import re
from pathlib import Path

from live.cli.commands import COMMANDS
from tests.support.paths import PROJECT

FOLDER = PROJECT / "docs" / "decisions"
PAGE = (FOLDER / "0075-departures.md").read_text(encoding="utf-8")


def rows() -> list[list[str]]:
    cells = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if line.startswith("| ")]
    return [row for row in cells if row[0] not in {"founding document", "---"}]


def test_every_row_says_what_was_wanted_what_is_and_why() -> None:
    assert len(rows()) > 30
    for row in rows():
        assert len(row) == 3, row
        assert re.fullmatch(r"[SD]\d+( [SD]\d+)*", row[2]), row


def test_every_reason_exists() -> None:
    settled = set(re.findall(r"^(\d+)\. ", (PROJECT / "docs/settled.md").read_text(), re.MULTILINE))
    decided = {str(int(path.name[:4])) for path in FOLDER.glob("*.md")}
    for row in rows():
        for kind, number in re.findall(r"([SD])(\d+)", row[2]):
            assert number in (settled if kind == "S" else decided), row


def test_what_it_names_exists() -> None:
    names = set(re.findall(r"`jutsu (\w+)", PAGE))
    assert names <= set(COMMANDS), names - set(COMMANDS)
    shipped = "".join(
        path.read_text(encoding="utf-8") for path in sorted(Path(PROJECT / "config").rglob("*.yaml"))
    )
    settings = set(re.findall(r"`([a-z]+_[a-z_]+)`", PAGE)) - {
        "live_trades",
        "state_json",
        "ema_p10",
        "nwl_p4",
    }
    assert not {name for name in settings if name not in shipped}
