"""Freeze the shipped strategies into the shipped manifest: `python -m tools.shipped_manifest`.

To be run after a rule was changed and its references and parity hold again: a new project then begins with a
manifest that names the code it runs. Both copies are written, `config/` and the package's templates.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from backtest.core.files import read_regular
from live.books.variants import groups
from live.settings import manifest
from live.settings.load import load_settings

PROJECT: Final = Path(__file__).resolve().parents[1]
NAME: Final = Path("config/manifest.json")
COPIES: Final = (PROJECT / NAME, PROJECT / "live/settings/templates" / NAME)


def frozen(path: Path) -> bytes:
    """Freeze every book of the checkout's own settings into the manifest at `path`; return its bytes."""
    loaded = load_settings(config=PROJECT / "config/live.yaml", environ={})
    found = groups(loaded.settings, PROJECT / "config/strategies", everything=True)
    strategies = [variant.strategy for group in found for variant in group.variants]
    manifest.freeze(path, strategies, loaded.settings)
    return read_regular(path)


def main() -> int:
    """Write both copies."""
    for path in COPIES:
        frozen(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
