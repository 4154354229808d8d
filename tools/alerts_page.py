"""Write `docs/alerts.md` from the list of causes: `python -m tools.alerts_page`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from live.alerts.causes import CAUSE_NAMES, CAUSES, Cause

PAGE: Final = Path(__file__).resolve().parents[1] / "docs" / "alerts.md"
HEAD: Final = """# Alerts by key

A key is `<cause>_<variant>_<session>`, then what tells two apart of one session; `all` where no variant is
meant. One key alerts once per New York day. `jutsu alerts list` shows the newest, `jutsu alerts ack ID` ends
the daily reminder of a critical one. This page is made by `python -m tools.alerts_page`.
"""


def page() -> str:
    """Return the page."""
    return "\n".join((HEAD, *(_block(name, CAUSES[name]) for name in CAUSE_NAMES)))


def _block(name: str, cause: Cause) -> str:
    return f"## {name}\n\n**{cause.levels}.** {cause.meaning}\n\nWhat to do: {cause.remedy}\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
